//===- Conv.cpp - convolution ---------------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Convolution.h"
#include "compiler/import/Normalization.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Window.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
struct ConvShape {
  Window window;
  int64_t group, channels, filters; // channels in all and filters in all
};
} // namespace

static FailureOr<ConvShape> convShape(NodeEmitter &e) {
  ArrayRef<int64_t> x = e.shape(0), w = e.shape(1);
  int64_t spatial = static_cast<int64_t>(x.size()) - 2;
  if (spatial < 1 || spatial > 3)
    return e.error("input 0 has shape " + shapeText(x) + ": only 1-D to 3-D convolutions are supported");
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
  DType type = e.type(0);
  Shape outShape{e.shape(0)[0], s->filters};
  outShape.append(s->window.out);
  if (failed(e.checkShape(outShape, type)))
    return failure();
  const Node *folded = nullptr;
  ConvOperands operands = foldBatchNormalization(e, s->filters, folded);
  const Window &w = s->window;
  Value result = convolve(
      e, e.value(0), e.shape(1),
      [&](ArrayRef<int64_t> shape) { return shaped(e, operands.weights, 1, shape); },
      {s->group, w.strides, w.dilations, w.low, w.high});
  if (operands.bias || e.has(2))
    result = addBias(e, result, operands.bias ? e.materialize(*operands.bias) : e.value(2));
  if (failed(e.setResult(0, result, type)))
    return failure();
  if (folded)
    e.state.absorb(*folded, e.node);
  return success();
}

} // namespace eclip::frontend
