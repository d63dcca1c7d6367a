//===- HappensBefore.cpp - order of a schedule's dispatches ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/HappensBefore.h"

using namespace mlir;
using namespace eclip;

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

SmallVector<Value> eclip::valuesReadBy(DispatchOp dispatch,
                                       const SymbolTable &module) {
  SmallVector<Value> found;
  KernelOp kernel;
  for (auto [index, operand] : llvm::enumerate(dispatch.getArgs())) {
    if (!bufferOf(operand)) {
      if (operand.getDefiningOp<DispatchOp>())
        found.push_back(operand);
      continue;
    }
    if (!kernel)
      kernel = module.lookup<KernelOp>(dispatch.getKernel());
    auto boxes = kernel.getReadBoxes(index);
    for (Value value = operand; auto writer = value.getDefiningOp<DispatchOp>();) {
      unsigned number = cast<OpResult>(value).getResultNumber();
      BoxAttr written = writer.getBox(number);
      if (!boxes || llvm::any_of(*boxes, [&](BoxAttr box) { return box.overlaps(written); }))
        found.push_back(value);
      value = writer.getDest(number);
    }
  }
  return found;
}

FailureOr<HappensBefore> HappensBefore::compute(ScheduleOp schedule) {
  unsigned queueCount = 0;
  auto groups = indexGroupsByQueue(schedule, queueCount);
  if (failed(groups))
    return failure();
  HappensBefore result(queueCount);
  for (Operation &op : schedule.getBodyBlock()) {
    if (auto barrier = dyn_cast<BarrierOp>(op)) {
      unsigned queue = groups->lookup(barrier.getGroupAttr().getAttr());
      for (Value value : barrier.getWaits())
        result.order.wait(queue, result.indexOf.lookup(value.getDefiningOp()));
    } else if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      result.indexOf[dispatch] = result.dispatches.size();
      result.dispatches.push_back(dispatch);
      result.order.append(groups->lookup(dispatch.getGroupAttr().getAttr()));
    }
  }
  return result;
}
