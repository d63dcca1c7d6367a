//===- Sort.cpp - TopK and CumSum -----------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace eclip::frontend {

//===----------------------------------------------------------------------===//
// TopK
//===----------------------------------------------------------------------===//

/// Whether x stands before y, whatever their positions: a strict weak order
/// even with NaN, which is greater than any number.
static Value standsBefore(ScalarBuilder &s, Value x, Value y, bool largest) {
  if (!largest)
    std::swap(x, y);
  Value greater = s.less(y, x);
  if (!isFloat(s.type))
    return greater;
  Value isNumber = s.logicalXor(s.isNaN(y), arith::ConstantOp::create(s.b, s.e.loc, s.b.getBoolAttr(true)));
  return s.logicalOr(greater, s.logicalAnd(s.isNaN(x), isNumber));
}

/// The place of each element in the sorted axis: how many stand before it.
/// Quadratic in the extent, but all at once; equal elements keep their order.
static Value ranks(NodeEmitter &e, int64_t axis, bool largest) {
  DType type = e.type(0);
  Value x = e.value(0);
  Type i32 = e.b.getI32Type();
  return reduceIndexed(e, e.shape(0), e.shape(0)[axis], e.b.getI32IntegerAttr(0),
                       [&](OpBuilder &b, ValueRange loops, Value count) -> Value {
                         ScalarBuilder s(e, b, type);
                         SmallVector<Value> mine(loops.drop_back()), other = mine;
                         other[axis] = loops.back();
                         Value x0 = extract(e, b, x, mine), y = extract(e, b, x, other);
                         Value isBefore = standsBefore(s, y, x0, largest);
                         Value isAfter = standsBefore(s, x0, y, largest);
                         Value isEarlier =
                             arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::ult, other[axis], mine[axis]);
                         Value wins = s.select(isBefore, isBefore,
                                               s.select(isAfter, s.logicalXor(isAfter, isAfter), isEarlier));
                         return arith::AddIOp::create(b, e.loc, arith::ExtUIOp::create(b, e.loc, i32, wins), count);
                       });
}

static FailureOr<int64_t> topCount(NodeEmitter &e, int64_t extent) {
  int64_t k = e.intAttr("k", -1);
  if (e.opset() >= 10) {
    if (!e.has(1))
      return e.error("input 1 (K) is missing");
    FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "K, which decides the result's shape");
    if (failed(given))
      return failure();
    if (given->size() != 1)
      return e.error("input 1 (K) must be one integer, it has shape " + shapeText(e.shape(1)));
    k = (*given)[0];
  }
  if (k < 0 || k > extent)
    return e.error("K is " + Twine(k) + ", the axis has an extent of " + Twine(extent));
  return k;
}

LogicalResult emitTopK(NodeEmitter &e) {
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", -1), e.rank(0));
  if (failed(axis))
    return failure();
  int64_t extent = e.shape(0)[*axis];
  FailureOr<int64_t> k = topCount(e, extent);
  if (failed(k))
    return failure();
  DType type = e.type(0);
  Shape shape(e.shape(0));
  shape[*axis] = *k;
  if (llvm::is_contained(shape, 0)) {
    (void)e.setConstant(0, MutableTensor(type, shape).tensor);
    return e.setConstant(1, MutableTensor(DType::I64, shape).tensor);
  }
  Value x = e.value(0), rank = ranks(e, *axis, e.intAttr("largest", 1) != 0);
  Type i32 = e.b.getI32Type();
  // Exactly one element of the axis has each rank.
  Value positions = reduceIndexed(e, shape, extent, e.b.getI32IntegerAttr(0),
                                  [&](OpBuilder &b, ValueRange loops, Value found) -> Value {
                                    SmallVector<Value> at(loops.drop_back());
                                    Value wanted = asInteger(e, b, at[*axis], i32);
                                    at[*axis] = loops.back();
                                    Value isIt = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq,
                                                                       extract(e, b, rank, at), wanted);
                                    Value number = asInteger(e, b, loops.back(), i32);
                                    number = arith::SelectOp::create(b, e.loc, isIt, number, e.scalar(b, i32, 0));
                                    return arith::MaxSIOp::create(b, e.loc, number, found);
                                  });
  if (e.wants(0)) {
    Value values = e.pointwise(positions, shape, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
      SmallVector<Value> at = loopIndices(e, b, shape.size());
      at[*axis] = safeIndex(e, b, args[0], extent);
      return extract(e, b, x, at);
    });
    if (failed(e.setResult(0, values, type)))
      return failure();
  }
  if (!e.wants(1))
    return success();
  return e.setResult(1, converted(e, positions, DType::I32, DType::I64), DType::I64);
}

//===----------------------------------------------------------------------===//
// CumSum
//===----------------------------------------------------------------------===//

/// Terms that one element adds up at a time; longer axes take several passes,
/// each over sums of the pass before.
static constexpr int64_t kCumSumTerms = 32;

LogicalResult emitCumSum(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "axis");
  if (failed(given))
    return failure();
  if (given->size() != 1)
    return e.error("input 1 (axis) must be one integer, it has shape " + shapeText(e.shape(1)));
  FailureOr<int64_t> axis = e.normalizeAxis((*given)[0], e.rank(0));
  if (failed(axis))
    return failure();
  bool isReverse = e.intAttr("reverse", 0) != 0;
  DType type = e.type(0), sumType = accumulationType(type);
  Type element = e.elementType(sumType);
  ArrayRef<int64_t> shape = e.shape(0);
  int64_t extent = shape[*axis], shift = e.intAttr("exclusive", 0) != 0 ? 1 : 0;
  Value sums = converted(e, e.value(0), type, sumType);
  for (int64_t covered = 1; covered < extent || covered == 1; shift = 0) {
    int64_t terms = std::min(kCumSumTerms, (extent + covered - 1) / covered), stride = covered;
    sums = reduceIndexed(e, shape, terms, e.number(element, 0), [&](OpBuilder &b, ValueRange loops, Value sum) {
      ScalarBuilder s(e, b, sumType);
      SmallVector<Value> at(loops.drop_back());
      Value distance = e.linear(b, loops.back(), stride, shift);
      Value position = isReverse ? arith::AddIOp::create(b, e.loc, at[*axis], distance).getResult()
                                 : arith::SubIOp::create(b, e.loc, at[*axis], distance).getResult();
      Value zero = arith::ConstantIndexOp::create(b, e.loc, 0);
      Value last = arith::ConstantIndexOp::create(b, e.loc, extent - 1);
      at[*axis] = arith::MinSIOp::create(b, e.loc, arith::MaxSIOp::create(b, e.loc, position, zero), last);
      Value isInside = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, at[*axis], position);
      return s.add(s.select(isInside, extract(e, b, sums, at), s.c(0)), sum);
    });
    if (terms <= 1)
      break;
    covered *= terms;
  }
  return e.setResult(0, converted(e, sums, sumType, type), type);
}

} // namespace eclip::frontend
