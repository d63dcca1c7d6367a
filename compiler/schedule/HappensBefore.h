//===- HappensBefore.h - order of dispatches by vector clocks ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For the passes that make a schedule. eclip-verify-schedule computes the order
// on its own and must not include this file.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_HAPPENSBEFORE_H
#define ECLIP_COMPILER_SCHEDULE_HAPPENSBEFORE_H

#include "dialect/Eclip.h"

#include "llvm/ADT/DenseMap.h"

namespace eclip {

/// Entry q: how many dispatches at the head of queue q are complete.
using Clock = llvm::SmallVector<int64_t, 8>;

/// True if everything complete at `a` is complete at `b`.
bool isWithin(const Clock &a, const Clock &b);
void joinInto(Clock &target, const Clock &other);

/// The queue of each group, as a small index; empty result and a diagnostic if
/// a group has no queue.
mlir::FailureOr<llvm::DenseMap<mlir::StringAttr, unsigned>>
indexGroupsByQueue(ScheduleOp schedule, unsigned &queueCount);

/// Happens-before over the dispatches of a schedule with queues: queue order
/// and barriers, closed transitively. Dispatches are numbered in textual order.
class HappensBefore {
public:
  /// Fails, with a diagnostic, if a dispatch has no group or a group no queue.
  static mlir::FailureOr<HappensBefore> compute(ScheduleOp schedule);

  unsigned queueCount = 0;
  llvm::SmallVector<DispatchOp> dispatches;
  llvm::DenseMap<mlir::Operation *, unsigned> indexOf;
  llvm::SmallVector<unsigned> queue;   ///< of each dispatch
  llvm::SmallVector<int64_t> position; ///< in its queue, from 1
  llvm::SmallVector<Clock> before;     ///< complete when a dispatch starts

  /// True if `a` is complete when `b` starts.
  bool ordered(unsigned a, unsigned b) const {
    return before[b][queue[a]] >= position[a];
  }
};

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_HAPPENSBEFORE_H
