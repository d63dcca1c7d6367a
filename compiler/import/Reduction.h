//===- Reduction.h - reductions that operators share ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_REDUCTION_H
#define ECLIP_COMPILER_IMPORT_REDUCTION_H

#include "compiler/import/ScalarBuilder.h"

namespace eclip::frontend {

/// The neutral element of max (or min).
mlir::TypedAttr extremeInit(NodeEmitter &e, DType type, bool isMax);
/// Product of the extents of `axes`.
int64_t extentOf(llvm::ArrayRef<int64_t> shape, llvm::ArrayRef<int64_t> axes);
/// Reductions over `axes` (sorted), which the result does not have.
mlir::Value sumOver(NodeEmitter &e, mlir::Value value, llvm::ArrayRef<int64_t> axes, DType type);
mlir::Value maxOver(NodeEmitter &e, mlir::Value value, llvm::ArrayRef<int64_t> axes, DType type);

/// The type to compute sums and powers of `type` in: float for the narrow
/// floats, else the type itself.
DType accumulationType(DType type);
/// The tensor with its elements converted; itself if the types agree.
mlir::Value converted(NodeEmitter &e, mlir::Value value, DType from, DType to);

llvm::ArrayRef<int64_t> shapeOf(mlir::Value tensor);
/// Elementwise on one tensor.
mlir::Value mapped(NodeEmitter &e, mlir::Value value, DType type,
                   llvm::function_ref<mlir::Value(ScalarBuilder &, mlir::Value)> fn);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_REDUCTION_H
