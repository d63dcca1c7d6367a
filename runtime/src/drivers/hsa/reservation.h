//===- reservation.h - one order of requests on all queues ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Packets of one request go to several queues, and queues are shared between
// schedules. If request A came before B on one queue and behind B on another,
// each could wait for the other's signal for ever. So a request reserves its
// places on all queues in one step.
//
// An atomic addition for each queue cannot do that, and a mutex would let one
// model's preempted thread stop the others. Instead the write indices of all
// queues live in a node, and `head` names the current node. To reserve: copy
// the node, add, and swing `head` with compare-and-swap. Each slot owns two
// nodes, so that it always has one which is not the head. A copy made while its
// node was being rewritten is torn, but then `head` has moved on: its tag
// changes with each reservation, the swap fails, and the copy is made anew.
// Lock-free: a failed swap means that another request got its places.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_HSA_RESERVATION_H
#define ECLIP_RUNTIME_DRIVERS_HSA_RESERVATION_H

#include "runtime/src/memory.h"

#include <atomic>
#include <stdint.h>

namespace eclip::hsa {

constexpr uint32_t kQueueLimit = 32;

/// Two nodes, of one slot.
struct NodePair {
  uint32_t index[2];
};

class Reservation {
public:
  /// Slots over all schedules of a device.
  static constexpr uint32_t kMaxPairs = 512;

  [[nodiscard]] bool create(const Memory &memory) {
    return nodes.allocate(memory, 1 + 2 * kMaxPairs) &&
           taken.allocate(memory, kMaxPairs);
  }

  /// Only under the device's mutex. False if all are taken.
  [[nodiscard]] bool takePair(NodePair *pair) {
    for (uint32_t i = 0; i < kMaxPairs; ++i)
      if (!taken[i]) {
        taken[i] = true;
        *pair = {{1 + 2 * i, 2 + 2 * i}};
        return true;
      }
    return false;
  }
  /// Only under the device's mutex. The head may still be one of the two: a
  /// later owner does not write to the head either.
  void givePair(NodePair pair) { taken[(pair.index[0] - 1) / 2] = false; }

  /// Reserves counts[q] places on each queue q; `first[q]` gets the first. A
  /// pair is used by one thread at a time.
  void reserve(NodePair pair, const uint32_t (&counts)[kQueueLimit],
               uint64_t (&first)[kQueueLimit]) {
    uint64_t seen = head.load(std::memory_order_acquire);
    for (;;) {
      uint32_t current = static_cast<uint32_t>(seen);
      uint32_t mine = pair.index[current == pair.index[0]];
      for (uint32_t q = 0; q < kQueueLimit; ++q) {
        first[q] = nodes[current].next[q].load(std::memory_order_relaxed);
        nodes[mine].next[q].store(first[q] + counts[q],
                                  std::memory_order_relaxed);
      }
      // Release: whoever reads the head sees the node. Acquire on failure: the
      // node that the other put there.
      uint64_t wanted = ((seen >> 32) + 1) << 32 | mine;
      if (head.compare_exchange_weak(seen, wanted, std::memory_order_acq_rel,
                                     std::memory_order_acquire))
        return;
    }
  }

  /// The next place of a queue on which nobody reserves now.
  uint64_t next(uint32_t queue) const {
    for (;;) {
      uint64_t seen = head.load(std::memory_order_acquire);
      uint64_t value = nodes[static_cast<uint32_t>(seen)].next[queue].load(
          std::memory_order_acquire);
      if (head.load(std::memory_order_relaxed) == seen)
        return value;
    }
  }

private:
  struct alignas(64) Node {
    std::atomic<uint64_t> next[kQueueLimit];
  };
  alignas(64) std::atomic<uint64_t> head{0}; // tag << 32 | node
  Array<Node> nodes;                         // the first belongs to nobody
  Array<bool> taken;
};

} // namespace eclip::hsa

#endif // ECLIP_RUNTIME_DRIVERS_HSA_RESERVATION_H
