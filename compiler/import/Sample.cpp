//===- Sample.cpp - GridSample and RoiAlign -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Math/IR/Math.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
/// Scalar code that reads an image plane at computed positions.
class Sampler : public ScalarBuilder {
public:
  Sampler(NodeEmitter &e, OpBuilder &b, DType type) : ScalarBuilder(e, b, type) {}

  /// A whole number as a position within [0, last], whatever it is: NaN is 0.
  Value position(Value x, int64_t last) {
    Value inside = arith::MaxNumFOp::create(b, e.loc, x, c(0));
    inside = arith::MinNumFOp::create(b, e.loc, inside, c(static_cast<double>(last)));
    Value integer = arith::FPToSIOp::create(b, e.loc, b.getI32Type(), inside);
    return arith::IndexCastOp::create(b, e.loc, b.getIndexType(), integer);
  }
  Value isWithin(Value x, double low, double high) {
    return logicalAnd(lessOrEqual(c(low), x), lessOrEqual(x, c(high)));
  }
  /// Mirrors x at low and high until it lies between them.
  Value reflected(Value x, double low, double high) {
    double range = high - low;
    if (range <= 0)
      return c(low);
    Value distance = abs(sub(x, c(low)));
    Value periods = floor(div(distance, c(2 * range)));
    Value rest = sub(distance, mul(periods, c(2 * range)));
    return add(c(low), min(rest, sub(c(2 * range), rest)));
  }
};

/// The attributes of a GridSample node.
struct GridMode {
  enum { Nearest, Linear, Cubic } mode;
  enum { Zeros, Border, Reflection } padding;
  bool alignCorners;
  int64_t height, width;

  double low() const { return alignCorners ? 0 : -0.5; }
  double high(int64_t extent) const { return low() + static_cast<double>(alignCorners ? extent - 1 : extent); }
};
} // namespace

static FailureOr<GridMode> readGridMode(NodeEmitter &e) {
  GridMode g;
  std::string mode = e.stringAttr("mode", e.opset() < 20 ? "bilinear" : "linear");
  std::string padding = e.stringAttr("padding_mode", "zeros");
  if (mode == "nearest")
    g.mode = GridMode::Nearest;
  else if (mode == "bilinear" || mode == "linear")
    g.mode = GridMode::Linear;
  else if (mode == "bicubic" || mode == "cubic")
    g.mode = GridMode::Cubic;
  else
    return e.error("attribute 'mode' is '" + mode + "', which is not supported");
  if (padding == "zeros")
    g.padding = GridMode::Zeros;
  else if (padding == "border")
    g.padding = GridMode::Border;
  else if (padding == "reflection")
    g.padding = GridMode::Reflection;
  else
    return e.error("attribute 'padding_mode' is '" + padding + "', which is not supported");
  g.alignCorners = e.intAttr("align_corners", 0) != 0;
  ArrayRef<int64_t> x = e.shape(0), grid = e.shape(1);
  if (x.size() != 4 || grid.size() != 4)
    return e.error("inputs of shapes " + shapeText(x) + " and " + shapeText(grid) + ": only images are supported");
  if (grid[0] != x[0] || grid[3] != 2 || !isFloat(e.type(1)))
    return e.error("a " + dtypeName(e.type(1)) + " grid of shape " + shapeText(grid) +
                   " does not fit an input of shape " + shapeText(x));
  g.height = x[2];
  g.width = x[3];
  return g;
}

/// The pixel at whole numbers row and column, which the padding may move.
static Value gridPixel(Sampler &s, const GridMode &g, Value image, ValueRange plane, Value row, Value column,
                       DType from) {
  Value inside;
  if (g.padding == GridMode::Zeros) {
    inside = s.logicalAnd(s.isWithin(row, 0, static_cast<double>(g.height - 1)),
                          s.isWithin(column, 0, static_cast<double>(g.width - 1)));
  } else if (g.padding == GridMode::Reflection) { // of the border the position's clamp takes care
    row = s.reflected(row, g.low(), g.high(g.height));
    column = s.reflected(column, g.low(), g.high(g.width));
  }
  SmallVector<Value> index(plane);
  index.push_back(s.position(row, g.height - 1));
  index.push_back(s.position(column, g.width - 1));
  Value pixel = convertScalar(s.e, s.b, tensor::ExtractOp::create(s.b, s.e.loc, image, index), from, s.type);
  return inside ? s.select(inside, pixel, s.c(0)) : pixel;
}

/// From [-1, 1] to positions.
static Value gridPosition(Sampler &s, const GridMode &g, Value x, int64_t extent) {
  double n = static_cast<double>(extent);
  Value position = g.alignCorners ? s.mul(s.add(x, s.c(1)), s.c((n - 1) / 2))
                                  : s.div(s.sub(s.mul(s.add(x, s.c(1)), s.c(n)), s.c(1)), s.c(2));
  return g.mode == GridMode::Nearest ? s.roundEven(position) : position;
}

/// The weights of the taps from floor(x) (linear) or floor(x) - 1 (cubic) on,
/// for the fraction r.
static SmallVector<Value> tapWeights(Sampler &s, const GridMode &g, Value r) {
  if (g.mode == GridMode::Linear)
    return {s.sub(s.c(1), r), r};
  constexpr double a = -0.75;
  auto outer = [&](Value d) { // ((a * d - 5a) * d + 8a) * d - 4a
    Value t = s.sub(s.mul(s.c(a), d), s.c(5 * a));
    return s.sub(s.mul(s.add(s.mul(t, d), s.c(8 * a)), d), s.c(4 * a));
  };
  auto inner = [&](Value d) { // ((a + 2) * d - (a + 3)) * d * d + 1
    Value t = s.sub(s.mul(s.c(a + 2), d), s.c(a + 3));
    return s.add(s.mul(s.mul(t, d), d), s.c(1));
  };
  Value rest = s.sub(s.c(1), r);
  return {outer(s.add(r, s.c(1))), inner(r), inner(rest), outer(s.add(rest, s.c(1)))};
}

LogicalResult emitGridSample(NodeEmitter &e) {
  FailureOr<GridMode> g = readGridMode(e);
  if (failed(g))
    return failure();
  DType type = e.type(0), gridType = e.type(1), wide = accumulationType(type);
  ArrayRef<int64_t> grid = e.shape(1);
  Shape out{e.shape(0)[0], e.shape(0)[1], grid[1], grid[2]}, plane{grid[0], grid[1], grid[2]};
  if (failed(e.checkShape(out, type)))
    return failure();
  SmallVector<Value> coordinates; // x, then y
  for (int64_t i : {0, 1})
    coordinates.push_back(e.reshape(e.slice(e.value(1), {0, 0, 0, i}, {grid[0], grid[1], grid[2], 1}), plane));
  SmallVector<AffineMap> maps(2, e.mapWithout(4, {1}));
  Value image = e.value(0);
  Value result = e.pointwise(coordinates, maps, out, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    Sampler s(e, b, wide);
    SmallVector<Value> at{linalg::IndexOp::create(b, e.loc, 0), linalg::IndexOp::create(b, e.loc, 1)};
    Value column = gridPosition(s, *g, convertScalar(e, b, args[0], gridType, wide), g->width);
    Value row = gridPosition(s, *g, convertScalar(e, b, args[1], gridType, wide), g->height);
    if (g->mode == GridMode::Nearest)
      return convertScalar(e, b, gridPixel(s, *g, image, at, row, column, type), wide, type);
    Value firstRow = s.floor(row), firstColumn = s.floor(column);
    SmallVector<Value> rowWeights = tapWeights(s, *g, s.sub(row, firstRow));
    SmallVector<Value> columnWeights = tapWeights(s, *g, s.sub(column, firstColumn));
    double before = g->mode == GridMode::Cubic ? 1 : 0;
    Value sum;
    for (auto [i, rowWeight] : llvm::enumerate(rowWeights)) {
      Value line;
      for (auto [j, columnWeight] : llvm::enumerate(columnWeights)) {
        Value pixel = gridPixel(s, *g, image, at, s.add(firstRow, s.c(static_cast<double>(i) - before)),
                                s.add(firstColumn, s.c(static_cast<double>(j) - before)), type);
        Value term = s.mul(pixel, columnWeight);
        line = line ? s.add(line, term) : term;
      }
      line = s.mul(line, rowWeight);
      sum = sum ? s.add(sum, line) : line;
    }
    return convertScalar(e, b, sum, wide, type);
  });
  return e.setResult(0, result, type);
}

//===----------------------------------------------------------------------===//
// RoiAlign
//===----------------------------------------------------------------------===//

namespace {
struct RoiMode {
  int64_t rows, columns, samples; // of the result; samples a bin in each direction
  double scale;
  bool halfPixel;
};
} // namespace

static FailureOr<RoiMode> readRoiMode(NodeEmitter &e) {
  RoiMode m;
  m.rows = e.intAttr("output_height", 1);
  m.columns = e.intAttr("output_width", 1);
  m.samples = e.intAttr("sampling_ratio", 0);
  m.scale = e.floatAttr("spatial_scale", 1);
  ArrayRef<int64_t> x = e.shape(0), rois = e.shape(1);
  if (x.size() != 4)
    return e.error("input 0 needs rank 4, it has shape " + shapeText(x));
  if (rois.size() != 2 || rois[1] != 4 || e.type(1) != e.type(0) || e.rank(2) != 1 || e.shape(2)[0] != rois[0] ||
      e.type(2) != DType::I64)
    return e.error(dtypeName(e.type(1)) + " rois of shape " + shapeText(rois) + " and " + dtypeName(e.type(2)) +
                   " batch indices of shape " + shapeText(e.shape(2)) + " do not fit each other and the input");
  if (e.stringAttr("mode", "avg") != "avg")
    return e.error("attribute 'mode' is '" + e.stringAttr("mode", "avg") + "', only avg is supported");
  if (m.rows < 1 || m.columns < 1 || m.rows > 4096 || m.columns > 4096)
    return e.error("attributes 'output_height' " + Twine(m.rows) + " and 'output_width' " + Twine(m.columns) +
                   " are out of range");
  if (m.samples < 1 || m.samples > 8)
    return e.error("attribute 'sampling_ratio' is " + Twine(m.samples) +
                   ", it must be 1 to 8: with 0 the number of samples depends on data");
  std::string transform = e.stringAttr("coordinate_transformation_mode",
                                       e.opset() < 16 ? "output_half_pixel" : "half_pixel");
  if (transform != "half_pixel" && transform != "output_half_pixel")
    return e.error("attribute 'coordinate_transformation_mode' is '" + transform + "', which is not supported");
  m.halfPixel = transform == "half_pixel";
  return m;
}

/// One sample: bilinear, 0 where it is more than a pixel outside.
static Value roiSample(Sampler &s, Value image, ValueRange plane, Value row, Value column, int64_t height,
                       int64_t width, DType from) {
  Value isInside = s.logicalAnd(s.isWithin(row, -1, static_cast<double>(height)),
                                s.isWithin(column, -1, static_cast<double>(width)));
  auto split = [&](Value x, int64_t extent, Value &low, Value &high, Value &fraction) {
    Value inside = s.min(s.max(x, s.c(0)), s.c(static_cast<double>(extent - 1)));
    Value base = s.floor(inside);
    fraction = s.sub(inside, base);
    low = s.position(base, extent - 1);
    high = s.position(s.add(base, s.c(1)), extent - 1);
  };
  Value rows[2], columns[2], rowFraction, columnFraction;
  split(row, height, rows[0], rows[1], rowFraction);
  split(column, width, columns[0], columns[1], columnFraction);
  Value sum;
  for (int i : {0, 1})
    for (int j : {0, 1}) {
      SmallVector<Value> index(plane);
      index.append({rows[i], columns[j]});
      Value pixel = convertScalar(s.e, s.b, tensor::ExtractOp::create(s.b, s.e.loc, image, index), from, s.type);
      Value rowWeight = i ? rowFraction : s.sub(s.c(1), rowFraction);
      Value columnWeight = j ? columnFraction : s.sub(s.c(1), columnFraction);
      Value term = s.mul(pixel, s.mul(rowWeight, columnWeight));
      sum = sum ? s.add(sum, term) : term;
    }
  return s.select(isInside, sum, s.c(0));
}

LogicalResult emitRoiAlign(NodeEmitter &e) {
  FailureOr<RoiMode> m = readRoiMode(e);
  if (failed(m))
    return failure();
  DType type = e.type(0), wide = accumulationType(type);
  ArrayRef<int64_t> x = e.shape(0);
  int64_t regions = e.shape(1)[0];
  Shape out{regions, x[1], m->rows, m->columns};
  if (failed(e.checkShape(out, type)))
    return failure();
  SmallVector<Value> operands; // x1, y1, x2, y2, batch index
  for (int64_t i = 0; i < 4; ++i)
    operands.push_back(e.reshape(e.slice(e.value(1), {0, i}, {regions, 1}), regions));
  operands.push_back(e.value(2));
  SmallVector<AffineMap> maps(5, e.mapWithout(4, {1, 2, 3}));
  Value image = e.value(0);
  Value result = e.pointwise(operands, maps, out, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    Sampler s(e, b, wide);
    Value corner[4];
    for (int i = 0; i < 4; ++i)
      corner[i] = s.sub(s.mul(convertScalar(e, b, args[i], type, wide), s.c(m->scale)), s.c(m->halfPixel ? 0.5 : 0));
    Value batch = arith::MaxSIOp::create(b, e.loc, args[4], e.scalar(b, b.getI64Type(), 0));
    batch = arith::MinSIOp::create(b, e.loc, batch, e.scalar(b, b.getI64Type(), static_cast<double>(x[0] - 1)));
    SmallVector<Value> plane{arith::IndexCastOp::create(b, e.loc, b.getIndexType(), batch),
                             linalg::IndexOp::create(b, e.loc, 1)};
    // Sample `i` of bin `dimension` along one direction.
    auto place = [&](int64_t dimension, Value low, Value high, int64_t bins, int64_t i) {
      Value extent = s.sub(high, low);
      if (!m->halfPixel) // regions have at least one pixel
        extent = s.max(extent, s.c(1));
      Value bin = s.div(extent, s.c(static_cast<double>(bins)));
      Value index = arith::IndexCastOp::create(b, e.loc, b.getI64Type(),
                                               linalg::IndexOp::create(b, e.loc, dimension));
      Value number = arith::SIToFPOp::create(b, e.loc, e.elementType(wide), index);
      double within = (static_cast<double>(i) + 0.5) / static_cast<double>(m->samples);
      return s.add(low, s.mul(s.add(number, s.c(within)), bin));
    };
    Value sum;
    for (int64_t i = 0; i < m->samples; ++i)
      for (int64_t j = 0; j < m->samples; ++j) {
        Value sample = roiSample(s, image, plane, place(2, corner[1], corner[3], m->rows, i),
                                 place(3, corner[0], corner[2], m->columns, j), x[2], x[3], type);
        sum = sum ? s.add(sum, sample) : sample;
      }
    Value mean = s.div(sum, s.c(static_cast<double>(m->samples * m->samples)));
    return convertScalar(e, b, mean, wide, type);
  });
  return e.setResult(0, result, type);
}

} // namespace eclip::frontend
