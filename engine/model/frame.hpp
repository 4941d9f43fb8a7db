// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <Eigen/Dense>

#include "engine/model/bound_expression.hpp"
#include "engine/model/contrasts.hpp"
#include "engine/model/family.hpp"
#include "engine/model/formula.hpp"
#include "engine/model/group_index.hpp"
#include "engine/model/response.hpp"
#include "engine/model/survey.hpp"
#include "engine/model/table.hpp"

namespace merit {

struct FrameOptions {
  std::optional<std::string> where = {};   ///< rows to use: "wave == 2019"; none: all
  std::optional<std::string> offset = {};  ///< numeric column, beside offset(...) terms
  Family family = Family::gaussian;        ///< decides what a response can be
  std::optional<std::string> trials = {};  ///< column of binomial trials
  std::optional<std::string> fweights =
      {};  ///< numeric column, read along for frequency.hpp
  std::optional<std::string> strata = {};  ///< column of groups, read along
  /// Numeric columns with sampling weights of rows and of groups, read along.
  std::optional<std::string> pweights = {}, group_pweights = {};
};

/// The variables of a formula on the rows of one block.
struct FrameBlock {
  bool uses_all_rows = true;
  std::vector<std::int32_t> rows;  ///< otherwise: positions in the block of those used
  RowCounts counts;
  /// Per variable of the frame, a value for every row of the block, used or not. Points
  /// into the RowBlock or into `computed`.
  std::vector<const double*> values;
  std::vector<Eigen::ArrayXd> computed;
  std::vector<std::size_t> suspects;  ///< variables that are not finite in some row
};

/// Which rows a model uses and what its variables are on them: R's model.frame.
///
/// A row is used if `--where` is true and no variable is missing (listwise deletion). A
/// computed variable is missing where a column makes it NaN; NaN from columns that are all
/// there (log(-1)), and infinities, are errors if the row is used otherwise. gmean(x) and
/// scale(x) are missing where x is. gmean(x) averages the rows used; scale(x) takes mean
/// and standard deviation (n − 1) of all x that are there in the rows of `--where`.
class ModelFrame {
 public:
  /// Errors as Design's.
  ModelFrame(const Formula& formula, Table& table, const FrameOptions& options);

  const std::vector<std::size_t>& table_columns() const { return table_columns_; }

  bool needs_survey() const { return stage_ < num_stages_; }
  DesignSurvey survey_block(const RowBlock& block) const;
  void complete(const DesignSurvey& survey);

  /// @throws DataError if a used value is not finite
  FrameBlock evaluate(const RowBlock& block) const;

  /// Which rows are used, and plain columns; needs no survey.
  FrameBlock used_rows(const RowBlock& block) const {
    return select_rows(block, rows_of_where(block));
  }
  /// Where in RowBlock::columns the frequency weights are, if there are any.
  const std::optional<std::size_t>& fweights() const { return fweights_; }
  /// The same of the strata and of the sampling weights.
  const std::optional<std::size_t>& strata() const { return strata_; }
  const std::optional<std::size_t>& pweights() const { return pweights_; }
  const std::optional<std::size_t>& group_pweights() const { return group_pweights_; }
  /// What a value in RowBlock::columns stands for.
  std::string column_label(std::size_t column, double value) const;

  // Positions in FrameBlock::values. The formula's variables come first, in its order.
  std::size_t response() const { return response_; }
  std::size_t group() const { return group_; }
  const std::vector<std::size_t>& offsets() const { return offsets_; }
  ResponseForm response_form() const { return response_form_; }
  /// Nonevents or trials; only with a response form that has them.
  std::size_t beside_response() const { return beside_response_; }
  const std::string& variable_name(std::size_t index) const {
    return variables_[index].kind.name;
  }

  /// The formula's variables, factors with the levels that occur (once surveyed).
  std::vector<VariableKind> variable_kinds() const;
  std::string group_label(double key) const { return label(group_, key); }
  /// Category of an ordinal response.
  std::string response_label(double value) const { return label(response_, value); }
  /// Of a categorical response, whether rows have them or not; 0 for other responses.
  std::size_t num_response_levels() const;
  void check_rows_left(const RowCounts& counts) const;

 private:
  struct Variable {
    VariableKind kind;
    BoundExpression expression;
    bool needs_levels = false;
    bool uses_statistics = false;
    std::vector<std::size_t> inputs;  // slots of columns it is made of
  };

  // A pointer per slot of the scope, and what they point to where it is computed.
  struct Slots {
    std::vector<const double*> values;
    std::vector<Eigen::ArrayXd> computed;
  };

  // frame.cpp: what the variables are.
  void find_columns(const Formula& formula, Table& table, const FrameOptions& options);
  void bind_variables(const Formula& formula, const FrameOptions& options);
  void bind_response(const Formula& formula, const FrameOptions& options);
  void bind_where(const std::string& where);
  std::string label(std::size_t variable, double value) const;
  std::size_t add_variable(const Expression& expression, const Source& source);
  std::size_t add_numeric(const Expression& expression, const Source& source);
  /// @throws DataError if it is a categorical column whose levels have no order
  void check_ordered(const Variable& variable) const;
  void add_inputs(const BoundExpression& expression, Variable& variable) const;
  std::vector<Level> occurring_levels(const Variable& variable,
                                      const std::vector<double>& values) const;

  // frame_rows.cpp: which rows are used.
  Slots column_slots(const RowBlock& block) const;
  void add_statistics(Slots& slots, Eigen::Index num_rows) const;
  void add_statistic_arguments(Slots& slots, Eigen::Index num_rows) const;
  std::vector<std::uint8_t> rows_of_where(const RowBlock& block) const;
  FrameBlock select_rows(const RowBlock& block,
                         const std::vector<std::uint8_t>& in_where) const;
  void check_finite(const RowBlock& block, const FrameBlock& frame) const;

  std::string where_text_;
  Scope scope_;
  std::vector<std::size_t> table_columns_;
  std::optional<BoundExpression> where_;
  std::vector<Variable> variables_;
  std::size_t num_terms_ = 0;  // variables of the fixed effects
  std::size_t response_ = 0;
  ResponseForm response_form_ = ResponseForm::value;
  std::size_t beside_response_ = 0;
  std::size_t group_ = 0;
  std::vector<std::size_t> offsets_;
  std::optional<std::size_t> fweights_, strata_, pweights_, group_pweights_;

  // Facts from surveys.
  std::size_t stage_ = 0;
  std::size_t num_stages_ = 0;
  GroupIndex groups_;
  std::vector<std::vector<double>> group_means_;  // per statistic; empty for scale
  std::vector<Moments> scales_;                   // per statistic
};

}  // namespace merit
