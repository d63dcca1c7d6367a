//===- ArenaBuffers.cpp - what a schedule keeps in its arena --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ArenaBuffers.h"

using namespace mlir;
using namespace eclip;

/// True if the bytes of `last` are those of an output.
static bool isOutput(Value last) {
  return llvm::any_of(last.getUsers(), llvm::IsaPred<YieldOp>);
}

/// The bytes of `last`, a result of a dispatch: its own, or those of the
/// eclip.buffer of which it is the last value.
static ArenaBuffer
makeBuffer(Value last, const llvm::DenseMap<Operation *, unsigned> &indexOf) {
  ArenaBuffer buffer;
  buffer.bytes = tensorBytes(cast<RankedTensorType>(last.getType()));
  for (Value value = last; auto writer = value ? value.getDefiningOp<DispatchOp>()
                                               : DispatchOp();) {
    buffer.writers.push_back(indexOf.lookup(writer));
    buffer.accesses.push_back(buffer.writers.back());
    for (Operation *user : value.getUsers())
      if (isa<DispatchOp>(user))
        buffer.accesses.push_back(indexOf.lookup(user));
    value = writer.getDest(cast<OpResult>(value).getResultNumber());
  }
  std::reverse(buffer.writers.begin(), buffer.writers.end());
  return buffer;
}

ArenaBuffers::ArenaBuffers(ArrayRef<DispatchOp> dispatches) {
  llvm::DenseMap<Operation *, unsigned> indexOf;
  for (auto [index, dispatch] : llvm::enumerate(dispatches))
    indexOf[dispatch] = index;
  for (DispatchOp dispatch : dispatches)
    for (Value result : dispatch.getResults())
      if (Value last = lastInBuffer(result);
          !isOutput(last) && indexOfLast.try_emplace(last, buffers.size()).second)
        buffers.push_back(makeBuffer(last, indexOf));
}

MemoryPlan ArenaBuffers::plan(const QueueOrder &order) const {
  std::vector<ArenaBuffer> placed = buffers;
  for (ArenaBuffer &buffer : placed) {
    buffer.lastAccess.assign(order.queueCount(), 0);
    for (unsigned access : buffer.accesses) {
      int64_t &last = buffer.lastAccess[order.queue[access]];
      last = std::max(last, order.position[access]);
    }
  }
  std::vector<PlannedDispatch> dispatches;
  for (size_t i = 0; i < order.size(); ++i)
    dispatches.push_back({order.queue[i], order.position[i], order.before[i]});
  return planArena(placed, dispatches, kBufferAlignment);
}

int64_t ArenaBuffers::offsetOf(Value value, const MemoryPlan &plan) const {
  auto it = indexOfLast.find(lastInBuffer(value));
  return it == indexOfLast.end() ? -1 : plan.offsets[it->second];
}
