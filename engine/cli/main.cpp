// SPDX-License-Identifier: MIT
//
//   merit inspect survey.h5
//   merit fit survey.h5 'preparedness ~ age + regime + (1 | institution)'
//   mpirun -n 8 merit bootstrap survey.h5 'y ~ x + (1 | g)' --replicates 100000 --output out.h5

#include <algorithm>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "engine/cli/commands.hpp"
#include "engine/cli/provenance.hpp"
#include "engine/model/text.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/stop_signals.hpp"
#include "engine/simd/processor.hpp"

namespace merit {
namespace {

/// The command line's grammar; `chosen` runs the command that was given.
struct Program {
  CLI::App app{
      "merit: two-level random-intercept models, fitted and resampled over MPI "
      "ranks and threads."};
  FitCommand fit;
  BootstrapCommand bootstrap;
  SampleCommand sample;
  SummarizeCommand summarize;
  MergeCommand merge;
  InspectCommand inspect;
  SimulateCommand simulate;
  SensitivityCommand sensitivity;
  std::function<ExitCode(const CommandContext&)> chosen;

  Program() {
    app.require_subcommand(1);
    app.set_version_flag("--version", version_text);
    app.footer(
        "Every command runs alone, under mpirun and under srun, with the same numbers.\n"
        "Exit codes: 0 done, 1 done but a result needs a look, 64 usage, 65 data, 66 no\n"
        "input, 70 our bug, 74 reading or writing failed, 75 stopped early,\n"
        "resumable.");
    add("fit", "one model: estimates and inference", fit);
    add("bootstrap", "R replicates of a model, distributed", bootstrap);
    add("sample", "draws from a model's posterior, distributed", sample);
    add("simulate",
        "a simulation study: estimators, design cells, repetitions",
        simulate);
    add("sensitivity",
        "one model over waves, left-out groups, specifications",
        sensitivity);
    add("summarize", "tables and intervals from a result file", summarize);
    add("merge", "shards of one job into the file of the whole", merge);
    add("inspect", "what a snapshot or result file holds", inspect);
  }

  /// @throws UsageError if the first argument is neither option nor command
  void check_command(int argc, char** argv) const {
    const std::string first = argc > 1 ? argv[1] : "";
    std::vector<std::string> names;
    for (const CLI::App* command : app.get_subcommands({}))
      names.push_back(command->get_name());
    const bool known = std::find(names.begin(), names.end(), first) != names.end();
    if (known || first.starts_with('-')) return;
    const std::string hint = did_you_mean(first, names);
    throw UsageError(fmt::format("{}{} give one of {}; see merit --help",
                                 first.empty() ? "no command" : first + " is no command",
                                 hint.starts_with(',') && !first.empty() ? hint : ":",
                                 fmt::join(names, ", ")));
  }

  /// The first argument that the command does not take, in our words.
  std::string unexpected() const {
    const CLI::App& command = *app.get_subcommands().front();
    std::string given = command.remaining().front();
    const std::string see = "; see merit " + command.get_name() + " --help";
    if (!given.starts_with('-')) {
      return given + ": one argument too many for merit " + command.get_name() + see;
    }
    given = given.substr(0, given.find('='));
    std::vector<std::string> options;
    for (const CLI::Option* option : command.get_options()) {
      for (const std::string& name : option->get_lnames())
        options.push_back("--" + name);
    }
    const std::string hint = did_you_mean(given, options);
    return given + " is no option of merit " + command.get_name() +
           (hint.starts_with(',') ? hint : "") + see;
  }

  template <class Command>
  void add(const std::string& name, const std::string& what, Command& command) {
    CLI::App* subcommand = app.add_subcommand(name, what);
    add_options(*subcommand, command);
    subcommand->callback([this, &command] {
      chosen = [&command](const CommandContext& context) {
        return run(context, command);
      };
    });
  }
};

void say(const Communicator& comm, const std::string& sentence) {
  if (comm.is_root()) fmt::print(stderr, "merit: {}\n", sentence);
}

ExitCode run_program(const Communicator& comm, int argc, char** argv) {
  try {
    Program program;
    try {
      program.check_command(argc, argv);
      program.app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
      if (error.get_exit_code() == 0) {  // --help, --version
        if (comm.is_root()) program.app.exit(error);
        return ExitCode::done;
      }
      const auto* extras = dynamic_cast<const CLI::ExtrasError*>(&error);
      say(comm,
          extras != nullptr ? program.unexpected()
                            : fmt::format("{}; see merit --help", error.what()));
      return ExitCode::usage;
    }
    return program.chosen({comm, {argv, argv + argc}});
  } catch (const Error& error) {
    say(comm, error.what());  // the same on all ranks
    return error.code();
  }
}

/// Whether this is a job that can be stopped and go on later.
bool can_go_on(int argc, char** argv) {
  const std::vector<std::string_view> words(argv, argv + argc);
  const auto is_output = [](std::string_view word) {
    return word == "--output" || word.starts_with("--output=");
  };
  return words.size() > 1 &&
         (words[1] == "bootstrap" || words[1] == "sample" || words[1] == "simulate" ||
          words[1] == "sensitivity") &&
         std::any_of(words.begin(), words.end(), is_output);
}

}  // namespace
}  // namespace merit

int main(int argc, char** argv) {
  using merit::Communicator;
  using merit::ExitCode;
  try {
    if (merit::can_go_on(argc, argv))
      merit::end_on_stop_signals(merit::launched_processes() == 1);
    merit::check_processor();
    const merit::MpiSession session(argc, argv);
    const Communicator comm = Communicator::world();
    try {
      return static_cast<int>(merit::run_program(comm, argc, argv));
    } catch (const std::exception& error) {
      // One rank may be alone with this: the others must not wait for it.
      comm.abort(static_cast<int>(ExitCode::internal),
                 fmt::format("{}; please report this", error.what()));
    }
  } catch (const merit::Error& error) {
    fmt::print(stderr, "merit: {}\n", error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    fmt::print(stderr, "merit: {}\n", error.what());
    return static_cast<int>(ExitCode::internal);
  }
}
