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

static bool isOutput(Value value) {
  return llvm::any_of(value.getUsers(), llvm::IsaPred<YieldOp>);
}

static ArenaBuffer makeBuffer(Value value, const HappensBefore &order) {
  ArenaBuffer buffer;
  buffer.bytes = tensorBytes(cast<RankedTensorType>(value.getType()));
  buffer.writer = order.indexOf.lookup(value.getDefiningOp());
  buffer.lastAccess.assign(order.queueCount, 0);
  buffer.accesses.push_back(buffer.writer);
  for (Operation *user : value.getUsers())
    if (isa<DispatchOp>(user))
      buffer.accesses.push_back(order.indexOf.lookup(user));
  for (unsigned access : buffer.accesses) {
    int64_t &last = buffer.lastAccess[order.queue[access]];
    last = std::max(last, order.position[access]);
  }
  return buffer;
}

void PlanMemory::plan(ScheduleOp schedule, const HappensBefore &order) {
  std::vector<ArenaBuffer> buffers;
  for (DispatchOp dispatch : order.dispatches)
    for (Value result : dispatch.getResults())
      if (!isOutput(result))
        buffers.push_back(makeBuffer(result, order));
  std::vector<PlannedDispatch> dispatches;
  for (size_t i = 0; i < order.dispatches.size(); ++i)
    dispatches.push_back({order.queue[i], order.position[i], order.before[i]});
  MemoryPlan plan = planArena(buffers, dispatches, kBufferAlignment);

  size_t next = 0;
  for (DispatchOp dispatch : order.dispatches) {
    SmallVector<int64_t> offsets;
    for (Value result : dispatch.getResults())
      offsets.push_back(isOutput(result) ? -1 : plan.offsets[next++]);
    dispatch.setOffsets(offsets);
  }
  Builder builder(schedule.getContext());
  schedule.setArenaBytesAttr(builder.getI64IntegerAttr(plan.arenaBytes));
  schedule->setAttr("eclip.arena_lower_bound",
                    builder.getI64IntegerAttr(plan.lowerBoundBytes));
}
