//===- Bits.cpp - scalar bit fields and bit counts ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/scalar/Scalar.h"

#include <bit>

namespace eclip::vgpu {

using namespace scalar;
using U = uint32_t;
using I = int32_t;
using W = uint64_t;
using J = int64_t;

/// The field that `how` names: offset in the low bits, width from bit 16.
template <class T> static T field(T v, U how, bool isSigned) {
  constexpr unsigned size = sizeof(T) * 8;
  unsigned offset = how & (size - 1), width = how >> 16 & 127;
  if (width == 0)
    return 0;
  T shifted = v >> offset;
  if (isSigned)
    shifted = static_cast<T>(static_cast<std::make_signed_t<T>>(v) >> offset);
  if (width >= size)
    return shifted;
  T part = shifted & ((T(1) << width) - 1);
  bool sign = isSigned && (part >> (width - 1) & 1);
  return sign ? part | ~T(0) << width : part;
}
/// Bits from the top that equal the sign bit, as the hardware counts them.
template <class T> static U signBits(T v) {
  T flipped = static_cast<std::make_signed_t<T>>(v) < 0 ? static_cast<T>(~v) : v;
  return flipped ? static_cast<U>(std::countl_zero(flipped)) : ~0u;
}
template <class T> static U first(T v) { return v ? static_cast<U>(std::countr_zero(v)) : ~0u; }
template <class T> static U leading(T v) { return v ? static_cast<U>(std::countl_zero(v)) : ~0u; }
static U reverse(U v) {
  U r = 0;
  for (unsigned k = 0; k < 32; ++k)
    r |= (v >> k & 1) << (31 - k);
  return r;
}
/// Any bit set in each group of four: as one bit, or as the whole group.
static W quads(W v) {
  W r = 0;
  for (unsigned k = 0; k < 16; ++k)
    r |= static_cast<W>((v >> (4 * k) & 15) != 0) << k;
  return r;
}
static W wholeQuads(W v) {
  W r = 0;
  for (unsigned k = 0; k < 16; ++k)
    r |= (v >> (4 * k) & 15) != 0 ? W(15) << (4 * k) : 0;
  return r;
}

static void addFields(OpSink &s) {
  op2<U, U, U>(s, "s_bfe_u32", [](U a, U b, bool &c) { U r = field(a, b, false); c = r != 0; return r; });
  op2<U, U, U>(s, "s_bfe_i32", [](U a, U b, bool &c) { U r = field(a, b, true); c = r != 0; return r; });
  op2<W, W, U>(s, "s_bfe_u64", [](W a, U b, bool &c) { W r = field(a, b, false); c = r != 0; return r; });
  op2<W, W, U>(s, "s_bfe_i64", [](W a, U b, bool &c) { W r = field(a, b, true); c = r != 0; return r; });
  op2<U, U, U>(s, "s_bfm_b32", [](U a, U b, bool &) { return ((1u << (a & 31)) - 1) << (b & 31); });
  op2<W, U, U>(s, "s_bfm_b64", [](U a, U b, bool &) { return ((W(1) << (a & 63)) - 1) << (b & 63); });
  op1<U, U>(s, "s_sext_i32_i8", [](U a, bool &) { return static_cast<U>(static_cast<I>(static_cast<int8_t>(a))); });
  op1<U, U>(s, "s_sext_i32_i16", [](U a, bool &) { return static_cast<U>(static_cast<I>(static_cast<int16_t>(a))); });
  op2<U, U, U>(s, "s_bitset0_b32", [](U d, U a, bool &) { return d & ~(1u << (a & 31)); }, PF_TiedDst);
  op2<U, U, U>(s, "s_bitset1_b32", [](U d, U a, bool &) { return d | 1u << (a & 31); }, PF_TiedDst);
  op2<W, W, U>(s, "s_bitset0_b64", [](W d, U a, bool &) { return d & ~(W(1) << (a & 63)); }, PF_TiedDst);
  op2<W, W, U>(s, "s_bitset1_b64", [](W d, U a, bool &) { return d | W(1) << (a & 63); }, PF_TiedDst);
  op1<W, U>(s, "s_bitreplicate_b64_b32", [](U a, bool &) {
    W r = 0;
    for (unsigned k = 0; k < 32; ++k)
      r |= static_cast<W>(a >> k & 1) * 3 << (2 * k);
    return r;
  });
}

static void addCounts(OpSink &s) {
  op1<U, U>(s, "s_not_b32", [](U a, bool &c) { c = ~a != 0; return ~a; });
  op1<W, W>(s, "s_not_b64", [](W a, bool &c) { c = ~a != 0; return ~a; });
  op1<U, U>(s, "s_brev_b32", [](U a, bool &) { return reverse(a); });
  op1<W, W>(s, "s_brev_b64", [](W a, bool &) {
    return static_cast<W>(reverse(static_cast<U>(a))) << 32 | reverse(static_cast<U>(a >> 32));
  });
  op1<U, U>(s, "s_bcnt0_i32_b32", [](U a, bool &c) { U r = static_cast<U>(std::popcount(~a)); c = r != 0; return r; });
  op1<U, W>(s, "s_bcnt0_i32_b64", [](W a, bool &c) { U r = static_cast<U>(std::popcount(~a)); c = r != 0; return r; });
  op1<U, U>(s, "s_bcnt1_i32_b32", [](U a, bool &c) { U r = static_cast<U>(std::popcount(a)); c = r != 0; return r; });
  op1<U, W>(s, "s_bcnt1_i32_b64", [](W a, bool &c) { U r = static_cast<U>(std::popcount(a)); c = r != 0; return r; });
  op1<U, U>(s, "s_ff0_i32_b32", [](U a, bool &) { return first(static_cast<U>(~a)); });
  op1<U, W>(s, "s_ff0_i32_b64", [](W a, bool &) { return first(~a); });
  op1<U, U>(s, "s_ff1_i32_b32", [](U a, bool &) { return first(a); });
  op1<U, W>(s, "s_ff1_i32_b64", [](W a, bool &) { return first(a); });
  op1<U, U>(s, "s_flbit_i32_b32", [](U a, bool &) { return leading(a); });
  op1<U, W>(s, "s_flbit_i32_b64", [](W a, bool &) { return leading(a); });
  op1<U, U>(s, "s_flbit_i32", [](U a, bool &) { return signBits(a); });
  op1<U, W>(s, "s_flbit_i32_i64", [](W a, bool &) { return signBits(a); });
  op1<U, U>(s, "s_quadmask_b32", [](U a, bool &c) { U r = static_cast<U>(quads(a)); c = r != 0; return r; });
  op1<W, W>(s, "s_quadmask_b64", [](W a, bool &c) { W r = quads(a); c = r != 0; return r; });
  op1<U, U>(s, "s_wqm_b32", [](U a, bool &c) { U r = static_cast<U>(wholeQuads(a)); c = r != 0; return r; });
  op1<W, W>(s, "s_wqm_b64", [](W a, bool &c) { W r = wholeQuads(a); c = r != 0; return r; });
}

void addScalarBitOps(OpSink &s) {
  addFields(s);
  addCounts(s);
}

} // namespace eclip::vgpu
