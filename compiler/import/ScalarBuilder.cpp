//===- ScalarBuilder.cpp - arith and math on scalars by ONNX type ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ScalarBuilder.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Math/IR/Math.h"

#include <limits>

using namespace mlir;

namespace eclip::frontend {

namespace {
template <typename FloatOp, typename SignedOp, typename UnsignedOp = SignedOp>
Value byType(ScalarBuilder &s, Value x, Value y) {
  if (isFloat(s.type))
    return FloatOp::create(s.b, s.e.loc, x, y);
  if (isUnsigned(s.type))
    return UnsignedOp::create(s.b, s.e.loc, x, y);
  return SignedOp::create(s.b, s.e.loc, x, y);
}

Value compare(ScalarBuilder &s, Value x, Value y, arith::CmpFPredicate floats, arith::CmpIPredicate signedInts,
              arith::CmpIPredicate unsignedInts) {
  if (isFloat(s.type))
    return arith::CmpFOp::create(s.b, s.e.loc, floats, x, y);
  return arith::CmpIOp::create(s.b, s.e.loc, isUnsigned(s.type) ? unsignedInts : signedInts, x, y);
}
} // namespace

Value ScalarBuilder::c(double value) { return e.scalar(b, e.elementType(type), value); }
Value ScalarBuilder::add(Value x, Value y) { return byType<arith::AddFOp, arith::AddIOp>(*this, x, y); }
Value ScalarBuilder::sub(Value x, Value y) { return byType<arith::SubFOp, arith::SubIOp>(*this, x, y); }
Value ScalarBuilder::mul(Value x, Value y) { return byType<arith::MulFOp, arith::MulIOp>(*this, x, y); }
Value ScalarBuilder::div(Value x, Value y) {
  return byType<arith::DivFOp, arith::DivSIOp, arith::DivUIOp>(*this, x, y);
}
Value ScalarBuilder::mod(Value x, Value y, bool truncated) {
  Value rest = byType<arith::RemFOp, arith::RemSIOp, arith::RemUIOp>(*this, x, y);
  if (truncated || isUnsigned(type))
    return rest;
  // A rest of the other sign than the divisor's moves by one divisor.
  Value differs = logicalXor(less(rest, c(0)), less(y, c(0)));
  Value isZero = equal(rest, c(0));
  return select(isZero, rest, select(differs, add(rest, y), rest));
}
Value ScalarBuilder::pow(Value x, Value y) { return math::PowFOp::create(b, e.loc, x, y); }
Value ScalarBuilder::max(Value x, Value y) {
  return byType<arith::MaximumFOp, arith::MaxSIOp, arith::MaxUIOp>(*this, x, y);
}
Value ScalarBuilder::min(Value x, Value y) {
  return byType<arith::MinimumFOp, arith::MinSIOp, arith::MinUIOp>(*this, x, y);
}
Value ScalarBuilder::abs(Value x) {
  if (isFloat(type))
    return math::AbsFOp::create(b, e.loc, x);
  return isUnsigned(type) ? x : max(x, sub(c(0), x));
}
Value ScalarBuilder::neg(Value x) {
  if (isFloat(type))
    return arith::NegFOp::create(b, e.loc, x);
  return sub(c(0), x);
}
Value ScalarBuilder::equal(Value x, Value y) {
  return compare(*this, x, y, arith::CmpFPredicate::OEQ, arith::CmpIPredicate::eq, arith::CmpIPredicate::eq);
}
Value ScalarBuilder::less(Value x, Value y) {
  return compare(*this, x, y, arith::CmpFPredicate::OLT, arith::CmpIPredicate::slt, arith::CmpIPredicate::ult);
}
Value ScalarBuilder::lessOrEqual(Value x, Value y) {
  return compare(*this, x, y, arith::CmpFPredicate::OLE, arith::CmpIPredicate::sle, arith::CmpIPredicate::ule);
}
Value ScalarBuilder::select(Value condition, Value x, Value y) {
  return arith::SelectOp::create(b, e.loc, condition, x, y);
}
Value ScalarBuilder::logicalAnd(Value x, Value y) { return arith::AndIOp::create(b, e.loc, x, y); }
Value ScalarBuilder::logicalOr(Value x, Value y) { return arith::OrIOp::create(b, e.loc, x, y); }
Value ScalarBuilder::logicalXor(Value x, Value y) { return arith::XOrIOp::create(b, e.loc, x, y); }
Value ScalarBuilder::isNaN(Value x) {
  return arith::CmpFOp::create(b, e.loc, arith::CmpFPredicate::UNO, x, x);
}
Value ScalarBuilder::isInf(Value x, bool positive, bool negative) {
  Value infinity = c(std::numeric_limits<double>::infinity());
  if (!positive && !negative)
    return arith::ConstantOp::create(b, e.loc, b.getBoolAttr(false));
  if (positive && negative)
    return equal(abs(x), infinity);
  return equal(positive ? x : neg(x), infinity);
}
Value ScalarBuilder::shiftLeft(Value x, Value bits) {
  Value fits = less(bits, c(x.getType().getIntOrFloatBitWidth()));
  return select(fits, arith::ShLIOp::create(b, e.loc, x, bits), c(0));
}
Value ScalarBuilder::shiftRight(Value x, Value bits) {
  Value fits = less(bits, c(x.getType().getIntOrFloatBitWidth()));
  return select(fits, arith::ShRUIOp::create(b, e.loc, x, bits), c(0));
}
Value ScalarBuilder::intPow(Value x, Value exponent, DType exponentType) {
  ScalarBuilder n(e, b, exponentType);
  Value result = c(1), square = x;
  // x to the power of 64 is 0, 1 or has overflowed: six bits, and whether there are more.
  int bits = std::min<int>(6, exponent.getType().getIntOrFloatBitWidth() - 1);
  for (int i = 0; i < bits; ++i) {
    Value bit = n.bitAnd(exponent, n.c(1 << i));
    result = select(n.equal(bit, n.c(0)), result, mul(result, square));
    square = mul(square, square);
  }
  if (exponent.getType().getIntOrFloatBitWidth() > 7 || isUnsigned(exponentType))
    result = select(n.less(n.c((1 << bits) - 1), exponent), mul(result, square), result);
  if (isUnsigned(exponentType))
    return result;
  // 1 / x^n is 1 or -1 for those x, else it rounds to 0.
  Value odd = n.equal(n.bitAnd(exponent, n.c(1)), n.c(1));
  Value inverse = select(equal(x, c(1)), c(1), c(0));
  if (!isUnsigned(type))
    inverse = select(equal(x, c(-1)), select(odd, c(-1), c(1)), inverse);
  return select(n.less(exponent, n.c(0)), inverse, result);
}
Value ScalarBuilder::floor(Value x) { return math::FloorOp::create(b, e.loc, x); }
Value ScalarBuilder::ceil(Value x) { return math::CeilOp::create(b, e.loc, x); }
Value ScalarBuilder::roundEven(Value x) { return math::RoundEvenOp::create(b, e.loc, x); }
Value ScalarBuilder::sqrt(Value x) { return math::SqrtOp::create(b, e.loc, x); }
Value ScalarBuilder::rsqrt(Value x) { return math::RsqrtOp::create(b, e.loc, x); }
Value ScalarBuilder::exp(Value x) { return math::ExpOp::create(b, e.loc, x); }
Value ScalarBuilder::log(Value x) { return math::LogOp::create(b, e.loc, x); }
Value ScalarBuilder::erf(Value x) { return math::ErfOp::create(b, e.loc, x); }
Value ScalarBuilder::tanh(Value x) { return math::TanhOp::create(b, e.loc, x); }
Value ScalarBuilder::sin(Value x) { return math::SinOp::create(b, e.loc, x); }
Value ScalarBuilder::cos(Value x) { return math::CosOp::create(b, e.loc, x); }
Value ScalarBuilder::tan(Value x) { return math::TanOp::create(b, e.loc, x); }
Value ScalarBuilder::asin(Value x) { return math::AsinOp::create(b, e.loc, x); }
Value ScalarBuilder::acos(Value x) { return math::AcosOp::create(b, e.loc, x); }
Value ScalarBuilder::atan(Value x) { return math::AtanOp::create(b, e.loc, x); }
Value ScalarBuilder::sinh(Value x) { return math::SinhOp::create(b, e.loc, x); }
Value ScalarBuilder::cosh(Value x) { return math::CoshOp::create(b, e.loc, x); }
Value ScalarBuilder::asinh(Value x) { return math::AsinhOp::create(b, e.loc, x); }
Value ScalarBuilder::acosh(Value x) { return math::AcoshOp::create(b, e.loc, x); }
Value ScalarBuilder::atanh(Value x) { return math::AtanhOp::create(b, e.loc, x); }
Value ScalarBuilder::sigmoid(Value x) { return div(c(1), add(c(1), exp(neg(x)))); }

Value scalarConstant(NodeEmitter &e, OpBuilder &b, const HostTensor &tensor) {
  Scalar value = tensor.at(0);
  Type element = e.elementType(tensor.type);
  if (isFloat(tensor.type))
    return e.scalar(b, element, value.f);
  if (tensor.type == DType::Bool)
    return arith::ConstantOp::create(b, e.loc, b.getBoolAttr(value.i != 0));
  // Truncating: the constructor refuses unsigned values above the signed range.
  APInt bits(64, static_cast<uint64_t>(value.i));
  return arith::ConstantOp::create(b, e.loc, b.getIntegerAttr(element, bits.trunc(element.getIntOrFloatBitWidth())));
}

Value convertScalar(NodeEmitter &e, OpBuilder &b, Value value, DType from, DType to) {
  Type target = e.elementType(to);
  unsigned fromBits = value.getType().getIntOrFloatBitWidth(), toBits = target.getIntOrFloatBitWidth();
  ScalarBuilder s(e, b, from);
  if (from == to)
    return value;
  if (to == DType::Bool) {
    if (isFloat(from)) // NaN is true
      return arith::CmpFOp::create(b, e.loc, arith::CmpFPredicate::UNE, value, s.c(0));
    return arith::CmpIOp::create(b, e.loc, arith::CmpIPredicate::ne, value, s.c(0));
  }
  if (isFloat(from) && isFloat(to)) {
    if (fromBits == toBits) { // float16 and bfloat16
      Value wide = arith::ExtFOp::create(b, e.loc, b.getF32Type(), value);
      return arith::TruncFOp::create(b, e.loc, target, wide);
    }
    if (fromBits < toBits)
      return arith::ExtFOp::create(b, e.loc, target, value);
    return arith::TruncFOp::create(b, e.loc, target, value);
  }
  if (isFloat(from)) {
    // Toward zero. Narrow integers wrap around from 32 bits, as on a CPU: a
    // direct conversion of what does not fit is undefined.
    if (toBits < 32)
      return arith::TruncIOp::create(b, e.loc, target, arith::FPToSIOp::create(b, e.loc, b.getI32Type(), value));
    if (isUnsigned(to))
      return arith::FPToUIOp::create(b, e.loc, target, value);
    return arith::FPToSIOp::create(b, e.loc, target, value);
  }
  if (isFloat(to)) {
    if (isUnsigned(from))
      return arith::UIToFPOp::create(b, e.loc, target, value);
    return arith::SIToFPOp::create(b, e.loc, target, value);
  }
  if (fromBits == toBits)
    return value;
  if (fromBits > toBits)
    return arith::TruncIOp::create(b, e.loc, target, value);
  if (isUnsigned(from))
    return arith::ExtUIOp::create(b, e.loc, target, value);
  return arith::ExtSIOp::create(b, e.loc, target, value);
}

} // namespace eclip::frontend
