// SPDX-License-Identifier: MIT
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "engine/model/design.hpp"
#include "engine/model/table.hpp"

namespace merit::testing {

/// The table in blocks of `block_rows` rows of the design's columns.
inline std::vector<RowBlock> read_blocks(const Design& design,
                                         Table& table,
                                         std::int64_t block_rows = kBlockRows) {
  std::vector<RowBlock> blocks;
  const auto reader = table.reader(design.table_columns());
  for (std::int64_t first = 0; first < table.num_rows(); first += block_rows) {
    const std::int64_t count = std::min(block_rows, table.num_rows() - first);
    reader->read(first, count, blocks.emplace_back());
  }
  return blocks;
}

/// Makes the surveys that the design needs.
inline void survey(Design& design, const std::vector<RowBlock>& blocks) {
  while (design.needs_survey()) {
    DesignSurvey all;
    for (const RowBlock& block : blocks)
      all = merge(all, design.survey_block(block));
    design.complete(all);
  }
}

/// What a design makes of a table, in memory.
struct EvaluatedRows {
  Eigen::MatrixXd z;  ///< rows used × (p + 1)
  std::vector<double> group;
  RowCounts counts;
};

inline EvaluatedRows in_memory(const DesignBlock& block) {
  return {block.z(), {block.group, block.group + block.num_rows()}, block.counts};
}

/// The whole of a table, rows of all blocks one after the other.
inline EvaluatedRows evaluate_design(Design& design,
                                     Table& table,
                                     std::int64_t block_rows = kBlockRows) {
  const std::vector<RowBlock> blocks = read_blocks(design, table, block_rows);
  survey(design, blocks);
  EvaluatedRows all;
  for (const RowBlock& block : blocks) {
    const EvaluatedRows part = in_memory(design.evaluate(block));
    const Eigen::Index before = all.z.rows();
    all.z.conservativeResize(before + part.z.rows(), part.z.cols());
    all.z.bottomRows(part.z.rows()) = part.z;
    all.group.insert(all.group.end(), part.group.begin(), part.group.end());
    all.counts += part.counts;
  }
  return all;
}

}  // namespace merit::testing
