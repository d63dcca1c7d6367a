//===- Softmax.cpp - Softmax, LogSoftmax and Hardmax --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Softmax.h"

#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
/// Reads a tensor and one that lacks its reduced axes.
class PerRow {
public:
  PerRow(NodeEmitter &e, ArrayRef<int64_t> shape, ArrayRef<int64_t> axes, DType type)
      : e(e), shape(shape), type(type), all(e.b.getMultiDimIdentityMap(shape.size())),
        row(e.mapWithout(shape.size(), axes)) {}

  Value combine(Value value, Value perRow, function_ref<Value(ScalarBuilder &, Value, Value)> fn) {
    return e.pointwise({value, perRow}, {all, row}, shape, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
      ScalarBuilder s(e, b, type);
      return fn(s, args[0], args[1]);
    });
  }

private:
  NodeEmitter &e;
  ArrayRef<int64_t> shape;
  DType type;
  AffineMap all, row;
};
} // namespace

Value softmaxOver(NodeEmitter &e, Value x, ArrayRef<int64_t> axes, DType type, bool isLog) {
  PerRow rows(e, shapeOf(x), axes, type);
  Value most = maxOver(e, x, axes, type);
  if (isLog) {
    Value shifted = rows.combine(x, most, [](ScalarBuilder &s, Value a, Value m) { return s.sub(a, m); });
    Value powers = mapped(e, shifted, type, [](ScalarBuilder &s, Value a) { return s.exp(a); });
    Value sum = sumOver(e, powers, axes, type);
    return rows.combine(shifted, sum, [](ScalarBuilder &s, Value a, Value total) { return s.sub(a, s.log(total)); });
  }
  Value powers = rows.combine(x, most, [](ScalarBuilder &s, Value a, Value m) { return s.exp(s.sub(a, m)); });
  Value sum = sumOver(e, powers, axes, type);
  return rows.combine(powers, sum, [](ScalarBuilder &s, Value a, Value total) { return s.div(a, total); });
}

/// 1 at the first greatest element along `axis`, 0 elsewhere. Where NaN is the
/// greatest nothing equals it, and the last element is taken.
static Value hardmaxOver(NodeEmitter &e, Value x, int64_t axis, DType type) {
  ArrayRef<int64_t> shape = shapeOf(x);
  int64_t rank = shape.size(), last = shape[axis] - 1;
  Type i64 = e.b.getI64Type();
  AffineMap all = e.b.getMultiDimIdentityMap(rank), row = e.mapWithout(rank, axis);
  auto position = [&](OpBuilder &b) -> Value {
    return arith::IndexCastOp::create(b, e.loc, i64, linalg::IndexOp::create(b, e.loc, axis));
  };
  Value most = maxOver(e, x, axis, type);
  Value candidates = e.pointwise({x, most}, {all, row}, shape, i64, [&](OpBuilder &b, ValueRange args) -> Value {
    Value isMost = ScalarBuilder(e, b, type).equal(args[0], args[1]);
    return arith::SelectOp::create(b, e.loc, isMost, position(b), e.scalar(b, i64, static_cast<double>(last)));
  });
  Value first = e.reduce(candidates, axis, e.b.getI64IntegerAttr(last), [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, DType::I64).min(args[0], args[1]);
  });
  return e.pointwise(first, row, shape, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return s.select(ScalarBuilder(e, b, DType::I64).equal(args[0], position(b)), s.c(1), s.c(0));
  });
}

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
  DType type = e.type(0);
  if (e.node.op == "Hardmax") {
    Value x = e.value(0);
    if (axes.size() > 1) {
      Shape rows(e.shape(0).take_front(*axis));
      rows.push_back(extentOf(e.shape(0), axes));
      x = e.reshape(x, rows);
    }
    return e.setResult(0, e.reshape(hardmaxOver(e, x, *axis, type), e.shape(0)), type);
  }
  DType wide = accumulationType(type);
  Value x = converted(e, e.value(0), type, wide);
  Value result = softmaxOver(e, x, axes, wide, e.node.op == "LogSoftmax");
  return e.setResult(0, converted(e, result, wide, type), type);
}

} // namespace eclip::frontend
