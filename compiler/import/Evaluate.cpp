//===- Evaluate.cpp - arithmetic on tensors known at import ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"

#include "compiler/import/OpTable.h"
#include "compiler/import/ScalarBuilder.h"

#include "llvm/ADT/StringMap.h"

#include <algorithm>
#include <cmath>

using namespace mlir;

namespace eclip::frontend {

bool isEvaluable(DType type, ArrayRef<int64_t> shape) {
  std::optional<int64_t> count = checkedElements(shape, dtypeBytes(type));
  return count && *count <= kMaxEvaluatedElements;
}

namespace {
using Evaluate = Scalar (*)(DType, ArrayRef<Scalar>);

// Integers wrap around: C++ leaves signed overflow undefined.
int64_t wrap(uint64_t value) { return static_cast<int64_t>(value); }
uint64_t u(int64_t value) { return static_cast<uint64_t>(value); }

template <typename FloatFn> Scalar unary(DType type, ArrayRef<Scalar> a, FloatFn fn) { return {fn(a[0].f), 0}; }
template <typename FloatFn, typename IntFn>
Scalar binary(DType type, ArrayRef<Scalar> a, FloatFn floats, IntFn ints) {
  Scalar result = a[0];
  for (Scalar next : a.drop_front()) {
    result.f = floats(result.f, next.f);
    result.i = ints(result.i, next.i);
  }
  return result;
}
bool less(DType type, Scalar a, Scalar b) {
  if (isFloat(type))
    return a.f < b.f;
  return isUnsigned(type) ? u(a.i) < u(b.i) : a.i < b.i;
}
bool equal(DType type, Scalar a, Scalar b) { return isFloat(type) ? a.f == b.f : a.i == b.i; }
Scalar truth(bool value) { return {0, value}; }

/// Toward zero; what does not fit saturates, NaN becomes 0.
int64_t toInteger(double value) {
  if (std::isnan(value))
    return 0;
  if (value >= 9223372036854775808.0)
    return INT64_MAX;
  if (value <= -9223372036854775808.0)
    return INT64_MIN;
  return static_cast<int64_t>(value);
}

Scalar divide(DType type, ArrayRef<Scalar> a) {
  if (isFloat(type))
    return {a[0].f / a[1].f, 0};
  if (isUnsigned(type))
    return {0, wrap(u(a[0].i) / u(a[1].i))};
  // The most negative number has no opposite: divide by -1 without a trap.
  return {0, a[1].i == -1 ? wrap(0 - u(a[0].i)) : a[0].i / a[1].i};
}
Scalar extreme(DType type, ArrayRef<Scalar> a, bool wantsLess) {
  Scalar result = a[0];
  for (Scalar next : a.drop_front()) {
    if (isFloat(type) && std::isnan(result.f))
      return result;
    bool better = wantsLess ? less(type, next, result) : less(type, result, next);
    if (better || (isFloat(type) && std::isnan(next.f)))
      result = next;
  }
  return result;
}

Scalar sign(DType type, ArrayRef<Scalar> a) {
  if (isFloat(type))
    return {std::isnan(a[0].f) ? a[0].f : static_cast<double>((a[0].f > 0) - (a[0].f < 0)), 0};
  return {0, isUnsigned(type) ? a[0].i != 0 : (a[0].i > 0) - (a[0].i < 0)};
}
/// Half to even, whatever the rounding mode of the process.
double roundEven(double x) {
  double below = std::floor(x), rest = x - below;
  if (rest != 0.5)
    return std::round(x);
  return std::fmod(below, 2) == 0 ? below : below + 1;
}
Scalar mean(DType type, ArrayRef<Scalar> a) {
  Scalar sum = binary(type, a, [](double x, double y) { return x + y; }, [](int64_t x, int64_t y) { return x; });
  return {sum.f / static_cast<double>(a.size()), 0};
}

/// Bits of the type.
int64_t widthOf(DType type) { return 8 * dtypeBytes(type); }

/// Operators that attributes or a second type decide; none for others.
std::optional<Scalar> evaluateByNode(const NodeEmitter &e, DType type, ArrayRef<Scalar> a) {
  StringRef op = e.node.op;
  if (op == "Mod") {
    bool truncates = e.intAttr("fmod", 0) != 0;
    if (isFloat(type))
      return Scalar{std::fmod(a[0].f, a[1].f), 0};
    if (isUnsigned(type))
      return Scalar{0, wrap(u(a[0].i) % u(a[1].i))};
    int64_t rest = a[1].i == -1 ? 0 : a[0].i % a[1].i;
    return Scalar{0, !truncates && rest && (rest < 0) != (a[1].i < 0) ? rest + a[1].i : rest};
  }
  if (op == "BitShift") {
    bool isLeft = e.stringAttr("direction", "") == "LEFT";
    if (u(a[1].i) >= u(widthOf(type)))
      return Scalar{};
    return Scalar{0, wrap(isLeft ? u(a[0].i) << a[1].i : u(a[0].i) >> a[1].i)};
  }
  if (op == "IsInf")
    return truth(std::isinf(a[0].f) &&
                 e.intAttr(a[0].f > 0 ? "detect_positive" : "detect_negative", 1) != 0);
  if (op == "Pow") {
    DType exponentType = e.type(1);
    if (isFloat(type))
      return Scalar{std::pow(a[0].f, isFloat(exponentType) ? a[1].f : static_cast<double>(a[1].i)), 0};
    if (isFloat(exponentType))
      return Scalar{0, toInteger(std::pow(static_cast<double>(a[0].i), a[1].f))};
    int64_t base = a[0].i, exponent = a[1].i;
    if (exponent < 0 && !isUnsigned(exponentType))
      return Scalar{0, base == 1 ? 1 : base == -1 ? (exponent % 2 ? -1 : 1) : 0};
    uint64_t power = 1;
    for (uint64_t n = u(exponent), square = u(base); n; n >>= 1, square *= square)
      power *= n & 1 ? square : 1;
    return Scalar{0, wrap(power)};
  }
  return std::nullopt;
}

const llvm::StringMap<Evaluate> &evaluators() {
  static const llvm::StringMap<Evaluate> map = {
      {"Add",
       [](DType t, ArrayRef<Scalar> a) {
         return binary(t, a, [](double x, double y) { return x + y; },
                       [](int64_t x, int64_t y) { return wrap(u(x) + u(y)); });
       }},
      {"Sub",
       [](DType t, ArrayRef<Scalar> a) {
         return binary(t, a, [](double x, double y) { return x - y; },
                       [](int64_t x, int64_t y) { return wrap(u(x) - u(y)); });
       }},
      {"Mul",
       [](DType t, ArrayRef<Scalar> a) {
         return binary(t, a, [](double x, double y) { return x * y; },
                       [](int64_t x, int64_t y) { return wrap(u(x) * u(y)); });
       }},
      {"Div", divide},
      {"Sum",
       [](DType t, ArrayRef<Scalar> a) {
         return binary(t, a, [](double x, double y) { return x + y; },
                       [](int64_t x, int64_t y) { return wrap(u(x) + u(y)); });
       }},
      {"Mean", mean},
      {"Sign", sign},
      {"Round", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, roundEven); }},
      {"BitwiseAnd", [](DType, ArrayRef<Scalar> a) { return Scalar{0, a[0].i & a[1].i}; }},
      {"BitwiseOr", [](DType, ArrayRef<Scalar> a) { return Scalar{0, a[0].i | a[1].i}; }},
      {"BitwiseXor", [](DType, ArrayRef<Scalar> a) { return Scalar{0, a[0].i ^ a[1].i}; }},
      {"BitwiseNot", [](DType, ArrayRef<Scalar> a) { return Scalar{0, ~a[0].i}; }},
      {"IsNaN", [](DType, ArrayRef<Scalar> a) { return truth(std::isnan(a[0].f)); }},
      {"Max", [](DType t, ArrayRef<Scalar> a) { return extreme(t, a, false); }},
      {"Min", [](DType t, ArrayRef<Scalar> a) { return extreme(t, a, true); }},
      {"Neg", [](DType t, ArrayRef<Scalar> a) { return Scalar{-a[0].f, wrap(0 - u(a[0].i))}; }},
      {"Abs",
       [](DType t, ArrayRef<Scalar> a) {
         return Scalar{std::fabs(a[0].f), a[0].i < 0 && !isUnsigned(t) ? wrap(0 - u(a[0].i)) : a[0].i};
       }},
      {"Relu",
       [](DType t, ArrayRef<Scalar> a) { return extreme(t, {a[0], Scalar{}}, false); }},
      {"Floor", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, [](double x) { return std::floor(x); }); }},
      {"Ceil", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, [](double x) { return std::ceil(x); }); }},
      {"Sqrt", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, [](double x) { return std::sqrt(x); }); }},
      {"Exp", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, [](double x) { return std::exp(x); }); }},
      {"Log", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, [](double x) { return std::log(x); }); }},
      {"Reciprocal", [](DType t, ArrayRef<Scalar> a) { return unary(t, a, [](double x) { return 1 / x; }); }},
      {"Equal", [](DType t, ArrayRef<Scalar> a) { return truth(equal(t, a[0], a[1])); }},
      {"Less", [](DType t, ArrayRef<Scalar> a) { return truth(less(t, a[0], a[1])); }},
      {"Greater", [](DType t, ArrayRef<Scalar> a) { return truth(less(t, a[1], a[0])); }},
      {"LessOrEqual",
       [](DType t, ArrayRef<Scalar> a) { return truth(less(t, a[0], a[1]) || equal(t, a[0], a[1])); }},
      {"GreaterOrEqual",
       [](DType t, ArrayRef<Scalar> a) { return truth(less(t, a[1], a[0]) || equal(t, a[0], a[1])); }},
      {"And", [](DType, ArrayRef<Scalar> a) { return truth(a[0].i && a[1].i); }},
      {"Or", [](DType, ArrayRef<Scalar> a) { return truth(a[0].i || a[1].i); }},
      {"Xor", [](DType, ArrayRef<Scalar> a) { return truth(a[0].i != a[1].i); }},
      {"Not", [](DType, ArrayRef<Scalar> a) { return truth(!a[0].i); }},
      {"Where", [](DType, ArrayRef<Scalar> a) { return a[0].i ? a[1] : a[2]; }},
  };
  return map;
}
} // namespace

LogicalResult evaluateElementwise(NodeEmitter &e) {
  Evaluate evaluate = evaluators().lookup(e.node.op);
  if (failed(checkElementwise(e)))
    return failure();
  FailureOr<Shape> shape = elementwiseShape(e);
  if (failed(shape))
    return failure();
  DType type = e.type(0), resultType = elementwiseResultType(e);
  bool byNode = e.node.op == "Mod" || e.node.op == "BitShift" || e.node.op == "IsInf" || e.node.op == "Pow";
  if ((!evaluate && !byNode) || !isEvaluable(resultType, *shape))
    return success();
  if ((e.node.op == "Div" || e.node.op == "Mod") && isInt(type) && llvm::is_contained(e.constant(1)->integers(), 0))
    return e.error("divides by zero");
  unsigned count = e.numInputs();
  SmallVector<Shape> strides;
  for (unsigned i = 0; i < count; ++i) {
    Shape from = elementwiseOperandShape(e, i), own = stridesOf(from);
    for (size_t d = 0; d < own.size(); ++d)
      if (from[d] == 1)
        own[d] = 0;
    strides.push_back(own);
  }
  MutableTensor result(resultType, *shape);
  SmallVector<Scalar> values(count);
  int64_t position = 0;
  forEachIndex(*shape, [&](ArrayRef<int64_t> index) {
    for (unsigned i = 0; i < count; ++i) {
      size_t lead = index.size() - strides[i].size();
      int64_t offset = 0;
      for (size_t d = 0; d < strides[i].size(); ++d)
        offset += index[lead + d] * strides[i][d];
      values[i] = e.constant(i)->at(offset);
    }
    result.set(position++, byNode ? *evaluateByNode(e, type, values) : evaluate(type, values));
  });
  return e.setConstant(0, std::move(result.tensor));
}

LogicalResult evaluateCast(NodeEmitter &e) {
  std::optional<DType> to = castTarget(e);
  const HostTensor *tensor = e.constant(0);
  if (!to || !isEvaluable(*to, tensor->shape))
    return success(); // emission reports or emits it
  MutableTensor result(*to, tensor->shape);
  for (int64_t i = 0, count = tensor->elements(); i < count; ++i) {
    Scalar value = tensor->at(i);
    if (!isFloat(tensor->type))
      value.f = tensor->type == DType::U64 ? static_cast<double>(u(value.i)) : static_cast<double>(value.i);
    else if (*to == DType::Bool)
      value.i = value.f != 0;
    else
      value.i = toInteger(value.f);
    result.set(i, value);
  }
  return e.setConstant(0, std::move(result.tensor));
}

LogicalResult evaluateClip(NodeEmitter &e) {
  const HostTensor *x = e.constant(0);
  if (!isEvaluable(x->type, x->shape) || e.opset() < 11)
    return success(); // bounds of old opsets are attributes of floats
  std::optional<Scalar> bounds[2];
  for (unsigned i : {1, 2})
    if (e.has(i)) {
      if (e.type(i) != x->type || e.constant(i)->elements() != 1)
        return success(); // emission reports it
      bounds[i - 1] = e.constant(i)->at(0);
    }
  MutableTensor result(x->type, x->shape);
  for (int64_t i = 0, count = x->elements(); i < count; ++i) {
    Scalar value = x->at(i);
    for (bool isMax : {false, true})
      if (bounds[isMax])
        value = extreme(x->type, {value, *bounds[isMax]}, isMax);
    result.set(i, value);
  }
  return e.setConstant(0, std::move(result.tensor));
}

//===----------------------------------------------------------------------===//
// Reductions
//===----------------------------------------------------------------------===//

LogicalResult evaluateReduce(NodeEmitter &e) {
  const HostTensor *x = e.constant(0);
  StringRef op = e.node.op;
  bool isMean = op == "ReduceMean", isProduct = op == "ReduceProd";
  Evaluate combine = evaluators().lookup(op == "ReduceSum" || isMean ? "Add"
                                         : isProduct                 ? "Mul"
                                         : op == "ReduceMax"         ? "Max"
                                         : op == "ReduceMin"         ? "Min"
                                                                     : "");
  if (!combine || x->type == DType::Bool || x->elements() == 0 || !isEvaluable(x->type, x->shape))
    return success();
  FailureOr<SmallVector<int64_t>> axes = reduceAxes(e);
  if (failed(axes))
    return failure();
  Shape shape(x->shape), strides;
  int64_t count = 1;
  for (int64_t axis : *axes) {
    count *= shape[axis];
    shape[axis] = 1;
  }
  strides = stridesOf(shape);
  for (int64_t axis : *axes)
    strides[axis] = 0;
  // Sums in double, rounded once.
  SmallVector<Scalar> totals(x->elements() / count);
  SmallVector<char> isSet(totals.size());
  int64_t position = 0;
  forEachIndex(x->shape, [&](ArrayRef<int64_t> index) {
    int64_t to = 0;
    for (auto [i, stride] : llvm::zip_equal(index, strides))
      to += i * stride;
    Scalar value = x->at(position++);
    totals[to] = isSet[to] ? combine(x->type, {totals[to], value}) : value;
    isSet[to] = 1;
  });
  Shape flat;
  for (auto [d, extent] : llvm::enumerate(shape))
    if (e.intAttr("keepdims", 1) || !llvm::is_contained(*axes, d))
      flat.push_back(extent);
  MutableTensor result(x->type, flat);
  for (auto [i, total] : llvm::enumerate(totals)) {
    if (isMean)
      total = divide(x->type, {total, Scalar{static_cast<double>(count), count}});
    result.set(i, total);
  }
  return e.setConstant(0, std::move(result.tensor));
}

//===----------------------------------------------------------------------===//
// Shapes
//===----------------------------------------------------------------------===//

LogicalResult evaluateShape(NodeEmitter &e) {
  ArrayRef<int64_t> shape = e.shape(0);
  int64_t rank = shape.size();
  auto clamp = [&](int64_t i) { return std::clamp<int64_t>(i < 0 ? i + rank : i, 0, rank); };
  int64_t start = clamp(e.intAttr("start", 0)), end = clamp(e.intAttr("end", rank));
  return e.setConstant(0, hostVector(shape.slice(start, std::max<int64_t>(0, end - start))));
}

LogicalResult evaluateSize(NodeEmitter &e) {
  int64_t count = *checkedElements(e.shape(0), dtypeBytes(e.type(0)));
  return e.setConstant(0, hostVector(count).reshaped({}));
}

LogicalResult evaluateRange(NodeEmitter &e) {
  DType type = e.type(0);
  for (unsigned i = 0; i < 3; ++i) {
    if (!e.constant(i))
      return e.error("input " + Twine(i) + " depends on the model's inputs; it must be known at import");
    if (e.type(i) != type || e.constant(i)->elements() != 1)
      return e.error("input " + Twine(i) + " must be one " + dtypeName(type));
  }
  Scalar start = e.constant(0)->at(0), limit = e.constant(1)->at(0), delta = e.constant(2)->at(0);
  bool real = isFloat(type);
  if (real ? delta.f == 0 : delta.i == 0)
    return e.error("the step is 0");
  double distance = real ? limit.f - start.f : static_cast<double>(limit.i) - static_cast<double>(start.i);
  double count = std::max(0.0, std::ceil(distance / (real ? delta.f : static_cast<double>(delta.i))));
  if (!(count <= kMaxEvaluatedElements))
    return e.error("the range is not finite or has more than " + Twine(kMaxEvaluatedElements) + " values");
  MutableTensor result(type, static_cast<int64_t>(count));
  for (int64_t i = 0; i < static_cast<int64_t>(count); ++i)
    result.set(i, {start.f + static_cast<double>(i) * delta.f, wrap(u(start.i) + u(i) * u(delta.i))});
  return e.setConstant(0, std::move(result.tensor));
}

LogicalResult evaluateConstantOfShape(NodeEmitter &e) {
  FailureOr<SmallVector<int64_t>> shape = e.constantInts(0, "shape");
  if (failed(shape))
    return failure();
  const Attribute *value = e.attribute("value");
  if (value && value->t.elements() != 1)
    return e.error("attribute 'value' must hold one element, it has shape " + shapeText(value->t.shape));
  DType type = value ? value->t.type : DType::F32;
  if (!checkedElements(*shape, dtypeBytes(type)))
    return e.error("shape " + shapeText(*shape) + " is negative or too large");
  if (!isEvaluable(type, *shape))
    return e.error("shape " + shapeText(*shape) + " has more than " + Twine(kMaxEvaluatedElements) + " elements");
  MutableTensor result(type, *shape);
  if (value)
    for (int64_t i = 0, count = result.tensor.elements(); i < count; ++i)
      result.set(i, value->t.at(0));
  return e.setConstant(0, std::move(result.tensor));
}

} // namespace eclip::frontend
