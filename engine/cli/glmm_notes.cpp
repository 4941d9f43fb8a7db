// SPDX-License-Identifier: MIT
#include "engine/cli/glmm_notes.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/model/text.hpp"

namespace merit {
namespace {

/// Whether a group's rows cannot differ less: no event or nothing but events, no count, one
/// category; of more than one trial.
bool lacks_variation(const GlmmModel& model, std::int64_t group) {
  const PackedRows& rows = model.rows;
  const std::int64_t first = rows.first_row(group);
  const std::int64_t size = rows.size[static_cast<std::size_t>(group)];
  double events = 0.0, trials = 0.0;
  bool one_category = true;
  for (std::int64_t i = first; i < first + size; ++i) {
    events += rows.y[i];
    trials += rows.trials_of(i);
    one_category = one_category && rows.y[i] == rows.y[first];
  }
  if (trials < 2.0) return false;
  if (model.family.has_thresholds()) return one_category;
  return events == 0.0 || (model.family.family == Family::binomial && events == trials);
}

/// Values that an ordinal response could have taken, between others or by its levels.
std::vector<std::string> unseen_categories(const Design& design,
                                           const std::vector<double>& seen) {
  constexpr double kMost = 1000.0;  // integers far apart are not gaps in a scale
  const auto num_levels = static_cast<double>(design.num_response_levels());
  const double first = num_levels > 0.0 ? 0.0 : seen.front();
  const double last = num_levels > 0.0 ? num_levels - 1.0 : seen.back();
  std::vector<std::string> unseen;
  if (last - first > kMost) return unseen;
  for (double value = first; value <= last; value += 1.0) {
    if (!std::binary_search(seen.begin(), seen.end(), value))
      unseen.push_back(design.response_label(value));
  }
  return unseen;
}

}  // namespace

std::vector<std::string> response_notes(const ModelData& data,
                                        const Design& design,
                                        const std::vector<double>& categories) {
  const GlmmModel& model = *data.glmm;
  std::vector<std::string> notes;
  if (model.family.has_thresholds()) {
    const std::vector<std::string> unseen = unseen_categories(design, categories);
    if (!unseen.empty()) {
      notes.push_back(
          fmt::format("no row has {} {} of {}: the model has no threshold for {}",
                      unseen.size() == 1 ? "category" : "the categories",
                      first_few(unseen),
                      design.response_name(),
                      unseen.size() == 1 ? "it" : "them"));
    }
  }
  std::vector<std::string> groups;
  for (std::int64_t j = 0; j < model.rows.num_groups(); ++j) {
    if (lacks_variation(model, j))
      groups.push_back(data.group_level[static_cast<std::size_t>(j)]);
  }
  if (!groups.empty()) {
    notes.push_back(fmt::format("{} does not vary within {} of {} groups ({} = {})",
                                design.response_name(),
                                groups.size(),
                                model.rows.num_groups(),
                                data.group,
                                first_few(groups)));
  }
  return notes;
}

std::string diverging_message(const ModelData& data,
                              const std::vector<Eigen::Index>& diverging) {
  const GlmmModel& model = *data.glmm;
  const auto num_terms = static_cast<Eigen::Index>(data.terms.size());
  std::vector<std::string> columns;
  bool theta = false, sd = false;
  for (const Eigen::Index row : diverging) {
    const bool level = model.family.has_thresholds() ? row < model.family.num_extra
                                                     : model.has_intercept && row == 0;
    const bool dispersion =
        model.family.family == Family::negbinomial && row == num_terms - 1;
    theta = theta || dispersion;
    sd = sd || row == num_terms;
    // Thresholds and intercept go along with the column that separates.
    if (!level && !dispersion && row < num_terms)
      columns.push_back(data.terms[static_cast<std::size_t>(row)]);
  }
  if (columns.empty() && theta) {
    return "theta is infinite: the counts vary no more than Poisson's within their "
           "groups; "
           "use --family poisson";
  }
  if (columns.empty() && sd) {
    return "sd__(Intercept) is infinite: the groups tell the response apart without "
           "error";
  }
  if (columns.empty()) columns.emplace_back("(Intercept)");
  return fmt::format(
      "separation: {} tells the response apart without error, so that {} infinite; leave "
      "such columns out, or join levels",
      fmt::join(columns, ", "),
      columns.size() == 1 ? "its estimate is" : "their estimates are");
}

}  // namespace merit
