//===- Reshape.cpp - static reshapes --------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/Reshape.h"

#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Dialect/Utils/ReshapeOpsUtils.h"

using namespace mlir;

namespace {
/// Two shapes of one number of elements cut into the smallest groups of equal
/// products: dimensions [from[i], from[i+1]) match [to[i], to[i+1]).
struct Groups {
  SmallVector<ReassociationIndices> from, to;
  SmallVector<int64_t> products;
};
} // namespace

static Groups matchGroups(ArrayRef<int64_t> from, ArrayRef<int64_t> to) {
  Groups groups;
  size_t i = 0, j = 0;
  while (i < from.size() && j < to.size()) {
    ReassociationIndices a{static_cast<int64_t>(i)}, b{static_cast<int64_t>(j)};
    int64_t p = from[i++], q = to[j++];
    while (p != q) {
      if (p < q) {
        a.push_back(i);
        p *= from[i++];
      } else {
        b.push_back(j);
        q *= to[j++];
      }
    }
    groups.from.push_back(a);
    groups.to.push_back(b);
    groups.products.push_back(p);
  }
  // What is left on one side are ones; they join the last group.
  for (; i < from.size(); ++i)
    groups.from.back().push_back(i);
  for (; j < to.size(); ++j)
    groups.to.back().push_back(j);
  return groups;
}

static bool isOneToOne(ArrayRef<ReassociationIndices> groups) {
  return llvm::all_of(groups, [](const ReassociationIndices &g) { return g.size() == 1; });
}

Value eclip::reshapeTo(OpBuilder &builder, Location loc, Value value,
                       ArrayRef<int64_t> shape) {
  while (true) {
    if (auto expand = value.getDefiningOp<tensor::ExpandShapeOp>())
      value = expand.getSrc();
    else if (auto collapse = value.getDefiningOp<tensor::CollapseShapeOp>())
      value = collapse.getSrc();
    else
      break;
  }
  auto type = cast<RankedTensorType>(value.getType());
  if (type.getShape() == shape)
    return value;
  auto resultType = RankedTensorType::get(shape, type.getElementType());
  if (type.getRank() == 0)
    return tensor::ExpandShapeOp::create(builder, loc, resultType, value,
                                         ArrayRef<ReassociationIndices>{});
  if (shape.empty())
    return tensor::CollapseShapeOp::create(builder, loc, resultType, value,
                                           ArrayRef<ReassociationIndices>{});
  Groups groups = matchGroups(type.getShape(), shape);
  if (!isOneToOne(groups.from)) {
    auto middle = RankedTensorType::get(groups.products, type.getElementType());
    value = tensor::CollapseShapeOp::create(builder, loc, middle, value, groups.from);
  }
  if (!isOneToOne(groups.to))
    value = tensor::ExpandShapeOp::create(builder, loc, resultType, value, groups.to);
  return value;
}

bool eclip::movesOnlyUnitDims(ArrayRef<int64_t> shape,
                              ArrayRef<int64_t> permutation) {
  int64_t last = -1;
  for (int64_t dim : permutation) {
    if (shape[dim] == 1)
      continue;
    if (dim < last)
      return false;
    last = dim;
  }
  return true;
}
