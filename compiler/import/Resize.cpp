//===- Resize.cpp - Resize and Upsample ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All extents are static, so which input elements an output element reads along
// an axis, and with which weights, is a table computed here. Nearest neighbours
// by a whole factor are a broadcast; everything else reads through the tables.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cmath>

using namespace mlir;

namespace eclip::frontend {

/// There is a table entry for each position: a larger extent is no image's.
static constexpr double kMaxExtent = 1 << 20;

namespace {
/// One resized axis and, for each output position, the `taps` input positions
/// that it reads.
struct ResizedAxis {
  int64_t axis = 0, in = 0, out = 0;
  double scale = 1; // as the user gave it, or out / in
  double start = 0, end = 1; // region of interest of tf_crop_and_resize
  int64_t taps = 1;
  std::vector<int64_t> index; // [out, taps]; -1 in a first tap: extrapolate
  std::vector<double> weight; // [out, taps]

  bool isIdentity() const {
    if (in != out)
      return false;
    for (int64_t o = 0; o < out; ++o)
      for (int64_t t = 0; t < taps; ++t)
        if (weight[o * taps + t] != 0 && index[o * taps + t] != o)
          return false;
    return true;
  }
  /// Nearest neighbours by a whole factor, from the left.
  bool repeatsEach() const {
    if (taps != 1 || out % in)
      return false;
    for (int64_t o = 0; o < out; ++o)
      if (index[o] != o / (out / in))
        return false;
    return true;
  }
};

class Resizer {
public:
  explicit Resizer(NodeEmitter &e) : e(e) {}
  LogicalResult read();
  LogicalResult emit();

private:
  LogicalResult readModes();
  LogicalResult readAxes(SmallVector<int64_t> &order);
  LogicalResult readExtents(ArrayRef<int64_t> order);
  LogicalResult readScales(unsigned input, ArrayRef<int64_t> order);
  LogicalResult readSizes(ArrayRef<int64_t> order);
  LogicalResult readRegion(ArrayRef<int64_t> order);
  FailureOr<SmallVector<double>> numbers(unsigned input, StringRef what, size_t count);

  /// Position in the input of an output position, before rounding.
  double coordinate(const ResizedAxis &a, int64_t o) const;
  int64_t nearest(double x, bool shrinks) const;
  void fillTable(ResizedAxis &a) const;
  void fillCubic(ResizedAxis &a, int64_t o, double x) const;

  Value repeated(Value value);
  Value interpolated(Value value, ArrayRef<ResizedAxis> axes);

  NodeEmitter &e;
  std::string mode, transform, rounding;
  double cubicCoefficient = -0.75, extrapolation = 0;
  bool excludesOutside = false;
  bool isOld = false;    // before opset 11: no modes but nearest and linear
  bool hasSizes = false; // scale is out / in
  Shape outShape;
  SmallVector<ResizedAxis> axes;
};
} // namespace

//===----------------------------------------------------------------------===//
// Attributes and inputs
//===----------------------------------------------------------------------===//

LogicalResult Resizer::readModes() {
  if (llvm::is_contained(e.shape(0), 0)) // roi and scales may be empty
    return e.error("input 0 of shape " + shapeText(e.shape(0)) + " is empty, which is not supported");
  isOld = e.opset() < 11;
  mode = e.stringAttr("mode", "nearest");
  if (mode == "bilinear" || mode == "trilinear") // of Upsample
    mode = "linear";
  if (mode != "nearest" && mode != "linear" && (mode != "cubic" || isOld))
    return e.error("attribute 'mode' is '" + mode + "', which is not supported");
  transform = e.stringAttr("coordinate_transformation_mode", isOld ? "asymmetric" : "half_pixel");
  static constexpr StringLiteral kTransforms[] = {"half_pixel",    "half_pixel_symmetric", "pytorch_half_pixel",
                                                  "align_corners", "asymmetric",           "tf_half_pixel_for_nn",
                                                  "tf_crop_and_resize"};
  if (!llvm::is_contained(kTransforms, transform))
    return e.error("attribute 'coordinate_transformation_mode' is '" + transform + "', which is not supported");
  rounding = e.stringAttr("nearest_mode", "round_prefer_floor");
  static constexpr StringLiteral kRoundings[] = {"round_prefer_floor", "round_prefer_ceil", "floor", "ceil"};
  if (!llvm::is_contained(kRoundings, rounding))
    return e.error("attribute 'nearest_mode' is '" + rounding + "', which is not supported");
  cubicCoefficient = e.floatAttr("cubic_coeff_a", -0.75);
  extrapolation = e.floatAttr("extrapolation_value", 0);
  excludesOutside = e.intAttr("exclude_outside", 0) != 0;
  if (e.intAttr("antialias", 0) != 0)
    return e.error("attribute 'antialias' must be 0");
  if (mode != "nearest" && !isFloat(e.type(0)))
    return e.error("mode '" + mode + "' needs floats, input 0 is " + dtypeName(e.type(0)));
  return success();
}

/// The axes that scales, sizes and roi speak about, in their order.
LogicalResult Resizer::readAxes(SmallVector<int64_t> &order) {
  if (!e.attribute("axes")) {
    for (int64_t i = 0; i < e.rank(0); ++i)
      order.push_back(i);
    return success();
  }
  for (int64_t axis : e.intsAttr("axes")) {
    FailureOr<int64_t> normal = e.normalizeAxis(axis, e.rank(0));
    if (failed(normal))
      return failure();
    if (llvm::is_contained(order, *normal))
      return e.error("axis " + Twine(axis) + " is given twice");
    order.push_back(*normal);
  }
  return success();
}

FailureOr<SmallVector<double>> Resizer::numbers(unsigned input, StringRef what, size_t count) {
  const HostTensor *tensor = e.constant(input);
  if (!tensor)
    return e.error("input " + Twine(input) + " (" + what +
                   ") depends on the model's inputs; it must be known at import");
  if (tensor->shape.size() != 1 || tensor->elements() != static_cast<int64_t>(count))
    return e.error("input " + Twine(input) + " (" + what + ") has shape " + shapeText(tensor->shape) + ", needs " +
                   Twine(count) + " values");
  return tensor->numbers();
}

LogicalResult Resizer::readScales(unsigned input, ArrayRef<int64_t> order) {
  SmallVector<double> scales;
  if (e.attribute("scales")) { // Upsample of opset 7
    const std::vector<double> &floats = e.attribute("scales")->floats;
    scales.assign(floats.begin(), floats.end());
    if (scales.size() != order.size())
      return e.error("attribute 'scales' has " + Twine(scales.size()) + " values, needs " + Twine(order.size()));
  } else {
    FailureOr<SmallVector<double>> given = numbers(input, "scales", order.size());
    if (failed(given))
      return failure();
    scales = *given;
  }
  for (auto [scale, axis] : llvm::zip_equal(scales, order)) {
    double extent = std::floor(static_cast<double>(e.shape(0)[axis]) * scale);
    if (!(scale > 0) || !(extent >= 1 && extent <= kMaxExtent))
      return e.error("scale " + std::to_string(scale) + " is out of range for axis " + Twine(axis) + " of extent " +
                     Twine(e.shape(0)[axis]));
    axes.push_back({axis, e.shape(0)[axis], static_cast<int64_t>(extent), scale});
  }
  return success();
}

LogicalResult Resizer::readSizes(ArrayRef<int64_t> order) {
  FailureOr<SmallVector<double>> sizes = numbers(3, "sizes", order.size());
  if (failed(sizes))
    return failure();
  hasSizes = true;
  std::string policy = e.stringAttr("keep_aspect_ratio_policy", "stretch");
  if (policy != "stretch" && policy != "not_larger" && policy != "not_smaller")
    return e.error("attribute 'keep_aspect_ratio_policy' is '" + policy + "', which is not supported");
  double common = 0;
  for (auto [size, axis] : llvm::zip_equal(*sizes, order)) {
    if (!(size >= 1 && size <= kMaxExtent))
      return e.error("size " + Twine(static_cast<int64_t>(size)) + " of axis " + Twine(axis) + " is out of range");
    double scale = size / static_cast<double>(e.shape(0)[axis]);
    common = common == 0 ? scale : policy == "not_larger" ? std::min(common, scale) : std::max(common, scale);
  }
  for (auto [size, axis] : llvm::zip_equal(*sizes, order)) {
    int64_t in = e.shape(0)[axis];
    bool stretches = policy == "stretch";
    double extent = stretches ? size : std::floor(common * static_cast<double>(in) + 0.5);
    if (!(extent >= 1 && extent <= kMaxExtent))
      return e.error("axis " + Twine(axis) + " is resized to an extent out of range");
    axes.push_back({axis, in, static_cast<int64_t>(extent), stretches ? extent / static_cast<double>(in) : common});
    hasSizes &= stretches;
  }
  return success();
}

LogicalResult Resizer::readRegion(ArrayRef<int64_t> order) {
  if (transform != "tf_crop_and_resize")
    return success();
  if (!e.has(1))
    return e.error("input 1 (roi) is missing, which 'tf_crop_and_resize' needs");
  FailureOr<SmallVector<double>> region = numbers(1, "roi", 2 * order.size());
  if (failed(region))
    return failure();
  for (auto [i, axis] : llvm::enumerate(axes)) {
    axis.start = (*region)[i];
    axis.end = (*region)[order.size() + i];
    if (!std::isfinite(axis.start) || !std::isfinite(axis.end))
      return e.error("input 1 (roi) is not finite");
  }
  return success();
}

LogicalResult Resizer::readExtents(ArrayRef<int64_t> order) {
  bool isUpsample = e.node.op == "Upsample";
  if (isOld)
    return isUpsample && e.opset() < 9 ? readScales(0, order) : readScales(1, order);
  // An empty tensor stands for an omitted one.
  auto isGiven = [&](unsigned i) { return e.has(i) && !llvm::is_contained(e.shape(i), 0); };
  if (isGiven(2) == isGiven(3))
    return e.error(isGiven(2) ? "scales and sizes are both given" : "neither scales nor sizes are given");
  return isGiven(2) ? readScales(2, order) : readSizes(order);
}

LogicalResult Resizer::read() {
  SmallVector<int64_t> order;
  if (failed(readModes()) || failed(readAxes(order)) || failed(readExtents(order)) || failed(readRegion(order)))
    return failure();
  outShape.assign(e.shape(0).begin(), e.shape(0).end());
  for (const ResizedAxis &a : axes)
    outShape[a.axis] = a.out;
  if (failed(e.checkShape(outShape, e.type(0))))
    return failure();
  for (ResizedAxis &a : axes)
    fillTable(a);
  llvm::erase_if(axes, [](const ResizedAxis &a) { return a.isIdentity(); });
  return success();
}

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

double Resizer::coordinate(const ResizedAxis &a, int64_t position) const {
  double o = static_cast<double>(position), in = static_cast<double>(a.in), out = static_cast<double>(a.out);
  // The extent before rounding, as ONNX's reference implementation takes it.
  double exact = hasSizes ? out : in * a.scale;
  auto unscaled = [&](double x) { return hasSizes ? x * in / out : x / a.scale; };
  if (transform == "asymmetric")
    return unscaled(o);
  if (transform == "tf_half_pixel_for_nn")
    return unscaled(o + 0.5);
  if (transform == "align_corners")
    return a.out == 1 ? 0 : o * (in - 1) / (exact - 1);
  if (transform == "tf_crop_and_resize")
    return a.out == 1 ? 0.5 * (a.start + a.end) * (in - 1)
                      : a.start * (in - 1) + o * (a.end - a.start) * (in - 1) / (exact - 1);
  if (transform == "pytorch_half_pixel" && a.out == 1)
    return 0;
  double halfPixel = unscaled(o + 0.5) - 0.5;
  if (transform == "half_pixel_symmetric")
    return in / 2 * (1 - out / exact) + halfPixel;
  return halfPixel;
}

int64_t Resizer::nearest(double x, bool shrinks) const {
  if (isOld)
    return static_cast<int64_t>(shrinks ? std::ceil(x) : std::floor(x));
  if (rounding == "floor")
    return static_cast<int64_t>(std::floor(x));
  if (rounding == "ceil")
    return static_cast<int64_t>(std::ceil(x));
  return static_cast<int64_t>(rounding == "round_prefer_floor" ? std::ceil(x - 0.5) : std::floor(x + 0.5));
}

/// Keys' cubic convolution around floor(x).
void Resizer::fillCubic(ResizedAxis &a, int64_t o, double x) const {
  double base = std::floor(x), r = x - base, c = cubicCoefficient;
  double weights[4] = {((c * (r + 1) - 5 * c) * (r + 1) + 8 * c) * (r + 1) - 4 * c,
                       ((c + 2) * r - (c + 3)) * r * r + 1,
                       ((c + 2) * (1 - r) - (c + 3)) * (1 - r) * (1 - r) + 1,
                       ((c * (2 - r) - 5 * c) * (2 - r) + 8 * c) * (2 - r) - 4 * c};
  double sum = 0;
  for (int64_t t = 0; t < 4; ++t) {
    int64_t at = static_cast<int64_t>(base) - 1 + t;
    if (excludesOutside && (at < 0 || at >= a.in))
      weights[t] = 0;
    sum += weights[t];
    a.index[4 * o + t] = std::clamp<int64_t>(at, 0, a.in - 1);
  }
  for (int64_t t = 0; t < 4; ++t)
    a.weight[4 * o + t] = excludesOutside ? weights[t] / sum : weights[t];
}

void Resizer::fillTable(ResizedAxis &a) const {
  a.taps = mode == "nearest" ? 1 : mode == "linear" ? 2 : 4;
  a.index.assign(a.out * a.taps, 0);
  a.weight.assign(a.out * a.taps, 1);
  double last = static_cast<double>(a.in - 1);
  for (int64_t o = 0; o < a.out; ++o) {
    double x = coordinate(a, o);
    bool isOutside = transform == "tf_crop_and_resize" && (x < 0 || x > last);
    if (mode == "cubic") {
      fillCubic(a, o, std::clamp(x, -4.0, last + 4));
    } else if (mode == "linear") {
      double inside = std::clamp(x, 0.0, last), base = std::floor(inside);
      a.index[2 * o] = static_cast<int64_t>(base);
      a.index[2 * o + 1] = std::min(a.index[2 * o] + 1, a.in - 1);
      a.weight[2 * o] = 1 - (inside - base);
      a.weight[2 * o + 1] = inside - base;
    } else {
      a.index[o] = std::clamp<int64_t>(nearest(std::clamp(x, -1.0, last + 1), a.out < a.in), 0, a.in - 1);
    }
    if (isOutside)
      a.index[o * a.taps] = -1;
  }
}

//===----------------------------------------------------------------------===//
// Emission
//===----------------------------------------------------------------------===//

Value Resizer::repeated(Value value) {
  // Behind each repeated dimension one of the factor's extent.
  Shape expanded;
  SmallVector<AffineExpr> reads;
  for (int64_t d = 0; d < e.rank(0); ++d) {
    int64_t in = e.shape(0)[d];
    reads.push_back(e.b.getAffineDimExpr(expanded.size()));
    expanded.push_back(in);
    if (outShape[d] != in)
      expanded.push_back(outShape[d] / in);
  }
  AffineMap map = AffineMap::get(expanded.size(), 0, reads, e.b.getContext());
  Value result = e.pointwise(value, map, expanded, e.elementType(e.type(0)),
                             [](OpBuilder &, ValueRange args) { return args[0]; });
  return e.reshape(result, outShape);
}

/// Resizes `resized` at once: the product of their taps is read per element.
Value Resizer::interpolated(Value value, ArrayRef<ResizedAxis> resized) {
  Location loc = e.loc;
  DType type = e.type(0), wide = mode == "nearest" ? type : accumulationType(type);
  Shape shape(shapeOf(value));
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  for (const ResizedAxis &a : resized) {
    shape[a.axis] = a.out;
    for (int64_t t = 0; t < a.taps; ++t) {
      MutableTensor index(DType::I32, a.out), weight(wide, a.out);
      for (int64_t o = 0; o < a.out; ++o) {
        index.set(o, {0, a.index[o * a.taps + t]});
        weight.set(o, {a.weight[o * a.taps + t], 0});
      }
      std::string name = e.node.name + ".axis" + std::to_string(a.axis) + "." + std::to_string(t);
      index.tensor.name = name + ".index";
      weight.tensor.name = name + ".weight";
      tables.push_back(e.materialize(index.tensor));
      if (a.taps > 1)
        tables.push_back(e.materialize(weight.tensor));
    }
  }
  AffineMap identity = e.b.getMultiDimIdentityMap(shape.size());
  for (const ResizedAxis &a : resized)
    maps.append(a.taps > 1 ? 2 * a.taps : 1, identity.getSubMap({static_cast<unsigned>(a.axis)}));
  bool extrapolates = transform == "tf_crop_and_resize";
  return e.pointwise(tables, maps, shape, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    SmallVector<Value> position;
    for (size_t d = 0; d < shape.size(); ++d)
      position.push_back(linalg::IndexOp::create(b, loc, d));
    Value isOutside, zero = e.scalar(b, b.getI32Type(), 0);
    // Along the axes from `at` on, whose table entries begin at `next`.
    auto read = [&](auto &self, size_t at, size_t next) -> Value {
      if (at == resized.size())
        return convertScalar(e, b, tensor::ExtractOp::create(b, loc, value, position), type, wide);
      const ResizedAxis &a = resized[at];
      size_t step = a.taps > 1 ? 2 : 1;
      Value sum;
      for (int64_t t = 0; t < a.taps; ++t) {
        Value index = args[next + t * step];
        if (extrapolates && t == 0)
          index = arith::MaxSIOp::create(b, loc, index, zero);
        position[a.axis] = arith::IndexCastOp::create(b, loc, b.getIndexType(), index);
        Value element = self(self, at + 1, next + a.taps * step);
        if (a.taps > 1)
          element = s.mul(element, args[next + t * step + 1]);
        sum = sum ? s.add(sum, element) : element;
      }
      return sum;
    };
    Value result = read(read, 0, 0);
    size_t next = 0;
    for (const ResizedAxis &a : resized) {
      Value outside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, args[next], zero);
      isOutside = isOutside ? Value(arith::OrIOp::create(b, loc, isOutside, outside)) : outside;
      next += a.taps > 1 ? 2 * a.taps : 1;
    }
    if (extrapolates)
      result = s.select(isOutside, s.c(extrapolation), result);
    return convertScalar(e, b, result, wide, type);
  });
}

LogicalResult Resizer::emit() {
  DType type = e.type(0);
  Value value = e.value(0);
  if (axes.empty())
    return e.forward(0, 0);
  if (llvm::all_of(axes, [](const ResizedAxis &a) { return a.repeatsEach(); }))
    return e.setResult(0, repeated(value), type);
  // 16 reads for an element are one kernel; beyond that an axis each.
  int64_t reads = 1;
  for (const ResizedAxis &a : axes)
    reads *= a.taps;
  if (reads <= 16 || transform == "tf_crop_and_resize")
    return e.setResult(0, interpolated(value, axes), type);
  for (const ResizedAxis &a : axes)
    value = interpolated(value, a);
  return e.setResult(0, value, type);
}

LogicalResult emitResize(NodeEmitter &e) {
  Resizer resizer(e);
  return failed(resizer.read()) ? failure() : resizer.emit();
}

} // namespace eclip::frontend
