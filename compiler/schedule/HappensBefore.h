//===- HappensBefore.h - order of a schedule's dispatches -------*- C++ -*-===//
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

#include "compiler/schedule/QueueOrder.h"
#include "dialect/Eclip.h"

#include "llvm/ADT/DenseMap.h"

namespace eclip {

/// The queue of each group, as a small index; empty result and a diagnostic if
/// a group has no queue.
mlir::FailureOr<llvm::DenseMap<mlir::StringAttr, unsigned>>
indexGroupsByQueue(ScheduleOp schedule, unsigned &queueCount);

/// The results of dispatches whose bytes `dispatch` reads; `module` has its
/// kernel. Of an eclip.buffer these are the writers of boxes that the kernel
/// reads. What it writes needs no wait: boxes of one buffer are apart and read
/// only after they are written.
llvm::SmallVector<mlir::Value> valuesReadBy(DispatchOp dispatch,
                                            const mlir::SymbolTable &module);

/// Happens-before over the dispatches of a schedule with queues: queue order
/// and barriers, closed transitively. Dispatches are numbered in textual order.
struct HappensBefore {
  /// Fails, with a diagnostic, if a dispatch has no group or a group no queue.
  static mlir::FailureOr<HappensBefore> compute(ScheduleOp schedule);

  explicit HappensBefore(unsigned queueCount) : order(queueCount) {}

  /// True if `a` is complete when `b` starts.
  bool ordered(unsigned a, unsigned b) const { return order.ordered(a, b); }

  QueueOrder order;
  llvm::SmallVector<DispatchOp> dispatches;
  llvm::DenseMap<mlir::Operation *, unsigned> indexOf;
};

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_HAPPENSBEFORE_H
