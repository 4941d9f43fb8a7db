// SPDX-License-Identifier: MIT
#include "engine/report/render.hpp"

#include <limits>

#include <boost/test/unit_test.hpp>
#include <nlohmann/json.hpp>

#include "engine/report/text_table.hpp"
#include "tests/unit/report/example_report.hpp"

using namespace merit;
using Json = nlohmann::ordered_json;

BOOST_AUTO_TEST_SUITE(render)

namespace {

std::vector<std::string> keys(const Json& object) {
  std::vector<std::string> out;
  for (const auto& [key, value] : object.items())
    out.push_back(key);
  return out;
}

Report bootstrap_report() {
  Report report = example::sleepstudy_report();
  report.command = "bootstrap";
  report.data.group = describe_groups("Subject", {5, 10, 15});
  report.data.group.count = 18;
  report.options = {{"type", std::string("parametric")}, {"seed", std::int64_t{1}}};
  ReplicateCounts counts;
  counts.by_status = {98'000, 1'234, 0, 766, 0};
  report.glance.replicates = counts;
  std::vector<TidyRow> rows;
  for (const TidyRow& term : example::sleepstudy_rows()) {
    for (const std::string type : {"norm", "perc"}) {
      TidyRow row;
      row.effect = term.effect;
      row.group = term.group;
      row.term = term.term;
      row.estimate = term.estimate;
      row.bias = -0.25;
      row.std_error = 1.5;
      row.conf_low = *term.estimate - 3.0;
      row.conf_high = *term.estimate + 3.0;
      row.conf_type = type;
      row.conf_low_mcse = 0.0123;
      row.conf_high_mcse = type == "perc" ? 0.25 : 0.0078;
      if (row.effect == "fixed") row.p_value = 0.00321;
      rows.push_back(row);
    }
  }
  report.tidy = rows;
  return report;
}

}  // namespace

BOOST_AUTO_TEST_CASE(json_has_the_documented_keys_in_order) {
  const Json json = Json::parse(to_json(example::sleepstudy_report()));
  BOOST_TEST(keys(json) == (std::vector<std::string>{"command",
                                                     "version",
                                                     "model",
                                                     "data",
                                                     "options",
                                                     "conf.level",
                                                     "glance",
                                                     "tidy",
                                                     "tests",
                                                     "profile",
                                                     "vcov",
                                                     "notes",
                                                     "provenance"}),
             boost::test_tools::per_element());
  BOOST_TEST(keys(json["glance"]) == (std::vector<std::string>{"nobs",
                                                               "ngroups",
                                                               "logLik",
                                                               "deviance",
                                                               "AIC",
                                                               "BIC",
                                                               "sigma",
                                                               "icc",
                                                               "df.residual",
                                                               "converged",
                                                               "boundary",
                                                               "iterations",
                                                               "message"}),
             boost::test_tools::per_element());
  BOOST_TEST(keys(json["tidy"][0]) == (std::vector<std::string>{"effect",
                                                                "group",
                                                                "level",
                                                                "term",
                                                                "estimate",
                                                                "std.error",
                                                                "statistic",
                                                                "df",
                                                                "p.value",
                                                                "conf.low",
                                                                "conf.high",
                                                                "conf.type"}),
             boost::test_tools::per_element());
  BOOST_TEST(json["model"]["nagq"].is_null());
  BOOST_TEST(json["data"]["rows_dropped"]["Reaction"] == 1);
  BOOST_TEST(json["data"]["group"]["median"] == 10.0);
  BOOST_TEST(json["tidy"][0]["group"].is_null());
  BOOST_TEST(json["tidy"][2]["std.error"].is_null());
  BOOST_TEST(json["vcov"]["names"][1] == "Days");
  BOOST_TEST(json["provenance"]["seed"] == 1);
}

BOOST_AUTO_TEST_CASE(json_numbers_read_back_as_the_same_doubles) {
  const Report report = example::sleepstudy_report();
  const Json json = Json::parse(to_json(report));
  BOOST_TEST(json["tidy"][1]["estimate"].get<double>() == 10.467285959595975);
  BOOST_TEST(json["vcov"]["matrix"][0][1].get<double>() == report.vcov.matrix(0, 1));
  BOOST_TEST(json["glance"]["BIC"].get<double>() == report.glance.bic);
}

BOOST_AUTO_TEST_CASE(json_has_null_for_what_is_not_finite) {
  Report report = example::sleepstudy_report();
  report.tidy[0].estimate = std::numeric_limits<double>::quiet_NaN();
  report.glance.icc = std::numeric_limits<double>::quiet_NaN();
  report.data.file = "\xff";  // not UTF-8
  const Json json = Json::parse(to_json(report));
  BOOST_TEST(json["tidy"][0]["estimate"].is_null());
  BOOST_TEST(json["glance"]["icc"].is_null());
  BOOST_TEST(json["data"]["file"] == "\xEF\xBF\xBD");  // U+FFFD
}

BOOST_AUTO_TEST_CASE(json_marks_infinite_estimates) {
  Report report = example::sleepstudy_report();
  report.tidy[0].estimate = -std::numeric_limits<double>::infinity();
  report.tidy[0].std_error = std::numeric_limits<double>::infinity();
  const Json json = Json::parse(to_json(report));
  BOOST_TEST(json["tidy"][0]["estimate"] == "-Inf");
  BOOST_TEST(json["tidy"][0]["std.error"].is_null());
}

BOOST_AUTO_TEST_CASE(json_of_a_bootstrap_counts_by_reason) {
  const Json json = Json::parse(to_json(bootstrap_report()));
  BOOST_TEST(json["glance"]["replicates"] == 100'000);
  BOOST_TEST(json["glance"]["failed"] == 766);
  BOOST_TEST(json["glance"]["boundary"] == 1'234);
  BOOST_TEST(json["glance"]["by_status"]["collinear"] == 766);
  BOOST_TEST(json["tidy"][0]["bias"] == -0.25);
  BOOST_TEST(json["tidy"][1]["conf.low.mcse"] == 0.0123);
  BOOST_TEST(json["tidy"][1]["conf.high.mcse"] == 0.25);
  BOOST_TEST(json["options"]["type"] == "parametric");
}

BOOST_AUTO_TEST_CASE(csv_is_the_tidy_rows) {
  TidyRow fixed;
  fixed.effect = "fixed";
  fixed.term = "x,\"y\"";
  fixed.estimate = 0.1;
  fixed.std_error = 1e-300;
  fixed.statistic = 1.0 / 3.0;
  fixed.df = 178.0;
  fixed.p_value = std::numeric_limits<double>::quiet_NaN();
  fixed.conf_low = -std::numeric_limits<double>::infinity();
  fixed.conf_high = 2.0;
  fixed.conf_type = "wald";
  TidyRow mode;
  mode.effect = "ran_vals";
  mode.group = "school";
  mode.level = "two\nlines";
  mode.term = "(Intercept)";
  Report report;
  report.tidy = {fixed, mode};
  BOOST_TEST(to_csv(report) ==
             "effect,group,level,term,estimate,std.error,statistic,df,p.value,conf.low,"
             "conf.high,conf.type\n"
             "fixed,,,\"x,\"\"y\"\"\",0.1,1e-300,0.3333333333333333,178,,-Inf,2,wald\n"
             "ran_vals,school,\"two\nlines\",(Intercept),,,,,,,,\n");
}

BOOST_AUTO_TEST_CASE(csv_of_a_bootstrap_has_bias_and_monte_carlo_errors) {
  const std::string csv = to_csv(bootstrap_report());
  BOOST_TEST(csv.find("estimate,bias,std.error") != std::string::npos);
  BOOST_TEST(csv.find(",conf.type,conf.low.mcse,conf.high.mcse\n") != std::string::npos);
  BOOST_TEST(csv.find(",(Intercept),251.40510484848443,-0.25,1.5,,,0.00321,") !=
             std::string::npos);
  BOOST_TEST(csv.find(",perc,0.0123,0.25\n") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(table_of_a_fit) {
  Report report = example::sleepstudy_report();
  report.notes = {"one thing to know"};
  BOOST_TEST("\n" + to_table(report) == R"(
Linear mixed model fit by ML
Formula     Reaction ~ Days + (1 | Subject)
Data        sleepstudy.h5: 180 rows used of 1,183
            1,000 excluded by --where
            dropped for missing values: Days 2, Reaction 1
Groups      Subject: 18, of 10 rows each
Likelihood  logLik -897.0393, deviance 1794.0786, AIC 1802.0786, BIC 1814.8505

Random effects
  Group     Term             Std.Dev.  Variance     ICC
  Subject   sd__(Intercept)     36.01    1297    0.5760
  Residual  sd__Observation     30.90     954.5

Fixed effects
  Term         Estimate  Std.Error  Statistic        p     2.5 %    97.5 %
  (Intercept)  251.405      9.506      26.446  <0.0001  232.773   270.037
  Days          10.4673     0.8017     13.056  <0.0001    8.8959   12.0387

Note: one thing to know
)");
}

BOOST_AUTO_TEST_CASE(table_of_a_bootstrap) {
  BOOST_TEST("\n" + to_table(bootstrap_report()) == R"(
Bootstrap of a linear mixed model fit by ML
Formula     Reaction ~ Days + (1 | Subject)
Data        sleepstudy.h5: 180 rows used of 1,183
            1,000 excluded by --where
            dropped for missing values: Days 2, Reaction 1
Groups      Subject: 18, with 5 to 15 rows (median 10)
Options     type parametric, seed 1
Replicates  100,000: 99,234 used, 766 failed (collinear 766)
            1,234 on the boundary: sd__(Intercept) is 0
Likelihood  logLik -897.0393, deviance 1794.0786, AIC 1802.0786, BIC 1814.8505

Random effects
  Term             Estimate    Bias  Std.Error   2.5 %  97.5 %   MCSE  Interval
  sd__(Intercept)    36.012  -0.250      1.500  33.012  39.012  0.012  norm
                                                33.012  39.012  0.25   perc
  sd__Observation    30.895  -0.250      1.500  27.895  33.895  0.012  norm
                                                27.895  33.895  0.25   perc

Fixed effects
  Term         Estimate    Bias  Std.Error       p    2.5 %   97.5 %   MCSE  Interval
  (Intercept)   251.405  -0.250      1.500  0.0032  248.405  254.405  0.012  norm
                                                    248.405  254.405  0.25   perc
  Days           10.467  -0.250      1.500  0.0032    7.467   13.467  0.012  norm
                                                      7.467   13.467  0.25   perc
)");
}

BOOST_AUTO_TEST_CASE(table_shows_group_modes_in_caterpillar_order) {
  Report report = example::sleepstudy_report();
  GroupModes modes;
  modes.mode = Eigen::Vector3d(1.25, -20.0, 3.0);
  modes.sd = Eigen::Vector3d(0.5, 2.0, 0.5);
  const std::vector<std::string> levels = {"Zürich", "B", "C"};
  report.tidy = group_mode_rows(modes, "Subject", levels);
  const std::string table = to_table(report);
  const std::string want = R"(
Random intercepts, by conditional mode
  Subject      Mode  Cond.SD     2.5 %    97.5 %
  B        -20.000    2.000   -23.920   -16.080
  Zürich     1.2500   0.5000    0.2700    2.2300
  C          3.0000   0.5000    2.0200    3.9800
)";
  BOOST_TEST(table.substr(table.find("\nRandom intercepts")) == want);
}

BOOST_AUTO_TEST_CASE(numbers_show_four_digits_of_their_standard_error) {
  BOOST_TEST(number_text(251.40510484, 9.506) == "251.405");
  BOOST_TEST(number_text(0.0123456, 0.00098) == "0.0123456");
  BOOST_TEST(number_text(123456.7, 4321.0) == "123457");
  BOOST_TEST(number_text(36.0120819, std::numeric_limits<double>::quiet_NaN()) ==
             "36.01");
  BOOST_TEST(number_text(1e-9, 1e-9) == "1e-09");
  BOOST_TEST(number_text(0.0, 0.0) == "0");
  BOOST_TEST(with_separators(1234567) == "1,234,567");
  BOOST_TEST(with_separators(-123) == "-123");
  BOOST_TEST(with_separators(1000) == "1,000");
  BOOST_TEST(p_value_text(0.03124) == "0.0312");
  BOOST_TEST(p_value_text(1e-20) == "<0.0001");
}

BOOST_AUTO_TEST_SUITE_END()
