//===- ScalarBuilder.h - arith and math on scalars by ONNX type -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_SCALARBUILDER_H
#define ECLIP_COMPILER_IMPORT_SCALARBUILDER_H

#include "compiler/import/NodeEmitter.h"

namespace eclip::frontend {

/// Builds scalar operations on values of one ONNX type inside a body. The type
/// decides between float, signed and unsigned operations; min and max pass NaN
/// on, as ONNX Runtime's do.
class ScalarBuilder {
public:
  ScalarBuilder(NodeEmitter &e, mlir::OpBuilder &b, DType type) : e(e), b(b), type(type) {}

  mlir::Value c(double value); // a constant of `type`
  mlir::Value add(mlir::Value x, mlir::Value y);
  mlir::Value sub(mlir::Value x, mlir::Value y);
  mlir::Value mul(mlir::Value x, mlir::Value y);
  mlir::Value div(mlir::Value x, mlir::Value y); // integers round to zero
  /// The sign of the result is the dividend's if `truncated`, else the divisor's.
  mlir::Value mod(mlir::Value x, mlir::Value y, bool truncated);
  mlir::Value pow(mlir::Value x, mlir::Value y); // floats
  mlir::Value max(mlir::Value x, mlir::Value y);
  mlir::Value min(mlir::Value x, mlir::Value y);
  mlir::Value abs(mlir::Value x);
  mlir::Value neg(mlir::Value x);
  mlir::Value equal(mlir::Value x, mlir::Value y);
  mlir::Value less(mlir::Value x, mlir::Value y);
  mlir::Value lessOrEqual(mlir::Value x, mlir::Value y);
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y);
  mlir::Value logicalAnd(mlir::Value x, mlir::Value y);
  mlir::Value logicalOr(mlir::Value x, mlir::Value y);
  mlir::Value logicalXor(mlir::Value x, mlir::Value y);
  // Integers and, but for the shifts, bool.
  mlir::Value bitAnd(mlir::Value x, mlir::Value y) { return logicalAnd(x, y); }
  mlir::Value bitOr(mlir::Value x, mlir::Value y) { return logicalOr(x, y); }
  mlir::Value bitXor(mlir::Value x, mlir::Value y) { return logicalXor(x, y); }
  mlir::Value shiftLeft(mlir::Value x, mlir::Value bits); // 0 from the width on
  mlir::Value shiftRight(mlir::Value x, mlir::Value bits); // without the sign, 0 from the width on
  /// Integers: wraps around; the reciprocal of a negative power rounds to 0.
  mlir::Value intPow(mlir::Value x, mlir::Value exponent, DType exponentType);
  // Floats.
  mlir::Value isNaN(mlir::Value x);
  mlir::Value isInf(mlir::Value x, bool positive, bool negative);
  mlir::Value floor(mlir::Value x);
  mlir::Value ceil(mlir::Value x);
  mlir::Value roundEven(mlir::Value x);
  mlir::Value sqrt(mlir::Value x);
  mlir::Value rsqrt(mlir::Value x);
  mlir::Value exp(mlir::Value x);
  mlir::Value log(mlir::Value x);
  mlir::Value erf(mlir::Value x);
  mlir::Value tanh(mlir::Value x);
  mlir::Value sin(mlir::Value x);
  mlir::Value cos(mlir::Value x);
  mlir::Value tan(mlir::Value x);
  mlir::Value asin(mlir::Value x);
  mlir::Value acos(mlir::Value x);
  mlir::Value atan(mlir::Value x);
  mlir::Value sinh(mlir::Value x);
  mlir::Value cosh(mlir::Value x);
  mlir::Value asinh(mlir::Value x);
  mlir::Value acosh(mlir::Value x);
  mlir::Value atanh(mlir::Value x);
  mlir::Value sigmoid(mlir::Value x);

  NodeEmitter &e;
  mlir::OpBuilder &b;
  DType type;
};

/// Element 0 of a tensor as an arith.constant.
mlir::Value scalarConstant(NodeEmitter &e, mlir::OpBuilder &b, const HostTensor &tensor);
/// Converts as ONNX's Cast does.
mlir::Value convertScalar(NodeEmitter &e, mlir::OpBuilder &b, mlir::Value value, DType from, DType to);

using ScalarBuild = mlir::Value (*)(ScalarBuilder &, mlir::ValueRange);
/// The body of an elementwise operator of Arithmetic.cpp; null for others.
ScalarBuild findArithmetic(llvm::StringRef op);

/// What emission and evaluation of an elementwise node share (Elementwise.cpp).
mlir::LogicalResult checkElementwise(const NodeEmitter &e);
mlir::FailureOr<Shape> elementwiseShape(const NodeEmitter &e);
/// The shape that input `i` broadcasts from.
Shape elementwiseOperandShape(const NodeEmitter &e, unsigned i);
DType elementwiseResultType(const NodeEmitter &e);
/// What Cast and CastLike convert to; none if the type is not supported.
std::optional<DType> castTarget(const NodeEmitter &e);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_SCALARBUILDER_H
