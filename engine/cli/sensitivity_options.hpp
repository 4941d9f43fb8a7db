// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "engine/cli/options.hpp"
#include "engine/cli/run_settings.hpp"

namespace CLI {
class App;
}

namespace merit {

struct SensitivityCommand {
  std::string study;
  RunSettings run;
  std::optional<std::uint64_t> seed;  ///< of the bootstrap; none: the study's
  std::int64_t max_tasks = 100'000;
  Shard shard;
};

void add_options(CLI::App& app, SensitivityCommand& command);

/// @throws UsageError
void validate(const SensitivityCommand& command);

}  // namespace merit
