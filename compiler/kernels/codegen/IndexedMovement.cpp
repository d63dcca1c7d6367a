//===- IndexedMovement.cpp - elements of moved tensors --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/IndexedEval.h"

#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace eclip;

FailureOr<Value> IndexedEval::evalPad(tensor::PadOp op, ValueRange indices) {
  Value padding = op.getConstantPaddingValue();
  if (!padding)
    return refuse(op, "the padding value depends on the position");
  RankedTensorType source = op.getSourceType();
  ArrayRef<int64_t> low = op.getStaticLow(), high = op.getStaticHigh();
  SmallVector<Value> inner;
  Value inside;
  for (int64_t dim = 0; dim < source.getRank(); ++dim) {
    if (ShapedType::isDynamic(low[dim]) || ShapedType::isDynamic(high[dim]))
      return refuse(op, "dynamic padding");
    if (low[dim] < 0 || high[dim] < 0)
      return refuse(op, "negative padding");
    if (low[dim] == 0 && high[dim] == 0) {
      inner.push_back(indices[dim]);
      continue;
    }
    int64_t size = source.getDimSize(dim);
    std::optional<int64_t> fixed = constantOf(indices[dim]);
    Value index = fixed      ? constant(*fixed - low[dim])
                  : low[dim] ? arith(Sub, indices[dim], constant(low[dim]))
                             : indices[dim];
    Value ok = inRange(index, size);
    inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
    // Outside, any element serves; the first is always there.
    inner.push_back(size == 1 ? constant(0)
                              : Value(arith::SelectOp::create(
                                    b, location, ok, index, constant(0))));
  }
  FailureOr<Value> value = at(op.getSource(), inner);
  if (failed(value) || !inside)
    return value;
  FailureOr<Value> outside = scalar(padding);
  if (failed(outside))
    return failure();
  return Value(arith::SelectOp::create(b, location, inside, *value, *outside));
}

/// `index` as base + rest, where the base is a multiple of `unit`: a neighbour
/// number added to a scaled thread number.
static std::pair<Value, int64_t> splitNeighbour(Value index, int64_t &unit) {
  auto scale = [](Value value) -> int64_t {
    APInt factor;
    auto product = value.getDefiningOp<arith::MulIOp>();
    return product && matchPattern(product.getRhs(), m_ConstantInt(&factor))
               ? factor.getSExtValue()
               : 1;
  };
  Value base = index;
  int64_t rest = 0;
  if (auto sum = index.getDefiningOp<arith::AddIOp>()) {
    APInt constant;
    if (matchPattern(sum.getRhs(), m_ConstantInt(&constant))) {
      base = sum.getLhs();
      rest = constant.getSExtValue();
    }
  }
  unit = scale(base);
  if (rest >= 0 && rest < unit)
    return {base, rest};
  unit = 1;
  return {index, 0};
}

FailureOr<Value> IndexedEval::evalConcat(tensor::ConcatOp op,
                                         ValueRange indices) {
  int64_t dim = op.getDim();
  Value index = indices[dim];
  struct Piece {
    Value value;
    int64_t end;
  };
  SmallVector<Piece> pieces;
  // Where all pieces begin at multiples of the neighbours that a thread makes,
  // the neighbours are in one piece: clamping their common base keeps them
  // neighbours, and their loads one wide load.
  int64_t unit = 1, offset = 0;
  auto [base, rest] = splitNeighbour(index, unit);
  for (Value input : op.getInputs())
    if (cast<RankedTensorType>(input.getType()).getDimSize(dim) % unit != 0)
      unit = 1;
  if (unit == 1)
    base = index, rest = 0;
  for (Value input : op.getInputs()) {
    int64_t size = cast<RankedTensorType>(input.getType()).getDimSize(dim);
    int64_t start = offset;
    offset += size;
    std::optional<int64_t> fixed = constantOf(index);
    if (size == 0 || (fixed && (*fixed < start || *fixed >= offset)))
      continue;
    SmallVector<Value> inner(indices);
    if (fixed) {
      inner[dim] = constant(*fixed - start);
    } else {
      Value first = start ? arith(Sub, base, constant(start)) : base;
      inner[dim] =
          add(arith(Min, arith(Max, first, constant(0)), constant(size - unit)),
              constant(rest));
    }
    FailureOr<Value> value = at(input, inner);
    if (failed(value))
      return failure();
    pieces.push_back({*value, offset});
  }
  Value result = pieces.back().value;
  for (const Piece &piece : llvm::reverse(ArrayRef(pieces).drop_back()))
    result = arith::SelectOp::create(b, location, inRange(base, piece.end),
                                     piece.value, result);
  return result;
}

FailureOr<Value> IndexedEval::evalExtractSlice(tensor::ExtractSliceOp op,
                                               ValueRange indices) {
  ArrayRef<int64_t> offsets = op.getStaticOffsets();
  ArrayRef<int64_t> strides = op.getStaticStrides();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<Value> inner;
  unsigned next = 0;
  for (unsigned dim = 0; dim < offsets.size(); ++dim) {
    if (ShapedType::isDynamic(offsets[dim]) ||
        ShapedType::isDynamic(strides[dim]) || strides[dim] < 1)
      return refuse(op, "dynamic or negative offsets or strides");
    Value index = dropped.test(dim) ? constant(0) : indices[next++];
    inner.push_back(add(mul(index, strides[dim]), constant(offsets[dim])));
  }
  return at(op.getSource(), inner);
}

FailureOr<Value> IndexedEval::evalInsertSlice(tensor::InsertSliceOp op,
                                              ValueRange indices) {
  ArrayRef<int64_t> offsets = op.getStaticOffsets();
  ArrayRef<int64_t> sizes = op.getStaticSizes();
  ArrayRef<int64_t> strides = op.getStaticStrides();
  llvm::SmallBitVector dropped = op.getDroppedDims();
  SmallVector<Value> inner;
  Value inside;
  for (unsigned dim = 0; dim < offsets.size(); ++dim) {
    if (ShapedType::isDynamic(offsets[dim]) ||
        ShapedType::isDynamic(sizes[dim]) || strides[dim] != 1)
      return refuse(op, "dynamic or strided insertion");
    std::optional<int64_t> fixed = constantOf(indices[dim]);
    Value index = fixed ? constant(*fixed - offsets[dim])
                  : offsets[dim]
                      ? arith(Sub, indices[dim], constant(offsets[dim]))
                      : indices[dim];
    if (sizes[dim] != op.getDestType().getDimSize(dim)) {
      Value ok = inRange(index, sizes[dim]);
      inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
      index = clamp(index, sizes[dim]);
    }
    if (!dropped.test(dim))
      inner.push_back(index);
  }
  FailureOr<Value> inserted = at(op.getSource(), inner);
  if (failed(inserted) || !inside)
    return inserted;
  FailureOr<Value> rest = at(op.getDest(), indices);
  if (failed(rest))
    return failure();
  return Value(arith::SelectOp::create(b, location, inside, *inserted, *rest));
}

FailureOr<Value> IndexedEval::evalExpand(tensor::ExpandShapeOp op,
                                         ValueRange indices) {
  SmallVector<Value> inner;
  ArrayRef<int64_t> shape = op.getResultType().getShape();
  for (const ReassociationIndices &group : op.getReassociationIndices()) {
    SmallVector<Value> part;
    for (int64_t dim : group)
      part.push_back(indices[dim]);
    inner.push_back(linearize(part, shape.slice(group.front(), group.size())));
  }
  return at(op.getSrc(), inner);
}

FailureOr<Value> IndexedEval::evalCollapse(tensor::CollapseShapeOp op,
                                           ValueRange indices) {
  SmallVector<Value> inner;
  ArrayRef<int64_t> shape = op.getSrcType().getShape();
  auto groups = op.getReassociationIndices();
  for (auto [group, index] : llvm::zip_equal(groups, indices))
    llvm::append_range(
        inner, delinearize(index, shape.slice(group.front(), group.size())));
  // A collapse to rank 0 has no groups: all dims are 1.
  while (inner.size() < shape.size())
    inner.push_back(constant(0));
  return at(op.getSrc(), inner);
}
