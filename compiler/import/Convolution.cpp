//===- Convolution.cpp - convolutions that operators share --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Convolution.h"

#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace eclip::frontend {

/// Of any number of spatial dimensions: input n, (g,) c, i.., weights
/// (g,) f, c, k.., result n, (g,) f, o.. with the loops in the order
/// n, (g,) f, o.., c, k...
static Value genericConv(NodeEmitter &e, Value input, Value weights, Value init, const ConvGeometry &geometry,
                         bool isGrouped) {
  int64_t spatial = geometry.strides.size(), lead = isGrouped ? 3 : 2, parallel = lead + spatial;
  int64_t loops = parallel + 1 + spatial;
  auto dim = [&](int64_t i) { return e.b.getAffineDimExpr(i); };
  SmallVector<AffineExpr> reads{dim(0)}, filters, writes;
  for (int64_t i = 0; i < parallel; ++i)
    writes.push_back(dim(i));
  if (isGrouped) {
    reads.push_back(dim(1));
    filters.push_back(dim(1));
  }
  filters.push_back(dim(lead - 1));
  reads.push_back(dim(parallel));
  filters.push_back(dim(parallel));
  for (int64_t i = 0; i < spatial; ++i) {
    AffineExpr tap = dim(parallel + 1 + i);
    reads.push_back(dim(lead + i) * geometry.strides[i] + tap * geometry.dilations[i]);
    filters.push_back(tap);
  }
  SmallVector<AffineMap> maps;
  for (ArrayRef<AffineExpr> results : {ArrayRef<AffineExpr>(reads), ArrayRef<AffineExpr>(filters),
                                       ArrayRef<AffineExpr>(writes)})
    maps.push_back(AffineMap::get(loops, 0, results, e.b.getContext()));
  SmallVector<utils::IteratorType> iterators(parallel, utils::IteratorType::parallel);
  iterators.append(1 + spatial, utils::IteratorType::reduction);
  return linalg::GenericOp::create(e.b, e.loc, init.getType(), ValueRange{input, weights}, init, maps, iterators,
                                   [&](OpBuilder &b, Location, ValueRange args) {
                                     Value product = arith::MulFOp::create(b, e.loc, args[0], args[1]);
                                     Value sum = arith::AddFOp::create(b, e.loc, args[2], product);
                                     linalg::YieldOp::create(b, e.loc, sum);
                                   })
      .getResult(0);
}

static ConvGeometry withUnitHeight(ConvGeometry g) {
  g.strides.insert(g.strides.begin(), 1);
  g.dilations.insert(g.dilations.begin(), 1);
  g.low.insert(g.low.begin(), 0);
  g.high.insert(g.high.begin(), 0);
  return g;
}

Value convolve(NodeEmitter &e, Value input, ArrayRef<int64_t> weightShape, ShapedWeights weights,
               const ConvGeometry &given) {
  ArrayRef<int64_t> x = shapeOf(input);
  Type element = cast<RankedTensorType>(input.getType()).getElementType();
  bool is1D = x.size() == 3, isGrouped = given.group > 1;
  ConvGeometry g = is1D ? withUnitHeight(given) : given;
  int64_t spatial = g.strides.size(), filters = weightShape[0];

  // In the order n, (g,) c, d.. and (g,) f, c, k...
  Shape inShape{x[0]}, kernelShape, outShape{x[0]};
  if (isGrouped) {
    inShape.push_back(g.group);
    kernelShape.push_back(g.group);
    outShape.push_back(g.group);
  }
  inShape.push_back(x[1] / g.group);
  kernelShape.append({filters / g.group, weightShape[1]});
  outShape.push_back(filters / g.group);
  int64_t lead = inShape.size();
  Shape finalShape{x[0], filters};
  for (int64_t i = 0; i < spatial; ++i) {
    int64_t at = is1D ? i - 1 : i; // -1: the unit height
    int64_t in = at < 0 ? 1 : x[2 + at], kernel = at < 0 ? 1 : weightShape[2 + at];
    inShape.push_back(in);
    kernelShape.push_back(kernel);
    outShape.push_back((in + g.low[i] + g.high[i] - (kernel - 1) * g.dilations[i] - 1) / g.strides[i] + 1);
    if (at >= 0)
      finalShape.push_back(outShape.back());
  }
  Shape low(lead, 0), high(lead, 0);
  low.append(g.low);
  high.append(g.high);
  input = e.padded(e.reshape(input, inShape), low, high, e.number(element, 0));
  Value kernel = weights(kernelShape), init = e.filled(outShape, e.number(element, 0));
  auto strides = e.b.getI64VectorAttr(g.strides), dilations = e.b.getI64VectorAttr(g.dilations);
  Value result;
  if (spatial != 2)
    result = genericConv(e, input, kernel, init, g, isGrouped);
  else if (isGrouped)
    result = linalg::Conv2DNgchwGfchwOp::create(e.b, e.loc, init.getType(), ValueRange{input, kernel}, init, strides,
                                                dilations)
                 .getResult(0);
  else
    result = linalg::Conv2DNchwFchwOp::create(e.b, e.loc, init.getType(), ValueRange{input, kernel}, init, strides,
                                              dilations)
                 .getResult(0);
  return e.reshape(result, finalShape);
}

Value addBias(NodeEmitter &e, Value value, Value bias) {
  ArrayRef<int64_t> shape = shapeOf(value);
  int64_t rank = shape.size();
  return e.pointwise({value, bias},
                     {e.b.getMultiDimIdentityMap(rank), AffineMap::get(rank, 0, e.b.getAffineDimExpr(1))}, shape,
                     cast<RankedTensorType>(value.getType()).getElementType(),
                     [&](OpBuilder &b, ValueRange args) -> Value {
                       return arith::AddFOp::create(b, e.loc, args[0], args[1]);
                     });
}

} // namespace eclip::frontend
