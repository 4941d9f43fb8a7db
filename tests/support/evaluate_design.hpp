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
  for (std::int64_t first = 0; first < table.num_rows(); first += block_rows) {
    const std::int64_t count = std::min(block_rows, table.num_rows() - first);
    table.read(first, count, design.table_columns(), blocks.emplace_back());
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

/// The whole of a table as one DesignBlock, rows of all blocks one after the other.
inline DesignBlock evaluate_design(Design& design,
                                   Table& table,
                                   std::int64_t block_rows = kBlockRows) {
  const std::vector<RowBlock> blocks = read_blocks(design, table, block_rows);
  survey(design, blocks);
  DesignBlock all;
  for (const RowBlock& block : blocks) {
    const DesignBlock part = design.evaluate(block);
    const Eigen::Index before = all.z.rows();
    all.z.conservativeResize(before + part.z.rows(), part.z.cols());
    all.z.bottomRows(part.z.rows()) = part.z;
    all.group.insert(all.group.end(), part.group.begin(), part.group.end());
    all.counts += part.counts;
  }
  return all;
}

}  // namespace merit::testing
