//===- ConstantData.h - raw data of constants -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_LAYOUT_CONSTANTDATA_H
#define ECLIP_COMPILER_KERNELS_LAYOUT_CONSTANTDATA_H

#include "mlir/IR/AsmState.h"
#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/BuiltinTypes.h"
#include "llvm/ADT/SmallVector.h"
#include <optional>
#include <vector>

namespace eclip {

/// The elements of a constant as bytes in row-major order, each element at its
/// natural width (i1 takes a byte that is 0 or 1). A splat holds one element.
/// `data` points into the attribute, or into `storage` where the attribute
/// packs its elements; it is valid as long as both this and the context live.
struct ConstantData {
  mlir::RankedTensorType type;
  llvm::ArrayRef<char> data;
  bool splat = false;
  unsigned elementBytes = 0;
  std::vector<char> storage;

  ConstantData() = default;
  ConstantData(ConstantData &&) = default;
  ConstantData &operator=(ConstantData &&) = default;
};

/// The data of `attr`, or nothing if it is no dense constant of integers or
/// floats, or its resource has no data of the right size.
std::optional<ConstantData> readConstant(mlir::Attribute attr);

/// Bytes of one element of `type` in a constant; 0 if not an integer, index or
/// float of at most 8 bytes.
unsigned constantElementBytes(mlir::Type type);

/// A constant of `type` from a buffer in the form of ConstantData. Constants of
/// more than 16 elements become resources that own the buffer.
mlir::TypedAttr makeConstant(mlir::RankedTensorType type, mlir::AsmResourceBlob blob);

/// A splat of `type` whose element has the bytes `element`.
mlir::TypedAttr makeSplat(mlir::RankedTensorType type, llvm::ArrayRef<char> element);

/// Copies a block of `shape` elements of `elementBytes` each; strides count
/// elements and may be 0 in the source. Blocked, so that a transpose touches
/// each cache line of source and destination a few times only, and on all
/// threads of `context` if the block is large.
void stridedCopy(mlir::MLIRContext *context, llvm::ArrayRef<int64_t> shape,
                 char *dst, llvm::ArrayRef<int64_t> dstStrides, const char *src,
                 llvm::ArrayRef<int64_t> srcStrides, unsigned elementBytes);

/// Row-major strides, in elements.
llvm::SmallVector<int64_t> rowMajorStrides(llvm::ArrayRef<int64_t> shape);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_LAYOUT_CONSTANTDATA_H
