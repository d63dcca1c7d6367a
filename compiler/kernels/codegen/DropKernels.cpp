//===- DropKernels.cpp - the pass eclip-drop-kernels ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"

namespace eclip {
#define GEN_PASS_DEF_DROPKERNELS
#include "compiler/kernels/codegen/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

/// Code that is left out if it is more than this part.
static constexpr double kWorthAssembling = 0.25;

namespace {
struct DropKernels : eclip::impl::DropKernelsBase<DropKernels> {
  using DropKernelsBase::DropKernelsBase;

  void getDependentDialects(DialectRegistry &registry) const final {
    registry.insert<EclipDialect>();
  }

  void runOnOperation() final {
    ModuleOp module = getOperation();
    llvm::StringSet<> used;
    module.walk([&](DispatchOp dispatch) { used.insert(dispatch.getKernel()); });
    auto kernels = llvm::to_vector(module.getOps<KernelOp>());
    for (KernelOp kernel : kernels)
      if (!used.contains(kernel.getSymName()))
        kernel.erase();
    if (failed(dropCode(used)))
      return signalPassFailure();
    module->removeAttr(kPtxAttr);
  }

private:
  LogicalResult dropCode(const llvm::StringSet<> &used);
};
} // namespace

LogicalResult DropKernels::dropCode(const llvm::StringSet<> &used) {
  ModuleOp module = getOperation();
  auto source = module->getAttrOfType<DenseResourceElementsAttr>(kPtxAttr);
  AsmResourceBlob *blob = source ? source.getRawHandle().getBlob() : nullptr;
  if (!blob || used.empty())
    return success();
  FailureOr<KernelTarget> chip = targetFor(target);
  if (failed(chip))
    return emitError(module.getLoc())
           << "unknown target " << target << ", known: gfx906, sm_80, sm_90";
  ArrayRef<char> all = blob->getData();
  SmallVector<char, 0> kept = keepKernels(
      StringRef(all.data(), all.size()),
      [&](StringRef name) { return used.contains(name); });
  auto code =
      module->getAttrOfType<DenseResourceElementsAttr>("eclip.code_object");
  AsmResourceBlob *old = code ? code.getRawHandle().getBlob() : nullptr;
  // Text is what no assembler has seen, because there is none or because it was
  // left for here.
  bool isText = old && old->getData() == all;
  if (!isText && kept.size() > (1 - kWorthAssembling) * all.size())
    return success();
  std::string error;
  std::optional<KernelCache> cache;
  if (!cacheDir.empty())
    cache.emplace(cacheDir, cacheBytes);
  auto assembled =
      assemblePtx(kept, *chip, cache ? &*cache : nullptr, error);
  if (cache)
    cache->prune();
  if (failed(assembled))
    return module.emitError("assembling the kernels failed: ") << error;
  if (*assembled) {
    storeCodeObject(module, **assembled, *chip);
    setRegisters(module, **assembled);
  } else if (isText) {
    storeCodeObject(module, kept, *chip);
  }
  return success();
}
