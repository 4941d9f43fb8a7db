// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>
#include <string>

#include "engine/resample/replicate_rows.hpp"
#include "engine/study/data_set.hpp"
#include "engine/study/study.hpp"

/// What merit says to a user's estimator, and how it reads the answer. For each data set
///
///     data CELL REPETITION SEED ROWS      cell and repetition from 1; a seed of 31 bits
///     school,x,treated,y                  names in the formula
///     1,0.31,0,1.22                       ROWS lines
///
/// is written, and a tidy table is expected, in any order of rows and columns, and a line "end":
///
///     term,estimate,std.error
///     x,0.29,0.05
///     sd__(Intercept),0.41,NA
///     end
///
/// Terms are R's names of coefficients, "sd__(Intercept)" and "sd__Observation"; others are passed
/// over, those that are not there have no estimate, nor have NA and empty fields. Instead of a
/// table, "failed REASON" says that there is no fit.
namespace merit {

/// @param repetition  from 0, like the cell
std::string question(const Study& study,
                     const DataSet& data,
                     std::int64_t cell,
                     std::int64_t repetition);

/// Puts an answer into row `at`. @returns false if it is nonsense; the row is then as it was
bool read_answer(const Study& study,
                 const std::string& answer,
                 std::int64_t at,
                 ReplicateRows& out);

}  // namespace merit
