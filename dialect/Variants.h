//===- Variants.h - kernels by the CU count they run on ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel that fills the whole device is seldom the fastest on a part of it. So
// a kernel may have variants: kernels of the same computation for some CU
// counts. Dispatches name the kernel itself until their groups are known, and
// then the variant for the CU count of their group (eclip-select-variants).
//
//   eclip.kernel @k ...          for every CU count that no variant is for
//   eclip.kernel @k_on64 ...     {eclip.variant_of = @k,
//                                 eclip.variant_cus = array<i64: 48, 64>}
//
// Constraints:
// - (KV1) both attributes are on a kernel, or neither; `variant_of` names a
//   kernel of the module that is no variant itself.
// - (KV2) a variant has the arguments, results and windows of that kernel.
// - (KV3) `variant_cus` ascends strictly from at least 1, and no other variant
//   of the kernel is for one of these counts.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_DIALECT_VARIANTS_H
#define ECLIP_DIALECT_VARIANTS_H

#include "dialect/Eclip.h"

#include "llvm/ADT/DenseMap.h"

#include <map>

namespace eclip {

inline constexpr llvm::StringLiteral kVariantOf = "eclip.variant_of";
inline constexpr llvm::StringLiteral kVariantCus = "eclip.variant_cus";

/// The variants of a module's kernels. Erasing a kernel makes it invalid.
class KernelVariants {
public:
  /// Reads and verifies the marks. On failure an error has been emitted.
  static mlir::FailureOr<KernelVariants> of(mlir::ModuleOp module);

  bool empty() const { return variants.empty(); }
  /// What `kernel` is on `cuCount` CUs: a variant, or itself.
  KernelOp on(KernelOp kernel, int64_t cuCount) const;

private:
  llvm::DenseMap<mlir::Operation *, std::map<int64_t, KernelOp>> variants;
};

/// Marks `variant` as what `kernel` is on these CU counts.
void markVariant(KernelOp variant, KernelOp kernel,
                 llvm::ArrayRef<int64_t> cuCounts);
/// Makes a kernel of its own of what may be a variant, without times.
void unmarkVariant(KernelOp kernel);

/// What a kernel takes on each of some CU counts, as the model of its tiles has
/// it, which knows them better than the cost model:
///   eclip.tile_times = {cus = array<i64: 32, 132>, time_ns = array<i64: 9, 5>}
void setTileTimes(KernelOp kernel, llvm::ArrayRef<int64_t> cuCounts,
                  llvm::ArrayRef<double> timesNs);
/// In ns; 0 if the kernel doesn't say. Fails for a malformed attribute, with an
/// error at the kernel.
mlir::FailureOr<int64_t> tileTimeNs(KernelOp kernel, int64_t cuCount);

} // namespace eclip

#endif // ECLIP_DIALECT_VARIANTS_H
