// SPDX-License-Identifier: MIT
#pragma once

#include <concepts>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "engine/run/agree.hpp"
#include "engine/run/block_pipeline.hpp"
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
/// where a node without right sibling passes its left child up unchanged. Every rank loads a
/// consecutive share of the blocks, merges the complete subtrees inside it, and rank 0 merges
/// the rest: at most 2 log2(num_blocks) nodes travel per rank, whatever the number of rows.
/// (The tree also has better rounding than a running sum: error grows with log n.)
namespace merit {

/// What a reduction consists of. Input is what a block is loaded into (its memory is used
/// again for later blocks), Node a partial result.
///
/// load   fills the input with a block; one call at a time, always on the calling thread,
///        in block order (so it may use HDF5)
/// leaf   the node of one loaded block; on any thread
/// merge  left and right neighbour; on any thread
/// pack, unpack   a node as bytes and back, exactly
template <class R>
concept BlockReducer = std::default_initializable<typename R::Input> &&
    std::movable<typename R::Node> && std::default_initializable<typename R::Node> &&
    requires(R& reducer,
             const R& shared,
             std::int64_t block,
             typename R::Input& input,
             typename R::Node node,
             std::span<const std::byte> bytes) {
  reducer.load(block, input);
  { shared.leaf(input) } -> std::same_as<typename R::Node>;
  { shared.merge(std::move(node), std::move(node)) } -> std::same_as<typename R::Node>;
  { shared.pack(node) } -> std::same_as<Bytes>;
  { shared.unpack(bytes) } -> std::same_as<typename R::Node>;
};

/// node(top, 0) over blocks 0..num_blocks-1, on every rank; Node{} if there are none.
/// *Collective*
///
/// @throws on all ranks what load, leaf, merge or progress threw for the first failing block
///         of the lowest rank that failed
template <BlockReducer R>
typename R::Node reduce_blocks(const Communicator& comm,
                               std::int64_t num_blocks,
                               R& reducer,
                               const PipelineOptions& options = {}) {
  using Node = typename R::Node;
  BlockTree<Node> tree(num_blocks);
  const R& shared = reducer;
  const auto merge = [&shared](Node left, Node right) {
    return shared.merge(std::move(left), std::move(right));
  };

  const Bytes subtrees = all_or_none(comm, [&] {
    const BlockRange mine = local_range(num_blocks, comm.rank(), comm.size());
    for_each_block<typename R::Input>(
        mine,
        options,
        [&reducer](std::int64_t block, auto& input) { reducer.load(block, input); },
        [&](std::int64_t block, auto& input) {
          tree.insert({0, block}, shared.leaf(input), merge);
        });
    ByteWriter writer;
    if (comm.is_root()) return writer.take();
    tree.drain([&](const TreePosition& position, const Node& node) {
      writer.put(position);
      writer.put_all(std::span<const std::byte>(shared.pack(node)));
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
        tree.insert(position, shared.unpack(reader.take_bytes()), merge);
      }
    }
    root = tree.take_root();
    return shared.pack(root);
  });
  comm.broadcast(packed);
  return comm.is_root() ? std::move(root) : shared.unpack(packed);
}

}  // namespace merit
