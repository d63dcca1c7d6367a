//===- Index.cpp - operators that compute where they read -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cstring>

using namespace mlir;

namespace eclip::frontend {

//===----------------------------------------------------------------------===//
// Gather
//===----------------------------------------------------------------------===//

static FailureOr<int64_t> gatherAxis(NodeEmitter &e) {
  if (e.type(1) != DType::I32 && e.type(1) != DType::I64)
    return e.error("input 1 (indices) must be int32 or int64, not " + dtypeName(e.type(1)));
  return e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
}

static Shape gatherShape(NodeEmitter &e, int64_t axis) {
  Shape shape(e.shape(0).take_front(axis));
  shape.append(e.shape(1).begin(), e.shape(1).end());
  shape.append(e.shape(0).begin() + axis + 1, e.shape(0).end());
  return shape;
}

/// Constant indices, counted from the front and checked.
static FailureOr<SmallVector<int64_t>> constantIndices(NodeEmitter &e, int64_t extent) {
  SmallVector<int64_t> indices = e.constant(1)->integers();
  for (int64_t &index : indices) {
    if (index < -extent || index >= extent)
      return e.error("index " + Twine(index) + " is out of range for an extent of " + Twine(extent));
    index += index < 0 ? extent : 0;
  }
  return indices;
}

LogicalResult evaluateGather(NodeEmitter &e) {
  FailureOr<int64_t> axis = gatherAxis(e);
  if (failed(axis))
    return failure();
  Shape shape = gatherShape(e, *axis);
  FailureOr<SmallVector<int64_t>> indices = constantIndices(e, e.shape(0)[*axis]);
  if (failed(indices))
    return failure();
  if (!isEvaluable(e.type(0), shape))
    return success();
  const HostTensor &data = *e.constant(0);
  MutableTensor result(data.type, shape);
  Shape strides = stridesOf(data.shape);
  int64_t outer = 1, extent = data.shape[*axis], inner = strides[*axis] * dtypeBytes(data.type);
  for (int64_t i = 0; i < *axis; ++i)
    outer *= data.shape[i];
  char *out = result.data;
  for (int64_t block = 0; block < outer && inner; ++block)
    for (int64_t index : *indices) {
      std::memcpy(out, data.bytes.data() + (block * extent + index) * inner, inner);
      out += inner;
    }
  return e.setConstant(0, std::move(result.tensor));
}

/// An index of the model's own as a position: negative ones count from the
/// end, and what is out of range is clamped, so that no kernel reads elsewhere.
static Value safeIndex(NodeEmitter &e, OpBuilder &b, Value index, int64_t extent) {
  Location loc = e.loc;
  Type type = index.getType();
  Value zero = e.scalar(b, type, 0), count = e.scalar(b, type, static_cast<double>(extent));
  Value last = e.scalar(b, type, static_cast<double>(extent - 1));
  Value isNegative = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::slt, index, zero);
  Value fromEnd = arith::AddIOp::create(b, loc, index, count);
  Value position = arith::SelectOp::create(b, loc, isNegative, fromEnd, index);
  position = arith::MaxSIOp::create(b, loc, position, zero);
  position = arith::MinSIOp::create(b, loc, position, last);
  return arith::IndexCastOp::create(b, loc, b.getIndexType(), position);
}

/// One or consecutive constant indices are a slice.
static Value gatherSlice(NodeEmitter &e, int64_t axis, int64_t first, int64_t count, ArrayRef<int64_t> shape) {
  Shape offsets(e.rank(0), 0), sizes(e.shape(0));
  offsets[axis] = first;
  sizes[axis] = count;
  return e.reshape(e.slice(e.value(0), offsets, sizes), shape);
}

LogicalResult emitGather(NodeEmitter &e) {
  FailureOr<int64_t> axis = gatherAxis(e);
  if (failed(axis))
    return failure();
  DType type = e.type(0);
  Shape shape = gatherShape(e, *axis);
  if (failed(e.checkShape(shape, type)))
    return failure();
  int64_t extent = e.shape(0)[*axis];
  if (e.constant(1)) {
    FailureOr<SmallVector<int64_t>> indices = constantIndices(e, extent);
    if (failed(indices))
      return failure();
    bool consecutive = true;
    for (size_t i = 1; i < indices->size(); ++i)
      consecutive &= (*indices)[i] == (*indices)[i - 1] + 1;
    if (consecutive)
      return e.setResult(0, gatherSlice(e, *axis, (*indices)[0], indices->size(), shape), type);
  }
  int64_t rank = shape.size(), indexRank = e.rank(1);
  SmallVector<AffineExpr> reads;
  for (int64_t i = 0; i < indexRank; ++i)
    reads.push_back(e.b.getAffineDimExpr(*axis + i));
  Value data = e.value(0);
  Value result = e.pointwise(
      e.value(1), AffineMap::get(rank, 0, reads, e.b.getContext()), shape, e.elementType(type),
      [&](OpBuilder &b, ValueRange args) -> Value {
        SmallVector<Value> index;
        for (int64_t d = 0; d < e.rank(0); ++d) {
          if (d == *axis)
            index.push_back(safeIndex(e, b, args[0], extent));
          else
            index.push_back(linalg::IndexOp::create(b, e.loc, d < *axis ? d : d + indexRank - 1));
        }
        return tensor::ExtractOp::create(b, e.loc, data, index);
      });
  return e.setResult(0, result, type);
}

LogicalResult emitGatherElements(NodeEmitter &e) {
  FailureOr<int64_t> axis = gatherAxis(e);
  if (failed(axis))
    return failure();
  if (e.rank(1) != e.rank(0))
    return e.error("indices of shape " + shapeText(e.shape(1)) + " do not fit data of shape " +
                   shapeText(e.shape(0)));
  for (int64_t d = 0; d < e.rank(0); ++d)
    if (d != *axis && e.shape(1)[d] > e.shape(0)[d])
      return e.error("indices of shape " + shapeText(e.shape(1)) + " exceed data of shape " + shapeText(e.shape(0)));
  if (e.constant(1) && failed(constantIndices(e, e.shape(0)[*axis])))
    return failure();
  Value data = e.value(0);
  Value result = e.pointwise(e.value(1), e.shape(1), e.elementType(e.type(0)),
                             [&](OpBuilder &b, ValueRange args) -> Value {
                               SmallVector<Value> index;
                               for (int64_t d = 0; d < e.rank(0); ++d) {
                                 if (d == *axis)
                                   index.push_back(safeIndex(e, b, args[0], e.shape(0)[d]));
                                 else
                                   index.push_back(linalg::IndexOp::create(b, e.loc, d));
                               }
                               return tensor::ExtractOp::create(b, e.loc, data, index);
                             });
  return e.setResult(0, result, e.type(0));
}

//===----------------------------------------------------------------------===//
// Pad
//===----------------------------------------------------------------------===//

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

static FailureOr<TypedAttr> padValue(NodeEmitter &e) {
  DType type = e.type(0);
  Type element = e.elementType(type);
  if (e.opset() < 11)
    return e.number(element, e.floatAttr("value", 0));
  if (!e.has(2))
    return e.number(element, 0);
  const HostTensor *value = e.constant(2);
  if (!value || value->elements() != 1 || value->type != type)
    return e.error("input 2 (constant_value) must be one " + dtypeName(type) + ", known at import");
  if (isFloat(type))
    return e.number(element, value->at(0).f);
  APInt bits(64, static_cast<uint64_t>(value->at(0).i));
  return TypedAttr(e.b.getIntegerAttr(element, bits.trunc(element.getIntOrFloatBitWidth())));
}

/// Position in the source that edge, reflect and wrap padding read.
static Value borderIndex(NodeEmitter &e, OpBuilder &b, StringRef mode, int64_t dim, int64_t low, int64_t extent) {
  Location loc = e.loc;
  Value index = linalg::IndexOp::create(b, loc, dim);
  auto constant = [&](int64_t value) -> Value { return arith::ConstantIndexOp::create(b, loc, value); };
  if (mode == "wrap") {
    // Non-negative before the remainder: `low` is below one extent.
    return arith::RemSIOp::create(b, loc, e.linear(b, index, 1, extent - low), constant(extent));
  }
  Value position = e.linear(b, index, 1, -low);
  if (mode == "edge")
    return arith::MinSIOp::create(b, loc, arith::MaxSIOp::create(b, loc, position, constant(0)),
                                  constant(extent - 1));
  // reflect: |p|, and the same at the far end.
  position = arith::MaxSIOp::create(b, loc, position, e.linear(b, position, -1, 0));
  return arith::MinSIOp::create(b, loc, position, e.linear(b, position, -1, 2 * (extent - 1)));
}

LogicalResult emitPad(NodeEmitter &e) {
  std::string mode = e.stringAttr("mode", "constant");
  if (mode != "constant" && mode != "edge" && mode != "reflect" && mode != "wrap")
    return e.error("attribute 'mode' is '" + mode + "', which is not supported");
  FailureOr<PadSpec> spec = padSpec(e);
  if (failed(spec))
    return failure();
  DType type = e.type(0);
  Shape shape(e.shape(0));
  bool isCropped = false;
  for (size_t d = 0; d < shape.size(); ++d) {
    int64_t widest = std::max(spec->low[d], spec->high[d]), limit = shape[d] - (mode == "reflect" ? 1 : 0);
    if ((mode == "reflect" || mode == "wrap") && widest > limit)
      return e.error("a padding of " + Twine(widest) + " is too wide for mode '" + mode + "' on an extent of " +
                     Twine(shape[d]));
    isCropped |= spec->low[d] < 0 || spec->high[d] < 0;
    shape[d] += spec->low[d] + spec->high[d];
  }
  if (failed(e.checkShape(shape, type)))
    return failure();
  if (mode == "constant") {
    FailureOr<TypedAttr> value = padValue(e);
    if (failed(value))
      return failure();
    Value source = e.value(0);
    Shape low = spec->low, high = spec->high;
    if (isCropped) {
      Shape offsets, sizes(e.shape(0));
      for (size_t d = 0; d < shape.size(); ++d) {
        offsets.push_back(std::max<int64_t>(0, -low[d]));
        sizes[d] -= offsets[d] + std::max<int64_t>(0, -high[d]);
        low[d] = std::max<int64_t>(0, low[d]);
        high[d] = std::max<int64_t>(0, high[d]);
      }
      if (failed(e.checkShape(sizes, type)))
        return failure();
      source = e.slice(source, offsets, sizes);
    }
    return e.setResult(0, e.padded(source, low, high, *value), type);
  }
  if (isCropped)
    return e.error("negative pads are not supported with mode '" + mode + "'");
  Value source = e.value(0);
  Value result = e.pointwise(ValueRange{}, shape, e.elementType(type), [&](OpBuilder &b, ValueRange) -> Value {
    SmallVector<Value> index;
    for (int64_t d = 0; d < e.rank(0); ++d) {
      if (spec->low[d] || spec->high[d])
        index.push_back(borderIndex(e, b, mode, d, spec->low[d], e.shape(0)[d]));
      else
        index.push_back(linalg::IndexOp::create(b, e.loc, d));
    }
    return tensor::ExtractOp::create(b, e.loc, source, index);
  });
  return e.setResult(0, result, type);
}

} // namespace eclip::frontend
