//===- NodeEmitter.cpp - what an operator's emitter works with ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/NodeEmitter.h"

#include "compiler/import/ImportState.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace eclip::frontend {

Type toMlirType(DType type, MLIRContext *context) {
  switch (type) {
  case DType::F32:
    return Float32Type::get(context);
  case DType::F16:
    return Float16Type::get(context);
  case DType::BF16:
    return BFloat16Type::get(context);
  case DType::F64:
    return Float64Type::get(context);
  case DType::Bool:
    return IntegerType::get(context, 1);
  default:
    return IntegerType::get(context, 8 * dtypeBytes(type));
  }
}

LogicalResult NodeEmitter::error(const Twine &message) const {
  return state.error("node '" + node.name + "' (" + node.op + "): " + message);
}

int64_t NodeEmitter::opset() const { return state.model.opset; }

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

// Nodes are emitted in topological order: the value is there.
const GraphValue &NodeEmitter::input(unsigned i) const { return *state.find(node.inputs[i]); }

const HostTensor *NodeEmitter::constant(unsigned i) const {
  const std::optional<HostTensor> &constant = input(i).constant;
  return constant ? &*constant : nullptr;
}

Value NodeEmitter::value(unsigned i) {
  GraphValue &operand = *state.find(node.inputs[i]);
  if (!operand.value)
    operand.value = materialize(*operand.constant);
  return operand.value;
}

FailureOr<SmallVector<int64_t>> NodeEmitter::constantInts(unsigned i, const Twine &what) const {
  const HostTensor *tensor = constant(i);
  if (!tensor)
    return error("input " + Twine(i) + " (" + what + ") depends on the model's inputs; it must be known at import");
  if (!isInt(tensor->type) || tensor->shape.size() > 1)
    return error("input " + Twine(i) + " (" + what + ") must be a vector of integers, not " + dtypeName(tensor->type) +
                 " " + shapeText(tensor->shape));
  return tensor->integers();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

const Attribute *NodeEmitter::attribute(StringRef name) const {
  for (const Attribute &attribute : node.attributes)
    if (attribute.name == name)
      return &attribute;
  return nullptr;
}

int64_t NodeEmitter::intAttr(StringRef name, int64_t fallback) const {
  const Attribute *found = attribute(name);
  return found ? found->i : fallback;
}

double NodeEmitter::floatAttr(StringRef name, double fallback) const {
  const Attribute *found = attribute(name);
  return found ? found->f : fallback;
}

std::string NodeEmitter::stringAttr(StringRef name, StringRef fallback) const {
  const Attribute *found = attribute(name);
  return found ? found->s : fallback.str();
}

SmallVector<int64_t> NodeEmitter::intsAttr(StringRef name, ArrayRef<int64_t> fallback) const {
  const Attribute *found = attribute(name);
  return found ? SmallVector<int64_t>(found->ints.begin(), found->ints.end()) : SmallVector<int64_t>(fallback);
}

FailureOr<int64_t> NodeEmitter::normalizeAxis(int64_t axis, int64_t rank) const {
  if (axis < -rank || axis >= rank)
    return error("axis " + Twine(axis) + " is out of range for rank " + Twine(rank));
  return axis < 0 ? axis + rank : axis;
}

FailureOr<SmallVector<int64_t>> NodeEmitter::normalizeAxes(ArrayRef<int64_t> axes, int64_t rank) const {
  SmallVector<int64_t> result;
  for (int64_t axis : axes) {
    FailureOr<int64_t> normal = normalizeAxis(axis, rank);
    if (failed(normal))
      return failure();
    if (llvm::is_contained(result, *normal))
      return error("axis " + Twine(axis) + " is given twice");
    result.push_back(*normal);
  }
  llvm::sort(result);
  return result;
}

//===----------------------------------------------------------------------===//
// Results
//===----------------------------------------------------------------------===//

LogicalResult NodeEmitter::checkShape(ArrayRef<int64_t> shape, DType type) const {
  std::optional<int64_t> count = checkedElements(shape, dtypeBytes(type));
  if (!count)
    return error("a tensor of shape " + shapeText(shape) + " is too large");
  return success();
}

LogicalResult NodeEmitter::setResult(unsigned i, Value value, DType type) {
  if (!wants(i))
    return success();
  GraphValue result;
  result.type = type;
  ArrayRef<int64_t> shape = cast<RankedTensorType>(value.getType()).getShape();
  if (failed(checkShape(shape, type)))
    return failure();
  if (llvm::is_contained(shape, 0)) // nothing to compute: known
    return setConstant(i, MutableTensor(type, shape).tensor);
  result.shape.assign(shape.begin(), shape.end());
  result.value = value;
  state.define(node.outputs[i], std::move(result));
  return success();
}

LogicalResult NodeEmitter::setConstant(unsigned i, HostTensor tensor) {
  if (!wants(i))
    return success();
  if (tensor.name.empty())
    tensor.name = node.outputs[i];
  GraphValue result;
  result.type = tensor.type;
  result.shape = tensor.shape;
  result.constant = std::move(tensor);
  state.define(node.outputs[i], std::move(result));
  return success();
}

LogicalResult NodeEmitter::forward(unsigned result, unsigned operand) {
  if (wants(result))
    state.define(node.outputs[result], GraphValue(input(operand)));
  return success();
}

//===----------------------------------------------------------------------===//
// Builders
//===----------------------------------------------------------------------===//

Value NodeEmitter::materialize(const HostTensor &tensor) {
  return arith::ConstantOp::create(b, loc, state.toAttribute(tensor));
}

Value NodeEmitter::emptyTensor(ArrayRef<int64_t> shape, Type element) {
  return tensor::EmptyOp::create(b, loc, shape, element);
}

Value NodeEmitter::filled(ArrayRef<int64_t> shape, TypedAttr value) {
  Value scalar = arith::ConstantOp::create(b, loc, value);
  Value empty = emptyTensor(shape, value.getType());
  return linalg::FillOp::create(b, loc, scalar, empty).getResult(0);
}

TypedAttr NodeEmitter::number(Type element, double value) const {
  if (isa<FloatType>(element))
    return b.getFloatAttr(element, value);
  return b.getIntegerAttr(element, static_cast<int64_t>(value));
}

Value NodeEmitter::scalar(OpBuilder &builder, Type element, double value) const {
  return arith::ConstantOp::create(builder, loc, number(element, value));
}

Value NodeEmitter::linear(OpBuilder &builder, Value index, int64_t factor, int64_t offset) const {
  if (factor != 1)
    index = arith::MulIOp::create(builder, loc, index, arith::ConstantIndexOp::create(builder, loc, factor));
  if (offset != 0)
    index = arith::AddIOp::create(builder, loc, index, arith::ConstantIndexOp::create(builder, loc, offset));
  return index;
}

Value NodeEmitter::pointwise(ValueRange inputs, ArrayRef<AffineMap> maps, ArrayRef<int64_t> shape, Type element,
                             Body body) {
  SmallVector<AffineMap> allMaps(maps);
  allMaps.push_back(b.getMultiDimIdentityMap(shape.size()));
  SmallVector<utils::IteratorType> iterators(shape.size(), utils::IteratorType::parallel);
  Value init = emptyTensor(shape, element);
  return linalg::GenericOp::create(b, loc, init.getType(), inputs, init, allMaps, iterators,
                                   [&](OpBuilder &builder, Location, ValueRange args) {
                                     linalg::YieldOp::create(builder, loc, body(builder, args.drop_back()));
                                   })
      .getResult(0);
}

Value NodeEmitter::pointwise(ValueRange inputs, ArrayRef<int64_t> shape, Type element, Body body) {
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(shape.size()));
  return pointwise(inputs, maps, shape, element, body);
}

AffineMap NodeEmitter::mapWithout(int64_t rank, ArrayRef<int64_t> dropped) const {
  SmallVector<AffineExpr> results;
  for (int64_t i = 0; i < rank; ++i)
    if (!llvm::is_contained(dropped, i))
      results.push_back(b.getAffineDimExpr(i));
  return AffineMap::get(rank, 0, results, b.getContext());
}

Value NodeEmitter::reduce(ValueRange inputs, ArrayRef<int64_t> axes, TypedAttr init, Body body) {
  ArrayRef<int64_t> shape = cast<RankedTensorType>(inputs[0].getType()).getShape();
  int64_t rank = shape.size();
  SmallVector<utils::IteratorType> iterators(rank, utils::IteratorType::parallel);
  Shape resultShape;
  for (int64_t i = 0; i < rank; ++i) {
    if (llvm::is_contained(axes, i))
      iterators[i] = utils::IteratorType::reduction;
    else
      resultShape.push_back(shape[i]);
  }
  SmallVector<AffineMap> maps(inputs.size(), b.getMultiDimIdentityMap(rank));
  maps.push_back(mapWithout(rank, axes));
  Value accumulator = filled(resultShape, init);
  if (llvm::is_contained(shape, 0))
    return accumulator;
  return linalg::GenericOp::create(b, loc, accumulator.getType(), inputs, accumulator, maps, iterators,
                                   [&](OpBuilder &builder, Location, ValueRange args) {
                                     linalg::YieldOp::create(builder, loc, body(builder, args));
                                   })
      .getResult(0);
}

std::optional<Shape> NodeEmitter::broadcastShape(ArrayRef<int64_t> a, ArrayRef<int64_t> c) {
  Shape result;
  for (size_t i = 0, e = std::max(a.size(), c.size()); i < e; ++i) {
    int64_t x = i < a.size() ? a[a.size() - 1 - i] : 1;
    int64_t y = i < c.size() ? c[c.size() - 1 - i] : 1;
    if (x != y && x != 1 && y != 1)
      return std::nullopt;
    result.push_back(x == 1 ? y : x);
  }
  std::reverse(result.begin(), result.end());
  return result;
}

FailureOr<NodeEmitter::Broadcast> NodeEmitter::broadcast(const GraphValue &operand, ArrayRef<int64_t> shape) {
  int64_t lead = static_cast<int64_t>(shape.size()) - static_cast<int64_t>(operand.shape.size());
  SmallVector<AffineExpr> results;
  Shape kept;
  for (auto [i, extent] : llvm::enumerate(operand.shape)) {
    if (lead < 0 || (extent != 1 && extent != shape[i + lead]))
      return error("shape " + shapeText(operand.shape) + " does not broadcast to " + shapeText(shape));
    if (extent == 1 && shape[i + lead] != 1)
      continue;
    results.push_back(b.getAffineDimExpr(i + lead));
    kept.push_back(extent);
  }
  Broadcast result;
  result.map = AffineMap::get(shape.size(), 0, results, b.getContext());
  if (operand.constant && kept.size() != operand.shape.size())
    result.value = materialize(operand.constant->reshaped(kept));
  else if (operand.value)
    result.value = reshape(operand.value, kept);
  else
    result.value = materialize(*operand.constant);
  return result;
}

Value NodeEmitter::reshape(Value value, ArrayRef<int64_t> shape) {
  ArrayRef<int64_t> from = cast<RankedTensorType>(value.getType()).getShape();
  Type element = cast<RankedTensorType>(value.getType()).getElementType();
  if (from == shape)
    return value;
  if (llvm::is_contained(from, 0))
    return emptyTensor(shape, element);
  // Group dimensions of both shapes minimally so that products agree; collapse
  // each group to one extent, then expand it.
  SmallVector<ReassociationIndices> collapse, expand;
  Shape middle;
  size_t i = 0, j = 0;
  while (i < from.size() && j < shape.size()) {
    collapse.emplace_back(1, i);
    expand.emplace_back(1, j);
    int64_t a = from[i++], c = shape[j++];
    while (a != c) {
      if (a < c) {
        collapse.back().push_back(i);
        a *= from[i++];
      } else {
        expand.back().push_back(j);
        c *= shape[j++];
      }
    }
    middle.push_back(a);
  }
  // What is left over are unit extents: they join the last group, or stand
  // alone against a tensor of rank 0.
  for (; i < from.size() && !collapse.empty(); ++i)
    collapse.back().push_back(i);
  for (; j < shape.size() && !expand.empty(); ++j)
    expand.back().push_back(j);
  if (middle.size() != from.size())
    value = tensor::CollapseShapeOp::create(b, loc, tensorType(middle, element), value, collapse);
  if (middle.size() != shape.size())
    value = tensor::ExpandShapeOp::create(b, loc, tensorType(shape, element), value, expand);
  return value;
}

Value NodeEmitter::keepDims(Value value, ArrayRef<int64_t> fullShape, ArrayRef<int64_t> axes) {
  Shape shape(fullShape);
  for (int64_t axis : axes)
    shape[axis] = 1;
  return reshape(value, shape);
}

Value NodeEmitter::padded(Value value, ArrayRef<int64_t> low, ArrayRef<int64_t> high, TypedAttr padding) {
  auto isZero = [](int64_t x) { return x == 0; };
  if (llvm::all_of(low, isZero) && llvm::all_of(high, isZero))
    return value;
  auto type = cast<RankedTensorType>(value.getType());
  Shape shape(type.getShape());
  SmallVector<OpFoldResult> lowAttrs, highAttrs;
  for (size_t i = 0; i < shape.size(); ++i) {
    shape[i] += low[i] + high[i];
    lowAttrs.push_back(b.getIndexAttr(low[i]));
    highAttrs.push_back(b.getIndexAttr(high[i]));
  }
  if (llvm::is_contained(type.getShape(), 0))
    return filled(shape, padding);
  Value scalar = arith::ConstantOp::create(b, loc, padding);
  return tensor::PadOp::create(b, loc, tensorType(shape, type.getElementType()), value, lowAttrs, highAttrs, scalar);
}

Value NodeEmitter::slice(Value value, ArrayRef<int64_t> offsets, ArrayRef<int64_t> sizes, ArrayRef<int64_t> strides) {
  SmallVector<OpFoldResult> offsetAttrs, sizeAttrs, strideAttrs;
  for (size_t i = 0; i < sizes.size(); ++i) {
    offsetAttrs.push_back(b.getIndexAttr(offsets[i]));
    sizeAttrs.push_back(b.getIndexAttr(sizes[i]));
    strideAttrs.push_back(b.getIndexAttr(strides.empty() ? 1 : strides[i]));
  }
  return tensor::ExtractSliceOp::create(b, loc, value, offsetAttrs, sizeAttrs, strideAttrs);
}

} // namespace eclip::frontend
