//===- LazyLayout.cpp - values in any order of dimensions -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/LazyLayout.h"
#include "compiler/kernels/layout/Reshape.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace eclip;

const Physical &LazyLayout::any(Value logical) {
  SmallVector<Physical, 1> &known = values[logical];
  if (known.empty()) {
    int64_t rank = cast<RankedTensorType>(logical.getType()).getRank();
    known.push_back({logical, llvm::to_vector(llvm::seq<int64_t>(0, rank))});
  }
  return known.front();
}

void LazyLayout::set(Value logical, Value physical, ArrayRef<int64_t> order) {
  values[logical].assign(1, Physical{physical, llvm::to_vector(order)});
}

Value LazyLayout::fillLike(Value logical, ArrayRef<int64_t> shape) {
  auto type = cast<RankedTensorType>(logical.getType());
  auto resultType = RankedTensorType::get(shape, type.getElementType());
  Location loc = logical.getLoc();
  if (auto empty = logical.getDefiningOp<tensor::EmptyOp>())
    return tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  if (auto fill = logical.getDefiningOp<linalg::FillOp>()) {
    Value empty = tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
    return linalg::FillOp::create(builder, loc, fill.getInputs(), ValueRange{empty})
        .getResult(0);
  }
  DenseElementsAttr attr;
  if (matchPattern(logical, m_Constant(&attr)) && attr.isSplat())
    return arith::ConstantOp::create(builder, loc, attr.resizeSplat(resultType));
  return {};
}

Value LazyLayout::transposed(const Physical &from, ArrayRef<int64_t> order) {
  // Dimension i of the result is logical dimension order[i], which stands at
  // place[order[i]] of what there is.
  SmallVector<int64_t> place = invertPermutationVector(from.order);
  SmallVector<int64_t> permutation;
  for (int64_t dim : order)
    permutation.push_back(place[dim]);
  auto type = cast<RankedTensorType>(from.value.getType());
  SmallVector<int64_t> shape = applyPermutation(type.getShape(), permutation);
  Location loc = from.value.getLoc();
  if (Value fill = fillLike(from.value, shape))
    return fill;
  if (movesOnlyUnitDims(type.getShape(), permutation))
    return reshapeTo(builder, loc, from.value, shape);
  Value empty = tensor::EmptyOp::create(builder, loc, shape, type.getElementType());
  return linalg::TransposeOp::create(builder, loc, from.value, empty, permutation)
      ->getResult(0);
}

Value LazyLayout::get(Value logical, ArrayRef<int64_t> order) {
  any(logical);
  SmallVector<Physical, 1> &known = values[logical];
  for (const Physical &physical : known)
    if (ArrayRef<int64_t>(physical.order) == order)
      return physical.value;
  Value made = transposed(known.front(), order);
  known.push_back({made, llvm::to_vector(order)});
  return made;
}

Value LazyLayout::logical(Value logical) {
  int64_t rank = cast<RankedTensorType>(logical.getType()).getRank();
  return get(logical, llvm::to_vector(llvm::seq<int64_t>(0, rank)));
}
