//===- Signal.cpp - windows and Fourier transforms ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Transforms are sums over all samples with a table of cosines and sines:
// quadratic in the length, which audio frames of some hundred samples bear.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Evaluate.h"
#include "compiler/import/Indexing.h"
#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"

#include <cmath>

using namespace mlir;

namespace eclip::frontend {

/// One integer, known at import.
static FailureOr<int64_t> constantInt(NodeEmitter &e, unsigned i, const Twine &what) {
  FailureOr<SmallVector<int64_t>> values = e.constantInts(i, what);
  if (failed(values))
    return failure();
  if (values->size() != 1)
    return e.error("input " + Twine(i) + " (" + what + ") must be one integer, it has shape " + shapeText(e.shape(i)));
  return (*values)[0];
}

//===----------------------------------------------------------------------===//
// Windows
//===----------------------------------------------------------------------===//

LogicalResult evaluateWindow(NodeEmitter &e) {
  FailureOr<int64_t> size = constantInt(e, 0, "size, which decides the result's shape");
  if (failed(size))
    return failure();
  std::optional<DType> type = dtypeFromOnnx(static_cast<int32_t>(e.intAttr("output_datatype", 1)));
  if (!type || !isFloat(*type))
    return e.error("attribute 'output_datatype' must be a float type");
  if (!isEvaluable(*type, *size))
    return e.error("size is " + Twine(*size) + ", needs 0 to " + Twine(kMaxEvaluatedElements));
  // a0 - a1 cos(x) + a2 cos(2 x)
  bool isBlackman = e.node.op == "BlackmanWindow";
  double a0 = isBlackman ? 0.42 : e.node.op == "HammingWindow" ? 25.0 / 46 : 0.5;
  double a1 = isBlackman ? 0.5 : 1 - a0, a2 = isBlackman ? 0.08 : 0;
  double period = static_cast<double>(*size) - (e.intAttr("periodic", 1) ? 0 : 1);
  MutableTensor result(*type, *size);
  for (int64_t i = 0; i < *size; ++i) {
    double x = period > 0 ? 2 * M_PI * static_cast<double>(i) / period : 0;
    result.set(i, {a0 - a1 * std::cos(x) + a2 * std::cos(2 * x), 0});
  }
  return e.setConstant(0, std::move(result.tensor));
}

//===----------------------------------------------------------------------===//
// Fourier transforms
//===----------------------------------------------------------------------===//

namespace {
/// out[.., k, 2] = sum over n < terms of x[n] * exp(sign * 2 pi i k n / length) * scale.
struct Transform {
  DType type = DType::F32;
  Shape shape; // of the result, the last dimension is 2
  int64_t binDim = 0;
  int64_t length = 0, terms = 0;
  double sign = -1, scale = 1;
  bool isComplex = false;
  /// Sample n for the result at `index`: its real part (0) or imaginary part (1).
  std::function<Value(OpBuilder &, ValueRange index, Value n, int64_t part)> sample;
};
} // namespace

static Value transformed(NodeEmitter &e, const Transform &t) {
  MutableTensor table(t.type, {2, t.length});
  for (int64_t i = 0; i < t.length; ++i) {
    double x = 2 * M_PI * static_cast<double>(i) / static_cast<double>(t.length);
    table.set(i, {std::cos(x) * t.scale, 0});
    table.set(t.length + i, {t.sign * std::sin(x) * t.scale, 0});
  }
  Value waves = e.materialize(table.tensor);
  return reduceIndexed(e, t.shape, t.terms, e.number(e.elementType(t.type), 0),
                       [&](OpBuilder &b, ValueRange loops, Value sum) {
                         ScalarBuilder s(e, b, t.type);
                         ValueRange index = loops.drop_back();
                         Value n = loops.back(), length = arith::ConstantIndexOp::create(b, e.loc, t.length);
                         Value phase = arith::MulIOp::create(b, e.loc, index[t.binDim], n);
                         phase = arith::RemUIOp::create(b, e.loc, phase, length);
                         Value zero = arith::ConstantIndexOp::create(b, e.loc, 0);
                         Value one = arith::ConstantIndexOp::create(b, e.loc, 1);
                         Value isReal = arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::eq, index.back(), zero);
                         Value cosine = extract(e, b, waves, {zero, phase}), sine = extract(e, b, waves, {one, phase});
                         Value real = t.sample(b, index, n, 0);
                         Value term = s.mul(real, s.select(isReal, cosine, sine));
                         if (t.isComplex) {
                           Value imaginary = t.sample(b, index, n, 1);
                           term = s.add(term, s.mul(imaginary, s.select(isReal, s.neg(sine), cosine)));
                         }
                         return s.add(term, sum);
                       });
}

static LogicalResult checkTransform(NodeEmitter &e, const Transform &t, bool oneSided) {
  if (t.length < 1 || t.length > kMaxEvaluatedElements)
    return e.error("the length is " + Twine(t.length) + ", needs 1 to " + Twine(kMaxEvaluatedElements));
  if (oneSided && t.isComplex)
    return e.error("attribute 'onesided' must be 0 for complex input");
  return e.checkShape(t.shape, t.type);
}

LogicalResult emitDFT(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  ArrayRef<int64_t> from = e.shape(0);
  if (rank < 2 || (from.back() != 1 && from.back() != 2))
    return e.error("input 0 has shape " + shapeText(from) + ", its last extent must be 1 or 2");
  int64_t given = e.opset() < 20 ? e.intAttr("axis", 1) : -2;
  if (e.opset() >= 20 && e.has(2)) {
    FailureOr<int64_t> axis = constantInt(e, 2, "axis");
    if (failed(axis))
      return failure();
    given = *axis;
  }
  FailureOr<int64_t> axis = e.normalizeAxis(given, rank);
  if (failed(axis))
    return failure();
  if (*axis == rank - 1)
    return e.error("axis " + Twine(given) + " is that of real and imaginary parts");
  Transform t;
  t.type = accumulationType(e.type(0));
  t.length = from[*axis];
  if (e.has(1)) {
    FailureOr<int64_t> length = constantInt(e, 1, "dft_length, which decides the result's shape");
    if (failed(length))
      return failure();
    t.length = *length;
  }
  bool isInverse = e.intAttr("inverse", 0) != 0, oneSided = e.intAttr("onesided", 0) != 0;
  if (isInverse && oneSided)
    return e.error("attributes 'inverse' and 'onesided' are not supported together");
  t.shape.assign(from.begin(), from.end());
  t.shape.back() = 2;
  t.shape[*axis] = oneSided ? t.length / 2 + 1 : t.length;
  t.binDim = *axis;
  t.terms = std::min(from[*axis], t.length); // zeros behind
  t.sign = isInverse ? 1 : -1;
  t.scale = isInverse && t.length ? 1.0 / static_cast<double>(t.length) : 1;
  t.isComplex = from.back() == 2;
  if (failed(checkTransform(e, t, oneSided)))
    return failure();
  Value x = converted(e, e.value(0), e.type(0), t.type);
  t.sample = [&](OpBuilder &b, ValueRange index, Value n, int64_t part) {
    SmallVector<Value> at(index);
    at[*axis] = n;
    at.back() = arith::ConstantIndexOp::create(b, e.loc, part);
    return extract(e, b, x, at);
  };
  return e.setResult(0, converted(e, transformed(e, t), t.type, e.type(0)), e.type(0));
}

LogicalResult emitSTFT(NodeEmitter &e) {
  ArrayRef<int64_t> signal = e.shape(0);
  bool hasParts = signal.size() == 3;
  if (signal.size() < 2 || signal.size() > 3 || (hasParts && signal[2] != 1 && signal[2] != 2))
    return e.error("input 0 has shape " + shapeText(signal) + ", needs [batch, length, 1 or 2]");
  FailureOr<int64_t> step = constantInt(e, 1, "frame_step, which decides the result's shape");
  if (failed(step))
    return failure();
  Transform t;
  t.type = accumulationType(e.type(0));
  if (e.has(3)) {
    FailureOr<int64_t> length = constantInt(e, 3, "frame_length, which decides the result's shape");
    if (failed(length))
      return failure();
    t.length = *length;
  } else if (e.has(2) && e.rank(2) == 1) {
    t.length = e.shape(2)[0];
  }
  if (e.has(2) && (e.type(2) != e.type(0) || e.shape(2) != ArrayRef<int64_t>(t.length)))
    return e.error("input 2 (window) must be " + dtypeName(e.type(0)) + " [" + Twine(t.length) + "], not " +
                   dtypeName(e.type(2)) + " " + shapeText(e.shape(2)));
  if (*step < 1 || t.length < 1 || t.length > signal[1])
    return e.error("frames of " + Twine(t.length) + " samples every " + Twine(*step) + " do not fit a signal of " +
                   Twine(signal[1]));
  bool oneSided = e.intAttr("onesided", 1) != 0;
  t.isComplex = hasParts && signal[2] == 2;
  t.terms = t.length;
  t.shape = {signal[0], (signal[1] - t.length) / *step + 1, oneSided ? t.length / 2 + 1 : t.length, 2};
  t.binDim = 2;
  if (failed(checkTransform(e, t, oneSided)))
    return failure();
  Value x = converted(e, e.value(0), e.type(0), t.type);
  Value window = e.has(2) ? converted(e, e.value(2), e.type(2), t.type) : Value();
  t.sample = [&](OpBuilder &b, ValueRange index, Value n, int64_t part) -> Value {
    Value start = e.linear(b, index[1], *step, 0);
    SmallVector<Value> at{index[0], arith::AddIOp::create(b, e.loc, start, n)};
    if (hasParts)
      at.push_back(arith::ConstantIndexOp::create(b, e.loc, part));
    Value value = extract(e, b, x, at);
    return window ? arith::MulFOp::create(b, e.loc, value, extract(e, b, window, n)).getResult() : value;
  };
  return e.setResult(0, converted(e, transformed(e, t), t.type, e.type(0)), e.type(0));
}

//===----------------------------------------------------------------------===//
// Determinants
//===----------------------------------------------------------------------===//

/// By cofactors of the first row that is left; `columns` are those that are.
static Value determinant(ScalarBuilder &s, int64_t row, ArrayRef<int64_t> columns,
                         function_ref<Value(int64_t, int64_t)> at) {
  if (columns.size() == 1)
    return at(row, columns[0]);
  Value sum;
  for (size_t i = 0; i < columns.size(); ++i) {
    SmallVector<int64_t> rest(columns);
    rest.erase(rest.begin() + i);
    Value term = s.mul(at(row, columns[i]), determinant(s, row + 1, rest, at));
    sum = !sum ? term : i % 2 ? s.sub(sum, term) : s.add(sum, term);
  }
  return sum;
}

LogicalResult emitDet(NodeEmitter &e) {
  int64_t rank = e.rank(0);
  ArrayRef<int64_t> from = e.shape(0);
  if (rank < 2 || from[rank - 1] != from[rank - 2] || from.back() < 1 || from.back() > 4)
    return e.error("input 0 has shape " + shapeText(from) + ": only square matrices of 1 to 4 rows are supported");
  DType type = e.type(0);
  Shape shape(from.drop_back(2));
  Value x = e.value(0);
  SmallVector<int64_t> columns;
  for (int64_t i = 0; i < from.back(); ++i)
    columns.push_back(i);
  Value result = e.pointwise(ValueRange{}, shape, e.elementType(type), [&](OpBuilder &b, ValueRange) {
    ScalarBuilder s(e, b, type);
    SmallVector<Value> index = loopIndices(e, b, shape.size());
    return determinant(s, 0, columns, [&](int64_t row, int64_t column) {
      SmallVector<Value> at(index);
      at.push_back(arith::ConstantIndexOp::create(b, e.loc, row));
      at.push_back(arith::ConstantIndexOp::create(b, e.loc, column));
      return extract(e, b, x, at);
    });
  });
  return e.setResult(0, result, type);
}

} // namespace eclip::frontend
