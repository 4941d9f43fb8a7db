// SPDX-License-Identifier: MIT
#include "engine/study/study_inference.hpp"

#include <algorithm>

#include "engine/inference/wald.hpp"

namespace merit {

std::string_view name(StudyDf df) {
  switch (df) {
    case StudyDf::normal:
      return name(DfMethod::normal);
    case StudyDf::between_within:
      return name(DfMethod::between_within);
    case StudyDf::satterthwaite:
      return name(DfMethod::satterthwaite);
    case StudyDf::kenward_roger:
      return name(DfMethod::kenward_roger);
    case StudyDf::cr0:
      return name(VcovMethod::cr0);
    case StudyDf::cr1:
      return name(VcovMethod::cr1);
    case StudyDf::cr2:
      return name(VcovMethod::cr2);
    case StudyDf::cr3:
      return name(VcovMethod::cr3);
    case StudyDf::profile:
      return "profile";
    case StudyDf::norm:
      return name(IntervalType::norm);
    case StudyDf::basic:
      return name(IntervalType::basic);
    case StudyDf::perc:
      return name(IntervalType::perc);
    case StudyDf::bc:
      return name(IntervalType::bc);
    case StudyDf::bca:
      return name(IntervalType::bca);
    case StudyDf::stud:
      return name(IntervalType::stud);
    case StudyDf::eti:
      return "eti";
  }
  return {};
}

bool is_estimated(StudyDf df) {
  return df > StudyDf::between_within && df < StudyDf::profile;
}

bool is_cluster_robust(StudyDf df) {
  return df == StudyDf::cr0 || df == StudyDf::cr1 || df == StudyDf::cr2 ||
         df == StudyDf::cr3;
}

bool keeps_interval(StudyDf df) {
  return df >= StudyDf::profile;
}

bool is_bootstrap(StudyDf df) {
  return keeps_interval(df) && df != StudyDf::profile && df != StudyDf::eti;
}

bool respects_squares(StudyDf df) {
  return keeps_interval(df) && df != StudyDf::norm && df != StudyDf::basic;
}

StudyDf study_df(IntervalType type) {
  switch (type) {
    case IntervalType::norm:
      return StudyDf::norm;
    case IntervalType::basic:
      return StudyDf::basic;
    case IntervalType::bc:
      return StudyDf::bc;
    case IntervalType::bca:
      return StudyDf::bca;
    case IntervalType::stud:
      return StudyDf::stud;
    case IntervalType::perc:
    case IntervalType::calibrated:
      break;
  }
  return StudyDf::perc;
}

bool DataSetBootstrap::wants(IntervalType type) const {
  return std::find(intervals.begin(), intervals.end(), type) != intervals.end();
}

}  // namespace merit
