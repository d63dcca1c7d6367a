//===- Generate.cpp - tensors made of positions ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// OneHot, EyeLike, Trilu, ReverseSequence: an element's place decides what it
// is. Compress and NonZero of what is known at import.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/ScalarBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace eclip::frontend {

LogicalResult emitOneHot(NodeEmitter &e) {
  const HostTensor *depthTensor = e.constant(1);
  if (!depthTensor)
    return e.error("input 1 (depth) decides the result's shape and depends on data; it must be known at import");
  if (depthTensor->elements() != 1 || e.type(1) == DType::Bool)
    return e.error("input 1 (depth) must be one number, it has shape " + shapeText(e.shape(1)));
  double given = depthTensor->numbers()[0];
  if (!(given >= 1 && given <= static_cast<double>(kMaxTensorBytes)))
    return e.error("input 1 (depth) is out of range");
  int64_t depth = static_cast<int64_t>(given), rank = e.rank(0) + 1;
  if (e.rank(2) != 1 || e.shape(2)[0] != 2)
    return e.error("input 2 (values) must hold two elements, it has shape " + shapeText(e.shape(2)));
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", -1), rank);
  if (failed(axis))
    return failure();
  DType type = e.type(0), valueType = e.type(2);
  Shape shape(e.shape(0));
  shape.insert(shape.begin() + *axis, depth);
  if (failed(e.checkShape(shape, valueType)))
    return failure();
  Value values = e.value(2);
  Value result = e.pointwise(e.value(0), e.mapWithout(rank, *axis), shape, e.elementType(valueType),
                             [&](OpBuilder &b, ValueRange args) -> Value {
                               Value wanted = convertScalar(e, b, args[0], type, DType::I64);
                               wanted = fromFront(e, b, wanted, depth);
                               Value place = asInteger(e, b, loopIndices(e, b, rank)[*axis], b.getI64Type());
                               Value isOn = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, place, wanted);
                               Value off = extract(e, b, values, Value(arith::ConstantIndexOp::create(b, e.loc, 0)));
                               Value on = extract(e, b, values, Value(arith::ConstantIndexOp::create(b, e.loc, 1)));
                               return arith::SelectOp::create(b, e.loc, isOn, on, off);
                             });
  return e.setResult(0, result, valueType);
}

LogicalResult emitEyeLike(NodeEmitter &e) {
  if (e.rank(0) != 2)
    return e.error("needs a matrix, input 0 has shape " + shapeText(e.shape(0)));
  std::optional<DType> type = e.type(0);
  if (e.attribute("dtype"))
    type = dtypeFromOnnx(static_cast<int32_t>(e.intAttr("dtype", 0)));
  if (!type)
    return e.error("attribute 'dtype' is " + Twine(e.intAttr("dtype", 0)) + ", an element type that is not supported");
  // Diagonals outside of the matrix are all alike.
  int64_t k = std::clamp<int64_t>(e.intAttr("k", 0), -e.shape(0)[0] - 1, e.shape(0)[1] + 1);
  Value result = e.pointwise(ValueRange{}, e.shape(0), e.elementType(*type), [&](OpBuilder &b, ValueRange) {
    ScalarBuilder s(e, b, *type);
    SmallVector<Value> at = loopIndices(e, b, 2);
    Value isOn = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, e.linear(b, at[0], 1, k), at[1]);
    return s.select(isOn, s.c(1), s.c(0));
  });
  return e.setResult(0, result, *type);
}

LogicalResult emitTrilu(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  if (rank < 2)
    return e.error("needs matrices, input 0 has shape " + shapeText(e.shape(0)));
  DType type = e.type(0);
  bool isUpper = e.intAttr("upper", 1) != 0;
  if (e.has(1) && (e.type(1) != DType::I64 || checkedElements(e.shape(1), 1) != 1))
    return e.error("input 1 (k) must be one int64, not " + dtypeName(e.type(1)) + " " + shapeText(e.shape(1)));
  AffineMap all = e.b.getMultiDimIdentityMap(rank), none = AffineMap::get(rank, 0, e.b.getContext());
  SmallVector<Value> operands{e.value(0)};
  SmallVector<AffineMap> maps{all};
  bool isKnown = !e.has(1) || e.constant(1);
  if (!isKnown) {
    operands.push_back(e.reshape(e.value(1), {}));
    maps.push_back(none);
  }
  int64_t bound = e.shape(0)[rank - 2] + e.shape(0)[rank - 1] + 1;
  int64_t k = isKnown && e.has(1) ? std::clamp(e.constant(1)->at(0).i, -bound, bound) : 0;
  Value result = e.pointwise(operands, maps, e.shape(0), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    SmallVector<Value> at = loopIndices(e, b, rank);
    Value row = asInteger(e, b, at[rank - 2], b.getI64Type()), column = asInteger(e, b, at[rank - 1], b.getI64Type());
    Value diagonal = arith::AddIOp::create(b, e.loc, row, isKnown ? e.scalar(b, b.getI64Type(), k) : args[1]);
    auto predicate = isUpper ? arith::CmpIPredicate::sge : arith::CmpIPredicate::sle;
    Value isKept = arith::CmpIOp::create(b, e.loc, predicate, column, diagonal);
    return s.select(isKept, args[0], s.c(0));
  });
  return e.setResult(0, result, type);
}

LogicalResult emitReverseSequence(NodeEmitter &e) {
  int64_t rank = e.rank(0), batchAxis = e.intAttr("batch_axis", 1), timeAxis = e.intAttr("time_axis", 0);
  if (rank < 2 || batchAxis < 0 || batchAxis > 1 || timeAxis != 1 - batchAxis)
    return e.error("attributes 'batch_axis' " + Twine(batchAxis) + " and 'time_axis' " + Twine(timeAxis) +
                   " must be 0 and 1 in some order, for an input of rank 2 or more");
  if (e.type(1) != DType::I64 || e.rank(1) != 1 || e.shape(1)[0] != e.shape(0)[batchAxis])
    return e.error("input 1 (sequence_lens) must be int64 [" + Twine(e.shape(0)[batchAxis]) + "], not " +
                   dtypeName(e.type(1)) + " " + shapeText(e.shape(1)));
  int64_t extent = e.shape(0)[timeAxis];
  Value x = e.value(0);
  AffineMap lengths = AffineMap::get(rank, 0, e.b.getAffineDimExpr(batchAxis));
  Value result = e.pointwise(e.value(1), lengths, e.shape(0), e.elementType(e.type(0)),
                             [&](OpBuilder &b, ValueRange args) {
                               SmallVector<Value> at = loopIndices(e, b, rank);
                               Value time = asInteger(e, b, at[timeAxis], b.getI64Type());
                               Value last = arith::SubIOp::create(b, e.loc, args[0], e.scalar(b, b.getI64Type(), 1));
                               Value mirrored = arith::SubIOp::create(b, e.loc, last, time);
                               Value isInside =
                                   arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::slt, time, args[0]);
                               Value from = arith::SelectOp::create(b, e.loc, isInside, mirrored, time);
                               at[timeAxis] = safeIndex(e, b, from, extent);
                               return extract(e, b, x, at);
                             });
  return e.setResult(0, result, e.type(0));
}

//===----------------------------------------------------------------------===//
// Shapes that depend on values
//===----------------------------------------------------------------------===//

LogicalResult emitCompress(NodeEmitter &e) {
  const HostTensor *condition = e.constant(1);
  if (!condition)
    return e.error("input 1 (condition) decides the result's shape and depends on data; it must be known at import");
  bool isFlat = !e.attribute("axis");
  int64_t axis = 0;
  Shape source(e.shape(0));
  if (isFlat) {
    source = {*checkedElements(source, dtypeBytes(e.type(0)))};
  } else {
    FailureOr<int64_t> normal = e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
    if (failed(normal))
      return failure();
    axis = *normal;
  }
  if (condition->type != DType::Bool || condition->shape.size() != 1 || condition->shape[0] > source[axis])
    return e.error("input 1 (condition) is " + dtypeName(condition->type) + " " + shapeText(condition->shape) +
                   ", needs a bool vector of at most " + Twine(source[axis]) + " elements");
  SmallVector<int64_t> kept;
  for (auto [i, value] : llvm::enumerate(condition->integers()))
    if (value)
      kept.push_back(i);
  Shape shape(source);
  shape[axis] = kept.size();
  if (kept.empty())
    return e.setConstant(0, MutableTensor(e.type(0), shape).tensor);
  Value x = e.reshape(e.value(0), source), table = e.materialize(hostVector(kept));
  AffineMap map = AffineMap::get(shape.size(), 0, e.b.getAffineDimExpr(axis), e.b.getContext());
  Value result = e.pointwise(table, map, shape, e.elementType(e.type(0)), [&](OpBuilder &b, ValueRange args) {
    SmallVector<Value> at = loopIndices(e, b, shape.size());
    at[axis] = safeIndex(e, b, args[0], source[axis]);
    return extract(e, b, x, at);
  });
  return e.setResult(0, result, e.type(0));
}

LogicalResult evaluateNonZero(NodeEmitter &e) {
  const HostTensor *x = e.constant(0);
  if (!x)
    return e.error("the result's shape depends on the values of input 0, which must be known at import");
  int64_t rank = x->shape.size(), position = 0;
  std::vector<SmallVector<int64_t>> found(rank);
  forEachIndex(x->shape, [&](ArrayRef<int64_t> index) {
    Scalar value = x->at(position++);
    if (isFloat(x->type) ? value.f != 0 : value.i != 0)
      for (int64_t d = 0; d < rank; ++d)
        found[d].push_back(index[d]);
  });
  int64_t count = rank ? static_cast<int64_t>(found[0].size()) : 0;
  if (!isEvaluable(DType::I64, {rank, count}))
    return e.error("has more than " + Twine(kMaxEvaluatedElements) + " results");
  MutableTensor result(DType::I64, {rank, count});
  for (int64_t d = 0; d < rank; ++d)
    for (int64_t i = 0; i < count; ++i)
      result.set(d * count + i, {0, found[d][i]});
  return e.setConstant(0, std::move(result.tensor));
}

} // namespace eclip::frontend
