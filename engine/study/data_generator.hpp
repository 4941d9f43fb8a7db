// SPDX-License-Identifier: MIT
#pragma once

#include <cstdint>

#include "engine/random/draws_kernel.hpp"
#include "engine/simd/level.hpp"
#include "engine/study/data_set.hpp"
#include "engine/study/study.hpp"

namespace merit {

/// Makes the data sets of a study. Repetition r of cell c is a pure function of (study's
/// cell, seed, c, r), whatever the number of repetitions: its streams are those of task
/// c · 2³² + r, one purpose each for group sizes, intercepts, responses, rows of snapshots and every
/// covariate.
/// So a covariate's numbers do not change when another one is added.
class DataGenerator {
 public:
  DataGenerator(const Study& study, SimdLevel simd);

  /// Memory of one thread.
  struct Workspace {
    AlignedVector<double> draws, eta, mean, shape;
    std::vector<std::int64_t> group,
        other_group;  ///< real ones: with the sizes, and others
    /// Of snapshot s by groups (2s) and by rows (2s + 1): the data set's rows; empty: not drawn.
    std::vector<std::vector<std::int64_t>> rows;
  };

  /// @param out  its memory is used again
  void make(std::int64_t cell,
            std::int64_t repetition,
            Workspace& work,
            DataSet& out) const;

  /// n of a data set, from its group sizes alone.
  std::int64_t num_obs(std::int64_t cell, std::int64_t repetition, Workspace& work) const;

 private:
  std::int64_t draw_sizes(const StudyCell& cell,
                          std::int64_t task,
                          Workspace& work,
                          std::vector<std::int64_t>& size) const;
  std::int64_t take_sizes(const StudyCell& cell,
                          std::int64_t task,
                          Workspace& work,
                          std::vector<std::int64_t>& size) const;
  void take_covariate(const Covariate& covariate,
                      std::int64_t task,
                      Workspace& work,
                      const std::vector<std::int64_t>& size,
                      AlignedVector<double>& values) const;
  void draw_covariate(std::size_t index,
                      std::int64_t task,
                      Workspace& work,
                      DataSet& out) const;
  void multiply_terms(DataSet& out) const;
  void add_errors(const StudyCell& cell,
                  std::int64_t task,
                  Workspace& work,
                  DataSet& out) const;
  void draw_responses(const StudyCell& cell,
                      std::int64_t task,
                      Workspace& work,
                      DataSet& out) const;
  void draw_events(Workspace& work, DataSet& out) const;
  void draw_counts(const StudyCell& cell, Workspace& work, DataSet& out) const;
  void draw_categories(const StudyCell& cell, Workspace& work, DataSet& out) const;

  const Study* study_;
  SimdLevel simd_;
  DrawKernels draws_;
};

/// The stream of a repetition, as a task number.
constexpr std::int64_t study_task(std::int64_t cell, std::int64_t repetition) {
  return (cell << 32) + repetition;
}

}  // namespace merit
