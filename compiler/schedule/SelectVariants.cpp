//===- SelectVariants.cpp - each dispatch its kernel for its CU count -----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "dialect/Eclip.h"
#include "dialect/Variants.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_SELECTVARIANTS
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

struct SelectVariants : eclip::impl::SelectVariantsBase<SelectVariants> {
  using Base::Base;

  void runOnOperation() override {
    FailureOr<KernelVariants> variants = KernelVariants::of(getOperation());
    if (failed(variants))
      return signalPassFailure();
    if (variants->empty())
      return;
    SymbolTable kernels(getOperation());
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(select(schedule, *variants, kernels)))
        return signalPassFailure();
    for (auto kernel : getOperation().getOps<KernelOp>())
      unmarkVariant(kernel);
  }

  LogicalResult select(ScheduleOp schedule, const KernelVariants &variants,
                       SymbolTable &kernels);
};

} // namespace

LogicalResult SelectVariants::select(ScheduleOp schedule,
                                     const KernelVariants &variants,
                                     SymbolTable &kernels) {
  SymbolTable symbols(schedule);
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>()) {
    if (!dispatch.getGroup())
      return dispatch.emitOpError("has no group; run eclip-cluster first");
    auto group = symbols.lookup<GroupOp>(*dispatch.getGroup());
    auto kernel = kernels.lookup<KernelOp>(dispatch.getKernel());
    KernelOp own = variants.on(kernel, static_cast<int64_t>(group.getCus()));
    if (own == kernel)
      continue;
    dispatch->setAttr(kVariantOf, dispatch.getKernelAttr());
    dispatch.setKernelAttr(FlatSymbolRefAttr::get(own.getSymNameAttr()));
  }
  return success();
}
