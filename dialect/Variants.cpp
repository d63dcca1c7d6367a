//===- Variants.cpp - kernels by the CU count they run on -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Variants.h"

#include "mlir/IR/SymbolTable.h"

#include <cmath>

using namespace mlir;
using namespace eclip;

static constexpr llvm::StringLiteral kTileTimes = "eclip.tile_times";

static bool isVariant(KernelOp kernel) {
  return kernel->hasAttr(kVariantOf) || kernel->hasAttr(kVariantCus);
}

static bool sameInterface(KernelOp a, KernelOp b) {
  return a.getBodyBlock().getArgumentTypes() ==
             b.getBodyBlock().getArgumentTypes() &&
         a.getResultTypes() == b.getResultTypes() &&
         a.getWindowsAttr() == b.getWindowsAttr();
}

/// The kernel that `variant` is one of; null after an error.
static KernelOp findKernel(KernelOp variant, SymbolTable &symbols) {
  auto name = variant->getAttrOfType<FlatSymbolRefAttr>(kVariantOf);
  if (!name || !variant->getAttrOfType<DenseI64ArrayAttr>(kVariantCus)) {
    variant.emitOpError() << "needs both " << kVariantOf << ", a symbol, and "
                          << kVariantCus << ", an array of CU counts"; // KV1
    return {};
  }
  auto kernel = symbols.lookup<KernelOp>(name.getValue());
  if (!kernel || isVariant(kernel)) { // KV1
    variant.emitOpError() << "is a variant of " << name
                          << (kernel ? ", which is one itself"
                                     : ", which is no kernel of the module");
    return {};
  }
  if (!sameInterface(variant, kernel)) { // KV2
    variant.emitOpError() << "differs in arguments, results or windows from "
                          << name << ", which it is a variant of";
    return {};
  }
  return kernel;
}

FailureOr<KernelVariants> KernelVariants::of(ModuleOp module) {
  KernelVariants result;
  SymbolTable symbols(module);
  for (auto variant : module.getOps<KernelOp>()) {
    if (!isVariant(variant))
      continue;
    KernelOp kernel = findKernel(variant, symbols);
    if (!kernel)
      return failure();
    auto counts = variant->getAttrOfType<DenseI64ArrayAttr>(kVariantCus);
    int64_t last = 0;
    for (int64_t count : counts.asArrayRef()) { // KV3
      if (count <= last)
        return variant.emitOpError()
               << kVariantCus << " must ascend strictly from at least 1";
      last = count;
      if (!result.variants[kernel].try_emplace(count, variant).second)
        return variant.emitOpError()
               << "is for " << count << " CUs, as is @"
               << result.variants[kernel][count].getSymName();
    }
    if (last == 0) // KV3
      return variant.emitOpError() << kVariantCus << " is empty";
  }
  return result;
}

KernelOp KernelVariants::on(KernelOp kernel, int64_t cuCount) const {
  auto own = variants.find(kernel);
  if (own == variants.end())
    return kernel;
  auto found = own->second.find(cuCount);
  return found == own->second.end() ? kernel : found->second;
}

void eclip::markVariant(KernelOp variant, KernelOp kernel,
                        ArrayRef<int64_t> cuCounts) {
  Builder builder(kernel.getContext());
  variant->setAttr(kVariantOf, FlatSymbolRefAttr::get(kernel.getSymNameAttr()));
  variant->setAttr(kVariantCus, builder.getDenseI64ArrayAttr(cuCounts));
}

void eclip::unmarkVariant(KernelOp kernel) {
  kernel->removeAttr(kVariantOf);
  kernel->removeAttr(kVariantCus);
  kernel->removeAttr(kTileTimes);
}

void eclip::setTileTimes(KernelOp kernel, ArrayRef<int64_t> cuCounts,
                         ArrayRef<double> timesNs) {
  Builder builder(kernel.getContext());
  SmallVector<int64_t> whole;
  for (double timeNs : timesNs)
    whole.push_back(std::max<int64_t>(1, std::llround(timeNs)));
  kernel->setAttr(kTileTimes,
                  builder.getDictionaryAttr(
                      {builder.getNamedAttr(
                           "cus", builder.getDenseI64ArrayAttr(cuCounts)),
                       builder.getNamedAttr(
                           "time_ns", builder.getDenseI64ArrayAttr(whole))}));
}

FailureOr<int64_t> eclip::tileTimeNs(KernelOp kernel, int64_t cuCount) {
  Attribute attr = kernel->getAttr(kTileTimes);
  if (!attr)
    return 0;
  auto times = dyn_cast<DictionaryAttr>(attr);
  auto cus = times ? times.getAs<DenseI64ArrayAttr>("cus") : nullptr;
  auto ns = times ? times.getAs<DenseI64ArrayAttr>("time_ns") : nullptr;
  if (!cus || !ns || cus.size() != ns.size() ||
      llvm::any_of(ns.asArrayRef(), [](int64_t time) { return time < 1; }))
    return kernel.emitOpError() << kTileTimes
                                << " needs 'cus' and 'time_ns', arrays of one "
                                   "length, with positive times";
  for (auto [count, time] : llvm::zip_equal(cus.asArrayRef(), ns.asArrayRef()))
    if (count == cuCount)
      return time;
  return 0;
}
