//===- Reshape.h - static reshapes ------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_LAYOUT_RESHAPE_H
#define ECLIP_COMPILER_KERNELS_LAYOUT_RESHAPE_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"

namespace eclip {

/// `value` with shape `shape`, row-major order kept, as at most one
/// collapse_shape and one expand_shape. Reshapes that define `value` are looked
/// through, so that a reshape and its inverse cancel. The number of elements
/// must be the same, and not zero.
mlir::Value reshapeTo(mlir::OpBuilder &builder, mlir::Location loc,
                      mlir::Value value, llvm::ArrayRef<int64_t> shape);

/// True if `permutation` keeps the relative order of all dimensions of `shape`
/// that are not 1, so that transposing by it moves no data.
bool movesOnlyUnitDims(llvm::ArrayRef<int64_t> shape,
                       llvm::ArrayRef<int64_t> permutation);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_LAYOUT_RESHAPE_H
