//===- ExplainMemory.cpp - the arena of a plan over time ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/PlanReport.h"

#include "llvm/ADT/DenseMap.h"

#include <map>

using namespace mlir;
using namespace eclip;

/// Most bytes of buffers that are in use at one time.
static int64_t peakOf(llvm::ArrayRef<ReportBuffer> buffers) {
  // What ends when another starts is not in use with it: ends come first.
  std::map<std::pair<int64_t, bool>, int64_t> events;
  for (const ReportBuffer &buffer : buffers) {
    events[{buffer.startNs, true}] += buffer.bytes;
    events[{buffer.endNs, false}] -= buffer.bytes;
  }
  int64_t now = 0, peak = 0;
  for (auto &[time, change] : events)
    peak = std::max(peak, now += change);
  return peak;
}

LogicalResult eclip::explainMemory(const PlanSource &source, ReportPlan &plan) {
  ScheduleOp schedule = source.schedule;
  if (!schedule.getArenaBytes())
    return schedule.emitOpError("has no memory plan; run eclip-plan-memory first");
  plan.memory.arenaBytes = *schedule.getArenaBytes();
  auto bound = schedule->getAttrOfType<IntegerAttr>("eclip.arena_lower_bound");
  plan.memory.lowerBoundBytes = bound ? bound.getInt() : 0;

  llvm::DenseMap<Value, size_t> indexOfLast;
  std::vector<ReportBuffer> &buffers = plan.memory.buffers;
  auto touch = [&](Value value, size_t step) {
    auto it = indexOfLast.find(lastInBuffer(value));
    if (it == indexOfLast.end())
      return;
    ReportBuffer &buffer = buffers[it->second];
    buffer.lastStep = step;
    buffer.startNs = std::min(buffer.startNs, plan.steps[step].startNs);
    buffer.endNs = std::max(buffer.endNs, plan.steps[step].endNs);
  };
  for (auto [i, op] : llvm::enumerate(source.dispatches)) {
    DispatchOp dispatch = op;
    for (Value argument : dispatch.getArgs())
      touch(argument, i);
    if (!dispatch.getOffsets())
      return dispatch.emitOpError("has no place in memory");
    for (auto [result, offset] :
         llvm::zip_equal(dispatch.getResults(), *dispatch.getOffsets())) {
      Value last = lastInBuffer(result);
      if (offset < 0) // an output's
        continue;
      if (indexOfLast.try_emplace(last, buffers.size()).second)
        buffers.push_back(
            {offset, tensorBytes(cast<RankedTensorType>(last.getType())), i, i,
             plan.steps[i].startNs, plan.steps[i].endNs});
      touch(last, i);
    }
  }
  plan.memory.peakLiveBytes = peakOf(buffers);
  return success();
}
