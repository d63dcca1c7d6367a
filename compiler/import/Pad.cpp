//===- Pad.cpp - Pad in all its modes -------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/ScalarBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
struct PadSpec {
  Shape low, high;
};
} // namespace

static FailureOr<PadSpec> padSpec(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  SmallVector<int64_t> pads = e.intsAttr("pads"), axes;
  if (e.opset() >= 11) {
    if (!e.has(1))
      return e.error("input 1 (pads) is missing");
    FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "pads");
    if (failed(given))
      return failure();
    pads = *given;
  }
  for (int64_t i = 0; i < rank; ++i)
    axes.push_back(i);
  if (e.opset() >= 18 && e.has(3)) {
    FailureOr<SmallVector<int64_t>> given = e.constantInts(3, "axes");
    if (failed(given) || failed(e.normalizeAxes(*given, rank)))
      return failure();
    axes = *given;
  }
  if (pads.size() != 2 * axes.size())
    return e.error("has " + Twine(pads.size()) + " pads for " + Twine(axes.size()) + " axes");
  PadSpec spec{Shape(rank, 0), Shape(rank, 0)};
  for (size_t i = 0; i < axes.size(); ++i) {
    int64_t axis = axes[i] < 0 ? axes[i] + rank : axes[i];
    spec.low[axis] = pads[i];
    spec.high[axis] = pads[i + axes.size()];
    for (int64_t pad : {spec.low[axis], spec.high[axis]})
      if (pad < -e.shape(0)[axis] || pad > kMaxTensorBytes)
        return e.error("a padding of " + Twine(pad) + " is out of range");
  }
  return spec;
}

/// The constant that pads, where it is known at import; none where it is not.
static FailureOr<std::optional<TypedAttr>> padValue(NodeEmitter &e) {
  DType type = e.type(0);
  Type element = e.elementType(type);
  if (e.opset() < 11)
    return std::optional(e.number(element, e.floatAttr("value", 0)));
  if (!e.has(2))
    return std::optional(e.number(element, 0));
  if (checkedElements(e.shape(2), 1) != 1 || e.type(2) != type)
    return e.error("input 2 (constant_value) must be one " + dtypeName(type) + ", not " + dtypeName(e.type(2)) + " " +
                   shapeText(e.shape(2)));
  const HostTensor *value = e.constant(2);
  if (!value)
    return std::optional<TypedAttr>();
  if (isFloat(type))
    return std::optional(e.number(element, value->at(0).f));
  APInt bits(64, static_cast<uint64_t>(value->at(0).i));
  return std::optional<TypedAttr>(e.b.getIntegerAttr(element, bits.trunc(element.getIntOrFloatBitWidth())));
}

/// Position in the source that edge, reflect and wrap padding read.
static Value borderIndex(NodeEmitter &e, OpBuilder &b, StringRef mode, Value index, int64_t low, int64_t high,
                         int64_t extent) {
  Location loc = e.loc;
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  // A remainder of what is not negative: as many periods are added first.
  auto within = [&](int64_t period) {
    int64_t shift = (low + period - 1) / period * period - low;
    return arith::RemUIOp::create(b, loc, e.linear(b, index, 1, shift), constant(period));
  };
  if (mode == "wrap")
    return within(extent);
  Value position = e.linear(b, index, 1, -low);
  if (mode == "edge")
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, position, constant(0)),
                                  constant(extent - 1));
  int64_t period = 2 * (extent - 1);
  if (period == 0)
    return constant(0);
  if (low > extent - 1 || high > extent - 1)
    position = within(period);
  else // |p|
    position = arith::MaxSIOp::create(b, loc, position, e.linear(b, position, -1, 0));
  return arith::MinSIOp::create(b, loc, position, e.linear(b, position, -1, period));
}

/// Pads by reading the source elsewhere.
static Value borderPadded(NodeEmitter &e, Value source, StringRef mode, const PadSpec &spec, ArrayRef<int64_t> shape) {
  Shape extents(cast<RankedTensorType>(source.getType()).getShape());
  return e.pointwise(ValueRange{}, shape, e.elementType(e.type(0)), [&](OpBuilder &b, ValueRange) {
    SmallVector<Value> index = loopIndices(e, b, shape.size());
    for (size_t d = 0; d < shape.size(); ++d)
      if (spec.low[d] || spec.high[d])
        index[d] = borderIndex(e, b, mode, index[d], spec.low[d], spec.high[d], extents[d]);
    return extract(e, b, source, index);
  });
}

/// Pads with input 2, which is computed.
static Value computedPadded(NodeEmitter &e, Value source, const PadSpec &spec, ArrayRef<int64_t> shape) {
  Shape extents(cast<RankedTensorType>(source.getType()).getShape());
  Value padding = e.reshape(e.value(2), {});
  AffineMap none = AffineMap::get(shape.size(), 0, e.b.getContext());
  return e.pointwise(padding, none, shape, e.elementType(e.type(0)), [&](OpBuilder &b, ValueRange args) -> Value {
    SmallVector<Value> index = loopIndices(e, b, shape.size());
    Value inside = arith::ConstantOp::create(b, e.loc, b.getBoolAttr(true));
    for (size_t d = 0; d < shape.size(); ++d) {
      if (!spec.low[d] && !spec.high[d])
        continue;
      Value position = e.linear(b, index[d], 1, -spec.low[d]);
      index[d] = borderIndex(e, b, "edge", index[d], spec.low[d], spec.high[d], extents[d]);
      Value same = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, position, index[d]);
      inside = arith::AndIOp::create(b, e.loc, inside, same);
    }
    return arith::SelectOp::create(b, e.loc, inside, extract(e, b, source, index), args[0]);
  });
}

/// Negative pads cut the source; what is left of the pads is not negative.
static FailureOr<Value> cropped(NodeEmitter &e, PadSpec &spec) {
  Shape offsets, sizes(e.shape(0));
  bool isCropped = false;
  for (size_t d = 0; d < sizes.size(); ++d) {
    int64_t before = std::max<int64_t>(0, -spec.low[d]), after = std::max<int64_t>(0, -spec.high[d]);
    isCropped |= before || after;
    if (before + after > sizes[d])
      return e.error("pads of " + Twine(spec.low[d]) + " and " + Twine(spec.high[d]) + " cut more than an extent of " +
                     Twine(sizes[d]));
    offsets.push_back(before);
    sizes[d] -= before + after;
    spec.low[d] = std::max<int64_t>(0, spec.low[d]);
    spec.high[d] = std::max<int64_t>(0, spec.high[d]);
  }
  return isCropped ? e.slice(e.value(0), offsets, sizes) : e.value(0);
}

LogicalResult emitPad(NodeEmitter &e) {
  std::string mode = e.stringAttr("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && !(mode == "wrap" && e.opset() >= 19))
    return e.error("attribute 'mode' is '" + mode + "', which is not supported");
  FailureOr<PadSpec> spec = padSpec(e);
  if (failed(spec))
    return failure();
  FailureOr<Value> source = cropped(e, *spec);
  if (failed(source))
    return failure();
  DType type = e.type(0);
  Shape shape(cast<RankedTensorType>(source->getType()).getShape());
  bool isEmpty = llvm::is_contained(shape, 0);
  for (size_t d = 0; d < shape.size(); ++d)
    shape[d] += spec->low[d] + spec->high[d];
  if (failed(e.checkShape(shape, type)))
    return failure();
  if (mode != "constant") {
    if (isEmpty && !llvm::is_contained(shape, 0))
      return e.error("pads an input of shape " + shapeText(e.shape(0)) + ", of which nothing is left, with mode '" +
                     mode + "'");
    return e.setResult(0, borderPadded(e, *source, mode, *spec, shape), type);
  }
  FailureOr<std::optional<TypedAttr>> value = padValue(e);
  if (failed(value))
    return failure();
  if (*value)
    return e.setResult(0, e.padded(*source, spec->low, spec->high, **value), type);
  if (isEmpty)
    return e.error("pads an empty input of shape " + shapeText(e.shape(0)) + " with a computed value");
  return e.setResult(0, computedPadded(e, *source, *spec, shape), type);
}

} // namespace eclip::frontend
