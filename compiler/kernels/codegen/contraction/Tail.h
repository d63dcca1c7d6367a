//===- Tail.h - from accumulators to the result -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_TAIL_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_TAIL_H

#include "compiler/kernels/codegen/contraction/Stage.h"

namespace eclip {

/// A thread's accumulators and where they belong.
struct ThreadOutputs {
  /// accumulators[row * threadN + column].
  llvm::ArrayRef<mlir::Value> accumulators;
  /// First row and column of the workgroup.
  mlir::Value firstRow, firstColumn;
  /// The thread's place along m and n.
  mlir::Value placeM, placeN;
};

/// Evaluates the kernel's tail for every accumulator that lies inside the
/// problem, and stores the results.
mlir::LogicalResult emitTail(StageContext &context, KernelOp kernel,
                             const ThreadOutputs &outputs);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_TAIL_H
