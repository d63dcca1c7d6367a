//===- Movement.cpp - operators that move data ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Reshape, Transpose, Concat, Slice, Split, Expand and Tile, emitted and
// evaluated.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

#include <cstring>

using namespace mlir;

namespace eclip::frontend {

/// A new tensor whose element at each index is the source's at the linear
/// position that `from` returns.
static HostTensor gathered(const HostTensor &source, ArrayRef<int64_t> shape,
                           function_ref<int64_t(ArrayRef<int64_t>)> from) {
  MutableTensor result(source.type, shape);
  int64_t size = dtypeBytes(source.type), position = 0;
  forEachIndex(shape, [&](ArrayRef<int64_t> index) {
    std::memcpy(result.data + size * position++, source.bytes.data() + size * from(index), size);
  });
  return result.tensor;
}

static int64_t dot(ArrayRef<int64_t> a, ArrayRef<int64_t> b) {
  int64_t sum = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    sum += x * y;
  return sum;
}

//===----------------------------------------------------------------------===//
// Reshape and its kin
//===----------------------------------------------------------------------===//

static FailureOr<Shape> reshapeShape(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "shape");
  if (failed(given))
    return failure();
  ArrayRef<int64_t> from = e.shape(0);
  bool allowZero = e.intAttr("allowzero", 0) != 0;
  Shape shape;
  int64_t unknown = -1;
  for (auto [i, value] : llvm::enumerate(*given)) {
    int64_t extent = value; // *given stays as it is for the diagnostics
    if (extent == 0 && !allowZero) {
      if (i >= from.size())
        return e.error("shape " + shapeText(*given) + " copies dimension " + Twine(i) + " of an input of shape " +
                       shapeText(from));
      extent = from[i];
    }
    if (extent == -1 && unknown < 0) {
      unknown = i;
      extent = 1;
    }
    shape.push_back(extent);
  }
  int64_t size = dtypeBytes(e.type(0));
  int64_t total = *checkedElements(from, size);
  std::optional<int64_t> known = checkedElements(shape, size);
  auto mismatch = [&] {
    return e.error("an input of shape " + shapeText(from) + " does not reshape to " + shapeText(*given));
  };
  if (!known)
    return mismatch();
  if (unknown >= 0) {
    if (*known == 0 || total % *known)
      return mismatch();
    shape[unknown] = total / *known;
  } else if (*known != total) {
    return mismatch();
  }
  return shape;
}

static FailureOr<Shape> flattenShape(NodeEmitter &e) {
  int64_t rank = e.rank(0), axis = e.intAttr("axis", 1);
  if (axis < -rank || axis > rank)
    return e.error("axis " + Twine(axis) + " is out of range for rank " + Twine(rank));
  axis += axis < 0 ? rank : 0;
  Shape shape{1, 1};
  for (auto [i, extent] : llvm::enumerate(e.shape(0)))
    shape[static_cast<int64_t>(i) < axis ? 0 : 1] *= extent;
  return shape;
}

/// Axes were an attribute before opset 13 and are an input since.
static FailureOr<std::optional<SmallVector<int64_t>>> squeezeAxes(NodeEmitter &e) {
  if (e.opset() < 13) {
    if (!e.attribute("axes"))
      return std::optional<SmallVector<int64_t>>();
    return std::optional(e.intsAttr("axes"));
  }
  if (!e.has(1))
    return std::optional<SmallVector<int64_t>>();
  FailureOr<SmallVector<int64_t>> axes = e.constantInts(1, "axes");
  if (failed(axes))
    return failure();
  return std::optional(*axes);
}

static FailureOr<Shape> squeezeShape(NodeEmitter &e) {
  auto given = squeezeAxes(e);
  if (failed(given))
    return failure();
  ArrayRef<int64_t> from = e.shape(0);
  SmallVector<int64_t> axes;
  if (*given) {
    FailureOr<SmallVector<int64_t>> normal = e.normalizeAxes(**given, from.size());
    if (failed(normal))
      return failure();
    axes = *normal;
  } else {
    for (auto [i, extent] : llvm::enumerate(from))
      if (extent == 1)
        axes.push_back(i);
  }
  Shape shape;
  for (auto [i, extent] : llvm::enumerate(from)) {
    if (!llvm::is_contained(axes, i))
      shape.push_back(extent);
    else if (extent != 1)
      return e.error("cannot squeeze dimension " + Twine(i) + " of shape " + shapeText(from));
  }
  return shape;
}

static FailureOr<Shape> unsqueezeShape(NodeEmitter &e) {
  auto given = squeezeAxes(e);
  if (failed(given))
    return failure();
  if (!*given)
    return e.error("the axes are missing");
  int64_t rank = e.rank(0) + (*given)->size();
  FailureOr<SmallVector<int64_t>> axes = e.normalizeAxes(**given, rank);
  if (failed(axes))
    return failure();
  Shape shape;
  const int64_t *next = e.shape(0).begin();
  for (int64_t i = 0; i < rank; ++i)
    shape.push_back(llvm::is_contained(*axes, i) ? 1 : *next++);
  return shape;
}

LogicalResult emitReshape(NodeEmitter &e) {
  FailureOr<Shape> shape = e.node.op == "Reshape"   ? reshapeShape(e)
                           : e.node.op == "Flatten" ? flattenShape(e)
                           : e.node.op == "Squeeze" ? squeezeShape(e)
                                                    : unsqueezeShape(e);
  if (failed(shape))
    return failure();
  if (const HostTensor *constant = e.constant(0))
    return e.setConstant(0, constant->reshaped(*shape));
  return e.setResult(0, e.reshape(e.value(0), *shape), e.type(0));
}

//===----------------------------------------------------------------------===//
// Transpose
//===----------------------------------------------------------------------===//

static FailureOr<SmallVector<int64_t>> permutation(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  SmallVector<int64_t> reversed;
  for (int64_t i = rank - 1; i >= 0; --i)
    reversed.push_back(i);
  SmallVector<int64_t> perm = e.intsAttr("perm", reversed);
  SmallVector<int64_t> sorted = perm;
  llvm::sort(sorted);
  bool valid = static_cast<int64_t>(perm.size()) == rank;
  for (int64_t i = 0; valid && i < rank; ++i)
    valid = sorted[i] == i;
  if (!valid)
    return e.error("attribute 'perm' is " + shapeText(perm) + ", no permutation of rank " + Twine(rank));
  return perm;
}

LogicalResult evaluateTranspose(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> perm = permutation(e);
  if (failed(perm))
    return failure();
  if (!isEvaluable(e.type(0), e.shape(0)))
    return success();
  Shape strides = stridesOf(e.shape(0)), shape, permuted;
  for (int64_t axis : *perm) {
    shape.push_back(e.shape(0)[axis]);
    permuted.push_back(strides[axis]);
  }
  return e.setConstant(
      0, gathered(*e.constant(0), shape, [&](ArrayRef<int64_t> index) { return dot(index, permuted); }));
}

LogicalResult emitTranspose(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> perm = permutation(e);
  if (failed(perm))
    return failure();
  if (llvm::is_sorted(*perm))
    return e.forward(0, 0);
  Shape shape;
  for (int64_t axis : *perm)
    shape.push_back(e.shape(0)[axis]);
  Value init = e.emptyTensor(shape, e.elementType(e.type(0)));
  auto op = linalg::TransposeOp::create(e.b, e.loc, e.value(0), init, *perm);
  return e.setResult(0, op->getResult(0), e.type(0));
}

//===----------------------------------------------------------------------===//
// Concat
//===----------------------------------------------------------------------===//

static FailureOr<Shape> concatShape(NodeEmitter &e, int64_t &axis) {
  FailureOr<int64_t> normal = e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
  if (failed(normal))
    return failure();
  axis = *normal;
  Shape shape(e.shape(0));
  for (unsigned i = 1; i < e.numInputs(); ++i) {
    if (!e.has(i))
      return e.error("input " + Twine(i) + " is missing");
    Shape other(e.shape(i));
    if (e.type(i) != e.type(0) || other.size() != shape.size())
      return e.error("input " + Twine(i) + " is " + dtypeName(e.type(i)) + " " + shapeText(other) + ", input 0 is " +
                     dtypeName(e.type(0)) + " " + shapeText(e.shape(0)));
    shape[axis] += other[axis];
    other[axis] = shape[axis];
    if (other != shape)
      return e.error("inputs of shapes " + shapeText(e.shape(0)) + " and " + shapeText(e.shape(i)) +
                     " do not concatenate along axis " + Twine(axis));
  }
  return shape;
}

LogicalResult evaluateConcat(NodeEmitter &e) {
  int64_t axis;
  FailureOr<Shape> shape = concatShape(e, axis);
  if (failed(shape))
    return failure();
  if (!isEvaluable(e.type(0), *shape))
    return success();
  MutableTensor result(e.type(0), *shape);
  int64_t outer = 1;
  for (int64_t extent : ArrayRef(*shape).take_front(axis))
    outer *= extent;
  char *out = result.data;
  for (int64_t block = 0; block < outer; ++block)
    for (unsigned i = 0; i < e.numInputs(); ++i) {
      ArrayRef<char> bytes = e.constant(i)->bytes;
      int64_t size = bytes.size() / outer;
      if (size)
        std::memcpy(out, bytes.data() + block * size, size);
      out += size;
    }
  return e.setConstant(0, std::move(result.tensor));
}

LogicalResult emitConcat(NodeEmitter &e) {
  int64_t axis;
  if (failed(concatShape(e, axis)))
    return failure();
  SmallVector<Value> parts;
  for (unsigned i = 0; i < e.numInputs(); ++i)
    if (e.shape(i)[axis] != 0) // empty constants
      parts.push_back(e.value(i));
  if (parts.size() == 1)
    return e.setResult(0, parts[0], e.type(0));
  return e.setResult(0, tensor::ConcatOp::create(e.b, e.loc, axis, parts), e.type(0));
}

//===----------------------------------------------------------------------===//
// Slice and Split
//===----------------------------------------------------------------------===//

namespace {
struct SliceSpec {
  Shape offsets, sizes, steps;
};
} // namespace

/// Reads starts, ends, axes and steps: attributes before opset 10, then inputs.
static LogicalResult readSlice(NodeEmitter &e, SmallVector<int64_t> (&values)[4]) {
  static constexpr const char *kNames[] = {"starts", "ends", "axes", "steps"};
  for (unsigned i = 0; i < 4; ++i) {
    if (e.opset() < 10) {
      values[i] = e.intsAttr(kNames[i]);
    } else if (e.has(i + 1)) {
      FailureOr<SmallVector<int64_t>> given = e.constantInts(i + 1, kNames[i]);
      if (failed(given))
        return failure();
      values[i] = *given;
    } else if (i < 2) {
      return e.error("input " + Twine(i + 1) + " (" + kNames[i] + ") is missing");
    }
  }
  auto &[starts, ends, axes, steps] = values;
  if (axes.empty())
    for (size_t i = 0; i < starts.size(); ++i)
      axes.push_back(i);
  if (steps.empty())
    steps.assign(starts.size(), 1);
  if (ends.size() != starts.size() || axes.size() != starts.size() || steps.size() != starts.size())
    return e.error("starts, ends, axes and steps have different lengths");
  return success();
}

static FailureOr<SliceSpec> sliceSpec(NodeEmitter &e) {
  SmallVector<int64_t> values[4];
  if (failed(readSlice(e, values)))
    return failure();
  auto &[starts, ends, axes, steps] = values;
  ArrayRef<int64_t> shape = e.shape(0);
  SliceSpec spec{Shape(shape.size(), 0), Shape(shape), Shape(shape.size(), 1)};
  SmallVector<int64_t> seen;
  for (size_t i = 0; i < axes.size(); ++i) {
    FailureOr<int64_t> axis = e.normalizeAxis(axes[i], shape.size());
    if (failed(axis))
      return failure();
    if (llvm::is_contained(seen, *axis))
      return e.error("axis " + Twine(axes[i]) + " is given twice");
    seen.push_back(*axis);
    int64_t extent = shape[*axis], step = steps[i];
    if (step == 0)
      return e.error("a step is 0");
    // A step beyond the extent takes one element, whatever its size.
    step = std::clamp<int64_t>(step, -extent - 1, extent + 1);
    auto position = [&](int64_t at, int64_t least, int64_t most) {
      return std::clamp<int64_t>(at < 0 ? (at < -extent ? -1 : at + extent) : at, least, most);
    };
    bool forward = step > 0;
    int64_t start = position(starts[i], 0, forward ? extent : extent - 1);
    int64_t end = position(ends[i], forward ? 0 : -1, extent);
    int64_t distance = forward ? end - start : start - end;
    int64_t stride = forward ? step : -step;
    spec.offsets[*axis] = start;
    spec.steps[*axis] = step;
    spec.sizes[*axis] = extent == 0 ? 0 : std::max<int64_t>(0, (distance + stride - 1) / stride);
  }
  return spec;
}

LogicalResult evaluateSlice(NodeEmitter &e) {
  FailureOr<SliceSpec> spec = sliceSpec(e);
  if (failed(spec))
    return failure();
  if (!isEvaluable(e.type(0), spec->sizes))
    return success();
  Shape strides = stridesOf(e.shape(0));
  return e.setConstant(0, gathered(*e.constant(0), spec->sizes, [&](ArrayRef<int64_t> index) {
                         int64_t position = 0;
                         for (size_t d = 0; d < index.size(); ++d)
                           position += (spec->offsets[d] + index[d] * spec->steps[d]) * strides[d];
                         return position;
                       }));
}

/// The value with the dimensions of negative steps reversed, read element by
/// element: tensor.extract_slice has no negative strides.
static Value reversedSlice(NodeEmitter &e, const SliceSpec &spec) {
  DType type = e.type(0);
  Value source = e.value(0);
  return e.pointwise(ValueRange{}, spec.sizes, e.elementType(type), [&](OpBuilder &b, ValueRange) -> Value {
    SmallVector<Value> index;
    for (int64_t d = 0; d < static_cast<int64_t>(spec.sizes.size()); ++d) {
      Value dim = linalg::IndexOp::create(b, e.loc, d);
      index.push_back(e.linear(b, dim, spec.steps[d], spec.offsets[d]));
    }
    return tensor::ExtractOp::create(b, e.loc, source, index);
  });
}

LogicalResult emitSlice(NodeEmitter &e) {
  FailureOr<SliceSpec> spec = sliceSpec(e);
  if (failed(spec) || failed(e.checkShape(spec->sizes, e.type(0))))
    return failure();
  if (ArrayRef<int64_t>(spec->sizes) == e.shape(0) && llvm::all_of(spec->steps, [](int64_t s) { return s > 0; }))
    return e.forward(0, 0);
  bool isReversed = llvm::any_of(spec->steps, [](int64_t step) { return step < 0; });
  Value result = isReversed ? reversedSlice(e, *spec) : e.slice(e.value(0), spec->offsets, spec->sizes, spec->steps);
  return e.setResult(0, result, e.type(0));
}

/// The extents of the parts along the axis.
static FailureOr<SmallVector<int64_t>> splitSizes(NodeEmitter &e, int64_t extent) {
  SmallVector<int64_t> sizes;
  if (e.opset() < 13) {
    sizes = e.intsAttr("split");
  } else if (e.has(1)) {
    FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "split");
    if (failed(given))
      return failure();
    sizes = *given;
  }
  int64_t count = e.numOutputs();
  if (sizes.empty()) {
    if (e.intAttr("num_outputs", count) != count)
      return e.error("attribute 'num_outputs' is " + Twine(e.intAttr("num_outputs", count)) + ", the node has " +
                     Twine(count) + " outputs");
    if (e.opset() < 18 && extent % count)
      return e.error("extent " + Twine(extent) + " does not split into " + Twine(count) + " equal parts");
    int64_t part = (extent + count - 1) / count;
    for (int64_t i = 0; i < count; ++i)
      sizes.push_back(std::min(part, extent - i * part));
  }
  int64_t sum = 0;
  bool valid = static_cast<int64_t>(sizes.size()) == count;
  for (int64_t size : sizes) {
    valid &= size >= 0 && size <= extent;
    sum += valid ? size : 0;
  }
  if (!valid || sum != extent)
    return e.error("parts of " + shapeText(sizes) + " do not split an extent of " + Twine(extent) + " into " +
                   Twine(count) + " outputs");
  return sizes;
}

LogicalResult emitSplit(NodeEmitter &e) {
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
  if (failed(axis))
    return failure();
  FailureOr<SmallVector<int64_t>> sizes = splitSizes(e, e.shape(0)[*axis]);
  if (failed(sizes))
    return failure();
  Shape offsets(e.rank(0), 0), shape(e.shape(0));
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    shape[*axis] = size;
    if (e.wants(i)) {
      if (failed(e.checkShape(shape, e.type(0))))
        return failure();
      Value part = ArrayRef<int64_t>(shape) == e.shape(0) ? e.value(0) : e.slice(e.value(0), offsets, shape);
      if (failed(e.setResult(i, part, e.type(0))))
        return failure();
    }
    offsets[*axis] += size;
  }
  return success();
}

LogicalResult evaluateSplit(NodeEmitter &e) {
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", 0), e.rank(0));
  if (failed(axis))
    return failure();
  FailureOr<SmallVector<int64_t>> sizes = splitSizes(e, e.shape(0)[*axis]);
  if (failed(sizes))
    return failure();
  if (!isEvaluable(e.type(0), e.shape(0)))
    return success();
  Shape strides = stridesOf(e.shape(0)), shape(e.shape(0));
  int64_t offset = 0;
  for (auto [i, size] : llvm::enumerate(*sizes)) {
    shape[*axis] = size;
    HostTensor part = gathered(*e.constant(0), shape, [&](ArrayRef<int64_t> index) {
      return dot(index, strides) + offset * strides[*axis];
    });
    if (failed(e.setConstant(i, std::move(part))))
      return failure();
    offset += size;
  }
  return success();
}

//===----------------------------------------------------------------------===//
// Expand and Tile
//===----------------------------------------------------------------------===//

static FailureOr<Shape> expandShape(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "shape");
  if (failed(given))
    return failure();
  std::optional<Shape> shape;
  if (checkedElements(*given, dtypeBytes(e.type(0))))
    shape = NodeEmitter::broadcastShape(e.shape(0), *given);
  if (!shape)
    return e.error("shape " + shapeText(e.shape(0)) + " does not expand to " + shapeText(*given));
  return *shape;
}

LogicalResult evaluateExpand(NodeEmitter &e) {
  FailureOr<Shape> shape = expandShape(e);
  if (failed(shape))
    return failure();
  if (!isEvaluable(e.type(0), *shape))
    return success();
  ArrayRef<int64_t> from = e.shape(0);
  Shape strides = stridesOf(from);
  for (size_t d = 0; d < from.size(); ++d)
    if (from[d] == 1)
      strides[d] = 0;
  return e.setConstant(0, gathered(*e.constant(0), *shape, [&](ArrayRef<int64_t> index) {
                         return dot(index.take_back(strides.size()), strides);
                       }));
}

static FailureOr<Shape> tileShape(NodeEmitter &e, SmallVector<int64_t> &repeats) {
  FailureOr<SmallVector<int64_t>> given = e.constantInts(1, "repeats");
  if (failed(given))
    return failure();
  repeats = *given;
  ArrayRef<int64_t> from = e.shape(0);
  if (repeats.size() != from.size())
    return e.error("has " + Twine(repeats.size()) + " repeats for an input of shape " + shapeText(from));
  Shape result;
  for (size_t i = 0; i < from.size(); ++i) {
    std::optional<int64_t> extent = checkedElements({repeats[i], from[i]}, dtypeBytes(e.type(0)));
    if (!extent)
      return e.error("repeats " + shapeText(repeats) + " are negative or too large");
    result.push_back(*extent);
  }
  if (failed(e.checkShape(result, e.type(0))))
    return failure();
  return result;
}

LogicalResult evaluateTile(NodeEmitter &e) {
  SmallVector<int64_t> repeats;
  FailureOr<Shape> shape = tileShape(e, repeats);
  if (failed(shape))
    return failure();
  if (!isEvaluable(e.type(0), *shape))
    return success();
  ArrayRef<int64_t> from = e.shape(0);
  Shape strides = stridesOf(from);
  return e.setConstant(0, gathered(*e.constant(0), *shape, [&](ArrayRef<int64_t> index) {
                         int64_t position = 0;
                         for (size_t d = 0; d < index.size(); ++d)
                           position += index[d] % from[d] * strides[d];
                         return position;
                       }));
}

/// Tile as an Expand: [r0 * d0, ..] is [r0, d0, ..] with the r0 broadcast.
static LogicalResult emitTile(NodeEmitter &e) {
  SmallVector<int64_t> repeats;
  FailureOr<Shape> shape = tileShape(e, repeats);
  if (failed(shape))
    return failure();
  ArrayRef<int64_t> from = e.shape(0);
  if (ArrayRef<int64_t>(*shape) == from)
    return e.forward(0, 0);
  Shape doubled;
  SmallVector<AffineExpr> reads;
  for (size_t i = 0; i < from.size(); ++i) {
    reads.push_back(e.b.getAffineDimExpr(2 * i + 1));
    doubled.append({repeats[i], from[i]});
  }
  AffineMap map = AffineMap::get(doubled.size(), 0, reads, e.b.getContext());
  Value copies = e.pointwise(e.value(0), map, doubled, e.elementType(e.type(0)),
                             [](OpBuilder &, ValueRange args) { return args[0]; });
  return e.setResult(0, e.reshape(copies, *shape), e.type(0));
}

LogicalResult emitExpand(NodeEmitter &e) {
  if (e.node.op == "Tile")
    return emitTile(e);
  FailureOr<Shape> shape = expandShape(e);
  if (failed(shape) || failed(e.checkShape(*shape, e.type(0))))
    return failure();
  if (ArrayRef<int64_t>(*shape) == e.shape(0))
    return e.forward(0, 0);
  FailureOr<NodeEmitter::Broadcast> operand = e.broadcast(e.input(0), *shape);
  if (failed(operand))
    return failure();
  Value result = e.pointwise(operand->value, operand->map, *shape, e.elementType(e.type(0)),
                             [](OpBuilder &, ValueRange args) { return args[0]; });
  return e.setResult(0, result, e.type(0));
}

} // namespace eclip::frontend
