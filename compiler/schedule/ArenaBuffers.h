//===- ArenaBuffers.h - what a schedule keeps in its arena ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_ARENABUFFERS_H
#define ECLIP_COMPILER_SCHEDULE_ARENABUFFERS_H

#include "compiler/schedule/MemoryPlan.h"
#include "compiler/schedule/QueueOrder.h"
#include "dialect/Eclip.h"

#include "llvm/ADT/DenseMap.h"

namespace eclip {

/// Every result that is no output of the model, and every eclip.buffer, once.
/// Dispatches are numbered as given, in textual order.
class ArenaBuffers {
public:
  explicit ArenaBuffers(llvm::ArrayRef<DispatchOp> dispatches);

  /// Places all of them, given the order of the same dispatches.
  MemoryPlan plan(const QueueOrder &order) const;

  /// The offset of `value` in the plan; -1 if its bytes are an output's.
  int64_t offsetOf(mlir::Value value, const MemoryPlan &plan) const;

private:
  std::vector<ArenaBuffer> buffers; ///< without lastAccess, which needs an order
  llvm::DenseMap<mlir::Value, size_t> indexOfLast;
};

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_ARENABUFFERS_H
