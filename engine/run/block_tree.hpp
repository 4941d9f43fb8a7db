// SPDX-License-Identifier: MIT
#pragma once

#include <cassert>
#include <compare>
#include <cstdint>
#include <map>
#include <mutex>
#include <utility>

namespace merit {

/// node(level, index) covers blocks [index 2^level, (index + 1) 2^level), as far as they exist.
struct TreePosition {
  std::int64_t level = 0;
  std::int64_t index = 0;
  auto operator<=>(const TreePosition&) const = default;

  constexpr std::int64_t first_block() const { return index << level; }
  constexpr bool is_left() const { return index % 2 == 0; }
  constexpr TreePosition sibling() const { return {level, index ^ 1}; }
  constexpr TreePosition parent() const { return {level + 1, index / 2}; }
};

/// The partial results of a reduction over blocks 0..num_blocks-1, merged along one binary
/// tree as soon as two siblings are there, in whatever order they come (block_reduction.hpp).
///
/// insert may be called by several threads; it merges outside the lock.
template <class Node>
class BlockTree {
 public:
  explicit BlockTree(std::int64_t num_blocks) : num_blocks_(num_blocks) {
    while ((std::int64_t{1} << top_level_) < num_blocks)
      ++top_level_;
  }

  /// Adds a node and climbs: merge(left, right) with its sibling while that is here.
  template <class Merge>
  void insert(TreePosition at, Node node, const Merge& merge) {
    while (at.level < top_level_) {
      const TreePosition sibling = at.sibling();
      if (sibling.first_block() < num_blocks_) {
        std::unique_lock lock(mutex_);
        auto other = waiting_.extract(sibling);
        if (other.empty()) {
          waiting_.emplace(at, std::move(node));
          return;
        }
        lock.unlock();
        node = at.is_left() ? merge(std::move(node), std::move(other.mapped()))
                            : merge(std::move(other.mapped()), std::move(node));
      }
      at = at.parent();
    }
    const std::lock_guard lock(mutex_);
    waiting_.emplace(at, std::move(node));
  }

  /// Hands out the nodes that wait for a sibling, and forgets them.
  template <class Visit>
  void drain(const Visit& visit) {
    for (const auto& [position, node] : waiting_)
      visit(position, node);
    waiting_.clear();
  }

  /// The whole reduction, once all blocks are in; Node{} if there are none.
  Node take_root() {
    if (num_blocks_ == 0) return Node{};
    assert(waiting_.size() == 1 && waiting_.begin()->first.level == top_level_);
    return std::move(waiting_.extract(waiting_.begin()).mapped());
  }

 private:
  std::int64_t num_blocks_;
  std::int64_t top_level_ = 0;
  std::mutex mutex_;
  std::map<TreePosition, Node> waiting_;
};

}  // namespace merit
