// SPDX-License-Identifier: MIT
#pragma once

#include <stdexcept>
#include <string>

namespace merit {

/// What the program tells the shell. The numbers are sysexits.h's where it has one.
enum class ExitCode : int {
  done = 0,
  needs_a_look = 1,  ///< done, but a fit did not converge or too many replicates failed
  usage = 64,        ///< options or formula
  data = 65,         ///< the snapshot cannot carry this model
  no_input = 66,     ///< an input file is missing or unreadable
  internal = 70,     ///< our bug
  io = 74,           ///< reading or writing failed
  stopped = 75,      ///< stopped early, resumable
};

/// Base of all errors that the user can mend. The text names the file, column, option or
/// row concerned, the value found, and what would be accepted: it is shown as it stands.
/// Outcomes of a computation (no convergence, τ̂ = 0) are results, never errors.
class Error : public std::runtime_error {
 public:
  Error(ExitCode code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  ExitCode code() const { return code_; }

 private:
  ExitCode code_;
};

struct UsageError : Error {
  explicit UsageError(const std::string& message) : Error(ExitCode::usage, message) {}
};
struct DataError : Error {
  explicit DataError(const std::string& message) : Error(ExitCode::data, message) {}
};
struct InputError : Error {
  explicit InputError(const std::string& message) : Error(ExitCode::no_input, message) {}
};
struct IoError : Error {
  explicit IoError(const std::string& message) : Error(ExitCode::io, message) {}
};

}  // namespace merit
