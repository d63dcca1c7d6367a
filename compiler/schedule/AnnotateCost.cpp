//===- AnnotateCost.cpp - predicted time and energy of dispatches ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/KernelWork.h"
#include "compiler/schedule/Passes.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_ANNOTATECOST
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct AnnotateCost : eclip::impl::AnnotateCostBase<AnnotateCost> {
  using Base::Base;

  void runOnOperation() override {
    auto description = loadDeviceDescription(device);
    if (!description) {
      getOperation().emitError() << llvm::toString(description.takeError());
      return signalPassFailure();
    }
    // Costs of one ISA's kernels say nothing of another's device.
    auto isa = getOperation()->getAttrOfType<StringAttr>("eclip.isa");
    if (isa && !isa.getValue().ends_with("--" + description->target)) {
      getOperation().emitError()
          << "kernels are compiled for " << isa.getValue() << ", device '"
          << description->name << "' is " << description->target;
      return signalPassFailure();
    }
    SymbolTable symbols(getOperation());
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(annotate(schedule, *description, symbols)))
        return signalPassFailure();
  }

  LogicalResult annotate(ScheduleOp schedule,
                         const DeviceDescription &description,
                         SymbolTable &symbols);
};

} // namespace

static FailureOr<CostAttr> estimate(DispatchOp dispatch, KernelOp kernel,
                                    const DeviceDescription &device) {
  KernelWork work = computeWork(kernel, dispatch);
  SmallVector<int64_t> timeNs, energyNj;
  for (int64_t cuCount : device.maskSizesCuCount) {
    auto cost = estimateCost(work, device, cuCount);
    if (!cost)
      return dispatch.emitOpError() << llvm::toString(cost.takeError());
    timeNs.push_back(cost->timeNs);
    energyNj.push_back(cost->energyNj);
  }
  return CostAttr::get(dispatch.getContext(), device.maskSizesCuCount, timeNs,
                       energyNj, "model");
}

LogicalResult AnnotateCost::annotate(ScheduleOp schedule,
                                     const DeviceDescription &description,
                                     SymbolTable &symbols) {
  Builder builder(schedule.getContext());
  auto deviceAttr = DeviceAttr::getChecked(
      [&] { return schedule.emitOpError(); }, schedule.getContext(),
      StringRef(description.name), StringRef(description.target),
      description.cuCount, description.shaderEngineCount,
      description.maxMaskedQueueCount,
      ArrayRef<int64_t>(description.maskSizesCuCount));
  if (!deviceAttr)
    return failure();
  // The verifier compares costs with the device, so both change together.
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>()) {
    auto kernel = symbols.lookup<KernelOp>(dispatch.getKernel());
    FailureOr<CostAttr> cost = estimate(dispatch, kernel, description);
    if (failed(cost))
      return failure();
    dispatch.setCostAttr(*cost);
  }
  schedule.setDeviceAttr(deviceAttr);
  CostEstimate change = estimateQueueSwitch(description);
  schedule->setAttr("eclip.switch_cost_ns",
                    builder.getI64IntegerAttr(change.timeNs));
  schedule->setAttr("eclip.switch_cost_nj",
                    builder.getI64IntegerAttr(change.energyNj));
  return success();
}
