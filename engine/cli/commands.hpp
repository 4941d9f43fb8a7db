// SPDX-License-Identifier: MIT
#pragma once

#include <string>
#include <vector>

#include "engine/cli/options.hpp"
#include "engine/cli/sample_options.hpp"
#include "engine/cli/sensitivity_options.hpp"
#include "engine/cli/simulate_options.hpp"
#include "engine/error.hpp"
#include "engine/run/communicator.hpp"

namespace merit {

/// What every command is run with.
struct CommandContext {
  const Communicator& comm;
  std::vector<std::string> arguments;  ///< of the command line
};

/// One function per command. Results go to rank 0's stdout, remarks to its stderr. All are
/// *Collective* and throw the same on all ranks.
ExitCode run(const CommandContext& context, const FitCommand& command);
ExitCode run(const CommandContext& context, const BootstrapCommand& command);
ExitCode run(const CommandContext& context, const SampleCommand& command);
ExitCode run(const CommandContext& context, const SummarizeCommand& command);
ExitCode run(const CommandContext& context, const MergeCommand& command);
ExitCode run(const CommandContext& context, const InspectCommand& command);
ExitCode run(const CommandContext& context, const SimulateCommand& command);
ExitCode run(const CommandContext& context, const SensitivityCommand& command);

}  // namespace merit
