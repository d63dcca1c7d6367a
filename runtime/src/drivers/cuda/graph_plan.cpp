//===- graph_plan.cpp - a schedule's packets as a graph -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/graph_plan.h"

#include "runtime/src/verify.h"

using namespace eclip;
using namespace eclip::cuda;

namespace {

/// Rows of bits, one bit a node.
class BitRows {
public:
  bool allocate(const Memory &memory, size_t rows, size_t bits) {
    words = (bits + 63) / 64;
    return storage.allocate(memory, rows * words);
  }
  uint64_t *row(size_t i) { return storage.data() + i * words; }
  void set(size_t i, size_t bit) { row(i)[bit / 64] |= 1ull << bit % 64; }
  bool test(size_t i, size_t bit) { return row(i)[bit / 64] >> bit % 64 & 1; }
  void merge(uint64_t *into, size_t from) {
    const uint64_t *source = row(from);
    for (size_t w = 0; w < words; ++w)
      into[w] |= source[w];
  }
  void clear(size_t i) { memset(row(i), 0, words * 8); }
  template <typename Visit> void forEach(size_t i, Visit visit) {
    for (size_t w = 0; w < words; ++w)
      for (uint64_t left = row(i)[w]; left; left &= left - 1)
        visit(static_cast<uint32_t>(w * 64 + __builtin_ctzll(left)));
  }

private:
  Array<uint64_t> storage;
  size_t words = 0;
};

/// Walks the queues as far as their waits allow, round and round; the verifier
/// has shown that this ends with all packets done.
class Walk {
public:
  explicit Walk(const fb::Plan &plan) : plan(plan) {}

  bool allocate(const Memory &memory, uint32_t nodes) {
    size_t queues = plan.queues()->size();
    return ancestors.allocate(memory, nodes, nodes) &&
           pending.allocate(memory, queues + 1, nodes) &&
           completed.allocate(memory, plan.signal_count(), nodes) &&
           signalled.allocate(memory, plan.signal_count()) &&
           next.allocate(memory, queues) && previous.allocate(memory, queues);
  }

  /// Calls add(queue, packet, forEachEdge) for each dispatch in order.
  template <typename Add> void run(Add add) {
    for (bool moved = true; moved;) {
      moved = false;
      for (uint32_t q = 0; q < next.size(); ++q)
        while (step(q, add))
          moved = true;
    }
  }

private:
  template <typename Add> bool step(uint32_t q, Add &add) {
    const fb::Queue &queue = *plan.queues()->Get(q);
    if (next[q] == packetCount(queue))
      return false;
    const fb::Packet &packet = *queue.packets()->Get(next[q]);
    if (packet.kind() == fb::PacketKind::Dispatch) {
      uint32_t node = count++;
      reduce(q);
      add(q, packet, [&](auto visit) {
        auto edge = [&](uint32_t parent) {
          visit(parent);
          ancestors.merge(ancestors.row(node), parent);
          ancestors.set(node, parent);
        };
        if (previous[q])
          edge(previous[q] - 1);
        pending.forEach(q, [&](uint32_t parent) {
          if (parent + 1 != previous[q])
            edge(parent);
        });
      });
      pending.clear(q);
      pending.set(q, node);
      previous[q] = node + 1;
    } else {
      for (uint32_t signal : *packet.waits())
        if (!signalled[signal])
          return false;
      for (uint32_t signal : *packet.waits())
        completed.merge(pending.row(q), signal);
    }
    if (packet.completion() >= 0) {
      size_t signal = static_cast<size_t>(packet.completion());
      signalled[signal] = true;
      pending.merge(completed.row(signal), q);
    }
    ++next[q];
    return true;
  }

  /// Takes away from what queue `q` waits for all that the rest implies.
  void reduce(uint32_t q) {
    size_t scratch = next.size();
    pending.clear(scratch);
    pending.forEach(q, [&](uint32_t parent) {
      ancestors.merge(pending.row(scratch), parent);
    });
    pending.forEach(q, [&](uint32_t parent) {
      if (pending.test(scratch, parent))
        pending.row(q)[parent / 64] &= ~(1ull << parent % 64);
    });
  }

  const fb::Plan &plan;
  BitRows ancestors;     // of each node
  BitRows pending;       // of each queue: what its next dispatch follows
  BitRows completed;     // of each signal: what was done when it completed
  Array<bool> signalled; // signals
  Array<uint32_t> next;  // packet of each queue
  Array<uint32_t> previous; // dispatch of each queue, plus one; 0: none yet
  uint32_t count = 0;
};

} // namespace

eclip_status GraphPlan::build(const fb::Plan &packets,
                              const Memory &memory, Error &error) {
  uint64_t dispatches = 0;
  for (const fb::Queue *queue : *packets.queues())
    for (uint32_t p = 0; p < packetCount(*queue); ++p)
      dispatches += queue->packets()->Get(p)->kind() == fb::PacketKind::Dispatch;
  if (dispatches > kMaxNodes)
    return error.fail(ECLIP_ERROR_RESOURCES,
                      "%llu dispatches a request, a graph has at most %u",
                      static_cast<unsigned long long>(dispatches), kMaxNodes);
  uint32_t count = static_cast<uint32_t>(dispatches);
  // Two walks: the first counts the edges, whose number has no useful bound.
  size_t edges = 0;
  for (bool write : {false, true}) {
    Walk walk(packets);
    if (!walk.allocate(memory, count) ||
        (write && (!all.allocate(memory, count) ||
                   !edge_list.allocate(memory, edges))))
      return error.outOfMemory(count * 8ull + edges * 4ull, "the graph");
    uint32_t node = 0, edge = 0;
    walk.run([&](uint32_t queue, const fb::Packet &packet, auto forEachEdge) {
      uint32_t first = edge;
      forEachEdge([&](uint32_t parent) {
        if (write)
          edge_list[edge] = parent;
        ++edge;
      });
      if (write)
        all[node] = {queue, &packet, first, edge - first, false, false};
      ++node;
    });
    edges = edge;
  }
  // Ends of the queues, for those who take their times.
  for (uint32_t q = 0; q < packets.queues()->size(); ++q) {
    Node *first = nullptr, *last = nullptr;
    for (Node &node : all)
      if (node.queue == q) {
        first = first ? first : &node;
        last = &node;
      }
    if (first)
      first->first_of_queue = last->last_of_queue = true;
  }
  return ECLIP_OK;
}
