//===- Reduce.cpp - reductions, ArgMax, Softmax and normalizations --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/ScalarBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace mlir;

namespace eclip::frontend {

static constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// The neutral element of max (or min).
static TypedAttr extremeInit(NodeEmitter &e, DType type, bool isMax) {
  Type element = e.elementType(type);
  if (isFloat(type))
    return e.number(element, isMax ? -kInfinity : kInfinity);
  unsigned bits = element.getIntOrFloatBitWidth();
  APInt value = isUnsigned(type) ? (isMax ? APInt::getZero(bits) : APInt::getMaxValue(bits))
                                 : (isMax ? APInt::getSignedMinValue(bits) : APInt::getSignedMaxValue(bits));
  return e.b.getIntegerAttr(element, value);
}

static int64_t extentOf(ArrayRef<int64_t> shape, ArrayRef<int64_t> axes) {
  int64_t count = 1;
  for (int64_t axis : axes)
    count *= shape[axis];
  return count;
}

static Value sumOver(NodeEmitter &e, Value value, ArrayRef<int64_t> axes, DType type) {
  return e.reduce(value, axes, e.number(e.elementType(type), 0), [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, type).add(args[0], args[1]);
  });
}
static Value maxOver(NodeEmitter &e, Value value, ArrayRef<int64_t> axes, DType type) {
  return e.reduce(value, axes, extremeInit(e, type, true), [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, type).max(args[0], args[1]);
  });
}

static ArrayRef<int64_t> shapeOf(Value value) { return cast<RankedTensorType>(value.getType()).getShape(); }

/// Elementwise on one tensor.
static Value mapped(NodeEmitter &e, Value value, DType type, function_ref<Value(ScalarBuilder &, Value)> fn) {
  return e.pointwise(value, shapeOf(value), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return fn(s, args[0]);
  });
}

//===----------------------------------------------------------------------===//
// Reduce*
//===----------------------------------------------------------------------===//

static FailureOr<SmallVector<int64_t>> reduceAxes(NodeEmitter &e) {
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

static Value logSumExp(NodeEmitter &e, ArrayRef<int64_t> axes, DType type) {
  Value x = e.value(0), most = maxOver(e, x, axes, type);
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

LogicalResult emitReduce(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> axes = reduceAxes(e);
  if (failed(axes))
    return failure();
  DType type = e.type(0);
  StringRef op = e.node.op;
  bool isMax = op == "ReduceMax", isExtreme = isMax || op == "ReduceMin";
  Value result;
  if (op == "ReduceLogSumExp") {
    result = logSumExp(e, *axes, type);
  } else {
    TypedAttr init = isExtreme ? extremeInit(e, type, isMax)
                               : e.number(e.elementType(type), op == "ReduceProd" ? 1 : 0);
    result = e.reduce(e.value(0), *axes, init, [&](OpBuilder &b, ValueRange args) {
      ScalarBuilder s(e, b, type);
      Value x = args[0], accumulator = args[1];
      if (isExtreme)
        return isMax ? s.max(x, accumulator) : s.min(x, accumulator);
      if (op == "ReduceProd")
        return s.mul(x, accumulator);
      if (op == "ReduceSumSquare" || op == "ReduceL2")
        x = s.mul(x, x);
      else if (op == "ReduceL1")
        x = s.abs(x);
      return s.add(x, accumulator);
    });
  }
  double count = static_cast<double>(extentOf(e.shape(0), *axes));
  if (op == "ReduceMean")
    result = mapped(e, result, type, [&](ScalarBuilder &s, Value x) { return s.div(x, s.c(count)); });
  else if (op == "ReduceL2")
    result = mapped(e, result, type, [](ScalarBuilder &s, Value x) { return s.sqrt(x); });
  else if (op == "ReduceLogSum")
    result = mapped(e, result, type, [](ScalarBuilder &s, Value x) { return s.log(x); });
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

//===----------------------------------------------------------------------===//
// Softmax
//===----------------------------------------------------------------------===//

LogicalResult emitSoftmax(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  // Until opset 12 the input was flattened to two dimensions at the axis.
  bool flattens = e.opset() < 13;
  int64_t given = e.intAttr("axis", flattens ? 1 : -1);
  if (flattens && given == rank)
    return e.error("axis " + Twine(given) + " is out of range for rank " + Twine(rank));
  FailureOr<int64_t> axis = e.normalizeAxis(given, rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> axes{*axis};
  for (int64_t i = *axis + 1; flattens && i < rank; ++i)
    axes.push_back(i);
  bool isLog = e.node.op == "LogSoftmax";
  DType type = e.type(0);
  Type element = e.elementType(type);
  AffineMap all = e.b.getMultiDimIdentityMap(rank), row = e.mapWithout(rank, axes);
  Value x = e.value(0);
  auto combine = [&](Value value, Value perRow, function_ref<Value(ScalarBuilder &, Value, Value)> fn) {
    return e.pointwise({value, perRow}, {all, row}, e.shape(0), element, [&](OpBuilder &b, ValueRange args) {
      ScalarBuilder s(e, b, type);
      return fn(s, args[0], args[1]);
    });
  };
  Value most = maxOver(e, x, axes, type);
  Value result;
  if (isLog) {
    Value shifted = combine(x, most, [](ScalarBuilder &s, Value a, Value m) { return s.sub(a, m); });
    Value powers = mapped(e, shifted, type, [](ScalarBuilder &s, Value a) { return s.exp(a); });
    Value sum = sumOver(e, powers, axes, type);
    result = combine(shifted, sum, [](ScalarBuilder &s, Value a, Value total) { return s.sub(a, s.log(total)); });
  } else {
    Value powers = combine(x, most, [](ScalarBuilder &s, Value a, Value m) { return s.exp(s.sub(a, m)); });
    Value sum = sumOver(e, powers, axes, type);
    result = combine(powers, sum, [](ScalarBuilder &s, Value a, Value total) { return s.div(a, total); });
  }
  return e.setResult(0, result, type);
}

//===----------------------------------------------------------------------===//
// Normalization
//===----------------------------------------------------------------------===//

/// (x - mean) / sqrt(variance + epsilon) over `axes`, then scale and shift by
/// operands that are read through their maps.
static Value normalized(NodeEmitter &e, ArrayRef<int64_t> axes, double epsilon, NodeEmitter::Broadcast scale,
                        std::optional<NodeEmitter::Broadcast> shift) {
  DType type = e.type(0);
  Type element = e.elementType(type);
  ArrayRef<int64_t> shape = e.shape(0);
  int64_t rank = shape.size();
  double count = static_cast<double>(extentOf(shape, axes));
  AffineMap all = e.b.getMultiDimIdentityMap(rank), row = e.mapWithout(rank, axes);
  Value x = e.value(0), sum = sumOver(e, x, axes, type);
  Value centred = e.pointwise({x, sum}, {all, row}, shape, element, [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return s.sub(args[0], s.div(args[1], s.c(count)));
  });
  Value squares = e.reduce(centred, axes, e.number(element, 0), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return s.add(s.mul(args[0], args[0]), args[1]);
  });
  SmallVector<Value> operands{centred, squares, scale.value};
  SmallVector<AffineMap> maps{all, row, scale.map};
  if (shift) {
    operands.push_back(shift->value);
    maps.push_back(shift->map);
  }
  return e.pointwise(operands, maps, shape, element, [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    Value factor = s.rsqrt(s.add(s.div(args[1], s.c(count)), s.c(epsilon)));
    Value result = s.mul(s.mul(args[0], factor), args[2]);
    return shift ? s.add(result, args[3]) : result;
  });
}

LogicalResult emitLayerNormalization(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", -1), rank);
  if (failed(axis))
    return failure();
  SmallVector<int64_t> axes;
  for (int64_t i = *axis; i < rank; ++i)
    axes.push_back(i);
  if (e.intAttr("stash_type", 1) != 1)
    return e.error("attribute 'stash_type' must be 1 (float)");
  for (unsigned i = 1; i < e.numInputs(); ++i)
    if (e.has(i) && e.type(i) != e.type(0))
      return e.error("input " + Twine(i) + " is " + dtypeName(e.type(i)) + ", input 0 is " + dtypeName(e.type(0)));
  FailureOr<NodeEmitter::Broadcast> scale = e.broadcast(e.input(1), e.shape(0));
  if (failed(scale))
    return failure();
  std::optional<NodeEmitter::Broadcast> shift;
  if (e.has(2)) {
    FailureOr<NodeEmitter::Broadcast> bias = e.broadcast(e.input(2), e.shape(0));
    if (failed(bias))
      return failure();
    shift = *bias;
  }
  return e.setResult(0, normalized(e, axes, e.floatAttr("epsilon", 1e-5f), *scale, shift), e.type(0));
}

LogicalResult emitInstanceNormalization(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  if (rank < 3)
    return e.error("input 0 needs rank 3 or more, it has shape " + shapeText(e.shape(0)));
  for (unsigned i : {1, 2})
    if (e.rank(i) != 1 || e.shape(i)[0] != e.shape(0)[1] || e.type(i) != e.type(0))
      return e.error("input " + Twine(i) + " must be a " + dtypeName(e.type(0)) + " vector of " +
                     Twine(e.shape(0)[1]) + " values, not " + dtypeName(e.type(i)) + " " + shapeText(e.shape(i)));
  SmallVector<int64_t> axes;
  for (int64_t i = 2; i < rank; ++i)
    axes.push_back(i);
  AffineMap channel = AffineMap::get(rank, 0, e.b.getAffineDimExpr(1));
  NodeEmitter::Broadcast scale{e.value(1), channel}, shift{e.value(2), channel};
  return e.setResult(0, normalized(e, axes, e.floatAttr("epsilon", 1e-5f), scale, shift), e.type(0));
}

} // namespace eclip::frontend
