//===- IndexedMovement.cpp - elements of moved tensors --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/IndexedEval.h"

#include "mlir/IR/IRMapping.h"
#include "mlir/IR/Matchers.h"

using namespace mlir;
using namespace eclip;

/// Of tensor.from_elements: each is a comparison and a selection.
static constexpr size_t kMaxListedElements = 64;

Value IndexedEval::shift(Value index, int64_t amount) {
  if (std::optional<int64_t> fixed = constantOf(index))
    return constant(*fixed + amount);
  if (amount == 0)
    return index;
  return amount > 0 ? arith(Add, index, constant(amount))
                    : arith(Sub, index, constant(-amount));
}

FailureOr<Value> IndexedEval::evalPad(tensor::PadOp op, ValueRange indices) {
  RankedTensorType source = op.getSourceType();
  ArrayRef<int64_t> low = op.getStaticLow(), high = op.getStaticHigh();
  SmallVector<Value> inner;
  Value inside;
  for (int64_t dim = 0; dim < source.getRank(); ++dim) {
    if (ShapedType::isDynamic(low[dim]) || ShapedType::isDynamic(high[dim]))
      return refuse(op, "dynamic padding");
    Value index = shift(indices[dim], -low[dim]);
    // What is cut off at either end leaves nothing to check.
    if (low[dim] <= 0 && high[dim] <= 0) {
      inner.push_back(index);
      continue;
    }
    int64_t size = source.getDimSize(dim);
    Value ok = inRange(index, size);
    inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
    // Outside, any element serves; the first is always there.
    inner.push_back(size == 1 ? constant(0)
                              : Value(arith::SelectOp::create(
                                    b, location, ok, index, constant(0))));
  }
  if (source.getNumElements() == 0)
    return yieldedAt(op.getRegion(), indices);
  FailureOr<Value> value = at(op.getSource(), inner);
  if (failed(value) || !inside)
    return value;
  FailureOr<Value> outside = yieldedAt(op.getRegion(), indices);
  if (failed(outside))
    return failure();
  return Value(arith::SelectOp::create(b, location, inside, *value, *outside));
}

FailureOr<Value> IndexedEval::yieldedAt(Region &region, ValueRange indices) {
  IRMapping mapping;
  mapping.map(region.getArguments(), indices);
  for (Operation &op : region.front().without_terminator())
    if (failed(cloneScalarOp(op, {}, mapping)))
      return failure();
  Value yielded = region.front().getTerminator()->getOperand(0);
  return mapping.contains(yielded) ? FailureOr<Value>(mapping.lookup(yielded))
                                   : scalar(yielded);
}

FailureOr<Value> IndexedEval::evalFromElements(tensor::FromElementsOp op,
                                               ValueRange indices) {
  ValueRange elements = op.getElements();
  if (elements.size() > kMaxListedElements)
    return refuse(op, "too many elements to choose from");
  Value number = linearize(indices, op.getType().getShape());
  Value result;
  for (auto [position, element] : llvm::enumerate(elements)) {
    FailureOr<Value> value = scalar(element);
    if (failed(value))
      return failure();
    if (!result) {
      result = *value;
      continue;
    }
    Value here = arith::CmpIOp::create(b, location, arith::CmpIPredicate::eq,
                                       number, constant(position));
    result = arith::SelectOp::create(b, location, here, *value, result);
  }
  return result;
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
  if (pieces.empty())
    return refuse(op, "nothing to join");
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
        ShapedType::isDynamic(strides[dim]))
      return refuse(op, "dynamic offsets or strides");
    Value index = dropped.test(dim) ? constant(0) : indices[next++];
    if (strides[dim] < 0 && !constantOf(index))
      inner.push_back(
          arith(Sub, constant(offsets[dim]), mul(index, -strides[dim])));
    else
      inner.push_back(shift(mul(index, strides[dim]), offsets[dim]));
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
        ShapedType::isDynamic(sizes[dim]) || strides[dim] < 1)
      return refuse(op, "dynamic or negative offsets or strides");
    Value index = shift(indices[dim], -offsets[dim]);
    int64_t reach = sizes[dim] ? (sizes[dim] - 1) * strides[dim] + 1 : 0;
    if (reach != op.getDestType().getDimSize(dim)) {
      Value ok = inRange(index, reach);
      inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
      index = clamp(index, std::max<int64_t>(reach, 1));
    }
    if (strides[dim] != 1) {
      Value ok = arith::CmpIOp::create(b, location, arith::CmpIPredicate::eq,
                                       rem(index, strides[dim]), constant(0));
      inside = inside ? arith::AndIOp::create(b, location, inside, ok) : ok;
      index = div(index, strides[dim]);
    }
    if (!dropped.test(dim))
      inner.push_back(index);
  }
  if (op.getSourceType().getNumElements() == 0)
    return at(op.getDest(), indices);
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
