//===- QueueOrder.h - order of dispatches on queues -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Happens-before by vector clocks, without IR. For the passes that make a
// schedule: eclip-verify-schedule computes the order on its own and must not
// include this file.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_QUEUEORDER_H
#define ECLIP_COMPILER_SCHEDULE_QUEUEORDER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace eclip {

/// Entry q: how many dispatches at the head of queue q are complete.
using Clock = llvm::SmallVector<int64_t, 8>;

void joinInto(Clock &target, const Clock &other);

/// Waits of one barrier-AND packet.
constexpr unsigned kMaxWaits = 5;

/// Dispatches on queues, which run their packets in order, and the waits
/// between them. Dispatches are numbered as they are appended.
class QueueOrder {
public:
  explicit QueueOrder(unsigned queueCount)
      : head(queueCount, Clock(queueCount, 0)) {}

  /// The dispatches that the next one of `queue` must wait for so that all of
  /// `producers` are complete when it starts: those on other queues that
  /// neither the queue's order nor another of them implies. Order comes from
  /// nothing later, so over all dispatches this is the transitive reduction.
  llvm::SmallVector<unsigned>
  neededWaits(unsigned queue, llvm::ArrayRef<unsigned> producers) const;

  /// What comes next in `queue` starts after `dispatch`.
  void wait(unsigned queue, unsigned dispatch);
  void append(unsigned queue);

  unsigned queueCount() const { return head.size(); }
  size_t size() const { return queue.size(); }

  /// True if `a` is complete when `b` starts.
  bool ordered(unsigned a, unsigned b) const {
    return before[b][queue[a]] >= position[a];
  }

  std::vector<unsigned> queue;   ///< of each dispatch
  std::vector<int64_t> position; ///< in its queue, from 1
  std::vector<Clock> before;     ///< complete when a dispatch starts

private:
  std::vector<Clock> head; ///< complete when the next packet starts
};

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_QUEUEORDER_H
