//===- View.h - seeing through data movement --------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_VIEW_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_VIEW_H

#include "compiler/kernels/codegen/contraction/Problem.h"

namespace eclip {

/// `expr` as a sum; a loop of one trip has no part in it. Nothing if it is not
/// linear.
std::optional<LinearForm> linearForm(mlir::AffineExpr expr,
                                     llvm::ArrayRef<int64_t> loopSizes);

/// `value` at the indices `map` of the loops, as a view of a kernel argument;
/// nothing if what lies between is more than pads with zero, slices,
/// permutations and reshapes, or is not linear in the loops.
std::optional<OperandView> viewOperand(mlir::Value value, mlir::AffineMap map,
                                       llvm::ArrayRef<int64_t> loopSizes);

/// Fills `problem.tailMaps` up to `last`, or the yield if that is null. Fails,
/// with an error at the kernel, if an operation on the way is not one-to-one.
mlir::LogicalResult mapTail(KernelOp kernel, ContractionProblem &problem,
                            mlir::Value last = {});

/// The tensor that `op` copies, its dimensions permuted or repeated; null if it
/// does anything else.
mlir::Value permutedInput(mlir::linalg::LinalgOp op);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_VIEW_H
