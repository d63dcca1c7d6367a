//===- Pool.cpp - pooling -------------------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace mlir;

namespace eclip::frontend {

static LogicalResult checkSpatial(NodeEmitter &e) {
  if (e.rank(0) != 3 && e.rank(0) != 4)
    return e.error("input 0 has shape " + shapeText(e.shape(0)) + ": only 1-D and 2-D pooling is supported");
  return success();
}

/// Pads the input (with a unit height for 1-D) and applies the pooling op.
template <typename PoolOp>
static Value pool(NodeEmitter &e, const Window &given, TypedAttr init) {
  ArrayRef<int64_t> x = e.shape(0);
  bool is1D = x.size() == 3;
  Window w = is1D ? given.withUnitHeight() : given;
  Shape inShape(x), outShape{x[0], x[1], w.out[0], w.out[1]};
  if (is1D)
    inShape.insert(inShape.begin() + 2, 1);
  Value input = e.reshape(e.value(0), inShape);
  input = e.padded(input, {0, 0, w.low[0], w.low[1]},
                   {0, 0, w.high[0] + w.ceilExtra[0], w.high[1] + w.ceilExtra[1]}, init);
  Value window = e.emptyTensor(w.kernel, init.getType());
  Value result = e.filled(outShape, init);
  result = PoolOp::create(e.b, e.loc, result.getType(), ValueRange{input, window}, result,
                          e.b.getI64VectorAttr(w.strides), e.b.getI64VectorAttr(w.dilations))
               .getResult(0);
  Shape finalShape{x[0], x[1]};
  finalShape.append(given.out.begin(), given.out.end());
  return e.reshape(result, finalShape);
}

LogicalResult emitMaxPool(NodeEmitter &e) {
  if (failed(checkSpatial(e)))
    return failure();
  FailureOr<Window> w = readWindow(e, e.rank(0) - 2, {}, e.intAttr("ceil_mode", 0) != 0);
  if (failed(w))
    return failure();
  DType type = e.type(0);
  Type element = e.elementType(type);
  TypedAttr least = isFloat(type)
                        ? TypedAttr(e.b.getFloatAttr(element, -std::numeric_limits<double>::infinity()))
                        : TypedAttr(e.b.getIntegerAttr(element, APInt::getSignedMinValue(8 * dtypeBytes(type))));
  Shape out{e.shape(0)[0], e.shape(0)[1]};
  out.append(w->out.begin(), w->out.end());
  if (failed(e.checkShape(out, type)))
    return failure();
  return e.setResult(0, pool<linalg::PoolingNchwMaxOp>(e, *w, least), type);
}

/// How many elements of the window at `position` count in one dimension.
static int64_t countedElements(const Window &w, size_t dim, int64_t position, int64_t in, bool includePad) {
  int64_t counted = 0;
  for (int64_t k = 0; k < w.kernel[dim]; ++k) {
    int64_t at = position * w.strides[dim] - w.low[dim] + k * w.dilations[dim];
    // The padding of ceil_mode never counts.
    counted += includePad ? at < in + w.high[dim] : at >= 0 && at < in;
  }
  return counted;
}

LogicalResult emitAveragePool(NodeEmitter &e) {
  if (failed(checkSpatial(e)))
    return failure();
  int64_t spatial = e.rank(0) - 2;
  FailureOr<Window> w = readWindow(e, spatial, {}, e.intAttr("ceil_mode", 0) != 0);
  if (failed(w))
    return failure();
  bool includePad = e.intAttr("count_include_pad", 0) != 0;
  DType type = e.type(0);
  Type element = e.elementType(type);
  Shape out{e.shape(0)[0], e.shape(0)[1]};
  out.append(w->out.begin(), w->out.end());
  if (failed(e.checkShape(out, type)))
    return failure();

  // The divisor depends on the position where padding does not count.
  MutableTensor divisors(type, w->out);
  int64_t index = 0;
  forEachIndex(w->out, [&](ArrayRef<int64_t> position) {
    double count = 1;
    for (int64_t i = 0; i < spatial; ++i)
      count *= countedElements(*w, i, position[i], e.shape(0)[2 + i], includePad);
    divisors.set(index++, {count, 0});
  });
  Value sum = pool<linalg::PoolingNchwSumOp>(e, *w, e.number(element, 0));
  auto divide = [&](OpBuilder &b, Value a, Value c) -> Value { return arith::DivFOp::create(b, e.loc, a, c); };
  Value result;
  if (divisors.tensor.isSplat()) {
    result = e.pointwise(sum, out, element, [&](OpBuilder &b, ValueRange args) {
      return divide(b, args[0], e.scalar(b, element, divisors.tensor.at(0).f));
    });
  } else {
    divisors.tensor.name = e.node.name + ".divisors";
    result = e.pointwise({sum, e.materialize(divisors.tensor)},
                         {e.b.getMultiDimIdentityMap(out.size()), e.mapWithout(out.size(), {0, 1})}, out, element,
                         [&](OpBuilder &b, ValueRange args) { return divide(b, args[0], args[1]); });
  }
  return e.setResult(0, result, type);
}

LogicalResult emitGlobalPool(NodeEmitter &e) {
  if (e.rank(0) < 3)
    return e.error("input 0 needs rank 3 or more, it has shape " + shapeText(e.shape(0)));
  DType type = e.type(0);
  Type element = e.elementType(type);
  bool isMax = e.node.op == "GlobalMaxPool";
  SmallVector<int64_t> axes;
  int64_t count = 1;
  for (int64_t i = 2; i < e.rank(0); ++i) {
    axes.push_back(i);
    count *= e.shape(0)[i];
  }
  Value result = e.reduce(e.value(0), axes,
                          e.number(element, isMax ? -std::numeric_limits<double>::infinity() : 0),
                          [&](OpBuilder &b, ValueRange args) -> Value {
                            if (isMax)
                              return arith::MaximumFOp::create(b, e.loc, args[0], args[1]);
                            return arith::AddFOp::create(b, e.loc, args[0], args[1]);
                          });
  if (!isMax)
    result = e.pointwise(result, e.shape(0).take_front(2), element, [&](OpBuilder &b, ValueRange args) -> Value {
      return arith::DivFOp::create(b, e.loc, args[0], e.scalar(b, element, static_cast<double>(count)));
    });
  return e.setResult(0, e.keepDims(result, e.shape(0), axes), type);
}

} // namespace eclip::frontend
