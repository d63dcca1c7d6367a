//===- Arithmetic.cpp - bodies of arithmetic, bit and logic operators -----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The operators of ONNX that a processor has too; activations are in
// Elementwise.cpp, which emits both.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/ScalarBuilder.h"

#include "llvm/ADT/StringMap.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
template <typename Fn> Value fold(ValueRange args, Fn fn) {
  Value result = args[0];
  for (Value next : args.drop_front())
    result = fn(result, next);
  return result;
}

Value sign(ScalarBuilder &s, Value x) {
  Value negative = isUnsigned(s.type) ? s.c(0) : s.select(s.less(x, s.c(0)), s.c(-1), s.c(0));
  if (isFloat(s.type)) // NaN stays
    negative = s.select(s.isNaN(x), x, negative);
  return s.select(s.less(s.c(0), x), s.c(1), negative);
}

Value shift(ScalarBuilder &s, Value x, Value bits) {
  return s.e.stringAttr("direction", "") == "LEFT" ? s.shiftLeft(x, bits) : s.shiftRight(x, bits);
}

/// Base and exponent have their own types. Integers are exact: through floats
/// 5^3 could be 124.
Value power(ScalarBuilder &s, Value x, Value y) {
  DType type = s.type, exponentType = s.e.type(1);
  if (isFloat(type))
    return s.pow(x, convertScalar(s.e, s.b, y, exponentType, type));
  if (isInt(exponentType))
    return s.intPow(x, y, exponentType);
  DType real = exponentType == DType::F64 ? DType::F64 : DType::F32;
  Value exponent = convertScalar(s.e, s.b, y, exponentType, real);
  ScalarBuilder f(s.e, s.b, real);
  Value whole = convertScalar(s.e, s.b, exponent, real, DType::I32);
  Value isWhole = f.equal(convertScalar(s.e, s.b, whole, DType::I32, real), exponent);
  Value inexact = f.pow(convertScalar(s.e, s.b, x, type, real), exponent);
  return s.select(isWhole, s.intPow(x, whole, DType::I32), convertScalar(s.e, s.b, inexact, real, type));
}

const llvm::StringMap<ScalarBuild> &builders() {
  static const llvm::StringMap<ScalarBuild> map = {
      {"Add", [](ScalarBuilder &s, ValueRange a) { return s.add(a[0], a[1]); }},
      {"Sub", [](ScalarBuilder &s, ValueRange a) { return s.sub(a[0], a[1]); }},
      {"Mul", [](ScalarBuilder &s, ValueRange a) { return s.mul(a[0], a[1]); }},
      {"Div", [](ScalarBuilder &s, ValueRange a) { return s.div(a[0], a[1]); }},
      {"Mod", [](ScalarBuilder &s, ValueRange a) { return s.mod(a[0], a[1], s.e.intAttr("fmod", 0) != 0); }},
      {"Pow", [](ScalarBuilder &s, ValueRange a) { return power(s, a[0], a[1]); }},
      {"Max",
       [](ScalarBuilder &s, ValueRange a) { return fold(a, [&](Value x, Value y) { return s.max(x, y); }); }},
      {"Min",
       [](ScalarBuilder &s, ValueRange a) { return fold(a, [&](Value x, Value y) { return s.min(x, y); }); }},
      {"Sum",
       [](ScalarBuilder &s, ValueRange a) { return fold(a, [&](Value x, Value y) { return s.add(x, y); }); }},
      {"Mean",
       [](ScalarBuilder &s, ValueRange a) {
         Value sum = fold(a, [&](Value x, Value y) { return s.add(x, y); });
         return a.size() == 1 ? sum : s.div(sum, s.c(a.size()));
       }},
      {"Abs", [](ScalarBuilder &s, ValueRange a) { return s.abs(a[0]); }},
      {"Neg", [](ScalarBuilder &s, ValueRange a) { return s.neg(a[0]); }},
      {"Sign", [](ScalarBuilder &s, ValueRange a) { return sign(s, a[0]); }},
      {"Floor", [](ScalarBuilder &s, ValueRange a) { return s.floor(a[0]); }},
      {"Ceil", [](ScalarBuilder &s, ValueRange a) { return s.ceil(a[0]); }},
      {"Round", [](ScalarBuilder &s, ValueRange a) { return s.roundEven(a[0]); }},
      {"Reciprocal", [](ScalarBuilder &s, ValueRange a) { return s.div(s.c(1), a[0]); }},
      {"Sqrt", [](ScalarBuilder &s, ValueRange a) { return s.sqrt(a[0]); }},
      {"Exp", [](ScalarBuilder &s, ValueRange a) { return s.exp(a[0]); }},
      {"Log", [](ScalarBuilder &s, ValueRange a) { return s.log(a[0]); }},
      {"Erf", [](ScalarBuilder &s, ValueRange a) { return s.erf(a[0]); }},
      {"Tanh", [](ScalarBuilder &s, ValueRange a) { return s.tanh(a[0]); }},
      {"Sin", [](ScalarBuilder &s, ValueRange a) { return s.sin(a[0]); }},
      {"Cos", [](ScalarBuilder &s, ValueRange a) { return s.cos(a[0]); }},
      {"Tan", [](ScalarBuilder &s, ValueRange a) { return s.tan(a[0]); }},
      {"Asin", [](ScalarBuilder &s, ValueRange a) { return s.asin(a[0]); }},
      {"Acos", [](ScalarBuilder &s, ValueRange a) { return s.acos(a[0]); }},
      {"Atan", [](ScalarBuilder &s, ValueRange a) { return s.atan(a[0]); }},
      {"Sinh", [](ScalarBuilder &s, ValueRange a) { return s.sinh(a[0]); }},
      {"Cosh", [](ScalarBuilder &s, ValueRange a) { return s.cosh(a[0]); }},
      {"Asinh", [](ScalarBuilder &s, ValueRange a) { return s.asinh(a[0]); }},
      {"Acosh", [](ScalarBuilder &s, ValueRange a) { return s.acosh(a[0]); }},
      {"Atanh", [](ScalarBuilder &s, ValueRange a) { return s.atanh(a[0]); }},
      {"Equal", [](ScalarBuilder &s, ValueRange a) { return s.equal(a[0], a[1]); }},
      {"Less", [](ScalarBuilder &s, ValueRange a) { return s.less(a[0], a[1]); }},
      {"LessOrEqual", [](ScalarBuilder &s, ValueRange a) { return s.lessOrEqual(a[0], a[1]); }},
      {"Greater", [](ScalarBuilder &s, ValueRange a) { return s.less(a[1], a[0]); }},
      {"GreaterOrEqual", [](ScalarBuilder &s, ValueRange a) { return s.lessOrEqual(a[1], a[0]); }},
      {"And", [](ScalarBuilder &s, ValueRange a) { return s.logicalAnd(a[0], a[1]); }},
      {"Or", [](ScalarBuilder &s, ValueRange a) { return s.logicalOr(a[0], a[1]); }},
      {"Xor", [](ScalarBuilder &s, ValueRange a) { return s.logicalXor(a[0], a[1]); }},
      {"Not", [](ScalarBuilder &s, ValueRange a) { return s.logicalXor(a[0], s.c(1)); }},
      {"BitwiseAnd", [](ScalarBuilder &s, ValueRange a) { return s.bitAnd(a[0], a[1]); }},
      {"BitwiseOr", [](ScalarBuilder &s, ValueRange a) { return s.bitOr(a[0], a[1]); }},
      {"BitwiseXor", [](ScalarBuilder &s, ValueRange a) { return s.bitXor(a[0], a[1]); }},
      {"BitwiseNot", [](ScalarBuilder &s, ValueRange a) { return s.sub(s.sub(s.c(0), a[0]), s.c(1)); }},
      {"BitShift", [](ScalarBuilder &s, ValueRange a) { return shift(s, a[0], a[1]); }},
      {"IsNaN", [](ScalarBuilder &s, ValueRange a) { return s.isNaN(a[0]); }},
      {"IsInf",
       [](ScalarBuilder &s, ValueRange a) {
         return s.isInf(a[0], s.e.intAttr("detect_positive", 1) != 0, s.e.intAttr("detect_negative", 1) != 0);
       }},
      {"Where", [](ScalarBuilder &s, ValueRange a) { return s.select(a[0], a[1], a[2]); }},
  };
  return map;
}
} // namespace

ScalarBuild findArithmetic(StringRef op) { return builders().lookup(op); }

} // namespace eclip::frontend
