//===- Reduce.cpp - reductions and ArgMax ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace mlir;

namespace eclip::frontend {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

TypedAttr extremeInit(NodeEmitter &e, DType type, bool isMax) {
  Type element = e.elementType(type);
  if (isFloat(type))
    return e.number(element, isMax ? -kInfinity : kInfinity);
  unsigned bits = element.getIntOrFloatBitWidth();
  APInt value = isUnsigned(type) ? (isMax ? APInt::getZero(bits) : APInt::getMaxValue(bits))
                                 : (isMax ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits));
  return e.b.getIntegerAttr(element, value);
}

int64_t extentOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= shape[axis];
  return count;
}

Value sumOver(NodeEmitter &e, Value value, ArrayRef<int64_t> axes, DType type) {
  return e.reduce(value, axes, e.number(e.elementType(type), 0), [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, type).add(args[0], args[1]);
  });
}
Value maxOver(NodeEmitter &e, Value value, ArrayRef<int64_t> axes, DType type) {
  return e.reduce(value, axes, extremeInit(e, type, true), [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, type).max(args[0], args[1]);
  });
}

DType accumulationType(DType type) { return type == DType::F16 || type == DType::BF16 ? DType::F32 : type; }

Value converted(NodeEmitter &e, Value value, DType from, DType to) {
  if (from == to)
    return value;
  return e.pointwise(value, shapeOf(value), e.elementType(to), [&](OpBuilder &b, ValueRange args) {
    return convertScalar(e, b, args[0], from, to);
  });
}

ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

Value mapped(NodeEmitter &e, Value value, DType type, function_ref<Value(ScalarBuilder &, Value)> fn) {
  return e.pointwise(value, shapeOf(value), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return fn(s, args[0]);
  });
}

//===----------------------------------------------------------------------===//
// Reduce*
//===----------------------------------------------------------------------===//

FailureOr<SmallVector<int64_t>> reduceAxes(NodeEmitter &e) {
  // Axes became an input with opset 13 for ReduceSum, 18 for the others.
  SmallVector<int64_t> axes = e.intsAttr("axes");
  bool isInput = e.opset() >= (e.node.op == "ReduceSum" ? 13 : 18);
  if (e.attribute("axes") && isInput)
    return e.error("attribute 'axes' is not supported in opset " + Twine(e.opset()));
  if (e.has(1)) {
    if (!isInput)
      return e.error("has 2 inputs, needs 1 in opset " + Twine(e.opset()));
    FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "axes");
    if (failed(given))
      return failure();
    axes = *given;
  }
  if (axes.empty() && e.intAttr("noop_with_empty_axes", 0) == 0)
    for (int64_t i = 0; i < e.rank(0); ++i)
      axes.push_back(i);
  return e.normalizeAxes(axes, e.rank(0));
}

/// Shifted by the maximum, so that no power overflows.
static Value logSumExp(NodeEmitter &e, Value x, ArrayRef<int64_t> axes, DType type) {
  Value most = maxOver(e, x, axes, type);
  // inf - inf would be NaN.
  most = mapped(e, most, type, [](ScalarBuilder &s, Value m) { return s.select(s.isInf(m, true, true), s.c(0), m); });
  int64_t rank = e.rank(0);
  Value powers = e.pointwise({x, most}, {e.b.getMultiDimIdentityMap(rank), e.mapWithout(rank, axes)}, e.shape(0),
                             e.elementType(type), [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder s(e, b, type);
                               return s.exp(s.sub(args[0], args[1]));
                             });
  Value sum = sumOver(e, powers, axes, type);
  return e.pointwise({sum, most}, shapeOf(sum), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return s.add(s.log(args[0]), args[1]);
  });
}

/// One pass over the input, before what follows on the result.
static Value accumulated(NodeEmitter &e, ArrayRef<int64_t> axes, DType type, DType sumType) {
  StringRef op = e.node.op;
  bool isMax = op == "ReduceMax", isExtreme = isMax || op == "ReduceMin";
  if (isExtreme)
    return e.reduce(e.value(0), axes, extremeInit(e, type, isMax), [&](OpBuilder &b, ValueRange args) {
      ScalarBuilder s(e, b, type);
      return isMax ? s.max(args[0], args[1]) : s.min(args[0], args[1]);
    });
  bool isProduct = op == "ReduceProd", isSquare = op == "ReduceSumSquare" || op == "ReduceL2";
  TypedAttr init = e.number(e.elementType(sumType), isProduct ? 1 : 0);
  return e.reduce(e.value(0), axes, init, [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, sumType);
    Value x = convertScalar(e, b, args[0], type, sumType), accumulator = args[1];
    if (isProduct)
      return s.mul(x, accumulator);
    if (isSquare)
      x = s.mul(x, x);
    else if (op == "ReduceL1")
      x = s.abs(x);
    return s.add(x, accumulator);
  });
}

LogicalResult emitReduce(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> axes = reduceAxes(e);
  if (failed(axes))
    return failure();
  DType type = e.type(0);
  StringRef op = e.node.op;
  bool isExtreme = op == "ReduceMax" || op == "ReduceMin", isMean = op == "ReduceMean", isRoot = op == "ReduceL2";
  if (axes->empty() && (isExtreme || isMean || op == "ReduceSum" || op == "ReduceProd"))
    return e.forward(0, 0);
  double count = static_cast<double>(extentOf(e.shape(0), *axes));
  if (isMean && count == 0 && !isFloat(type))
    return e.error("the mean of no integers is not defined");
  // Sums of narrow floats are float; integers get a root or logarithm as floats.
  DType sumType = isExtreme ? type : accumulationType(type);
  Value result;
  if (op == "ReduceLogSumExp") {
    sumType = isFloat(type) ? sumType : DType::F32;
    result = logSumExp(e, converted(e, e.value(0), type, sumType), *axes, sumType);
  } else {
    result = accumulated(e, *axes, type, sumType);
  }
  bool isLog = op == "ReduceLogSum";
  if (!isFloat(sumType) && (isRoot || isLog)) {
    DType real = isRoot ? DType::F64 : DType::F32;
    result = converted(e, result, sumType, real);
    sumType = real;
  }
  if (isMean || isRoot || isLog)
    result = mapped(e, result, sumType, [&](ScalarBuilder &s, Value x) {
      return isMean ? s.div(x, s.c(count)) : isRoot ? s.sqrt(x) : s.log(x);
    });
  result = converted(e, result, sumType, type);
  if (e.intAttr("keepdims", 1))
    result = e.keepDims(result, e.shape(0), *axes);
  return e.setResult(0, result, type);
}

//===----------------------------------------------------------------------===//
// ArgMax and ArgMin
//===----------------------------------------------------------------------===//

/// Two reductions: the extreme value, then the least (or greatest) index that
/// holds it. NaN equals nothing, so that an index past the end is clamped.
LogicalResult emitArgExtremum(NodeEmitter &e) {
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
  if (failed(axis))
    return failure();
  DType type = e.type(0);
  bool isMax = e.node.op == "ArgMax", wantsLast = e.intAttr("select_last_index", 0) != 0;
  int64_t rank = e.rank(0), extent = e.shape(0)[*axis];
  Value x = e.value(0);
  Value extreme = e.reduce(x, *axis, extremeInit(e, type, isMax), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return isMax ? s.max(args[0], args[1]) : s.min(args[0], args[1]);
  });
  Type i64 = e.b.getI64Type();
  int64_t miss = wantsLast ? 0 : extent - 1;
  Value candidates = e.pointwise({x, extreme}, {e.b.getMultiDimIdentityMap(rank), e.mapWithout(rank, *axis)},
                                 e.shape(0), i64, [&](OpBuilder &b, ValueRange args) -> Value {
                                   Value isExtreme = ScalarBuilder(e, b, type).equal(args[0], args[1]);
                                   Value index = linalg::IndexOp::create(b, e.loc, *axis);
                                   Value number = arith::IndexCastOp::create(b, e.loc, i64, index);
                                   return arith::SelectOp::create(b, e.loc, isExtreme, number,
                                                                  e.scalar(b, i64, static_cast<double>(miss)));
                                 });
  Value result = e.reduce(candidates, *axis, e.b.getI64IntegerAttr(miss), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, DType::I64);
    return wantsLast ? s.max(args[0], args[1]) : s.min(args[0], args[1]);
  });
  if (e.intAttr("keepdims", 1))
    result = e.keepDims(result, e.shape(0), *axis);
  return e.setResult(0, result, DType::I64);
}

} // namespace eclip::frontend
