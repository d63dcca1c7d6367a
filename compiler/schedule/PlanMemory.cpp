//===- PlanMemory.cpp - offsets of results in the arena -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ArenaBuffers.h"
#include "compiler/schedule/HappensBefore.h"
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
      FailureOr<HappensBefore> before = HappensBefore::compute(schedule);
      if (failed(before))
        return signalPassFailure();
      plan(schedule, *before);
    }
  }

  static void plan(ScheduleOp schedule, const HappensBefore &before);
};

} // namespace

void PlanMemory::plan(ScheduleOp schedule, const HappensBefore &before) {
  ArenaBuffers buffers(before.dispatches);
  MemoryPlan plan = buffers.plan(before.order);
  Builder builder(schedule.getContext());
  for (DispatchOp dispatch : before.dispatches) {
    SmallVector<int64_t> offsets;
    for (Value result : dispatch.getResults())
      offsets.push_back(buffers.offsetOf(result, plan));
    dispatch.setOffsets(offsets);
  }
  for (auto buffer : schedule.getBodyBlock().getOps<BufferOp>())
    if (!buffer.getResult().use_empty())
      buffer.setOffsetAttr(
          builder.getI64IntegerAttr(buffers.offsetOf(buffer, plan)));
  schedule.setArenaBytesAttr(builder.getI64IntegerAttr(plan.arenaBytes));
  schedule->setAttr("eclip.arena_lower_bound",
                    builder.getI64IntegerAttr(plan.lowerBoundBytes));
}
