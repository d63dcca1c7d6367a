//===- ConvTranspose.cpp - transposed convolution -----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// In one dimension with stride s, output position o (before cropping) is the sum
// over i and k with o = i * s + k of x[i] * w[k]. With o = q * s + r and
// k = j * s + r it is, for each phase r, a convolution over q of x with the taps
// w[j * s + r], reversed: one convolution with s times the filters, whose result
// is interleaved like DepthToSpace. It multiplies by no inserted zeros.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Convolution.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;

namespace eclip::frontend {

/// Weights grow by taps that are zeros where strides exceed the kernel.
static constexpr int64_t kMaxPhaseWeights = int64_t(1) << 28;

namespace {
/// One spatial dimension.
struct Dimension {
  int64_t in, kernel, stride, dilation;
  int64_t begin = 0, out = 0; // the part of the full result that is kept

  // The convolution: `taps` of distance `tapDistance` in each of `stride`
  // phases, over the positions `first` to `last` (excluded) of q.
  int64_t taps = 0, tapDistance = 1, first = 0, last = 0;

  void plan() {
    bool dilates = stride == 1; // the convolution's own dilation will do
    int64_t extent = dilates ? kernel : (kernel - 1) * dilation + 1;
    taps = llvm::divideCeil(extent, stride);
    tapDistance = dilates ? dilation : 1;
    first = llvm::divideFloorSigned(begin, stride);
    last = llvm::divideCeilSigned(begin + out, stride);
  }
  int64_t positions() const { return last - first; }
  int64_t low() const { return (taps - 1) * tapDistance - first; }
  int64_t high() const { return positions() + (taps - 1) * tapDistance - low() - in; }
  /// The kernel element that tap `j` of phase `r` takes; none if it is a zero.
  std::optional<int64_t> element(int64_t j, int64_t r) const {
    int64_t k = (taps - 1 - j) * stride + r;
    if (stride != 1) {
      if (k % dilation)
        return std::nullopt;
      k /= dilation;
    }
    return k < kernel ? std::optional(k) : std::nullopt;
  }
};

class TransposedConv {
public:
  explicit TransposedConv(NodeEmitter &e) : e(e) {}
  LogicalResult read();
  LogicalResult emit();

private:
  LogicalResult readGeometry();
  LogicalResult setExtent(size_t i, ArrayRef<int64_t> pads, int64_t outPadding, ArrayRef<int64_t> outShape);
  Value cropped();
  Value weights(ArrayRef<int64_t> shape);
  Value constantWeights(const HostTensor &given, ArrayRef<int64_t> shape);
  Value runtimeWeights(ArrayRef<int64_t> shape);
  Value interleave(Value value);
  /// g, f / g, phases, c / g, taps
  Shape phaseShape() const;

  NodeEmitter &e;
  int64_t group = 1, channels = 0, filters = 0;
  SmallVector<Dimension, 3> dims;
};
} // namespace

LogicalResult TransposedConv::read() {
  ArrayRef<int64_t> x = e.shape(0), w = e.shape(1);
  int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  if (spatial < 1 || spatial > 3)
    return e.error("input 0 has shape " + shapeText(x) + ": only 1-D to 3-D convolutions are supported");
  group = e.intAttr("group", 1);
  channels = x[1];
  if (w.size() != x.size() || w[0] != channels || e.type(1) != e.type(0))
    return e.error(dtypeName(e.type(1)) + " weights of shape " + shapeText(w) + " do not fit a " +
                   dtypeName(e.type(0)) + " input of shape " + shapeText(x));
  if (group < 1 || channels % group)
    return e.error("attribute 'group' is " + Twine(group) + ", which does not divide " + Twine(channels) +
                   " channels");
  filters = w[1] * group;
  if (e.has(2) && (e.rank(2) != 1 || e.shape(2)[0] != filters || e.type(2) != e.type(0)))
    return e.error("the bias must be a " + dtypeName(e.type(0)) + " vector of " + Twine(filters) + " values, not " +
                   dtypeName(e.type(2)) + " " + shapeText(e.shape(2)));
  return readGeometry();
}

LogicalResult TransposedConv::readGeometry() {
  ArrayRef<int64_t> x = e.shape(0), w = e.shape(1);
  size_t spatial = x.size() - 2;
  FailureOr<Shape> strides = readExtents(e, "strides", spatial, 1, 1);
  FailureOr<Shape> dilations = failed(strides) ? strides : readExtents(e, "dilations", spatial, 1, 1);
  FailureOr<Shape> pads = failed(dilations) ? dilations : readExtents(e, "pads", 2 * spatial, 0, 0);
  FailureOr<Shape> outPadding = failed(pads) ? pads : readExtents(e, "output_padding", spatial, 0, 0);
  if (failed(outPadding))
    return failure();
  Shape outShape;
  if (e.attribute("output_shape")) {
    // Some exporters write batch and channels too.
    size_t given = e.intsAttr("output_shape").size();
    FailureOr<Shape> whole = readExtents(e, "output_shape", given == spatial + 2 ? given : spatial, 1, 1);
    if (failed(whole))
      return failure();
    outShape.assign(whole->end() - spatial, whole->end());
  }
  if (e.attribute("kernel_shape") && ArrayRef<int64_t>(e.intsAttr("kernel_shape")) != w.drop_front(2))
    return e.error("attribute 'kernel_shape' is " + shapeText(e.intsAttr("kernel_shape")) + ", the weights have " +
                   shapeText(w.drop_front(2)));
  for (size_t i = 0; i < spatial; ++i) {
    dims.push_back({x[2 + i], w[2 + i], (*strides)[i], (*dilations)[i]});
    if (failed(setExtent(i, {(*pads)[i], (*pads)[spatial + i]}, (*outPadding)[i], outShape)))
      return failure();
  }
  return success();
}

LogicalResult TransposedConv::setExtent(size_t i, ArrayRef<int64_t> pads, int64_t outPadding,
                                        ArrayRef<int64_t> outShape) {
  Dimension &d = dims[i];
  int64_t full = d.stride * (d.in - 1) + outPadding + (d.kernel - 1) * d.dilation + 1;
  std::string autoPad = e.stringAttr("auto_pad", "NOTSET");
  bool isSame = autoPad == "SAME_UPPER" || autoPad == "SAME_LOWER";
  if (!isSame && autoPad != "VALID" && autoPad != "NOTSET")
    return e.error("attribute 'auto_pad' is '" + autoPad + "', which is not supported");
  if (!outShape.empty() || isSame) {
    d.out = outShape.empty() ? d.in * d.stride : outShape[i];
    int64_t total = std::max<int64_t>(0, full - d.out);
    d.begin = autoPad == "SAME_UPPER" ? total / 2 : total - total / 2;
  } else {
    bool isValid = autoPad == "VALID";
    d.begin = isValid ? 0 : pads[0];
    d.out = full - d.begin - (isValid ? 0 : pads[1]);
  }
  if (d.out < 1)
    return e.error("the result has extent " + Twine(d.out) + " in spatial dimension " + Twine(i));
  d.plan();
  return success();
}

Shape TransposedConv::phaseShape() const {
  Shape shape{group, filters / group};
  for (const Dimension &d : dims)
    shape.push_back(d.stride);
  shape.push_back(channels / group);
  for (const Dimension &d : dims)
    shape.push_back(d.taps);
  return shape;
}

/// Weights that are known are rearranged once, here.
Value TransposedConv::constantWeights(const HostTensor &given, ArrayRef<int64_t> shape) {
  Shape phases = phaseShape(), strides = stridesOf(given.shape);
  size_t spatial = dims.size();
  MutableTensor result(given.type, phases);
  int64_t at = 0;
  forEachIndex(phases, [&](ArrayRef<int64_t> index) {
    ArrayRef<int64_t> phase = index.slice(2, spatial), tap = index.drop_front(3 + spatial);
    int64_t offset = (index[0] * (channels / group) + index[2 + spatial]) * strides[0] + index[1] * strides[1];
    bool isZero = false;
    for (size_t i = 0; i < spatial; ++i) {
      std::optional<int64_t> k = dims[i].element(tap[i], phase[i]);
      isZero |= !k;
      offset += k.value_or(0) * strides[2 + i];
    }
    result.set(at++, isZero ? Scalar{} : given.at(offset));
  });
  result.tensor.name = given.name + ".phases";
  return e.materialize(result.tensor.reshaped(shape));
}

Value TransposedConv::runtimeWeights(ArrayRef<int64_t> shape) {
  Shape phases = phaseShape();
  size_t spatial = dims.size();
  DType type = e.type(1);
  Type element = e.elementType(type);
  Value given = e.value(1);
  // The element of each tap and phase, -1 for a zero.
  SmallVector<Value> tables;
  SmallVector<AffineMap> maps;
  for (size_t i = 0; i < spatial; ++i) {
    const Dimension &d = dims[i];
    MutableTensor table(DType::I32, {d.stride, d.taps});
    for (int64_t r = 0; r < d.stride; ++r)
      for (int64_t j = 0; j < d.taps; ++j)
        table.set(r * d.taps + j, {0, d.element(j, r).value_or(-1)});
    table.tensor.name = e.node.name + ".taps" + std::to_string(i);
    tables.push_back(e.materialize(table.tensor));
    maps.push_back(AffineMap::get(phases.size(), 0,
                                  {e.b.getAffineDimExpr(2 + i), e.b.getAffineDimExpr(3 + spatial + i)},
                                  e.b.getContext()));
  }
  Value result = e.pointwise(tables, maps, phases, element, [&](OpBuilder &b, ValueRange args) -> Value {
    Location loc = e.loc;
    auto loop = [&](size_t d) -> Value { return linalg::IndexOp::create(b, loc, d); };
    Value channel = arith::AddIOp::create(b, loc, e.linear(b, loop(0), channels / group, 0), loop(2 + spatial));
    SmallVector<Value> index{channel, loop(1)};
    Value zero = e.scalar(b, b.getI32Type(), 0), isTap;
    for (Value tap : args) {
      Value inside = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::sge, tap, zero);
      isTap = isTap ? Value(arith::AndIOp::create(b, loc, isTap, inside)) : inside;
      Value safe = arith::MaxSIOp::create(b, loc, tap, zero);
      index.push_back(arith::IndexCastOp::create(b, loc, b.getIndexType(), safe));
    }
    Value weight = tensor::ExtractOp::create(b, loc, given, index);
    return arith::SelectOp::create(b, loc, isTap, weight, e.scalar(b, element, 0));
  });
  return e.reshape(result, shape);
}

Value TransposedConv::weights(ArrayRef<int64_t> shape) {
  const HostTensor *constant = e.constant(1);
  return constant ? constantWeights(*constant, shape) : runtimeWeights(shape);
}

/// [n, f * phases, q..] to [n, f, q * phases ..].
Value TransposedConv::interleave(Value value) {
  size_t spatial = dims.size();
  Shape split{e.shape(0)[0], filters}, merged{e.shape(0)[0], filters};
  SmallVector<int64_t> permutation{0, 1};
  for (const Dimension &d : dims)
    split.push_back(d.stride);
  for (size_t i = 0; i < spatial; ++i) {
    split.push_back(dims[i].positions());
    merged.push_back(dims[i].positions() * dims[i].stride);
    permutation.append({static_cast<int64_t>(2 + spatial + i), static_cast<int64_t>(2 + i)});
  }
  Shape permuted;
  for (int64_t d : permutation)
    permuted.push_back(split[d]);
  Value init = e.emptyTensor(permuted, e.elementType(e.type(0)));
  value = linalg::TransposeOp::create(e.b, e.loc, e.reshape(value, split), init, permutation).getResult()[0];
  return e.reshape(value, merged);
}

/// The input without what no kept position reads.
Value TransposedConv::cropped() {
  Shape offsets(e.rank(0), 0), sizes(e.shape(0));
  for (auto [i, d] : llvm::enumerate(dims)) {
    offsets[2 + i] = std::max<int64_t>(0, -d.low());
    sizes[2 + i] = d.in - offsets[2 + i] - std::max<int64_t>(0, -d.high());
  }
  return ArrayRef<int64_t>(sizes) == e.shape(0) ? e.value(0) : e.slice(e.value(0), offsets, sizes);
}

LogicalResult TransposedConv::emit() {
  Shape outShape{e.shape(0)[0], filters}, wideShape = outShape, offsets(2, 0);
  ConvGeometry geometry;
  geometry.group = group;
  Shape weightShape{filters, channels / group};
  bool isInterleaved = false;
  for (const Dimension &d : dims) {
    outShape.push_back(d.out);
    wideShape.push_back(d.positions() * d.stride);
    offsets.push_back(d.begin - d.first * d.stride);
    weightShape[0] *= d.stride;
    weightShape.push_back(d.taps);
    geometry.strides.push_back(1);
    geometry.dilations.push_back(d.tapDistance);
    geometry.low.push_back(std::max<int64_t>(0, d.low()));
    geometry.high.push_back(std::max<int64_t>(0, d.high()));
    isInterleaved |= d.stride != 1;
  }
  if (failed(e.checkShape(outShape, e.type(0))) || failed(e.checkShape(wideShape, e.type(0))) ||
      failed(e.checkShape(weightShape, e.type(0))))
    return failure();
  if (*checkedElements(weightShape, 1) > kMaxPhaseWeights)
    return e.error("weights of shape " + shapeText(e.shape(1)) + " in the phases of the strides have shape " +
                   shapeText(weightShape) + ", which is too large");
  for (const Dimension &d : dims)
    if (d.low() <= -d.in || d.high() <= -d.in)
      return e.error("the padding removes all that the input contributes to");
  Value result = convolve(
      e, cropped(), weightShape, [&](ArrayRef<int64_t> shape) { return weights(shape); }, geometry);
  if (isInterleaved)
    result = interleave(result);
  if (wideShape != outShape)
    result = e.slice(result, offsets, outShape);
  if (e.has(2))
    result = addBias(e, result, e.value(2));
  return e.setResult(0, result, e.type(0));
}

LogicalResult emitConvTranspose(NodeEmitter &e) {
  TransposedConv conv(e);
  return failed(conv.read()) ? failure() : conv.emit();
}

} // namespace eclip::frontend
