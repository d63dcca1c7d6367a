//===- Loss.cpp - classification losses ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Softmax.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
/// What NegativeLogLikelihoodLoss and SoftmaxCrossEntropyLoss share: scores of
/// shape [N, C, d..], classes of shape [N, d..], weights of shape [C].
class Loss {
public:
  explicit Loss(NodeEmitter &e) : e(e), type(e.type(0)), wide(accumulationType(type)) {}

  LogicalResult check();
  /// The loss from log-probabilities of type `wide`, of the node's type.
  Value fromLogProbabilities(Value logProbabilities);

  NodeEmitter &e;
  DType type, wide;

private:
  /// Per class read: -log-probability * weight, or with `weightOnly` the
  /// weight alone; 0 where the class is ignored.
  Value perElement(Value logProbabilities, bool weightOnly);
  Value total(Value value);
  bool hasWeights() const { return e.has(2); }

  std::string reduction;
  std::optional<int64_t> ignored;
};
} // namespace

LogicalResult Loss::check() {
  ArrayRef<int64_t> scores = e.shape(0), classes = e.shape(1);
  if (scores.size() < 2)
    return e.error("input 0 needs rank 2 or more, it has shape " + shapeText(scores));
  Shape expected{scores[0]};
  expected.append(scores.begin() + 2, scores.end());
  if (classes != ArrayRef<int64_t>(expected))
    return e.error("input 1 has shape " + shapeText(classes) + ", needs " + shapeText(expected));
  if (e.type(1) != DType::I32 && e.type(1) != DType::I64)
    return e.error("input 1 is " + dtypeName(e.type(1)) + ", needs int32 or int64");
  if (hasWeights() && (e.type(2) != type || e.rank(2) != 1 || e.shape(2)[0] != scores[1]))
    return e.error("input 2 must be a " + dtypeName(type) + " vector of " + Twine(scores[1]) + " values, not " +
                   dtypeName(e.type(2)) + " " + shapeText(e.shape(2)));
  reduction = e.stringAttr("reduction", "mean");
  if (reduction != "mean" && reduction != "sum" && reduction != "none")
    return e.error("attribute 'reduction' is '" + reduction + "', it must be none, sum or mean");
  if (e.attribute("ignore_index"))
    ignored = e.intAttr("ignore_index", 0);
  return success();
}

Value Loss::perElement(Value logProbabilities, bool weightOnly) {
  Location loc = e.loc;
  int64_t classes = e.shape(0)[1];
  Value weights = hasWeights() ? e.value(2) : Value();
  return e.pointwise(e.value(1), e.shape(1), e.elementType(wide), [&](OpBuilder &b, ValueRange args) -> Value {
    ScalarBuilder s(e, b, wide);
    Type integer = args[0].getType();
    // An ignored class may be any number; others out of range are clamped, so
    // that no kernel reads elsewhere.
    Value index = arith::MaxSIOp::create(b, loc, args[0], e.scalar(b, integer, 0));
    index = arith::MinSIOp::create(b, loc, index, e.scalar(b, integer, static_cast<double>(classes - 1)));
    index = arith::IndexCastOp::create(b, loc, b.getIndexType(), index);
    Value result;
    if (weights)
      result = convertScalar(e, b, tensor::ExtractOp::create(b, loc, weights, index), type, wide);
    else if (weightOnly)
      result = s.c(1);
    if (!weightOnly) {
      SmallVector<Value> position;
      for (int64_t d = 0; d < e.rank(1); ++d)
        position.push_back(linalg::IndexOp::create(b, loc, d));
      position.insert(position.begin() + 1, index);
      Value loss = s.neg(tensor::ExtractOp::create(b, loc, logProbabilities, position));
      result = result ? s.mul(loss, result) : loss;
    }
    if (!ignored)
      return result;
    Value isIgnored = arith::CmpIOp::create(b, loc, arith::CmpIPredicate::eq, args[0],
                                            arith::ConstantOp::create(b, loc, b.getIntegerAttr(integer, *ignored)));
    return s.select(isIgnored, s.c(0), result);
  });
}

Value Loss::total(Value value) {
  SmallVector<int64_t> axes;
  for (int64_t d = 0; d < e.rank(1); ++d)
    axes.push_back(d);
  return sumOver(e, value, axes, wide);
}

Value Loss::fromLogProbabilities(Value logProbabilities) {
  Value losses = perElement(logProbabilities, /*weightOnly=*/false);
  if (reduction == "none")
    return converted(e, losses, wide, type);
  Value sum = total(losses);
  if (reduction == "sum")
    return converted(e, sum, wide, type);
  if (hasWeights() || ignored) {
    Value divisor = total(perElement({}, /*weightOnly=*/true));
    return e.pointwise({sum, divisor}, {}, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
      return convertScalar(e, b, ScalarBuilder(e, b, wide).div(args[0], args[1]), wide, type);
    });
  }
  double count = static_cast<double>(*checkedElements(e.shape(1), 1));
  return e.pointwise(sum, ArrayRef<int64_t>{}, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, wide);
    return convertScalar(e, b, s.div(args[0], s.c(count)), wide, type);
  });
}

LogicalResult emitNegativeLogLikelihoodLoss(NodeEmitter &e) {
  Loss loss(e);
  if (failed(loss.check()))
    return failure();
  Value scores = converted(e, e.value(0), loss.type, loss.wide);
  return e.setResult(0, loss.fromLogProbabilities(scores), loss.type);
}

LogicalResult emitSoftmaxCrossEntropyLoss(NodeEmitter &e) {
  Loss loss(e);
  if (failed(loss.check()))
    return failure();
  Value scores = converted(e, e.value(0), loss.type, loss.wide);
  Value logProbabilities = softmaxOver(e, scores, {1}, loss.wide, /*isLog=*/true);
  if (failed(e.setResult(0, loss.fromLogProbabilities(logProbabilities), loss.type)))
    return failure();
  return e.setResult(1, converted(e, logProbabilities, loss.wide, loss.type), loss.type);
}

} // namespace eclip::frontend
