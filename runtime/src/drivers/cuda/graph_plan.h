//===- graph_plan.h - a schedule's packets as a graph -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Queues with barrier-AND packets say the same as a graph of dispatches: each
// dispatch follows the one before it on its queue, and all that the barriers in
// between wait for. The plan holds that graph, transitively reduced but for the
// edges within a queue, which come first in a node's list: CUDA puts a node on the
// hardware connection of its first predecessor. Of a node that only follows
// another queue's it makes a chain of its own, and a switch then costs about a
// microsecond more (docs/measurements-h100.md).
//
// Pure logic: knows nothing of the driver's library.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_GRAPH_PLAN_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_GRAPH_PLAN_H

#include "runtime/schema/schedule_generated.h"
#include "runtime/src/memory.h"

namespace eclip::cuda {

class GraphPlan {
public:
  struct Node {
    uint32_t queue;
    const fb::Packet *packet; // in the schedule
    uint32_t first_edge;      // in edges()
    uint32_t edge_count;
    bool first_of_queue, last_of_queue;
  };

  /// Reachability takes a bit for each pair of dispatches: 50 MB at the limit.
  static constexpr uint32_t kMaxNodes = 20000;

  /// `packets` is verified and outlives this. Nodes come in an order in
  /// which every edge points back. ECLIP_ERROR_RESOURCES above kMaxNodes.
  eclip_status build(const fb::Plan &packets, const Memory &memory,
                     Error &error);

  const Array<Node> &nodes() const { return all; }
  /// The nodes that `node` waits for, as indices of nodes(): first the one before
  /// it on its queue.
  const uint32_t *edges(const Node &node) const {
    return edge_list.data() + node.first_edge;
  }

private:
  Array<Node> all;
  Array<uint32_t> edge_list;
};

} // namespace eclip::cuda

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_GRAPH_PLAN_H
