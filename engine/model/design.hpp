// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/contrasts.hpp"
#include "engine/model/formula.hpp"
#include "engine/model/frame.hpp"
#include "engine/model/survey.hpp"
#include "engine/model/table.hpp"

namespace merit {

/// The rows of one block that the model uses. What it shows lies partly in the RowBlock that
/// it was made from, and lives no longer than that.
struct DesignBlock {
  /// p + 1 columns, rows used each: the fixed effects', then the response minus offsets.
  std::vector<const double*> columns;
  const double* group = nullptr;  ///< rows used: number or level index of the row's group
  /// Families other than the Gaussian: their response is as it is (events of trials), and
  /// here are the offset and the binomial trials of the rows used. Otherwise empty.
  std::vector<double> offset, trials;
  std::vector<double> pweight;  ///< sampling weights, as they are; empty without
  RowCounts counts;

  Eigen::Index num_rows() const { return counts.rows_used; }
  /// The columns as a matrix: rows used × (p + 1).
  Eigen::MatrixXd z() const;

  // What is not in the RowBlock.
  FrameBlock frame;
  std::vector<std::vector<double>> computed;  // p + 2, empty where not needed
};

/// A column of a nested model: its name, and where it stands among the design's columns.
struct NestedColumn {
  std::string name;
  Eigen::Index column = 0;
};

/// How a formula turns rows of a table into columns of numbers: R's model.frame and
/// model.matrix for a Gaussian response and one random intercept.
///
/// Names, columns and their order are R's with treatment contrasts; the reference is the
/// first level that occurs among the rows used. Where R differs: ordered categories get
/// treatment contrasts, not polynomials; NaN made from numbers (log(-1)) is an error, not a
/// dropped row; scale(x) sees the rows of --where, not the whole table.
///
///     Design design(parse_formula("y ~ x * sex + (1 | school)"), table, {.where = "x > 0"});
///     while (design.needs_survey()) {  // once at most, unless gmean and scale are nested
///       DesignSurvey all;
///       for (block : blocks) all = merge(all, design.survey_block(block));
///       design.complete(all);
///     }
///     for (block : blocks) use(design.evaluate(block));
///
/// Blocks hold kBlockRows rows of table_columns(), for evaluate() any number of rows.
/// Evaluation shows plain columns where they are and computes only the others.
///
/// A `nested` formula, of a model to compare with on the same rows, adds its variables to those
/// that must be there, and behind the formula's own columns those of its columns that the formula
/// does not have.
class Design {
 public:
  /// Binds the formula to the table's columns; reads no rows (but levels of text columns).
  /// @throws UsageError if formula or --where are at odds with themselves, or name a level
  ///   that a column does not have, or if `nested` has another response, grouping or offset
  /// @throws DataError if a column is missing or holds text where numbers are needed
  Design(Formula formula,
         Table& table,
         const FrameOptions& options = {},
         std::optional<Formula> nested = std::nullopt);

  /// Columns of the table to read, ascending: RowBlock::columns in this order.
  const std::vector<std::size_t>& table_columns() const { return frame_.table_columns(); }
  /// The variables on the rows.
  const ModelFrame& frame() const { return frame_; }

  /// True while facts about all rows are missing (levels that occur, gmean, scale).
  bool needs_survey() const { return frame_.needs_survey(); }

  /// The facts that are missing, of one block. Thread-safe.
  /// @throws DataError if a value is not finite or a factor has too many levels
  DesignSurvey survey_block(const RowBlock& block) const {
    return frame_.survey_block(block);
  }

  /// Takes in the merged survey of all rows.
  /// @throws DataError if no row is left, or a factor has one level
  void complete(const DesignSurvey& survey);

  /// The rows used of one block. Thread-safe; needs_survey() must be false.
  /// @throws DataError if a used value is not finite, naming it and the first such row
  DesignBlock evaluate(const RowBlock& block) const;

  /// The same into `out`, reusing its memory.
  void evaluate(const RowBlock& block, DesignBlock& out) const;

  /// @throws DataError if no row was used, saying where they went
  void check_rows_left(const RowCounts& counts) const { frame_.check_rows_left(counts); }

  /// R's names of the p fixed-effect columns, in order. needs_survey() must be false.
  const std::vector<std::string>& coefficient_names() const { return names_; }
  /// Columns that evaluate() makes besides the response: those named, then nested ones.
  Eigen::Index num_columns() const { return std::ssize(columns_); }
  /// The columns of the nested formula, in its order; empty without one.
  const std::vector<NestedColumn>& nested_columns() const { return nested_columns_; }
  bool nested_has_intercept() const { return nested_ && nested_->has_intercept; }
  bool has_intercept() const { return formula_.has_intercept; }
  std::string response_name() const { return deparse(formula_.response); }
  const std::string& group_name() const { return formula_.group; }
  /// Level or number of the group with this key in DesignBlock::group.
  std::string group_label(double key) const { return frame_.group_label(key); }
  /// Category of an ordinal response with this value in DesignBlock::z.
  std::string response_label(double value) const { return frame_.response_label(value); }
  bool has_offset() const { return !frame_.offsets().empty(); }
  bool has_trials() const { return frame_.response_form() != ResponseForm::value; }
  std::size_t num_response_levels() const { return frame_.num_response_levels(); }
  const Formula& formula() const { return formula_; }

 private:
  void make_columns();
  void evaluate_response(const RowBlock& block, DesignBlock& out) const;

  Formula formula_;
  std::optional<Formula> nested_;  // its variables are formula_'s, where it finds its own
  Family family_;
  ModelFrame frame_;
  std::vector<ModelColumn> columns_;
  std::vector<std::string> names_;
  std::vector<NestedColumn> nested_columns_;
};

}  // namespace merit
