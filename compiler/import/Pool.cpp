//===- Pool.cpp - pooling -------------------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"
#include "compiler/import/Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <limits>

using namespace mlir;

namespace eclip::frontend {

static FailureOr<Window> poolWindow(NodeEmitter &e) {
  int64_t spatial = e.rank(0) - 2;
  if (spatial < 1 || spatial > 3)
    return e.error("input 0 has shape " + shapeText(e.shape(0)) + ": only 1-D to 3-D pooling is supported");
  FailureOr<Window> window = readWindow(e, spatial, {}, e.intAttr("ceil_mode", 0) != 0);
  if (failed(window) || !e.attribute("pads"))
    return window;
  // A window of nothing but padding has no maximum and no average.
  for (int64_t i = 0; i < spatial; ++i)
    if (std::max(window->low[i], window->high[i]) >= window->kernel[i])
      return e.error("attribute 'pads' is not smaller than the kernel of " + Twine(window->kernel[i]) +
                     " in spatial dimension " + Twine(i));
  return window;
}

static Shape outShape(NodeEmitter &e, const Window &w) {
  Shape out{e.shape(0)[0], e.shape(0)[1]};
  out.append(w.out);
  return out;
}

/// [n, c, d..] or [d..] with the window's padding around the spatial dimensions.
static Value padWindow(NodeEmitter &e, Value value, const Window &w, TypedAttr padding) {
  size_t lead = shapeOf(value).size() - w.low.size();
  Shape low(lead, 0), high(lead, 0);
  for (size_t i = 0; i < w.low.size(); ++i) {
    low.push_back(w.low[i]);
    high.push_back(w.high[i] + w.ceilExtra[i]);
  }
  return e.padded(value, low, high, padding);
}

/// A reduction over the window at each position, in the loop order n, c, o..,
/// k... Operands of `windowed` are [n, c, i..] or [i..], those of `fixed`
/// [n, c, o..]. The body gets them in this order, then the accumulator.
static Value reduceWindow(NodeEmitter &e, ValueRange windowed, ValueRange fixed, const Window &w, TypedAttr init,
                          NodeEmitter::Body body) {
  int64_t spatial = w.kernel.size(), parallel = 2 + spatial, loops = parallel + spatial;
  MLIRContext *context = e.b.getContext();
  auto dim = [&](int64_t i) { return e.b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> reads{dim(0), dim(1)}, writes{dim(0), dim(1)}, taps;
  for (int64_t i = 0; i < spatial; ++i) {
    reads.push_back(dim(2 + i) * w.strides[i] + dim(parallel + i) * w.dilations[i]);
    writes.push_back(dim(2 + i));
    taps.push_back(dim(parallel + i));
  }
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  for (Value operand : windowed) {
    operands.push_back(operand);
    size_t rank = shapeOf(operand).size();
    maps.push_back(AffineMap::get(loops, 0, ArrayRef<AffineExpr>(reads).take_back(rank), context));
  }
  for (Value operand : fixed) {
    operands.push_back(operand);
    maps.push_back(AffineMap::get(loops, 0, writes, context));
  }
  // Only its shape counts: it bounds the window's loops.
  operands.push_back(e.emptyTensor(w.kernel, init.getType()));
  maps.push_back(AffineMap::get(loops, 0, taps, context));
  maps.push_back(AffineMap::get(loops, 0, writes, context));
  SmallVector<utils::IteratorType> iterators(parallel, utils::IteratorType::parallel);
  iterators.append(spatial, utils::IteratorType::reduction);
  Value accumulator = e.filled(outShape(e, w), init);
  size_t given = operands.size() - 1;
  return linalg::GenericOp::create(e.b, e.loc, accumulator.getType(), operands, accumulator, maps, iterators,
                                   [&](OpBuilder &b, Location, ValueRange args) {
                                     SmallVector<Value> used(args.begin(), args.begin() + given);
                                     used.push_back(args.back());
                                     linalg::YieldOp::create(b, e.loc, body(b, used));
                                   })
      .getResult(0);
}

/// linalg's named operation over a padded [n, c, d..] of one or two spatial
/// dimensions, one with a unit height.
template <typename PoolOp>
static Value namedPool(NodeEmitter &e, Value input, const Window &given, TypedAttr init) {
  bool is1D = given.kernel.size() == 1;
  Window w = is1D ? given.withUnitHeight() : given;
  Shape inShape(shapeOf(input)), result = outShape(e, w);
  if (is1D)
    inShape.insert(inShape.begin() + 2, 1);
  input = padWindow(e, e.reshape(input, inShape), w, init);
  Value window = e.emptyTensor(w.kernel, init.getType()), sums = e.filled(result, init);
  sums = PoolOp::create(e.b, e.loc, sums.getType(), ValueRange{input, window}, sums,
                        e.b.getI64VectorAttr(w.strides), e.b.getI64VectorAttr(w.dilations))
             .getResult(0);
  return e.reshape(sums, outShape(e, given));
}

/// The sum of each window over `input`, whose elements have `type`.
static Value poolSum(NodeEmitter &e, Value input, const Window &w, DType type) {
  TypedAttr zero = e.number(e.elementType(type), 0);
  if (w.kernel.size() <= 2)
    return namedPool<linalg::PoolingNchwSumOp>(e, input, w, zero);
  return reduceWindow(e, padWindow(e, input, w, zero), {}, w, zero, [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, type).add(args[0], args[1]);
  });
}

//===----------------------------------------------------------------------===//
// MaxPool
//===----------------------------------------------------------------------===//

static Value poolMax(NodeEmitter &e, const Window &w, DType type) {
  TypedAttr least = extremeInit(e, type, /*isMax=*/true);
  // The named operation compares integers as signed ones.
  if (w.kernel.size() <= 2 && !isUnsigned(type))
    return namedPool<linalg::PoolingNchwMaxOp>(e, e.value(0), w, least);
  return reduceWindow(e, padWindow(e, e.value(0), w, least), {}, w, least, [&](OpBuilder &b, ValueRange args) {
    return ScalarBuilder(e, b, type).max(args[0], args[1]);
  });
}

/// The least position in each window that holds the maximum, as an index into
/// the whole flattened input.
static FailureOr<Value> maxIndices(NodeEmitter &e, const Window &w, Value most, DType type) {
  ArrayRef<int64_t> in = e.shape(0).drop_front(2);
  int64_t spatial = in.size(), pixels = 1;
  for (int64_t extent : in)
    pixels *= extent;
  constexpr int64_t kNone = std::numeric_limits<int32_t>::max();
  if (pixels >= kNone)
    return e.error("the input has " + Twine(pixels) + " positions a channel, too many for Indices");
  bool isColumnMajor = e.intAttr("storage_order", 0) != 0;
  // Positions in a channel are constants; around them is what no minimum takes.
  MutableTensor table(DType::I32, in);
  int64_t at = 0;
  forEachIndex(in, [&](ArrayRef<int64_t> index) {
    int64_t position = 0;
    for (int64_t i = 0; i < spatial; ++i) {
      int64_t d = isColumnMajor ? spatial - 1 - i : i;
      position = position * in[d] + index[d];
    }
    table.set(at++, {0, position});
  });
  table.tensor.name = e.node.name + ".positions";
  TypedAttr none = e.b.getI32IntegerAttr(kNone);
  Value positions = padWindow(e, e.materialize(table.tensor), w, none);
  Value input = padWindow(e, e.value(0), w, extremeInit(e, type, /*isMax=*/true));
  Value local = reduceWindow(e, {input, positions}, most, w, none, [&](OpBuilder &b, ValueRange args) -> Value {
    // NaN, which equals nothing, is found too.
    Value isMost = isFloat(type) ? Value(arith::CmpFOp::create(b, e.loc, arith::CmpFPredicate::UEQ, args[0], args[2]))
                                 : ScalarBuilder(e, b, type).equal(args[0], args[2]);
    Value candidate = arith::SelectOp::create(b, e.loc, isMost, args[1], args[3]);
    return arith::MinSIOp::create(b, e.loc, candidate, args[3]);
  });
  int64_t channels = e.shape(0)[1];
  Type i64 = e.b.getI64Type();
  return e.pointwise(local, shapeOf(local), i64, [&](OpBuilder &b, ValueRange args) -> Value {
    Value image = linalg::IndexOp::create(b, e.loc, 0), channel = linalg::IndexOp::create(b, e.loc, 1);
    Value plane = arith::AddIOp::create(b, e.loc, e.linear(b, image, channels, 0), channel);
    Value base = arith::IndexCastOp::create(b, e.loc, i64, e.linear(b, plane, pixels, 0));
    return arith::AddIOp::create(b, e.loc, base, arith::ExtSIOp::create(b, e.loc, i64, args[0]));
  });
}

LogicalResult emitMaxPool(NodeEmitter &e) {
  FailureOr<Window> w = poolWindow(e);
  if (failed(w))
    return failure();
  DType type = e.type(0);
  if (failed(e.checkShape(outShape(e, *w), type)))
    return failure();
  Value most = poolMax(e, *w, type);
  if (failed(e.setResult(0, most, type)))
    return failure();
  if (!e.wants(1))
    return success();
  FailureOr<Value> indices = maxIndices(e, *w, most, type);
  return failed(indices) ? failure() : e.setResult(1, *indices, DType::I64);
}

//===----------------------------------------------------------------------===//
// AveragePool and LpPool
//===----------------------------------------------------------------------===//

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
  FailureOr<Window> w = poolWindow(e);
  if (failed(w))
    return failure();
  int64_t spatial = e.rank(0) - 2;
  bool includePad = e.intAttr("count_include_pad", 0) != 0;
  DType type = e.type(0), wide = accumulationType(type);
  Shape out = outShape(e, *w);
  if (failed(e.checkShape(out, type)))
    return failure();

  // The divisor depends on the position where padding does not count.
  MutableTensor divisors(wide, w->out);
  int64_t index = 0;
  forEachIndex(w->out, [&](ArrayRef<int64_t> position) {
    double count = 1;
    for (int64_t i = 0; i < spatial; ++i)
      count *= countedElements(*w, i, position[i], e.shape(0)[2 + i], includePad);
    divisors.set(index++, {count, 0});
  });
  Value sum = poolSum(e, converted(e, e.value(0), type, wide), *w, wide);
  auto divide = [&](OpBuilder &b, Value a, Value c) {
    return convertScalar(e, b, ScalarBuilder(e, b, wide).div(a, c), wide, type);
  };
  Value result;
  if (divisors.tensor.isSplat()) {
    result = e.pointwise(sum, out, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
      return divide(b, args[0], ScalarBuilder(e, b, wide).c(divisors.tensor.at(0).f));
    });
  } else {
    divisors.tensor.name = e.node.name + ".divisors";
    result = e.pointwise({sum, e.materialize(divisors.tensor)},
                         {e.b.getMultiDimIdentityMap(out.size()), e.mapWithout(out.size(), {0, 1})}, out,
                         e.elementType(type),
                         [&](OpBuilder &b, ValueRange args) { return divide(b, args[0], args[1]); });
  }
  return e.setResult(0, result, type);
}

/// |x|^p, and the p-th root.
static Value power(ScalarBuilder &s, Value x, int64_t p) {
  if (p == 2)
    return s.mul(x, x);
  return p == 1 ? s.abs(x) : s.pow(s.abs(x), s.c(static_cast<double>(p)));
}
static Value root(ScalarBuilder &s, Value x, int64_t p) {
  if (p == 2)
    return s.sqrt(x);
  return p == 1 ? x : s.pow(x, s.c(1.0 / static_cast<double>(p)));
}

static FailureOr<int64_t> readNorm(NodeEmitter &e) {
  int64_t p = e.intAttr("p", 2);
  if (p < 1 || p > 1024)
    return e.error("attribute 'p' is " + Twine(p) + ", which is out of range");
  return p;
}

LogicalResult emitLpPool(NodeEmitter &e) {
  FailureOr<Window> w = poolWindow(e);
  FailureOr<int64_t> p = failed(w) ? FailureOr<int64_t>(failure()) : readNorm(e);
  if (failed(p) || failed(e.checkShape(outShape(e, *w), e.type(0))))
    return failure();
  DType type = e.type(0), wide = accumulationType(type);
  Value powers = mapped(e, converted(e, e.value(0), type, wide), wide,
                        [&](ScalarBuilder &s, Value x) { return power(s, x, *p); });
  Value result = mapped(e, poolSum(e, powers, *w, wide), wide,
                        [&](ScalarBuilder &s, Value x) { return root(s, x, *p); });
  return e.setResult(0, converted(e, result, wide, type), type);
}

//===----------------------------------------------------------------------===//
// Global pooling
//===----------------------------------------------------------------------===//

LogicalResult emitGlobalPool(NodeEmitter &e) {
  if (e.rank(0) < 3)
    return e.error("input 0 needs rank 3 or more, it has shape " + shapeText(e.shape(0)));
  DType type = e.type(0), wide = accumulationType(type);
  SmallVector<int64_t> axes;
  for (int64_t i = 2; i < e.rank(0); ++i)
    axes.push_back(i);
  Value x = converted(e, e.value(0), type, wide), result;
  if (e.node.op == "GlobalMaxPool") {
    result = maxOver(e, x, axes, wide);
  } else if (e.node.op == "GlobalLpPool") {
    FailureOr<int64_t> p = readNorm(e);
    if (failed(p))
      return failure();
    Value powers = mapped(e, x, wide, [&](ScalarBuilder &s, Value v) { return power(s, v, *p); });
    result = mapped(e, sumOver(e, powers, axes, wide), wide,
                    [&](ScalarBuilder &s, Value v) { return root(s, v, *p); });
  } else {
    double count = static_cast<double>(extentOf(e.shape(0), axes));
    result = mapped(e, sumOver(e, x, axes, wide), wide,
                    [&](ScalarBuilder &s, Value v) { return s.div(v, s.c(count)); });
  }
  return e.setResult(0, e.keepDims(converted(e, result, wide, type), e.shape(0), axes), type);
}

} // namespace eclip::frontend
