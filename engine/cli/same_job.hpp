// SPDX-License-Identifier: MIT
#pragma once

#include <string>

#include "io/result_store.hpp"

namespace merit {

/// @throws UsageError if a file holds the results of another command of merit
void check_same_command(const ResultFile& stored,
                        const std::string& command,
                        const std::string& output);

/// Checks that a file holds (a part of) the job that is asked for.
/// @throws UsageError that lists each field that differs, its stored and its given value, and
///         what to do
void check_same_job(const ResultFile& stored,
                    const JobDescription& given,
                    Shard shard,
                    const std::string& output);

/// One indented line per difference: "  seed: stored 1, given 2 (--seed 1)"; none for what
/// follows from another one.
std::string difference_lines(const JobDescription& stored, const JobDescription& given);

/// "3/8"
std::string text_of(Shard shard);

}  // namespace merit
