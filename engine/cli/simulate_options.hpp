// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/cli/options.hpp"
#include "engine/cli/run_settings.hpp"
#include "engine/study/precision.hpp"
#include "engine/study/study_file.hpp"

namespace CLI {
class App;
}

namespace merit {

/// One data set of a study, both counted from 1.
struct OnlyRepetition {
  std::int64_t cell = 0;
  std::int64_t repetition = 0;
};

struct SimulateCommand {
  std::string study;
  RunSettings run;
  std::optional<std::uint64_t> seed;  ///< none: the study's
  std::int64_t max_tasks = kUsualMaxTasks;
  std::vector<WantedError> until_mcse;  ///< the study's repetitions are then the most
  Shard shard;
  std::optional<OnlyRepetition> only;
  std::string dump_data;  ///< with `only`: a snapshot of its data
};

void add_options(CLI::App& app, SimulateCommand& command);

/// @throws UsageError
void validate(const SimulateCommand& command);

}  // namespace merit
