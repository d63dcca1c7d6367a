//===- Reference.h - what each instruction should do ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Formulas of AMD's Vega 7nm instruction set document, one lane at a time,
// written for reading and sharing nothing with the executor.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_REFERENCE_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_REFERENCE_H

#include <cstdint>
#include <cstring>
#include <vector>

namespace eclip::vgpu::test {

/// What an operand is; says how values are drawn, negated and compared.
enum class Kind : uint8_t { None, B32, F32, B64, F64, B16, F16, PairB16, PairF16 };
inline bool isWide(Kind k) { return k == Kind::B64 || k == Kind::F64; }
inline bool isFloating(Kind k) { return k == Kind::F32 || k == Kind::F64 || k == Kind::F16; }

/// One lane: operand bits in, carry or compare bit out.
struct Lane {
  uint64_t a, b, c;
  bool carryIn;
  unsigned index;
  bool carry;
};
using Formula = uint64_t (*)(Lane &);

enum CaseFlags : uint32_t {
  C_CarryOut = 1,
  C_CarryIn = 2,
  C_Tied = 4,        ///< the last source is the destination
  C_Compare = 8,     ///< the result is x.carry
  C_CompareX = 16,
  C_KeepHigh = 32,   ///< the other half of the destination stays
  C_Vcc = 64,        ///< reads VCC without naming it
  C_KMiddle = 128,   ///< literal as second operand
  C_KLast = 256,
  C_Packed = 512,    ///< VOP3P
  C_IntClamp = 1024, ///< clamp saturates, by the formula `clamped`
  C_OneUlp = 2048,   ///< the hardware promises 1 ulp
  C_NoScalarB = 4096 ///< src1 may not be a scalar
};

struct VectorCase {
  const char *name;
  Kind dst;
  Kind src[3];
  Formula formula;
  uint32_t flags = 0;
  Formula clamped = nullptr;
};
/// All of them. Names appear once.
const std::vector<VectorCase> &vectorCases();

void addFloatCases(std::vector<VectorCase> &cases);
void addDoubleCases(std::vector<VectorCase> &cases);
void addHalfCases(std::vector<VectorCase> &cases);
void addIntegerCases(std::vector<VectorCase> &cases);
void addShortCases(std::vector<VectorCase> &cases);
void addConvertCases(std::vector<VectorCase> &cases);
void addCompareCases(std::vector<VectorCase> &cases);

// Views of bits.
inline float f32(uint64_t bits) {
  uint32_t low = static_cast<uint32_t>(bits);
  float v;
  memcpy(&v, &low, 4);
  return v;
}
inline double f64(uint64_t bits) {
  double v;
  memcpy(&v, &bits, 8);
  return v;
}
inline uint64_t bits(float v) {
  uint32_t b;
  memcpy(&b, &v, 4);
  return b;
}
inline uint64_t bits(double v) {
  uint64_t b;
  memcpy(&b, &v, 8);
  return b;
}
inline uint32_t u32(uint64_t v) { return static_cast<uint32_t>(v); }
inline int32_t i32(uint64_t v) { return static_cast<int32_t>(v); }
inline int64_t i64(uint64_t v) { return static_cast<int64_t>(v); }
inline uint32_t u16(uint64_t v) { return v & 0xffff; }
inline int32_t i16(uint64_t v) { return static_cast<int16_t>(v); }

double halfValue(uint64_t bits);
/// Rounds to the nearest half, ties to even.
uint64_t toHalf(double v);
/// a*b+c of halves with one rounding, computed on integers.
uint64_t halfFma(uint64_t a, uint64_t b, uint64_t c);
bool isNan(Kind kind, uint64_t bits);

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_REFERENCE_H
