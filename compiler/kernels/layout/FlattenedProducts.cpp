//===- FlattenedProducts.cpp - feature maps in a product's k --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A classifier flattens its feature map in the order of the model, channels
// first, and memory holds it channels last. The sum over k may run in any
// order, so the constant factor changes its order once, in the compiler, and
// the product reads the map as it lies.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/layout/Passes.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/Matchers.h"

namespace eclip {
#define GEN_PASS_DEF_ECLIPREORDERPRODUCTS
#include "compiler/kernels/layout/Passes.h.inc"
} // namespace eclip

using namespace mlir;
using namespace eclip;

namespace {
/// A value that is collapse_shape(transpose(map)), where the transpose moves
/// only dimensions that one dimension of the value holds.
struct Flattened {
  linalg::TransposeOp transpose;
  tensor::CollapseShapeOp collapse;
  /// The dimension of the value, and those of the transposed map in it.
  unsigned dimension = 0;
  ReassociationIndices group;
};
} // namespace

static std::optional<Flattened> flattened(Value value) {
  Flattened result;
  result.collapse = value.getDefiningOp<tensor::CollapseShapeOp>();
  if (!result.collapse)
    return std::nullopt;
  result.transpose =
      result.collapse.getSrc().getDefiningOp<linalg::TransposeOp>();
  if (!result.transpose)
    return std::nullopt;
  ArrayRef<int64_t> permutation = result.transpose.getPermutation();
  std::optional<unsigned> moved;
  for (auto [dimension, group] :
       llvm::enumerate(result.collapse.getReassociationIndices())) {
    auto isMoved = [&](int64_t at) { return permutation[at] != at; };
    if (llvm::none_of(group, isMoved))
      continue;
    // A second group, or one that gives dimensions to another.
    if (moved || llvm::any_of(group, [&](int64_t at) {
          return !llvm::is_contained(group, permutation[at]);
        }))
      return std::nullopt;
    moved = dimension;
    result.dimension = dimension;
    result.group = group;
  }
  return moved ? std::optional(result) : std::nullopt;
}

/// The loop that alone indexes dimension `dimension` of `operand`, if it is a
/// reduction.
static std::optional<unsigned> reducedBy(linalg::LinalgOp op,
                                         OpOperand &operand,
                                         unsigned dimension) {
  auto dim = dyn_cast<AffineDimExpr>(
      op.getMatchingIndexingMap(&operand).getResult(dimension));
  if (!dim || op.getIteratorTypesArray()[dim.getPosition()] !=
                  utils::IteratorType::reduction)
    return std::nullopt;
  return dim.getPosition();
}

/// The dimension of `operand` that is indexed by `loop` and by nothing else, if
/// no other depends on it.
static std::optional<unsigned> onlyDimension(linalg::LinalgOp op,
                                             OpOperand &operand,
                                             unsigned loop) {
  std::optional<unsigned> found;
  for (auto [at, result] :
       llvm::enumerate(op.getMatchingIndexingMap(&operand).getResults())) {
    if (!result.isFunctionOfDim(loop))
      continue;
    if (found || !isa<AffineDimExpr>(result))
      return std::nullopt;
    found = at;
  }
  return found;
}

/// `constant` with dimension `dimension` reordered from the model's order of
/// the flattened map to that of memory.
static Value reordered(OpBuilder &b, Location loc, Value constant,
                       unsigned dimension, Flattened flat) {
  auto type = cast<RankedTensorType>(constant.getType());
  ArrayRef<int64_t> transposed =
      cast<RankedTensorType>(flat.collapse.getSrc().getType()).getShape();
  int64_t parts = flat.group.size(), first = flat.group.front();
  SmallVector<int64_t> expanded, permuted, permutation;
  SmallVector<ReassociationIndices> groups;
  for (int64_t at = 0; at < type.getRank(); ++at) {
    ReassociationIndices &group = groups.emplace_back();
    for (int64_t part = 0; part < (at == dimension ? parts : 1); ++part) {
      group.push_back(expanded.size());
      expanded.push_back(at == dimension ? transposed[first + part]
                                         : type.getDimSize(at));
    }
  }
  SmallVector<int64_t> inverse =
      invertPermutationVector(flat.transpose.getPermutation());
  for (int64_t at = 0; at < int64_t(expanded.size()); ++at) {
    int64_t part = at - int64_t(dimension);
    bool inside = part >= 0 && part < parts;
    permutation.push_back(
        inside ? int64_t(dimension) + inverse[first + part] - first : at);
    permuted.push_back(expanded[permutation.back()]);
  }
  Value wide = tensor::ExpandShapeOp::create(
      b, loc, type.clone(expanded), constant, groups);
  Value empty =
      tensor::EmptyOp::create(b, loc, permuted, type.getElementType());
  Value moved = linalg::TransposeOp::create(b, loc, wide, empty, permutation)
                    .getResult()
                    .front();
  return tensor::CollapseShapeOp::create(b, loc, type, moved, groups);
}

/// Makes `op` read the map of `operand` as it lies, if that is all it takes.
static bool reorder(linalg::LinalgOp op, OpOperand &operand) {
  std::optional<Flattened> flat = flattened(operand.get());
  if (!flat)
    return false;
  std::optional<unsigned> loop = reducedBy(op, operand, flat->dimension);
  if (!loop)
    return false;
  SmallVector<std::pair<OpOperand *, unsigned>> constants;
  for (OpOperand &other : op->getOpOperands()) {
    if (!op.getMatchingIndexingMap(&other).isFunctionOfDim(*loop))
      continue;
    std::optional<unsigned> at = onlyDimension(op, other, *loop);
    if (!at)
      return false;
    if (&other == &operand)
      continue;
    // A constant that others read too would exist twice.
    if (!matchPattern(other.get(), m_Constant()) || !other.get().hasOneUse())
      return false;
    constants.emplace_back(&other, *at);
  }
  OpBuilder b(op);
  for (auto [other, at] : constants)
    other->set(reordered(b, op.getLoc(), other->get(), at, *flat));
  operand.set(tensor::CollapseShapeOp::create(
      b, op.getLoc(), cast<RankedTensorType>(operand.get().getType()),
      flat->transpose.getInput(), flat->collapse.getReassociationIndices()));
  return true;
}

namespace {
struct ReorderProducts
    : eclip::impl::EclipReorderProductsBase<ReorderProducts> {
  using EclipReorderProductsBase::EclipReorderProductsBase;

  void runOnOperation() override {
    getOperation().walk([](linalg::LinalgOp op) {
      // A body that asks for its place would see another one.
      if (!op.hasPureTensorSemantics() || op.hasIndexSemantics() ||
          !linalg::isaContractionOpInterface(op))
        return;
      for (OpOperand *input : op.getDpsInputOperands())
        if (reorder(op, *input))
          return;
    });
  }
};
} // namespace
