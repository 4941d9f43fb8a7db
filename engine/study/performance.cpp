// SPDX-License-Identifier: MIT
#include "engine/study/performance.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>

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
        const std::vector<StudyDf> ways = ways_to(estimator, estimand);
        for (const StudyDf way : ways)
          out.push_back(row(e, estimand, way));
        if (ways.empty()) out.push_back(row(e, estimand, std::nullopt));
      }
    }
  }

 private:
  /// A term, or τ or σ behind them.
  std::size_t parameter_of(const std::string& estimand) const {
    if (estimand == kSdObservation) return columns_.sigma_parameter();
    if (is_spread(estimand)) return columns_.tau_parameter();
    return static_cast<std::size_t>(
        std::find_if(study_.terms.begin(),
                     study_.terms.end(),
                     [&](const StudyTerm& term) { return term.name == estimand; }) -
        study_.terms.begin());
  }

  /// What one repetition contributes to a row of the table.
  struct Sample {
    double estimate = 0.0;
    std::optional<double> std_error = {};
    double critical = 0.0;  ///< estimate ± critical · std_error
    Ends ends = {};         ///< or as they are
    bool is_usable = true;
  };

  Sample with_ends(const EstimatorRows& mine,
                   std::int64_t r,
                   std::size_t parameter,
                   StudyDf way) const {
    const std::int64_t at = columns_.interval(parameter, way);
    Sample out{.ends = {mine.estimate(r, at), mine.std_error(r, at)}};
    const bool is_term = parameter < columns_.tau_parameter();
    if (way != StudyDf::profile) {
      out.std_error = mine.std_error(r, columns_.spread(parameter));
    } else if (is_term) {
      out.std_error = mine.std_error(r, columns_.place(parameter, StudyDf::normal));
    }
    out.is_usable = !std::isnan(out.ends.low) && !std::isnan(out.ends.high);
    return out;
  }

  Sample with_std_error(const EstimatorRows& mine,
                        std::int64_t r,
                        const StudyEstimator& estimator,
                        std::size_t term,
                        StudyDf df) {
    const std::int64_t place = columns_.place(term, df);
    const double own_df = is_estimated(df) ? mine.estimate(r, place) : 1.0;
    Sample out{.std_error = mine.std_error(r, place)};
    out.is_usable = own_df > 0.0;
    if (!out.is_usable) return out;
    const StudyCell& cell = study_.cells[static_cast<std::size_t>(cell_)];
    out.critical =
        is_estimated(df)
            ? critical_.of_one(own_df)
            : critical_(degrees_of_freedom(study_,
                                           estimator,
                                           df,
                                           term,
                                           cell.num_groups,
                                           num_obs_[static_cast<std::size_t>(r)]));
    return out;
  }

  /// Of var__(Intercept), whose row has τ's numbers. A posterior's mean of τ² is mean² + variance.
  Sample squared(Sample of_tau,
                 const EstimatorRows& mine,
                 std::int64_t r,
                 std::size_t e) const {
    const std::optional<DataSetPosterior>& posterior = study_.estimators[e].posterior;
    double extra = 0.0;
    if (posterior && !posterior->median) {
      const auto S = static_cast<double>(posterior->chains * posterior->draws);
      const double sd = mine.std_error(r, columns_.spread(columns_.tau_parameter()));
      extra = sd * sd * (S - 1.0) / S;
    }
    of_tau.estimate = of_tau.estimate * of_tau.estimate + extra;
    of_tau.std_error.reset();
    const auto square = [](double end) { return end > 0.0 ? end * end : 0.0; };
    of_tau.ends = {square(of_tau.ends.low), square(of_tau.ends.high)};
    return of_tau;
  }

  Performance row(std::size_t e,
                  const std::string& estimand,
                  std::optional<StudyDf> way) {
    const StudyEstimator& estimator = study_.estimators[e];
    const EstimatorRows mine{
        &rows_,
        cell_ * study_.num_estimators() + static_cast<std::int64_t>(e),
        study_.num_cells() * study_.num_estimators(),
        study_.repetitions};
    Performance out;
    out.cell = cell_;
    out.estimator = e;
    out.df = way.value_or(StudyDf::normal);
    out.has_interval = way.has_value();
    out.estimand = estimand;
    out.truth = truth(study_, study_.cells[static_cast<std::size_t>(cell_)], estimand);
    const std::size_t parameter = parameter_of(estimand);
    const std::int64_t column =
        is_spread(estimand)
            ? columns_.tau() +
                  static_cast<std::int64_t>(parameter - columns_.tau_parameter())
            : static_cast<std::int64_t>(parameter);
    const bool keeps = way && keeps_interval(*way);
    std::vector<double> all, estimates, std_errors, critical;
    std::vector<Ends> ends;
    std::int64_t num_boundary = 0;
    for (std::int64_t r = 0; r < mine.count; ++r) {
      const std::uint8_t status = mine.status(r);
      if (status == kMissingRow) continue;
      ++out.num_rows;
      if (status < kNumReplicateStatuses) ++out.by_status[status];
      if (!has_estimate(status)) continue;
      Sample sample = keeps ? with_ends(mine, r, parameter, *way)
                      : way ? with_std_error(mine, r, estimator, parameter, *way)
                            : Sample{};
      sample.estimate = mine.estimate(r, column);
      if (estimand == kVarIntercept) sample = squared(sample, mine, r, e);
      if (std::isnan(sample.estimate)) continue;  // a program's that has others
      all.push_back(sample.estimate);
      num_boundary += status == static_cast<std::uint8_t>(ReplicateStatus::boundary);
      if (!sample.is_usable || (sample.std_error && !std::isfinite(*sample.std_error))) {
        ++out.num_without_interval;
        continue;
      }
      estimates.push_back(sample.estimate);
      if (sample.std_error) std_errors.push_back(*sample.std_error);
      if (keeps) ends.push_back(sample.ends);
      if (way && !keeps) critical.push_back(sample.critical);
    }
    out.measures = keeps ? measure_intervals(out.truth, estimates, std_errors, ends)
                         : measure(out.truth, estimates, std_errors, critical);
    if (out.num_without_interval > 0) {
      // Which data sets have an interval is no accident: all estimates tell of the estimator.
      out.measures.take_point(measure(out.truth, all, {}, {}));
    }
    out.failed = share(out.num_failed(), out.num_rows);
    out.boundary = share(num_boundary, std::ssize(all));
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
