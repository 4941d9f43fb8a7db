// SPDX-License-Identifier: MIT
#include "engine/study/performance.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include <boost/math/distributions/normal.hpp>
#include <boost/math/distributions/students_t.hpp>

namespace merit {
namespace {

/// Quantiles of the interval's distribution, each computed once.
class Critical {
 public:
  explicit Critical(double level) : tail_((1.0 - level) / 2.0) {}

  double of_one(double df) const { return compute(df); }

  /// Kept, for those that many data sets share.
  double operator()(double df) {
    const auto [entry, is_new] = known_.try_emplace(df, 0.0);
    if (is_new) entry->second = compute(df);
    return entry->second;
  }

 private:
  double compute(double df) const {
    using boost::math::complement;
    using boost::math::quantile;
    if (std::isinf(df)) return quantile(complement(boost::math::normal(), tail_));
    return quantile(complement(boost::math::students_t(df), tail_));
  }

  double tail_;
  std::map<double, double> known_;
};

/// The rows of one estimator in one cell.
struct EstimatorRows {
  const ReplicateRows* rows;
  std::int64_t first, stride, count;

  std::int64_t row(std::int64_t repetition) const { return first + repetition * stride; }
  double estimate(std::int64_t repetition, std::int64_t column) const {
    return rows->estimate[static_cast<std::size_t>(row(repetition) * rows->num_estimates +
                                                   column)];
  }
  double std_error(std::int64_t repetition, std::int64_t column) const {
    return rows->std_error[static_cast<std::size_t>(
        row(repetition) * rows->num_std_errors + column)];
  }
  std::uint8_t status(std::int64_t repetition) const {
    return rows->status[static_cast<std::size_t>(row(repetition))];
  }
};

class CellTable {
 public:
  CellTable(const Study& study,
            const DataGenerator& generator,
            const ReplicateRows& rows,
            std::int64_t cell,
            Critical& critical)
      : study_(study), columns_(study), rows_(rows), cell_(cell), critical_(critical) {
    DataGenerator::Workspace work;
    for (std::int64_t r = 0; r < study.repetitions; ++r)
      num_obs_.push_back(generator.num_obs(cell, r, work));
  }

  void add(std::vector<Performance>& out) {
    for (std::size_t e = 0; e < study_.estimators.size(); ++e) {
      const StudyEstimator& estimator = study_.estimators[e];
      for (const std::string& estimand : study_.estimands) {
        if (!gives(study_, estimator, estimand)) continue;
        const bool term =
            !estimand.ends_with("__(Intercept)") && estimand != kSdObservation;
        for (std::size_t d = 0; d < (term ? estimator.df.size() : 1); ++d)
          out.push_back(row(e, estimand, term, estimator.df[d]));
      }
    }
  }

 private:
  std::int64_t column_of(const std::string& estimand) const {
    if (estimand == kSdObservation) return columns_.sigma();
    if (estimand == kSdIntercept || estimand == kVarIntercept) return columns_.tau();
    return std::find_if(study_.terms.begin(),
                        study_.terms.end(),
                        [&](const StudyTerm& term) { return term.name == estimand; }) -
           study_.terms.begin();
  }

  Performance row(std::size_t e, const std::string& estimand, bool term, StudyDf df) {
    const StudyEstimator& estimator = study_.estimators[e];
    const StudyCell& cell = study_.cells[static_cast<std::size_t>(cell_)];
    const EstimatorRows mine{
        &rows_,
        cell_ * study_.num_estimators() + static_cast<std::int64_t>(e),
        study_.num_cells() * study_.num_estimators(),
        study_.repetitions};
    Performance out;
    out.cell = cell_;
    out.estimator = e;
    out.df = df;
    out.has_interval = term;
    out.estimand = estimand;
    out.truth = truth(study_, cell, estimand);
    const std::int64_t column = column_of(estimand);
    const std::int64_t place =
        term ? columns_.place(static_cast<std::size_t>(column), df) : column;
    std::vector<double> estimates, std_errors, critical;
    std::int64_t num_boundary = 0;
    for (std::int64_t r = 0; r < mine.count; ++r) {
      const std::uint8_t status = mine.status(r);
      if (status == kMissingRow) continue;
      ++out.num_rows;
      if (status < kNumReplicateStatuses) ++out.by_status[status];
      if (!has_estimate(status)) continue;
      const double value = mine.estimate(r, column);
      const double std_error = term ? mine.std_error(r, place) : 0.0;
      const double own_df = term && is_estimated(df) ? mine.estimate(r, place) : 1.0;
      if (!std::isfinite(std_error) || !(own_df > 0.0)) continue;
      num_boundary += status == static_cast<std::uint8_t>(ReplicateStatus::boundary);
      estimates.push_back(estimand == kVarIntercept ? value * value : value);
      if (!term) continue;
      std_errors.push_back(std_error);
      critical.push_back(is_estimated(df) ? critical_.of_one(own_df)
                                          : critical_(degrees_of_freedom(
                                                study_,
                                                estimator,
                                                df,
                                                static_cast<std::size_t>(column),
                                                cell.num_groups,
                                                num_obs_[static_cast<std::size_t>(r)])));
    }
    out.measures = measure(out.truth, estimates, std_errors, critical);
    out.failed = share(out.num_rows - std::ssize(estimates), out.num_rows);
    out.boundary = share(num_boundary, std::ssize(estimates));
    return out;
  }

  const Study& study_;
  const StudyColumns columns_;
  const ReplicateRows& rows_;
  std::int64_t cell_;
  Critical& critical_;
  std::vector<std::int64_t> num_obs_;
};

}  // namespace

std::vector<Performance> performance_of(const Study& study,
                                        const DataGenerator& generator,
                                        const ReplicateRows& rows,
                                        double level) {
  Critical critical(level);
  std::vector<Performance> out;
  for (std::int64_t cell = 0; cell < study.num_cells(); ++cell)
    CellTable(study, generator, rows, cell, critical).add(out);
  return out;
}

}  // namespace merit
