//===- MmaTail.h - from tensor cores to the result --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATAIL_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATAIL_H

#include "compiler/kernels/codegen/mma/MmaOperand.h"

namespace eclip {

/// A warp's accumulators and where they belong.
struct MmaOutputs {
  /// vector<2x2xf32>, of 16 rows by 8 columns each, row by row.
  llvm::ArrayRef<mlir::Value> accumulators;
  /// The warp's first row and column in the problem.
  mlir::Value firstRow, firstColumn;
};

/// Evaluates the kernel's tail for every accumulator inside the problem, and
/// stores the results.
mlir::LogicalResult emitMmaTail(MmaContext &context, KernelOp kernel,
                                const MmaOutputs &outputs);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATAIL_H
