//===- Normalization.cpp - normalizations -------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Normalization.h"

#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"

#include <cmath>

using namespace mlir;

namespace eclip::frontend {

//===----------------------------------------------------------------------===//
// Mean and variance
//===----------------------------------------------------------------------===//

namespace {
/// Sums over axes of a tensor, in the accumulation type of the node's input.
struct Moments {
  Value centred; // x - mean
  Value sum;     // of x, without the axes
  Value squares; // sum of squares of `centred`, without the axes
  double count;  // of elements in each sum
  SmallVector<int64_t> axes;
};

/// scale and shift of a normalization, as tensors that a map reads.
struct Affine {
  std::optional<NodeEmitter::Broadcast> scale, shift;
};

class Normalizer {
public:
  explicit Normalizer(NodeEmitter &e) : e(e), narrow(e.type(0)), wide(accumulationType(narrow)) {}

  /// Of `x`, whose elements have the node's type.
  Moments moments(Value x, ArrayRef<int64_t> axes) const;
  /// centred / sqrt(variance + epsilon) * scale + shift, of the node's type.
  Value apply(const Moments &m, double epsilon, const Affine &affine) const;
  Value mean(const Moments &m) const;
  /// 1 / sqrt(variance + epsilon)
  Value inverseDeviation(const Moments &m, double epsilon) const;

  NodeEmitter &e;
  DType narrow, wide;
};
} // namespace

Moments Normalizer::moments(Value x, ArrayRef<int64_t> axes) const {
  Moments m;
  ArrayRef<int64_t> shape = shapeOf(x);
  int64_t rank = shape.size();
  m.axes.assign(axes.begin(), axes.end());
  m.count = static_cast<double>(extentOf(shape, axes));
  x = converted(e, x, narrow, wide);
  m.sum = sumOver(e, x, axes, wide);
  m.centred = e.pointwise({x, m.sum}, {e.b.getMultiDimIdentityMap(rank), e.mapWithout(rank, axes)}, shape,
                          e.elementType(wide), [&](OpBuilder &b, ValueRange args) {
                            ScalarBuilder s(e, b, wide);
                            return s.sub(args[0], s.div(args[1], s.c(m.count)));
                          });
  m.squares = e.reduce(m.centred, axes, e.number(e.elementType(wide), 0), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    return s.add(s.mul(args[0], args[0]), args[1]);
  });
  return m;
}

Value Normalizer::apply(const Moments &m, double epsilon, const Affine &affine) const {
  ArrayRef<int64_t> shape = shapeOf(m.centred);
  int64_t rank = shape.size();
  SmallVector<Value> operands{m.centred, m.squares};
  SmallVector<AffineMap> maps{e.b.getMultiDimIdentityMap(rank), e.mapWithout(rank, m.axes)};
  for (const auto *operand : {&affine.scale, &affine.shift})
    if (*operand) {
      operands.push_back((*operand)->value);
      maps.push_back((*operand)->map);
    }
  return e.pointwise(operands, maps, shape, e.elementType(narrow), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    Value factor = s.rsqrt(s.add(s.div(args[1], s.c(m.count)), s.c(epsilon)));
    Value result = s.mul(args[0], factor);
    unsigned next = 2;
    if (affine.scale)
      result = s.mul(result, convertScalar(e, b, args[next++], narrow, wide));
    if (affine.shift)
      result = s.add(result, convertScalar(e, b, args[next++], narrow, wide));
    return convertScalar(e, b, result, wide, narrow);
  });
}

Value Normalizer::mean(const Moments &m) const {
  return mapped(e, m.sum, wide, [&](ScalarBuilder &s, Value sum) { return s.div(sum, s.c(m.count)); });
}

Value Normalizer::inverseDeviation(const Moments &m, double epsilon) const {
  return mapped(e, m.squares, wide, [&](ScalarBuilder &s, Value squares) {
    return s.rsqrt(s.add(s.div(squares, s.c(m.count)), s.c(epsilon)));
  });
}

static SmallVector<int64_t> axesFrom(int64_t first, int64_t rank) {
  SmallVector<int64_t> axes;
  for (int64_t i = first; i < rank; ++i)
    axes.push_back(i);
  return axes;
}

/// Inputs `first` to `last` must be vectors of `extent` values of input 0's type.
static LogicalResult checkVectors(NodeEmitter &e, unsigned first, unsigned last, int64_t extent) {
  for (unsigned i = first; i <= last; ++i)
    if (e.rank(i) != 1 || e.shape(i)[0] != extent || e.type(i) != e.type(0))
      return e.error("input " + Twine(i) + " must be a " + dtypeName(e.type(0)) + " vector of " + Twine(extent) +
                     " values, not " + dtypeName(e.type(i)) + " " + shapeText(e.shape(i)));
  return success();
}

/// A tensor indexed by dimension 1 of `rank`.
static NodeEmitter::Broadcast perChannel(NodeEmitter &e, Value vector, int64_t rank) {
  return {vector, AffineMap::get(rank, 0, e.b.getAffineDimExpr(1))};
}

//===----------------------------------------------------------------------===//
// Batch normalization
//===----------------------------------------------------------------------===//

/// True if the node computes its statistics from the batch.
static bool isTraining(const NodeEmitter &e) {
  if (e.opset() < 7)
    return e.intAttr("is_test", 0) == 0;
  return e.opset() >= 14 && e.intAttr("training_mode", 0) != 0;
}

std::optional<ChannelAffine> channelAffine(const ImportState &state, const Node &node, int64_t channels) {
  double epsilon = 1e-5;
  bool isTest = state.model.opset >= 7;
  for (const Attribute &attribute : node.attributes) {
    if (attribute.name == "epsilon" && attribute.kind == Attribute::Float)
      epsilon = attribute.f;
    else if (attribute.name == "is_test")
      isTest = attribute.i != 0;
    else if (attribute.name == "spatial" ? attribute.i == 0
                                         : attribute.name != "momentum" &&
                                               (attribute.name != "training_mode" || attribute.i != 0))
      return std::nullopt; // the node itself is emitted, or refused
  }
  if (!isTest || node.inputs.size() != 5)
    return std::nullopt;
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

static Value emitAffine(NodeEmitter &e, const ChannelAffine &affine) {
  DType type = e.type(0);
  int64_t rank = e.rank(0);
  auto constant = [&](ArrayRef<double> values, StringRef suffix) {
    MutableTensor tensor(type, static_cast<int64_t>(values.size()));
    for (auto [i, value] : llvm::enumerate(values))
      tensor.set(i, {value, 0});
    tensor.tensor.name = e.node.name + suffix.str();
    return perChannel(e, e.materialize(tensor.tensor), rank);
  };
  NodeEmitter::Broadcast scale = constant(affine.scale, ".scale"), shift = constant(affine.shift, ".shift");
  return e.pointwise({e.value(0), scale.value, shift.value},
                     {e.b.getMultiDimIdentityMap(rank), scale.map, shift.map}, e.shape(0), e.elementType(type),
                     [&](OpBuilder &b, ValueRange args) {
                       ScalarBuilder s(e, b, type);
                       return s.add(s.mul(args[0], args[1]), args[2]);
                     });
}

/// Statistics from the batch; outputs 1 and 2 are the running mean and variance.
static LogicalResult emitTrainingBatchNormalization(NodeEmitter &e, double epsilon) {
  if (e.opset() < 14)
    return e.error("training is only supported from opset 14 on");
  int64_t rank = e.rank(0);
  Normalizer n(e);
  SmallVector<int64_t> axes = axesFrom(1, rank);
  axes[0] = 0;
  Moments m = n.moments(e.value(0), axes);
  Affine affine{perChannel(e, e.value(1), rank), perChannel(e, e.value(2), rank)};
  if (failed(e.setResult(0, n.apply(m, epsilon, affine), n.narrow)))
    return failure();
  double momentum = e.floatAttr("momentum", 0.9f);
  Value variance = mapped(e, m.squares, n.wide, [&](ScalarBuilder &s, Value x) { return s.div(x, s.c(m.count)); });
  for (auto [output, current] : {std::pair(1u, n.mean(m)), std::pair(2u, variance)}) {
    Value running = e.pointwise({e.value(2 + output), current}, e.shape(2 + output), e.elementType(n.narrow),
                                [&](OpBuilder &b, ValueRange args) {
                                  ScalarBuilder s(e, b, n.wide);
                                  Value old = convertScalar(e, b, args[0], n.narrow, n.wide);
                                  Value sum = s.add(s.mul(old, s.c(momentum)), s.mul(args[1], s.c(1 - momentum)));
                                  return convertScalar(e, b, sum, n.wide, n.narrow);
                                });
    if (failed(e.setResult(output, running, n.narrow)))
      return failure();
  }
  return success();
}

LogicalResult emitBatchNormalization(NodeEmitter &e) {
  if (e.rank(0) < 2)
    return e.error("input 0 needs rank 2 or more, it has shape " + shapeText(e.shape(0)));
  if (e.intAttr("spatial", 1) == 0)
    return e.error("attribute 'spatial' must be 1");
  int64_t rank = e.rank(0);
  if (failed(checkVectors(e, 1, 4, e.shape(0)[1])))
    return failure();
  DType type = e.type(0);
  double epsilon = e.floatAttr("epsilon", 1e-5f);
  if (isTraining(e))
    return emitTrainingBatchNormalization(e, epsilon);
  if (std::optional<ChannelAffine> affine = channelAffine(e.state, e.node, e.shape(0)[1]))
    return e.setResult(0, emitAffine(e, *affine), type);
  SmallVector<Value> operands{e.value(0)};
  SmallVector<AffineMap> maps{e.b.getMultiDimIdentityMap(rank)};
  for (unsigned i = 1; i <= 4; ++i) {
    operands.push_back(e.value(i));
    maps.push_back(perChannel(e, {}, rank).map);
  }
  DType wide = accumulationType(type);
  Value result = e.pointwise(operands, maps, e.shape(0), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    SmallVector<Value> x; // input, scale, bias, mean, variance
    for (Value arg : args)
      x.push_back(convertScalar(e, b, arg, type, wide));
    Value factor = s.mul(x[1], s.rsqrt(s.add(x[4], s.c(epsilon))));
    return convertScalar(e, b, s.add(s.mul(s.sub(x[0], x[3]), factor), x[2]), wide, type);
  });
  return e.setResult(0, result, type);
}

//===----------------------------------------------------------------------===//
// Layer, instance and group normalization
//===----------------------------------------------------------------------===//

LogicalResult emitLayerNormalization(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", -1), rank);
  if (failed(axis))
    return failure();
  if (e.intAttr("stash_type", 1) != 1)
    return e.error("attribute 'stash_type' must be 1 (float)");
  Affine affine;
  for (unsigned i = 1; i < e.numInputs(); ++i) {
    if (!e.has(i))
      continue;
    if (e.type(i) != e.type(0))
      return e.error("input " + Twine(i) + " is " + dtypeName(e.type(i)) + ", input 0 is " + dtypeName(e.type(0)));
    FailureOr<NodeEmitter::Broadcast> operand = e.broadcast(e.input(i), e.shape(0));
    if (failed(operand))
      return failure();
    (i == 1 ? affine.scale : affine.shift) = *operand;
  }
  Normalizer n(e);
  double epsilon = e.floatAttr("epsilon", 1e-5f);
  Moments m = n.moments(e.value(0), axesFrom(*axis, rank));
  if (failed(e.setResult(0, n.apply(m, epsilon, affine), n.narrow)))
    return failure();
  // Mean and InvStdDev are float whatever the input is.
  auto setStatistic = [&](unsigned i, Value value) {
    return e.setResult(i, converted(e, e.keepDims(value, e.shape(0), m.axes), n.wide, DType::F32), DType::F32);
  };
  if (e.wants(1) && failed(setStatistic(1, n.mean(m))))
    return failure();
  return e.wants(2) ? setStatistic(2, n.inverseDeviation(m, epsilon)) : success();
}

LogicalResult emitInstanceNormalization(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  if (rank < 3)
    return e.error("input 0 needs rank 3 or more, it has shape " + shapeText(e.shape(0)));
  if (failed(checkVectors(e, 1, 2, e.shape(0)[1])))
    return failure();
  Normalizer n(e);
  Moments m = n.moments(e.value(0), axesFrom(2, rank));
  Affine affine{perChannel(e, e.value(1), rank), perChannel(e, e.value(2), rank)};
  return e.setResult(0, n.apply(m, e.floatAttr("epsilon", 1e-5f), affine), n.narrow);
}

LogicalResult emitGroupNormalization(NodeEmitter &e) {
  int64_t rank = e.rank(0), groups = e.intAttr("num_groups", 1);
  if (rank < 2)
    return e.error("input 0 needs rank 2 or more, it has shape " + shapeText(e.shape(0)));
  int64_t channels = e.shape(0)[1];
  if (groups < 1 || channels % groups)
    return e.error("attribute 'num_groups' is " + Twine(groups) + ", which does not divide " + Twine(channels) +
                   " channels");
  if (e.intAttr("stash_type", 1) != 1)
    return e.error("attribute 'stash_type' must be 1 (float)");
  // Scale and bias are per group in opset 18, per channel from 21 on.
  bool isPerGroup = e.opset() < 21;
  if (failed(checkVectors(e, 1, 2, isPerGroup ? groups : channels)))
    return failure();
  Shape grouped{e.shape(0)[0], groups, channels / groups};
  grouped.append(e.shape(0).begin() + 2, e.shape(0).end());
  auto operand = [&](unsigned i) -> NodeEmitter::Broadcast {
    if (isPerGroup)
      return perChannel(e, e.value(i), rank + 1);
    return {e.reshape(e.value(i), {groups, channels / groups}),
            AffineMap::get(rank + 1, 0, {e.b.getAffineDimExpr(1), e.b.getAffineDimExpr(2)}, e.b.getContext())};
  };
  Normalizer n(e);
  Moments m = n.moments(e.reshape(e.value(0), grouped), axesFrom(2, rank + 1));
  Value result = n.apply(m, e.floatAttr("epsilon", 1e-5f), {operand(1), operand(2)});
  return e.setResult(0, e.reshape(result, e.shape(0)), n.narrow);
}

//===----------------------------------------------------------------------===//
// Normalizations without parameters
//===----------------------------------------------------------------------===//

LogicalResult emitMeanVarianceNormalization(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> axes = e.normalizeAxes(e.intsAttr("axes", {0, 2, 3}), e.rank(0));
  if (failed(axes))
    return failure();
  Normalizer n(e);
  Moments m = n.moments(e.value(0), *axes);
  int64_t rank = e.rank(0);
  Value result = e.pointwise({m.centred, m.squares}, {e.b.getMultiDimIdentityMap(rank), e.mapWithout(rank, *axes)},
                             e.shape(0), e.elementType(n.narrow), [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder s(e, b, n.wide);
                               // The operator's definition adds 1e-9 to the deviation.
                               Value deviation = s.add(s.sqrt(s.div(args[1], s.c(m.count))), s.c(1e-9));
                               return convertScalar(e, b, s.div(args[0], deviation), n.wide, n.narrow);
                             });
  return e.setResult(0, result, n.narrow);
}

LogicalResult emitLpNormalization(NodeEmitter &e) {
  FailureOr<int64_t> axis = e.normalizeAxis(e.intAttr("axis", -1), e.rank(0));
  if (failed(axis))
    return failure();
  int64_t p = e.intAttr("p", 2), rank = e.rank(0);
  if (p != 1 && p != 2)
    return e.error("attribute 'p' is " + Twine(p) + ", it must be 1 or 2");
  DType type = e.type(0), wide = accumulationType(type);
  Value x = converted(e, e.value(0), type, wide);
  Value sum = e.reduce(x, *axis, e.number(e.elementType(wide), 0), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    return s.add(p == 1 ? s.abs(args[0]) : s.mul(args[0], args[0]), args[1]);
  });
  Value result = e.pointwise({x, sum}, {e.b.getMultiDimIdentityMap(rank), e.mapWithout(rank, *axis)}, e.shape(0),
                             e.elementType(type), [&](OpBuilder &b, ValueRange args) {
                               ScalarBuilder s(e, b, wide);
                               Value norm = p == 1 ? args[1] : s.sqrt(args[1]);
                               // As ONNX Runtime: zeros stay zeros.
                               Value isZero = s.equal(norm, s.c(0));
                               Value quotient = s.select(isZero, s.c(0), s.div(args[0], norm));
                               return convertScalar(e, b, quotient, wide, type);
                             });
  return e.setResult(0, result, type);
}

LogicalResult emitLRN(NodeEmitter &e) {
  int64_t rank = e.rank(0), size = e.intAttr("size", 1);
  if (rank < 3)
    return e.error("input 0 needs rank 3 or more, it has shape " + shapeText(e.shape(0)));
  int64_t batch = e.shape(0)[0], channels = e.shape(0)[1];
  if (size < 1 || size > channels * 2)
    return e.error("attribute 'size' is " + Twine(size) + ", which is out of range for " + Twine(channels) +
                   " channels");
  DType type = e.type(0), wide = accumulationType(type);
  Type element = e.elementType(wide);
  int64_t pixels = extentOf(e.shape(0), axesFrom(2, rank));
  Value x = e.reshape(converted(e, e.value(0), type, wide), {batch, 1, channels, pixels});
  Value squares = mapped(e, x, wide, [](ScalarBuilder &s, Value v) { return s.mul(v, v); });
  int64_t before = (size - 1) / 2;
  squares = e.padded(squares, {0, 0, before, 0}, {0, 0, size - 1 - before, 0}, e.number(element, 0));
  Value sums = e.filled({batch, 1, channels, pixels}, e.number(element, 0));
  SmallVector<int64_t> ones{1, 1};
  sums = linalg::PoolingNchwSumOp::create(e.b, e.loc, sums.getType(),
                                          ValueRange{squares, e.emptyTensor({size, 1}, element)}, sums,
                                          e.b.getI64VectorAttr(ones), e.b.getI64VectorAttr(ones))
             .getResult(0);
  double alpha = e.floatAttr("alpha", 1e-4f), beta = e.floatAttr("beta", 0.75), bias = e.floatAttr("bias", 1);
  Value result = e.pointwise({x, sums}, shapeOf(x), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    Value base = s.add(s.mul(args[1], s.c(alpha / static_cast<double>(size))), s.c(bias));
    return convertScalar(e, b, s.div(args[0], s.pow(base, s.c(beta))), wide, type);
  });
  return e.setResult(0, e.reshape(result, e.shape(0)), type);
}

} // namespace eclip::frontend
