//===- AssignQueues.cpp - queues with masks for groups --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/Passes.h"
#include "dialect/Eclip.h"

#include <map>

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_ASSIGNQUEUES
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct AssignQueues : eclip::impl::AssignQueuesBase<AssignQueues> {
  using Base::Base;

  void runOnOperation() override {
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(assign(schedule)))
        return signalPassFailure();
  }

  LogicalResult assign(ScheduleOp schedule);
};

} // namespace

LogicalResult AssignQueues::assign(ScheduleOp schedule) {
  DeviceAttr device = schedule.getDeviceAttr();
  if (!device)
    return schedule.emitOpError("has no device; run eclip-annotate-cost first");
  if (workerEnd != "auto" && workerEnd != "low" && workerEnd != "high")
    return schedule.emitOpError() << "unknown worker end '" << workerEnd
                                  << "'; known are auto, low, high";
  // A mix that was clustered jointly has said where its workers start.
  StringRef end = workerEnd;
  if (auto fixed = schedule->getAttrOfType<StringAttr>("eclip.worker_end");
      fixed && end == "auto")
    end = fixed.getValue();
  bool high = end == "high" || (end == "auto" && worker % 2 == 1);

  Block &block = schedule.getBodyBlock();
  if (!block.getOps<QueueOp>().empty())
    return schedule.emitOpError("already has queues");
  // By CU count and end; of all CUs there is one.
  std::map<std::pair<int64_t, bool>, SmallVector<GroupOp>> groupsByCus;
  for (auto group : block.getOps<GroupOp>())
    groupsByCus[{group.getCus(),
                 group->hasAttr("eclip.far_end") &&
                     static_cast<int64_t>(group.getCus()) < device.getCus()}]
        .push_back(group);
  // The dialect's verifier would say so too, but only after this pass.
  if (static_cast<int64_t>(groupsByCus.size()) > device.getMaxMaskedQueues())
    return schedule.emitOpError()
           << "needs " << groupsByCus.size() << " masked queues, device '"
           << device.getName() << "' runs " << device.getMaxMaskedQueues()
           << " without oversubscription";

  if (failed(verifyCostAttributes(schedule)))
    return failure();
  if (static_cast<int64_t>(groupsByCus.size()) > maxRequestQueues(schedule))
    return schedule.emitOpError()
           << "needs " << groupsByCus.size() << " masked queues, device '"
           << device.getName() << "' lets one request switch among "
           << maxRequestQueues(schedule);
  MaskTopology topology = maskTopology(schedule);
  auto builder = OpBuilder::atBlockBegin(&block);
  SymbolTable symbols(schedule);
  for (auto &[cus, members] : groupsByCus) {
    auto [cuCount, far] = cus;
    auto mask = [&, cuCount = cuCount](bool fromHigh) {
      return CuMaskAttr::get(builder.getContext(), device.getCus(),
                             maskFromEnd(topology, cuCount, fromHigh));
    };
    auto queue = QueueOp::create(
        builder, members.front().getLoc(),
        ("queue" + Twine(cuCount) + (far ? "_far" : "")).str(),
        mask(high != far));
    if (mask(high) != mask(!high))
      queue->setAttr("eclip.far_mask", mask(high == far));
    symbols.insert(queue, builder.getInsertionPoint());
    for (GroupOp group : members)
      group.setQueueAttr(FlatSymbolRefAttr::get(queue.getSymNameAttr()));
  }
  return success();
}
