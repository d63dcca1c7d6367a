//===- HappensBefore.cpp - order of dispatches by vector clocks -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/HappensBefore.h"

using namespace mlir;
using namespace eclip;

bool eclip::isWithin(const Clock &a, const Clock &b) {
  for (auto [x, y] : llvm::zip_equal(a, b))
    if (x > y)
      return false;
  return true;
}

void eclip::joinInto(Clock &target, const Clock &other) {
  for (auto [x, y] : llvm::zip_equal(target, other))
    x = std::max(x, y);
}

FailureOr<llvm::DenseMap<StringAttr, unsigned>>
eclip::indexGroupsByQueue(ScheduleOp schedule, unsigned &queueCount) {
  llvm::DenseMap<StringAttr, unsigned> queues, groups;
  for (auto queue : schedule.getBodyBlock().getOps<QueueOp>())
    queues.try_emplace(queue.getSymNameAttr(), queues.size());
  queueCount = queues.size();
  for (auto group : schedule.getBodyBlock().getOps<GroupOp>()) {
    if (!group.getQueueAttr())
      return group.emitOpError("has no queue; run eclip-assign-queues first");
    groups[group.getSymNameAttr()] =
        queues.lookup(group.getQueueAttr().getAttr());
  }
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>())
    if (!dispatch.getGroupAttr())
      return dispatch.emitOpError("has no group; run eclip-cluster first");
  return groups;
}

FailureOr<HappensBefore> HappensBefore::compute(ScheduleOp schedule) {
  HappensBefore result;
  auto groups = indexGroupsByQueue(schedule, result.queueCount);
  if (failed(groups))
    return failure();
  // What is complete when the next packet of a queue starts.
  SmallVector<Clock> head(result.queueCount, Clock(result.queueCount, 0));
  for (Operation &op : schedule.getBodyBlock()) {
    if (auto barrier = dyn_cast<BarrierOp>(op)) {
      Clock &clock = head[groups->lookup(barrier.getGroupAttr().getAttr())];
      for (Value value : barrier.getWaits()) {
        unsigned source = result.indexOf.lookup(value.getDefiningOp());
        joinInto(clock, result.before[source]);
        int64_t &done = clock[result.queue[source]];
        done = std::max(done, result.position[source]);
      }
    }
    auto dispatch = dyn_cast<DispatchOp>(op);
    if (!dispatch)
      continue;
    unsigned queue = groups->lookup(dispatch.getGroupAttr().getAttr());
    result.indexOf[dispatch] = result.dispatches.size();
    result.dispatches.push_back(dispatch);
    result.queue.push_back(queue);
    result.before.push_back(head[queue]);
    result.position.push_back(++head[queue][queue]);
  }
  return result;
}
