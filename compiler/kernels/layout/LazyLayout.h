//===- LazyLayout.h - values in any order of dimensions ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_LAYOUT_LAZYLAYOUT_H
#define ECLIP_COMPILER_KERNELS_LAYOUT_LAZYLAYOUT_H

#include "mlir/IR/Builders.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/DenseMap.h"

namespace eclip {

/// A value that holds another one with its dimensions in another order:
/// dimension i of `value` is dimension order[i] of the logical value.
struct Physical {
  mlir::Value value;
  llvm::SmallVector<int64_t> order;
};

/// For each logical value, the physical values that exist of it. A transpose is
/// made when an order is asked for that there is none of, and remembered.
class LazyLayout {
public:
  /// Operations are made at the builder's insertion point, which must move
  /// forward only: what was made before is used again after.
  explicit LazyLayout(mlir::OpBuilder &builder) : builder(builder) {}

  /// The physical value that the logical one was computed as.
  const Physical &any(mlir::Value logical);
  /// The logical value in `order`.
  mlir::Value get(mlir::Value logical, llvm::ArrayRef<int64_t> order);
  /// The value in its own order.
  mlir::Value logical(mlir::Value logical);
  /// Records that `logical` is computed as `physical`.
  void set(mlir::Value logical, mlir::Value physical, llvm::ArrayRef<int64_t> order);
  /// If `logical` is filled with one scalar, a value of `shape` filled with it.
  mlir::Value fillLike(mlir::Value logical, llvm::ArrayRef<int64_t> shape);

private:
  mlir::Value transposed(const Physical &from, llvm::ArrayRef<int64_t> order);

  mlir::OpBuilder &builder;
  llvm::DenseMap<mlir::Value, llvm::SmallVector<Physical, 1>> values;
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_LAYOUT_LAZYLAYOUT_H
