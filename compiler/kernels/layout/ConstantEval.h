//===- ConstantEval.h - arithmetic on constants -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_LAYOUT_CONSTANTEVAL_H
#define ECLIP_COMPILER_KERNELS_LAYOUT_CONSTANTEVAL_H

#include "mlir/Dialect/Linalg/IR/Linalg.h"

namespace eclip {

/// The value of an elementwise generic whose inputs are the constants `inputs`
/// (tensors or scalars), with f32, f64 and integers of up to 64 bits computed
/// at their own width. Null where an operation or an indexing map is not
/// covered, or the result has more than `maxElements` elements.
mlir::TypedAttr evaluateElementwise(mlir::linalg::GenericOp op,
                                    llvm::ArrayRef<mlir::Attribute> inputs,
                                    int64_t maxElements);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_LAYOUT_CONSTANTEVAL_H
