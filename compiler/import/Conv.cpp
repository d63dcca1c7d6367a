//===- Conv.cpp - convolution ---------------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportState.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Window.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <cmath>

using namespace mlir;

namespace eclip::frontend {

//===----------------------------------------------------------------------===//
// Batch normalization
//===----------------------------------------------------------------------===//

namespace {
/// y = x * scale + shift, a channel each.
struct ChannelAffine {
  SmallVector<double> scale, shift;
};
} // namespace

/// From a BatchNormalization node's constant inputs; none if they are not
/// constant vectors of `channels` values.
static std::optional<ChannelAffine> channelAffine(const ImportState &state, const Node &node, int64_t channels) {
  double epsilon = 1e-5;
  for (const Attribute &attribute : node.attributes) {
    if (attribute.name == "epsilon" && attribute.kind == Attribute::Float)
      epsilon = attribute.f;
    else if (attribute.name != "momentum" && (attribute.name != "training_mode" || attribute.i != 0))
      return std::nullopt; // refused when the node itself is emitted
  }
  SmallVector<double> inputs[4]; // scale, bias, mean, variance
  for (int i = 0; i < 4; ++i) {
    const GraphValue *value = state.find(node.inputs[i + 1]);
    if (!value || !value->constant || !isFloat(value->type) || value->shape.size() != 1 ||
        value->shape[0] != channels)
      return std::nullopt;
    inputs[i] = value->constant->numbers();
  }
  ChannelAffine result;
  for (int64_t c = 0; c < channels; ++c) {
    double scale = inputs[0][c] / std::sqrt(inputs[3][c] + epsilon);
    result.scale.push_back(scale);
    result.shift.push_back(inputs[1][c] - inputs[2][c] * scale);
  }
  return result;
}

LogicalResult emitBatchNormalization(NodeEmitter &e) {
  if (e.intAttr("training_mode", 0) != 0)
    return e.error("training_mode is not supported");
  if (e.rank(0) < 2)
    return e.error("input 0 needs rank 2 or more, it has shape " + shapeText(e.shape(0)));
  DType type = e.type(0);
  int64_t channels = e.shape(0)[1];
  std::optional<ChannelAffine> affine = channelAffine(e.state, e.node, channels);
  if (!affine)
    return e.error("inputs 1 to 4 must be float vectors of " + Twine(channels) + " values, known at import");
  auto constant = [&](ArrayRef<double> values, StringRef suffix) {
    MutableTensor tensor(type, channels);
    for (auto [i, value] : llvm::enumerate(values))
      tensor.set(i, {value, 0});
    tensor.tensor.name = e.node.name + suffix.str();
    return e.materialize(tensor.tensor);
  };
  AffineMap channelMap = AffineMap::get(e.rank(0), 0, e.b.getAffineDimExpr(1));
  Value scale = constant(affine->scale, ".scale"), shift = constant(affine->shift, ".shift");
  Value result = e.pointwise({e.value(0), scale, shift},
                             {e.b.getMultiDimIdentityMap(e.rank(0)), channelMap, channelMap}, e.shape(0),
                             e.elementType(type), [&](OpBuilder &b, ValueRange args) -> Value {
                               Value product = arith::MulFOp::create(b, e.loc, args[0], args[1]);
                               return arith::AddFOp::create(b, e.loc, product, args[2]);
                             });
  return e.setResult(0, result, type);
}

//===----------------------------------------------------------------------===//
// Convolution
//===----------------------------------------------------------------------===//

namespace {
struct ConvShape {
  Window window;
  int64_t group, channels, filters; // channels in all and filters in all
  Shape outSpatial;
};
} // namespace

static FailureOr<ConvShape> convShape(NodeEmitter &e) {
  ArrayRef<int64_t> x = e.shape(0), w = e.shape(1);
  int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  if (spatial != 1 && spatial != 2)
    return e.error("input 0 has shape " + shapeText(x) + ": only 1-D and 2-D convolutions are supported");
  if (w.size() != x.size())
    return e.error("weights of shape " + shapeText(w) + " do not fit an input of shape " + shapeText(x));
  if (e.type(1) != e.type(0))
    return e.error("the weights are " + dtypeName(e.type(1)) + ", the input is " + dtypeName(e.type(0)));
  ConvShape s;
  s.group = e.intAttr("group", 1);
  s.channels = x[1];
  s.filters = w[0];
  if (s.group < 1 || s.channels % s.group || s.filters % s.group)
    return e.error("attribute 'group' is " + Twine(s.group) + ", which does not divide " + Twine(s.channels) +
                   " channels and " + Twine(s.filters) + " filters");
  if (w[1] != s.channels / s.group)
    return e.error("weights of shape " + shapeText(w) + " do not fit an input of shape " + shapeText(x) + " in " +
                   Twine(s.group) + " groups");
  FailureOr<Window> window = readWindow(e, spatial, w.drop_front(2), /*ceilMode=*/false);
  if (failed(window))
    return failure();
  s.window = *window;
  if (e.has(2) && (e.rank(2) != 1 || e.shape(2)[0] != s.filters || e.type(2) != e.type(0)))
    return e.error("the bias must be a " + dtypeName(e.type(0)) + " vector of " + Twine(s.filters) +
                   " values, not " + dtypeName(e.type(2)) + " " + shapeText(e.shape(2)));
  return s;
}

namespace {
/// Weights and bias of a convolution: the node's own, or with the batch
/// normalization behind it folded in.
struct ConvOperands {
  std::optional<HostTensor> weights; // none: the node's input 1
  std::optional<HostTensor> bias;    // none: the node's input 2, if given
};
} // namespace

static ConvOperands foldBatchNormalization(NodeEmitter &e, int64_t filters, const Node *&folded) {
  const HostTensor *weights = e.constant(1);
  const HostTensor *bias = e.has(2) ? e.constant(2) : nullptr;
  const Node *user = e.state.soleUser(e.node);
  if (!weights || (e.has(2) && !bias) || !user || user->op != "BatchNormalization" || !user->domain.empty() ||
      user->inputs.size() != 5 || e.state.root(user->inputs[0]) != e.node.outputs[0] || e.type(0) != DType::F32)
    return {};
  for (size_t i = 1; i < user->outputs.size(); ++i)
    if (!user->outputs[i].empty())
      return {};
  std::optional<ChannelAffine> affine = channelAffine(e.state, *user, filters);
  if (!affine)
    return {};
  int64_t filterSize = weights->elements() / filters;
  MutableTensor scaled(DType::F32, weights->shape);
  SmallVector<double> shift;
  const char *source = weights->bytes.data();
  for (int64_t f = 0; f < filters; ++f) {
    for (int64_t i = f * filterSize, end = i + filterSize; i < end; ++i) {
      float value; // the bytes of a model need not be aligned
      std::memcpy(&value, source + i * sizeof(float), sizeof(float));
      value = static_cast<float>(value * affine->scale[f]);
      std::memcpy(scaled.data + i * sizeof(float), &value, sizeof(float));
    }
    shift.push_back(affine->shift[f] + (bias ? bias->at(f).f * affine->scale[f] : 0.0));
  }
  folded = user;
  ConvOperands result{scaled.tensor, hostFloats(filters, shift)};
  result.weights->name = weights->name + ".folded";
  result.bias->name = user->name + ".folded";
  return result;
}

/// The tensor's unit H of a 1-D convolution, or the split of channels into
/// groups: as a new shape of a constant, or a reshape of a value.
static Value shaped(NodeEmitter &e, const std::optional<HostTensor> &folded, unsigned input, ArrayRef<int64_t> shape) {
  if (folded)
    return e.materialize(folded->reshaped(shape));
  if (const HostTensor *constant = e.constant(input); constant && e.shape(input) != shape)
    return e.materialize(constant->reshaped(shape));
  return e.reshape(e.value(input), shape);
}

LogicalResult emitConv(NodeEmitter &e) {
  FailureOr<ConvShape> s = convShape(e);
  if (failed(s))
    return failure();
  ArrayRef<int64_t> x = e.shape(0), w = e.shape(1);
  DType type = e.type(0);
  Type element = e.elementType(type);
  bool is1D = x.size() == 3, isGrouped = s->group > 1;
  Window window = is1D ? s->window.withUnitHeight() : s->window;
  const Node *folded = nullptr;
  ConvOperands operands = foldBatchNormalization(e, s->filters, folded);

  // In the order n, (g,) c, h, w and (g,) f, c, h, w.
  Shape inShape{x[0]}, weightShape, outShape{x[0]};
  if (isGrouped) {
    inShape.push_back(s->group);
    weightShape.push_back(s->group);
    outShape.push_back(s->group);
  }
  inShape.push_back(s->channels / s->group);
  weightShape.append({s->filters / s->group, w[1]});
  outShape.push_back(s->filters / s->group);
  auto appendSpatial = [&](Shape &shape, ArrayRef<int64_t> spatial) {
    if (is1D)
      shape.push_back(1);
    shape.append(spatial.begin(), spatial.end());
  };
  appendSpatial(inShape, x.drop_front(2));
  appendSpatial(weightShape, w.drop_front(2));
  appendSpatial(outShape, s->window.out);
  if (failed(e.checkShape(outShape, type)))
    return failure();

  Value input = e.reshape(e.value(0), inShape);
  Shape low(inShape.size(), 0), high(inShape.size(), 0);
  for (int i = 0; i < 2; ++i) {
    low[low.size() - 2 + i] = window.low[i];
    high[high.size() - 2 + i] = window.high[i];
  }
  input = e.padded(input, low, high, e.number(element, 0));
  Value weights = shaped(e, operands.weights, 1, weightShape);
  Value init = e.filled(outShape, e.number(element, 0));
  auto strides = e.b.getI64VectorAttr(window.strides), dilations = e.b.getI64VectorAttr(window.dilations);
  Value result;
  if (isGrouped)
    result = linalg::Conv2DNgchwGfchwOp::create(e.b, e.loc, init.getType(), ValueRange{input, weights}, init, strides,
                                                dilations)
                 .getResult(0);
  else
    result = linalg::Conv2DNchwFchwOp::create(e.b, e.loc, init.getType(), ValueRange{input, weights}, init, strides,
                                              dilations)
                 .getResult(0);
  Shape finalShape{x[0], s->filters};
  finalShape.append(s->window.out.begin(), s->window.out.end());
  result = e.reshape(result, finalShape);
  if (operands.bias || e.has(2)) {
    Value bias = operands.bias ? e.materialize(*operands.bias) : e.value(2);
    int64_t rank = finalShape.size();
    result = e.pointwise({result, bias},
                         {e.b.getMultiDimIdentityMap(rank), AffineMap::get(rank, 0, e.b.getAffineDimExpr(1))},
                         finalShape, element, [&](OpBuilder &b, ValueRange args) -> Value {
                           return arith::AddFOp::create(b, e.loc, args[0], args[1]);
                         });
  }
  if (failed(e.setResult(0, result, type)))
    return failure();
  if (folded)
    e.state.absorb(*folded, e.node);
  return success();
}

} // namespace eclip::frontend
