// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "engine/attributes.hpp"
#include "engine/cli/options.hpp"
#include "engine/run/communicator.hpp"
#include "engine/run/layout.hpp"
#include "io/result_store.hpp"

namespace merit {

/// The program and what it was built with.
struct ProgramVersion {
  std::string version, commit, compiler, mpi, hdf5;
};

ProgramVersion program_version();

/// What `merit --version` prints.
std::string version_text();

/// Who ran what, where and when: everything about a run that its results do not depend on.
class RunRecord {
 public:
  /// @param arguments  of the command line, program name included. *Collective*
  RunRecord(const Communicator& comm,
            const std::vector<std::string>& arguments,
            const std::string& snapshot,
            const RunSettings& run);

  const std::vector<RankLayout>& layout() const { return layout_; }
  Attributes at_start() const { return attributes_; }
  Attributes all() const;   ///< with finished, seconds
  Session session() const;  ///< so far, for the result file

 private:
  double seconds() const;
  const AttributeValue& attribute(const std::string& name) const;

  std::vector<RankLayout> layout_;
  Attributes attributes_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace merit
