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
  /// Of the workgroup in the problem, and of the warp in the workgroup.
  mlir::Value firstRow, firstColumn, warpRow, warpColumn;
  /// Of a cluster that shares k: the workgroup's number in it.
  mlir::Value share;
};

/// Evaluates the kernel's tail for every accumulator inside the problem, and
/// stores the results. The sums pass through shared memory, where the stages
/// were: a thread gets neighbours along n, loads and stores 16 bytes of halves
/// at once, and adds up what the workgroups of a cluster have.
mlir::LogicalResult emitMmaTail(MmaContext &context, KernelOp kernel,
                                const MmaOutputs &outputs);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMATAIL_H
