// SPDX-License-Identifier: MIT
#include "engine/study/sensitivity_file.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/error.hpp"
#include "engine/model/formula.hpp"
#include "engine/model/text.hpp"
#include "engine/study/table_reader.hpp"

namespace merit {
namespace {

using Kind = TomlNode::Kind;

const std::vector<std::string> kRootKeys = {"title",
                                            "snapshot",
                                            "formula",
                                            "terms",
                                            "family",
                                            "link",
                                            "method",
                                            "nagq",
                                            "where",
                                            "offset",
                                            "trials",
                                            "df",
                                            "imputations",
                                            "waves",
                                            "left_out",
                                            "multiverse",
                                            "priors",
                                            "bootstrap"};

/// `texts`, each one of `words`.
std::vector<std::string> words_of(const TableReader& reader,
                                  const std::string& key,
                                  const std::vector<std::string>& words) {
  std::vector<std::string> out;
  for (const std::string& word : reader.texts(key)) {
    if (std::find(words.begin(), words.end(), word) == words.end()) {
      reader.problem(key,
                     fmt::format("'{}' is not one of {}{}",
                                 word,
                                 fmt::join(words, ", "),
                                 did_you_mean(word, words)));
    } else {
      out.push_back(word);
    }
  }
  return out;
}

class SensitivityReader {
 public:
  SensitivityReader(const TomlNode& tree, std::string file)
      : tree_(tree), file_(std::move(file)) {}

  SensitivityStudy read() {
    const TableReader root(tree_, "the study", kRootKeys, problems_);
    study_.title = root.text("title").value_or("");
    study_.snapshot = root.text("snapshot").value_or("");
    if (const TomlNode* table = root.table("imputations")) read_imputations(*table);
    const bool named = study_.imputations && !study_.imputations->snapshots.empty();
    if (!root.has("snapshot") && !named)
      problems_.add(0, "snapshot is missing: the HDF5 file with the data");
    if (root.has("snapshot") && named)
      root.problem("snapshot",
                   "[imputations] has snapshots already: give one of the two");
    read_model(root);
    if (root.has("terms")) study_.terms = root.texts("terms");
    if (const TomlNode* table = root.table("waves")) read_waves(*table);
    if (const TomlNode* table = root.table("left_out")) read_left_out(*table);
    if (const TomlNode* table = root.table("multiverse")) read_multiverse(*table);
    if (const TomlNode* table = root.table("bootstrap")) read_bootstrap(*table);
    if (const TomlNode* table = root.table("priors")) read_priors(*table);
    if (!study_.waves && !study_.left_out && !study_.multiverse && !study_.priors)
      problems_.add(
          0, "nothing is varied: give [waves], [left_out], [multiverse] or [priors]");
    problems_.throw_if_any(file_);
    return std::move(study_);
  }

 private:
  void read_model(const TableReader& root) {
    ModelSettings& base = study_.base;
    base.formula = root.text("formula").value_or("");
    if (!root.has("formula"))
      problems_.add(0, "formula is missing: R's, e.g. \"y ~ x + (1 | school)\"");
    if (!base.formula.empty()) check_formula(root, base.formula);
    base.family =
        root.word("family", {"gaussian", "binomial", "poisson", "negbinomial", "ordinal"})
            .value_or("gaussian");
    base.link = root.text("link").value_or("");
    base.method = root.text("method").value_or("");
    base.where = root.text("where").value_or("");
    base.offset = root.text("offset").value_or("");
    base.trials = root.text("trials").value_or("");
    read_df(root);
    if (const TomlNode* nagq = tree_.find("nagq")) {
      base.nagq = nagq->kind == Kind::number ? shortest(nagq->number) : nagq->text;
      if (base.nagq.empty()) root.problem("nagq", "give a number of points, or \"auto\"");
    }
  }

  void read_df(const TableReader& root) {
    std::vector<std::string> words;
    for (const DfMethod method : kDfMethods)
      words.emplace_back(name(method));
    const std::optional<std::string> word = root.word("df", words);
    for (const DfMethod method : kDfMethods) {
      if (word == name(method)) study_.df = method;
    }
  }

  void check_formula(const TableReader& reader, const std::string& formula) {
    try {
      parse_formula(formula);
    } catch (const UsageError& error) {
      problems_.add(reader.line("formula"), error.what());
    }
  }

  void read_imputations(const TomlNode& table) {
    const TableReader reader(table, "[imputations]", {"snapshots", "column"}, problems_);
    Imputations out;
    out.snapshots = reader.texts("snapshots");
    out.column = reader.text("column").value_or("");
    if (reader.has("snapshots") == reader.has("column"))
      reader.missing("one thing",
                     "give snapshots = [\"1.h5\", \"2.h5\"], or the column that numbers "
                     "imputations");
    if (out.snapshots.size() == 1)
      reader.problem("snapshots", "one imputation: give two or more");
    study_.imputations = std::move(out);
  }

  void read_waves(const TomlNode& table) {
    const TableReader reader(
        table, "[waves]", {"column", "person", "analyses"}, problems_);
    WaveChecks checks;
    checks.column = reader.text("column").value_or("");
    if (!reader.has("column")) reader.missing("column", "which one tells the waves");
    checks.person = reader.text("person").value_or("");
    if (reader.has("analyses")) {
      const std::vector<std::string> asked =
          words_of(reader, "analyses", {"each", "pooled", "interaction"});
      const auto has = [&](const char* word) {
        return std::find(asked.begin(), asked.end(), word) != asked.end();
      };
      checks.each = has("each");
      checks.pooled = has("pooled");
      checks.interaction = has("interaction");
    }
    study_.waves = checks;
  }

  void read_left_out(const TomlNode& table) {
    const TableReader reader(table, "[left_out]", {"groups", "named"}, problems_);
    LeftOutChecks checks;
    for (const std::string& word : words_of(reader, "groups", {"one", "two"}))
      (word == "one" ? checks.one : checks.two) = true;
    if (const TomlNode* named = table.find("named")) {
      if (named->kind != Kind::list)
        reader.problem("named", "give a list of groups, or of lists of such");
      for (const TomlNode& item : named->items) {
        std::vector<std::string> groups;
        for (const TomlNode& group :
             item.kind == Kind::list ? item.items : std::vector<TomlNode>{item})
          groups.push_back(name_of(group, reader));
        if (groups.empty()) reader.problem("named", "a list of no groups");
        checks.named.push_back(std::move(groups));
      }
    }
    if (!checks.one && !checks.two && checks.named.empty())
      reader.missing("groups", "\"one\", \"two\" or both; or named groups");
    study_.left_out = std::move(checks);
  }

  /// A group's, which may be a number.
  static std::string name_of(const TomlNode& group, const TableReader& reader) {
    if (group.kind == Kind::number) return shortest(group.number);
    if (group.kind != Kind::text)
      reader.problem("named", "groups have names in quotes, or numbers");
    return group.text;
  }

  void read_multiverse(const TomlNode& table) {
    std::vector<std::string> keys;  // any word may be one
    for (const TomlEntry& entry : table.entries)
      keys.push_back(entry.key);
    const TableReader reader(table, "[multiverse]", keys, problems_);
    Multiverse out;
    out.formula = reader.text("formula").value_or("");
    std::string filled = out.formula;
    for (const std::string& key : keys) {
      if (key == "formula") continue;
      out.choices.push_back({.key = key, .values = reader.texts(key)});
      if (is_setting(key)) continue;
      const std::string place = "{" + key + "}";
      const std::size_t found = filled.find(place);
      if (found == std::string::npos) {
        reader.problem(key,
                       fmt::format("nothing stands for it: write {} in the formula of "
                                   "[multiverse], or vary where, family, link or method",
                                   place));
      } else {
        filled.replace(found, place.size(), "x");
      }
    }
    if (out.choices.empty())
      reader.missing("choices", "e.g. where = [\"\", \"age < 65\"]");
    const std::size_t open = filled.find('{');
    if (open != std::string::npos) {
      const std::size_t close = filled.find('}', open);
      reader.problem("formula",
                     fmt::format("{} has no list of what it can be",
                                 filled.substr(open, close + 1 - open)));
    }
    study_.multiverse = std::move(out);
  }

  void read_priors(const TomlNode& table) {
    std::vector<std::string> keys;  // any name may be one
    for (const TomlEntry& entry : table.entries)
      keys.push_back(entry.key);
    const TableReader reader(table, "[priors]", keys, problems_);
    PriorChecks out;
    const NumberRange counts{.low = 4, .high = 1e9, .whole = true};
    const NumberRange seeds{.low = 0, .high = 9007199254740992.0, .whole = true};
    for (const std::string& key : keys) {
      if (key == "draws") {
        out.draws = static_cast<std::int64_t>(reader.number(key, counts).value_or(1000));
      } else if (key == "seed") {
        out.seed = static_cast<std::uint64_t>(reader.number(key, seeds).value_or(1));
      } else {
        out.sets.emplace_back(key, reader.texts(key));
      }
    }
    if (out.sets.empty())
      reader.missing("priors", "a name and what it stands for, e.g. flat = \"flat\"");
    if (study_.imputations)
      problems_.add(
          table.line,
          "[priors] with [imputations]: posteriors of imputed data are not pooled; "
          "give one of the two");
    study_.priors = std::move(out);
  }

  void read_bootstrap(const TomlNode& table) {
    const TableReader reader(table,
                             "[bootstrap]",
                             {"replicates", "type", "resample", "interval", "seed"},
                             problems_);
    StudyBootstrap out;
    const NumberRange count{.low = 2, .high = 1e9, .whole = true};
    out.replicates =
        static_cast<std::int64_t>(reader.number("replicates", count).value_or(0));
    if (!reader.has("replicates")) reader.missing("replicates", "of each fit, e.g. 1000");
    out.type =
        reader
            .word("type",
                  {"parametric", "cases", "residual", "reb", "wild", "transformation"})
            .value_or(out.type);
    out.resample = reader.word("resample", {"groups", "rows", "both"}).value_or("");
    if (!out.resample.empty() && out.type != "cases")
      reader.problem("resample", "is what type = \"cases\" draws");
    // The others rest on more than a fit's replicates.
    const auto word = reader.word("interval", {"norm", "basic", "perc", "bc"});
    if (word) out.interval = *interval_type(*word);
    const NumberRange seeds{.low = 0, .high = 9007199254740992.0, .whole = true};
    out.seed = static_cast<std::uint64_t>(reader.number("seed", seeds).value_or(1));
    if (study_.imputations)
      problems_.add(table.line,
                    "[bootstrap] with [imputations]: replicates of imputed data are not "
                    "pooled; give one of the two");
    study_.bootstrap = out;
  }

  const TomlNode& tree_;
  std::string file_;
  Problems problems_;
  SensitivityStudy study_;
};

}  // namespace

SensitivityStudy read_sensitivity(const std::string& text, const std::string& file) {
  const TomlNode tree = parse_toml(text, file);
  return SensitivityReader(tree, file).read();
}

}  // namespace merit
