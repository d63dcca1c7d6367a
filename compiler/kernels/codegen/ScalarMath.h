//===- ScalarMath.h - shorthand for writing scalar arithmetic ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_SCALARMATH_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_SCALARMATH_H

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/LLVMIR/LLVMDialect.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include "llvm/ADT/STLExtras.h"

namespace eclip {

/// Shorthand for arithmetic at a builder on scalars of one float type, f32 or
/// f64, and on integers of its width.
struct Scalars {
  mlir::OpBuilder &b;
  mlir::Location loc;
  mlir::FloatType type = mlir::Float32Type::get(b.getContext());

  bool isDouble() const { return type.isF64(); }
  mlir::IntegerType integerType() { return b.getIntegerType(type.getWidth()); }

  /// Rounded to the nearest number of the type.
  mlir::Value f(double value) {
    return mlir::arith::ConstantOp::create(b, loc, b.getFloatAttr(type, value));
  }
  mlir::Value i(int64_t value) {
    return mlir::arith::ConstantOp::create(
        b, loc, b.getIntegerAttr(integerType(), value));
  }
  mlir::Value add(mlir::Value x, mlir::Value y) {
    return mlir::arith::AddFOp::create(b, loc, x, y);
  }
  mlir::Value sub(mlir::Value x, mlir::Value y) {
    return mlir::arith::SubFOp::create(b, loc, x, y);
  }
  mlir::Value mul(mlir::Value x, mlir::Value y) {
    return mlir::arith::MulFOp::create(b, loc, x, y);
  }
  mlir::Value div(mlir::Value x, mlir::Value y) {
    return mlir::arith::DivFOp::create(b, loc, x, y);
  }
  mlir::Value neg(mlir::Value x) {
    return mlir::arith::NegFOp::create(b, loc, x);
  }
  mlir::Value abs(mlir::Value x) {
    return mlir::math::AbsFOp::create(b, loc, x);
  }
  mlir::Value floor(mlir::Value x) {
    return mlir::math::FloorOp::create(b, loc, x);
  }
  mlir::Value fma(mlir::Value x, mlir::Value y, mlir::Value z) {
    return mlir::math::FmaOp::create(b, loc, x, y, z);
  }
  mlir::Value select(mlir::Value condition, mlir::Value x, mlir::Value y) {
    return mlir::arith::SelectOp::create(b, loc, condition, x, y);
  }
  mlir::Value cmp(mlir::arith::CmpFPredicate predicate, mlir::Value x,
                  mlir::Value y) {
    return mlir::arith::CmpFOp::create(b, loc, predicate, x, y);
  }
  mlir::Value both(mlir::Value x, mlir::Value y) {
    return mlir::arith::AndIOp::create(b, loc, x, y);
  }
  mlir::Value either(mlir::Value x, mlir::Value y) {
    return mlir::arith::OrIOp::create(b, loc, x, y);
  }
  mlir::Value addi(mlir::Value x, mlir::Value y) {
    return mlir::arith::AddIOp::create(b, loc, x, y);
  }
  mlir::Value subi(mlir::Value x, mlir::Value y) {
    return mlir::arith::SubIOp::create(b, loc, x, y);
  }
  mlir::Value bits(mlir::Value x) {
    return mlir::arith::BitcastOp::create(b, loc, integerType(), x);
  }
  mlir::Value fromBits(mlir::Value x) {
    return mlir::arith::BitcastOp::create(b, loc, type, x);
  }
  mlir::Value sqrt(mlir::Value x) {
    return mlir::math::SqrtOp::create(b, loc, x);
  }
  mlir::Value copySign(mlir::Value magnitude, mlir::Value sign) {
    return mlir::math::CopySignOp::create(b, loc, magnitude, sign);
  }
  mlir::Value roundEven(mlir::Value x) {
    return mlir::math::RoundEvenOp::create(b, loc, x);
  }
  /// x of which the magnitude is at most `limit`; NaN stays.
  mlir::Value clampMagnitude(mlir::Value x, double limit) {
    using P = mlir::arith::CmpFPredicate;
    x = select(cmp(P::OGT, x, f(limit)), f(limit), x);
    return select(cmp(P::OLT, x, f(-limit)), f(-limit), x);
  }
  /// x * 2^n for a whole float n between -2^30 and 2^30; for NaN any number.
  mlir::Value scaleByPower(mlir::Value x, mlir::Value n) {
    mlir::Value known = cmp(mlir::arith::CmpFPredicate::ORD, n, n);
    mlir::Value power = mlir::arith::FPToSIOp::create(b, loc, b.getI32Type(),
                                                      select(known, n, f(0.0)));
    return mlir::LLVM::LoadExpOp::create(b, loc, type, x, power);
  }
  /// Horner's scheme with fused operations, the coefficients from the lowest.
  mlir::Value polynomial(mlir::Value x, llvm::ArrayRef<double> coefficients) {
    mlir::Value sum = f(coefficients.back());
    for (double coefficient : llvm::reverse(coefficients.drop_back()))
      sum = fma(sum, x, f(coefficient));
    return sum;
  }
};

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_SCALARMATH_H
