//===- FloatCompare.cpp - v_cmp and v_cmpx of floating-point values -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Lanes.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

#define ECLIP_COMPARE(how, T, op, type, formula)                               \
  how<T, T>(s, "v_cmp_" op "_" type, "v_cmpx_" op "_" type,                    \
            [](typename T::Value a, typename T::Value b) -> bool { return formula; })

/// The sixteen predicates; the second eight are true of NaN.
#define ECLIP_FLOAT_COMPARES(how, T, type)                                     \
  ECLIP_COMPARE(cold, T, "f", type, (void(a), void(b), false));                \
  ECLIP_COMPARE(how, T, "lt", type, a < b);                                    \
  ECLIP_COMPARE(how, T, "eq", type, a == b);                                   \
  ECLIP_COMPARE(how, T, "le", type, a <= b);                                   \
  ECLIP_COMPARE(how, T, "gt", type, a > b);                                    \
  ECLIP_COMPARE(how, T, "lg", type, a < b || a > b);                           \
  ECLIP_COMPARE(how, T, "ge", type, a >= b);                                   \
  ECLIP_COMPARE(how, T, "o", type, a == a && b == b);                          \
  ECLIP_COMPARE(how, T, "u", type, a != a || b != b);                          \
  ECLIP_COMPARE(how, T, "nge", type, !(a >= b));                               \
  ECLIP_COMPARE(how, T, "nlg", type, !(a < b || a > b));                       \
  ECLIP_COMPARE(how, T, "ngt", type, !(a > b));                                \
  ECLIP_COMPARE(how, T, "nle", type, !(a <= b));                               \
  ECLIP_COMPARE(how, T, "neq", type, !(a == b));                               \
  ECLIP_COMPARE(how, T, "nlt", type, !(a < b));                                \
  ECLIP_COMPARE(cold, T, "tru", type, (void(a), void(b), true))

template <class A, class B, class F> static void cold(OpSink &s, const char *name, const char *nameX, F f) {
  compare<A, B>(s, name, nameX, f);
}

/// Bit of v_cmp_class for a value given as sign, exponent and fraction.
static ECLIP_INLINE bool classMatch(uint32_t mask, bool sign, bool infOrNan, bool zeroExponent,
                                    bool fraction, bool quietBit) {
  unsigned bit;
  if (infOrNan)
    bit = fraction ? (quietBit ? 1 : 0) : sign ? 2 : 9;
  else if (zeroExponent)
    bit = fraction ? (sign ? 4 : 7) : sign ? 5 : 6;
  else
    bit = sign ? 3 : 8;
  return mask >> bit & 1;
}

static void addClasses(OpSink &s) {
  compare<S32, U32>(s, "v_cmp_class_f32", "v_cmpx_class_f32", [](uint32_t a, uint32_t mask) {
    uint32_t e = a >> 23 & 255;
    return classMatch(mask, a >> 31, e == 255, e == 0, (a & 0x7fffff) != 0, a >> 22 & 1);
  });
  compare<H16, U32>(s, "v_cmp_class_f16", "v_cmpx_class_f16", [](uint32_t a, uint32_t mask) {
    uint32_t e = a >> 10 & 31;
    return classMatch(mask, a >> 15, e == 31, e == 0, (a & 0x3ff) != 0, a >> 9 & 1);
  });
  compare<D64, U32>(s, "v_cmp_class_f64", "v_cmpx_class_f64", [](uint64_t a, uint32_t mask) {
    uint64_t e = a >> 52 & 2047;
    return classMatch(mask, a >> 63, e == 2047, e == 0, (a & 0xfffffffffffffull) != 0, a >> 51 & 1);
  });
}

void addFloatCompareOps(OpSink &s) {
  ECLIP_FLOAT_COMPARES(hotCompare, F32, "f32");
  ECLIP_FLOAT_COMPARES(cold, F16, "f16");
  ECLIP_FLOAT_COMPARES(cold, F64, "f64");
  addClasses(s);
}

} // namespace eclip::vgpu::ECLIP_LANES
