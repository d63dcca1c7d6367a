//===- Elementwise.cpp - emission of elementwise operators ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/ScalarBuilder.h"

#include "llvm/ADT/StringMap.h"

#include <cmath>

using namespace mlir;

namespace eclip::frontend {

namespace {
using Build = ScalarBuild;

Value erfGelu(ScalarBuilder &s, Value x) {
  Value erf = s.erf(s.mul(x, s.c(std::sqrt(0.5))));
  return s.mul(s.mul(x, s.c(0.5)), s.add(erf, s.c(1)));
}
Value tanhGelu(ScalarBuilder &s, Value x) {
  Value cube = s.mul(s.mul(x, x), x);
  Value inner = s.mul(s.c(std::sqrt(2.0 / M_PI)), s.add(x, s.mul(s.c(0.044715), cube)));
  return s.mul(s.mul(x, s.c(0.5)), s.add(s.tanh(inner), s.c(1)));
}
/// log(1 + exp(x)) without overflow.
Value softplus(ScalarBuilder &s, Value x) {
  return s.add(s.max(x, s.c(0)), s.log(s.add(s.exp(s.neg(s.abs(x))), s.c(1))));
}
/// alpha * (exp(x / divisor) - 1) for x < 0, gamma * x otherwise.
Value elu(ScalarBuilder &s, Value x, double alpha, double gamma = 1, double divisor = 1) {
  Value scaled = divisor == 1 ? x : s.div(x, s.c(divisor));
  Value negative = s.mul(s.c(alpha), s.sub(s.exp(scaled), s.c(1)));
  return s.select(s.less(x, s.c(0)), negative, gamma == 1 ? x : s.mul(s.c(gamma), x));
}
Value hardSigmoid(ScalarBuilder &s, Value x, double alpha, double beta) {
  return s.max(s.c(0), s.min(s.c(1), s.add(s.mul(x, s.c(alpha)), s.c(beta))));
}
const llvm::StringMap<Build> &builders() {
  static const llvm::StringMap<Build> map = {
      {"Relu", [](ScalarBuilder &s, ValueRange a) { return s.max(a[0], s.c(0)); }},
      {"LeakyRelu",
       [](ScalarBuilder &s, ValueRange a) {
         Value scaled = s.mul(a[0], s.c(s.e.floatAttr("alpha", 0.01f)));
         return s.select(s.less(a[0], s.c(0)), scaled, a[0]);
       }},
      {"PRelu",
       [](ScalarBuilder &s, ValueRange a) { return s.select(s.less(a[0], s.c(0)), s.mul(a[0], a[1]), a[0]); }},
      {"ThresholdedRelu",
       [](ScalarBuilder &s, ValueRange a) {
         return s.select(s.less(s.c(s.e.floatAttr("alpha", 1)), a[0]), a[0], s.c(0));
       }},
      {"Elu", [](ScalarBuilder &s, ValueRange a) { return elu(s, a[0], s.e.floatAttr("alpha", 1)); }},
      {"Celu",
       [](ScalarBuilder &s, ValueRange a) {
         double alpha = s.e.floatAttr("alpha", 1);
         return elu(s, a[0], alpha, 1, alpha);
       }},
      {"Selu",
       [](ScalarBuilder &s, ValueRange a) {
         double gamma = s.e.floatAttr("gamma", 1.05070102214813232421875);
         return elu(s, a[0], gamma * s.e.floatAttr("alpha", 1.67326319217681884765625), gamma);
       }},
      {"Sigmoid", [](ScalarBuilder &s, ValueRange a) { return s.sigmoid(a[0]); }},
      {"HardSigmoid",
       [](ScalarBuilder &s, ValueRange a) {
         return hardSigmoid(s, a[0], s.e.floatAttr("alpha", 0.2f), s.e.floatAttr("beta", 0.5));
       }},
      {"HardSwish",
       [](ScalarBuilder &s, ValueRange a) { return s.mul(a[0], hardSigmoid(s, a[0], 1.0 / 6, 0.5)); }},
      {"Softplus", [](ScalarBuilder &s, ValueRange a) { return softplus(s, a[0]); }},
      {"Softsign", [](ScalarBuilder &s, ValueRange a) { return s.div(a[0], s.add(s.abs(a[0]), s.c(1))); }},
      {"Mish", [](ScalarBuilder &s, ValueRange a) { return s.mul(a[0], s.tanh(softplus(s, a[0]))); }},
      {"Shrink",
       [](ScalarBuilder &s, ValueRange a) {
         double bias = s.e.floatAttr("bias", 0), lambd = s.e.floatAttr("lambd", 0.5);
         Value shifted = s.select(s.less(s.c(lambd), a[0]), s.sub(a[0], s.c(bias)), s.c(0));
         return s.select(s.less(a[0], s.c(-lambd)), s.add(a[0], s.c(bias)), shifted);
       }},
      {"Gelu",
       [](ScalarBuilder &s, ValueRange a) {
         return s.e.stringAttr("approximate", "none") == "tanh" ? tanhGelu(s, a[0]) : erfGelu(s, a[0]);
       }},
  };
  return map;
}
} // namespace

DType elementwiseResultType(const NodeEmitter &e) {
  if (e.node.op == "Where")
    return e.type(1);
  bool isComparison = StringRef(e.node.op).starts_with("Less") || StringRef(e.node.op).starts_with("Greater") ||
                      e.node.op == "Equal" || e.node.op == "IsNaN" || e.node.op == "IsInf";
  return isComparison ? DType::Bool : e.type(0);
}

/// Before opset 7 input 1 was aligned at an axis of input 0, not at the end.
Shape elementwiseOperandShape(const NodeEmitter &e, unsigned i) {
  Shape shape(e.shape(i));
  if (e.opset() >= 7 || i != 1)
    return shape;
  int64_t rank = e.rank(0), axis = e.intAttr("axis", rank - shape.size());
  if (e.node.op == "PRelu" && shape.size() == 1 && shape[0] != 1 && rank > 1)
    axis = 1;
  if (axis < 0)
    axis += rank;
  for (int64_t d = axis + shape.size(); d >= static_cast<int64_t>(shape.size()) && d < rank; ++d)
    shape.push_back(1);
  return shape;
}

/// The input under the shape that it broadcasts from.
static GraphValue elementwiseOperand(NodeEmitter &e, unsigned i) {
  GraphValue operand = e.input(i);
  Shape shape = elementwiseOperandShape(e, i);
  if (shape == operand.shape)
    return operand;
  if (operand.constant)
    operand.constant = operand.constant->reshaped(shape);
  operand.value = operand.constant ? Value() : e.reshape(operand.value, shape);
  operand.shape = shape;
  return operand;
}

FailureOr<Shape> elementwiseShape(const NodeEmitter &e) {
  Shape shape;
  for (unsigned i = 0; i < e.numInputs(); ++i) {
    if (!e.has(i))
      return e.error("input " + Twine(i) + " is missing");
    std::optional<Shape> both = NodeEmitter::broadcastShape(shape, elementwiseOperandShape(e, i));
    bool isOld = e.opset() < 7 && e.numInputs() == 2 && e.node.op != "PRelu";
    bool mayDiffer = !isOld || e.intAttr("broadcast", 0) != 0 || e.shape(i) == e.shape(0);
    if (!both || !mayDiffer || (isOld && ArrayRef<int64_t>(*both) != e.shape(0)))
      return e.error("input " + Twine(i) + " of shape " + shapeText(e.shape(i)) + " does not broadcast with " +
                     shapeText(e.shape(0)));
    shape = *both;
  }
  // PRelu's slope may not be larger than its input.
  if (e.node.op == "PRelu" && ArrayRef<int64_t>(shape) != e.shape(0))
    return e.error("the slope of shape " + shapeText(e.shape(1)) + " does not broadcast to the input's " +
                   shapeText(e.shape(0)));
  return shape;
}

LogicalResult checkElementwise(const NodeEmitter &e) {
  for (StringRef name : {"axis", "broadcast"})
    if (e.opset() >= 7 && e.attribute(name))
      return e.error("attribute '" + name + "' is not supported in opset " + Twine(e.opset()));
  unsigned first = e.node.op == "Where" ? 1 : 0;
  for (unsigned i = first + 1; i < e.numInputs(); ++i) {
    bool isExponent = e.node.op == "Pow"; // has a type of its own
    if (isExponent && e.has(i) && e.type(i) == DType::Bool)
      return e.error("input 1 is bool, which is no exponent");
    if (e.has(i) && e.type(i) != e.type(first) && !isExponent)
      return e.error("input " + Twine(i) + " is " + dtypeName(e.type(i)) + ", input " + Twine(first) + " is " +
                     dtypeName(e.type(first)));
  }
  if (e.node.op == "Mod" && isFloat(e.type(0)) && e.intAttr("fmod", 0) == 0)
    return e.error("attribute 'fmod' must be 1 for floats");
  if (std::string kind = e.stringAttr("direction", "LEFT"); kind != "LEFT" && kind != "RIGHT")
    return e.error("attribute 'direction' is '" + kind + "', it must be LEFT or RIGHT");
  if (std::string kind = e.stringAttr("approximate", "none"); kind != "none" && kind != "tanh")
    return e.error("attribute 'approximate' is '" + kind + "', which is not supported");
  return success();
}

/// x to a constant power as ONNX Runtime computes small ones: by products.
static LogicalResult emitConstantPower(NodeEmitter &e, double exponent, ArrayRef<int64_t> shape) {
  DType type = e.type(0);
  int64_t steps = exponent >= 0 && exponent <= 64 && exponent == std::floor(exponent) ? int64_t(exponent) : -1;
  FailureOr<NodeEmitter::Broadcast> base = e.broadcast(e.input(0), shape);
  if (failed(base))
    return failure();
  Value result = e.pointwise(base->value, base->map, shape, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    if (exponent == 0.5)
      return s.sqrt(args[0]);
    if (steps < 0 || (isFloat(type) && steps > 4))
      return s.pow(args[0], s.c(exponent));
    Value power, square = args[0];
    for (int64_t n = steps; n; n >>= 1) {
      if (n & 1)
        power = power ? s.mul(power, square) : square;
      if (n > 1)
        square = s.mul(square, square);
    }
    return power ? power : s.c(1);
  });
  return e.setResult(0, result, type);
}

LogicalResult emitElementwise(NodeEmitter &e) {
  if (failed(checkElementwise(e)))
    return failure();
  FailureOr<Shape> shape = elementwiseShape(e);
  if (failed(shape) || failed(e.checkShape(*shape, e.type(0))))
    return failure();
  if (e.node.op == "Pow") {
    const HostTensor *exponent = e.constant(1);
    if (exponent && exponent->isSplat()) {
      double number = exponent->numbers()[0];
      if (isFloat(e.type(0)) || (number >= 0 && number <= 64 && number == std::floor(number)))
        return emitConstantPower(e, number, *shape);
    }
  }
  SmallVector<Value> operands;
  SmallVector<AffineMap> maps;
  SmallVector<int> position; // of each input among the operands; -1: a number
  for (unsigned i = 0; i < e.numInputs(); ++i) {
    if (const HostTensor *constant = e.constant(i); constant && constant->isSplat()) {
      position.push_back(-1);
      continue;
    }
    FailureOr<NodeEmitter::Broadcast> operand = e.broadcast(elementwiseOperand(e, i), *shape);
    if (failed(operand))
      return failure();
    // x * x reads x once.
    for (position.push_back(0); position.back() < static_cast<int>(operands.size()); ++position.back())
      if (operands[position.back()] == operand->value && maps[position.back()] == operand->map)
        break;
    if (position.back() == static_cast<int>(operands.size())) {
      operands.push_back(operand->value);
      maps.push_back(operand->map);
    }
  }
  DType resultType = elementwiseResultType(e);
  Value result = e.pointwise(operands, maps, *shape, e.elementType(resultType), [&](OpBuilder &b, ValueRange args) {
    SmallVector<Value> values;
    for (unsigned i = 0; i < e.numInputs(); ++i)
      values.push_back(position[i] >= 0 ? args[position[i]] : scalarConstant(e, b, *e.constant(i)));
    ScalarBuilder s(e, b, e.type(0));
    Build body = builders().lookup(e.node.op);
    return (body ? body : findArithmetic(e.node.op))(s, values);
  });
  return e.setResult(0, result, resultType);
}

LogicalResult emitClip(NodeEmitter &e) {
  DType type = e.type(0);
  auto isGiven = [&](unsigned i) { return e.opset() >= 11 && e.has(i); };
  SmallVector<Value> operands{e.value(0)};
  for (unsigned i : {1, 2}) {
    if (!isGiven(i))
      continue;
    if (e.type(i) != type || e.input(i).shape.size() > 1 || (e.rank(i) == 1 && e.shape(i)[0] != 1))
      return e.error("input " + Twine(i) + " must be one " + dtypeName(type) + ", not " + dtypeName(e.type(i)) + " " +
                     shapeText(e.shape(i)));
    if (!e.constant(i))
      operands.push_back(e.reshape(e.value(i), {}));
  }
  SmallVector<AffineMap> maps(operands.size(), AffineMap::get(e.rank(0), 0, e.b.getContext()));
  maps[0] = e.b.getMultiDimIdentityMap(e.rank(0));
  Value result = e.pointwise(operands, maps, e.shape(0), e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    unsigned next = 1;
    auto bound = [&](unsigned i, StringRef attribute) -> Value {
      if (isGiven(i))
        return e.constant(i) ? scalarConstant(e, b, *e.constant(i)) : args[next++];
      if (e.opset() < 11 && e.attribute(attribute))
        return s.c(e.floatAttr(attribute, 0));
      return {};
    };
    Value x = args[0];
    if (Value least = bound(1, "min"))
      x = s.max(x, least);
    if (Value most = bound(2, "max"))
      x = s.min(x, most);
    return x;
  });
  return e.setResult(0, result, type);
}

std::optional<DType> castTarget(const NodeEmitter &e) {
  if (e.node.op == "CastLike")
    return e.type(1);
  int64_t code = e.intAttr("to", 0);
  return code > 0 && code <= INT32_MAX ? dtypeFromOnnx(static_cast<int32_t>(code)) : std::nullopt;
}

LogicalResult emitCast(NodeEmitter &e) {
  std::optional<DType> to = castTarget(e);
  if (!to)
    return e.error("attribute 'to' is " + Twine(e.intAttr("to", 0)) + ", an element type that is not supported");
  DType from = e.type(0);
  if (*to == from)
    return e.forward(0, 0);
  if (isInt(from) && isInt(*to) && dtypeBytes(from) == dtypeBytes(*to)) // signless in the IR
    return e.setResult(0, e.value(0), *to);
  Value result = e.pointwise(e.value(0), e.shape(0), e.elementType(*to), [&](OpBuilder &b, ValueRange args) {
    return convertScalar(e, b, args[0], from, *to);
  });
  return e.setResult(0, result, *to);
}

} // namespace eclip::frontend
