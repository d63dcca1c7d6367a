//===- PlanMemory.cpp - offsets of results in the arena -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/HappensBefore.h"
#include "compiler/schedule/MemoryPlan.h"
#include "compiler/schedule/Passes.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_PLANMEMORY
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct PlanMemory : eclip::impl::PlanMemoryBase<PlanMemory> {
  using Base::Base;

  void runOnOperation() override {
    for (auto schedule : getOperation().getOps<ScheduleOp>()) {
      FailureOr<HappensBefore> order = HappensBefore::compute(schedule);
      if (failed(order))
        return signalPassFailure();
      plan(schedule, *order);
    }
  }

  static void plan(ScheduleOp schedule, const HappensBefore &order);
};

} // namespace

/// True if the bytes of `value` are those of an output.
static bool isOutput(Value value) {
  return llvm::any_of(lastInBuffer(value).getUsers(), llvm::IsaPred<YieldOp>);
}

/// The bytes of `last`, a result of a dispatch: its own, or those of the
/// eclip.buffer of which it is the last value.
static ArenaBuffer makeBuffer(Value last, const HappensBefore &order) {
  ArenaBuffer buffer;
  buffer.bytes = tensorBytes(cast<RankedTensorType>(last.getType()));
  buffer.lastAccess.assign(order.queueCount, 0);
  for (Value value = last; auto writer = value ? value.getDefiningOp<DispatchOp>()
                                               : DispatchOp();) {
    buffer.writers.push_back(order.indexOf.lookup(writer));
    buffer.accesses.push_back(buffer.writers.back());
    for (Operation *user : value.getUsers())
      if (isa<DispatchOp>(user))
        buffer.accesses.push_back(order.indexOf.lookup(user));
    value = writer.getDest(cast<OpResult>(value).getResultNumber());
  }
  std::reverse(buffer.writers.begin(), buffer.writers.end());
  for (unsigned access : buffer.accesses) {
    int64_t &last = buffer.lastAccess[order.queue[access]];
    last = std::max(last, order.position[access]);
  }
  return buffer;
}

void PlanMemory::plan(ScheduleOp schedule, const HappensBefore &order) {
  std::vector<ArenaBuffer> buffers;
  llvm::DenseMap<Value, size_t> bufferOfLast;
  for (DispatchOp dispatch : order.dispatches)
    for (Value result : dispatch.getResults())
      if (Value last = lastInBuffer(result);
          !isOutput(last) && bufferOfLast.try_emplace(last, buffers.size()).second)
        buffers.push_back(makeBuffer(last, order));
  std::vector<PlannedDispatch> dispatches;
  for (size_t i = 0; i < order.dispatches.size(); ++i)
    dispatches.push_back({order.queue[i], order.position[i], order.before[i]});
  MemoryPlan plan = planArena(buffers, dispatches, kBufferAlignment);

  auto offsetOf = [&](Value value) -> int64_t {
    auto it = bufferOfLast.find(lastInBuffer(value));
    return it == bufferOfLast.end() ? -1 : plan.offsets[it->second];
  };
  Builder builder(schedule.getContext());
  for (DispatchOp dispatch : order.dispatches) {
    SmallVector<int64_t> offsets;
    for (Value result : dispatch.getResults())
      offsets.push_back(offsetOf(result));
    dispatch.setOffsets(offsets);
  }
  for (auto buffer : schedule.getBodyBlock().getOps<BufferOp>())
    if (!buffer.getResult().use_empty())
      buffer.setOffsetAttr(builder.getI64IntegerAttr(offsetOf(buffer)));
  schedule.setArenaBytesAttr(builder.getI64IntegerAttr(plan.arenaBytes));
  schedule->setAttr("eclip.arena_lower_bound",
                    builder.getI64IntegerAttr(plan.lowerBoundBytes));
}
