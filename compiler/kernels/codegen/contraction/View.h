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

/// `value` at the indices `map` of the loops, as a view of a kernel argument;
/// nothing if what lies between is more than pads with zero, slices,
/// permutations and reshapes, or is not linear in the loops.
std::optional<OperandView> viewOperand(mlir::Value value, mlir::AffineMap map,
                                       llvm::ArrayRef<int64_t> loopSizes);

/// Fills `problem.tailMaps`. Fails, with an error at the kernel, if an
/// operation between the contraction and the yield is not one-to-one.
mlir::LogicalResult mapTail(KernelOp kernel, ContractionProblem &problem);

/// The tensor that `op` copies, its dimensions permuted or repeated; null if it
/// does anything else.
mlir::Value permutedInput(mlir::linalg::LinalgOp op);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_VIEW_H
