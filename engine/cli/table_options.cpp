// SPDX-License-Identifier: MIT
#include "engine/cli/table_options.hpp"

#include <algorithm>
#include <optional>

#include <fmt/format.h>

#include "engine/cli/option_kinds.hpp"
#include "engine/error.hpp"

namespace merit {

void add_tables(CLI::App& app, TableOptions& tables) {
  std::vector<IntervalType>& intervals = tables.intervals;
  app.add_option_function<std::vector<std::string>>(
         "--intervals",
         [&intervals](const std::vector<std::string>& words) {
           intervals.clear();
           for (const std::string& word : words) {
             const std::optional<IntervalType> type = interval_type(word);
             if (!type) {
               throw UsageError(fmt::format(
                   "--intervals {}: not one of norm, basic, perc, bc, bca, stud, "
                   "calibrated",
                   word));
             }
             if (std::find(intervals.begin(), intervals.end(), *type) ==
                 intervals.end()) {
               intervals.push_back(*type);
             }
           }
         },
         "norm, basic, perc, bc, bca, stud, calibrated, separated by commas (default "
         "perc)")
      ->delimiter(',')
      ->type_name("LIST");
  app.add_option_function<std::vector<std::string>>(
         "--quantity",
         [&quantities = tables.quantities](const std::vector<std::string>& given) {
           quantities.clear();
           for (const std::string& text : given) {
             if (std::find(quantities.begin(), quantities.end(), text) ==
                 quantities.end())
               quantities.push_back(text);
           }
         },
         "a function of the parameters, e.g. icc, 'b[x]/b[z]', 'exp(b[x])'; may be "
         "repeated")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("EXPR");
}

void refuse_tables(const TableOptions& tables, const std::string& why) {
  const bool quantities = !tables.quantities.empty();
  if (!quantities && tables.intervals == TableOptions{}.intervals) return;
  throw UsageError(fmt::format("{}; {} is of estimates, which it does not have",
                               why,
                               quantities ? "--quantity" : "--intervals"));
}

}  // namespace merit
