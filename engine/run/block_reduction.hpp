// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/run/agree.hpp"
#include "engine/run/block_loop.hpp"
#include "engine/run/block_range.hpp"
#include "engine/run/block_tree.hpp"
#include "engine/run/communicator.hpp"

/// Sums (and other merges) over blocks of rows whose bits do not depend on ranks and threads.
///
/// Floating-point addition is not associative, so the order is part of the result. It is
/// fixed here as a binary tree over the block numbers,
///
///     node(0, k) = leaf(block k),    node(l, k) = merge(node(l-1, 2k), node(l-1, 2k+1)),
///
/// where a node without right sibling passes its left child up unchanged. Every rank makes the
/// leaves of a consecutive share of the blocks, on all its threads, merges the complete
/// subtrees inside it, and rank 0 merges the rest: at most 2 log2(num_blocks) nodes travel
/// per rank, whatever the number of rows. (The tree also has better rounding than a running
/// sum: error grows with log n.)
namespace merit {

/// What a reduction consists of. Node is a partial result.
///
/// workspace      what one thread needs to make leaves: its reader of rows, its memory; made
///                on the calling thread
/// leaf           reads and reduces one block; on any thread, with that thread's workspace
/// merge          left and right neighbour; on any thread
/// pack, unpack   a node as bytes and back, exactly
template <class R>
concept BlockReducer = std::movable<typename R::Node> &&
    std::default_initializable<typename R::Node> &&
    requires(const R& reducer,
             std::int64_t block,
             typename R::Workspace& workspace,
             typename R::Node node,
             std::span<const std::byte> bytes) {
  { reducer.workspace() } -> std::same_as<typename R::Workspace>;
  { reducer.leaf(block, workspace) } -> std::same_as<typename R::Node>;
  { reducer.merge(std::move(node), std::move(node)) } -> std::same_as<typename R::Node>;
  { reducer.pack(node) } -> std::same_as<Bytes>;
  { reducer.unpack(bytes) } -> std::same_as<typename R::Node>;
};

/// node(top, 0) over blocks 0..num_blocks-1, on every rank; Node{} if there are none.
/// *Collective*
///
/// @throws on all ranks what leaf, merge or progress threw for the first failing block of the
///         lowest rank that failed
template <BlockReducer R>
typename R::Node reduce_blocks(const Communicator& comm,
                               std::int64_t num_blocks,
                               const R& reducer,
                               const BlockLoopOptions& options = {}) {
  using Node = typename R::Node;
  BlockTree<Node> tree(num_blocks);
  const auto merge = [&reducer](Node left, Node right) {
    return reducer.merge(std::move(left), std::move(right));
  };

  const Bytes subtrees = all_or_none(comm, [&] {
    const BlockRange mine = local_range(num_blocks, comm.rank(), comm.size());
    std::vector<typename R::Workspace> workspaces;
    for (int thread = 0; thread < threads_for(mine, options); ++thread)
      workspaces.push_back(reducer.workspace());
    for_each_block(mine, options, [&](std::int64_t block, int thread) {
      auto& workspace = workspaces[static_cast<std::size_t>(thread)];
      tree.insert({0, block}, reducer.leaf(block, workspace), merge);
    });
    ByteWriter writer;
    if (comm.is_root()) return writer.take();
    tree.drain([&](const TreePosition& position, const Node& node) {
      writer.put(position);
      writer.put_all(std::span<const std::byte>(reducer.pack(node)));
    });
    return writer.take();
  });
  if (comm.size() == 1) return tree.take_root();

  const std::vector<Bytes> received = comm.gather(subtrees);
  Node root{};
  Bytes packed = all_or_none(comm, [&] {
    if (!comm.is_root()) return Bytes{};
    for (const Bytes& bytes : received) {
      for (ByteReader reader(bytes); !reader.at_end();) {
        const auto position = reader.take<TreePosition>();
        tree.insert(position, reducer.unpack(reader.take_bytes()), merge);
      }
    }
    root = tree.take_root();
    return reducer.pack(root);
  });
  comm.broadcast(packed);
  return comm.is_root() ? std::move(root) : reducer.unpack(packed);
}

}  // namespace merit
