//===- Alu.cpp - scalar arithmetic, logic and comparison ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/scalar/Scalar.h"

namespace eclip::vgpu {

using namespace scalar;
using U = uint32_t;
using I = int32_t;
using W = uint64_t;
using J = int64_t;

static bool overflowAdd(U a, U b, U r) { return (~(a ^ b) & (a ^ r)) >> 31; }
static bool overflowSub(U a, U b, U r) { return ((a ^ b) & (a ^ r)) >> 31; }

static void addSums(OpSink &s) {
  op2<U, U, U>(s, "s_add_u32", [](U a, U b, bool &c) { U r = a + b; c = r < a; return r; });
  op2<U, U, U>(s, "s_sub_u32", [](U a, U b, bool &c) { c = b > a; return a - b; });
  auto addI = [](U a, U b, bool &c) { U r = a + b; c = overflowAdd(a, b, r); return r; };
  op2<U, U, U>(s, "s_add_i32", addI);
  op2<U, U, U>(s, "s_addk_i32", addI, PF_TiedDst);
  op2<U, U, U>(s, "s_sub_i32", [](U a, U b, bool &c) { U r = a - b; c = overflowSub(a, b, r); return r; });
  op2<U, U, U>(s, "s_addc_u32", [](U a, U b, bool &c) {
    W r = static_cast<W>(a) + b + c;
    c = r >> 32;
    return static_cast<U>(r);
  });
  op2<U, U, U>(s, "s_subb_u32", [](U a, U b, bool &c) {
    bool borrow = static_cast<W>(b) + c > a;
    U r = a - b - c;
    c = borrow;
    return r;
  });
  op2<U, U, U>(s, "s_absdiff_i32", [](U a, U b, bool &c) {
    U r = a - b;
    r = static_cast<I>(r) < 0 ? 0u - r : r;
    c = r != 0;
    return r;
  });
  op1<U, U>(s, "s_abs_i32", [](U a, bool &c) {
    U r = static_cast<I>(a) < 0 ? 0u - a : a;
    c = r != 0;
    return r;
  });
  op2<U, U, U>(s, "s_mul_i32", [](U a, U b, bool &) { return a * b; });
  op2<U, U, U>(s, "s_mulk_i32", [](U a, U b, bool &) { return a * b; }, PF_TiedDst);
  op2<U, U, U>(s, "s_mul_hi_u32", [](U a, U b, bool &) { return static_cast<U>(static_cast<W>(a) * b >> 32); });
  op2<U, U, U>(s, "s_mul_hi_i32", [](U a, U b, bool &) {
    return static_cast<U>(static_cast<W>(static_cast<J>(static_cast<I>(a)) * static_cast<I>(b)) >> 32);
  });
  op2<U, I, I>(s, "s_min_i32", [](I a, I b, bool &c) { c = a < b; return static_cast<U>(c ? a : b); });
  op2<U, U, U>(s, "s_min_u32", [](U a, U b, bool &c) { c = a < b; return c ? a : b; });
  op2<U, I, I>(s, "s_max_i32", [](I a, I b, bool &c) { c = a > b; return static_cast<U>(c ? a : b); });
  op2<U, U, U>(s, "s_max_u32", [](U a, U b, bool &c) { c = a > b; return c ? a : b; });
}

template <unsigned n> static U shiftAdd(U a, U b, bool &c) {
  W r = (static_cast<W>(a) << n) + b;
  c = r >> 32;
  return static_cast<U>(r);
}
static void addShifts(OpSink &s) {
  op2<U, U, U>(s, "s_lshl_b32", [](U a, U b, bool &c) { U r = a << (b & 31); c = r != 0; return r; });
  op2<U, U, U>(s, "s_lshr_b32", [](U a, U b, bool &c) { U r = a >> (b & 31); c = r != 0; return r; });
  op2<U, I, U>(s, "s_ashr_i32", [](I a, U b, bool &c) { U r = static_cast<U>(a >> (b & 31)); c = r != 0; return r; });
  op2<W, W, U>(s, "s_lshl_b64", [](W a, U b, bool &c) { W r = a << (b & 63); c = r != 0; return r; });
  op2<W, W, U>(s, "s_lshr_b64", [](W a, U b, bool &c) { W r = a >> (b & 63); c = r != 0; return r; });
  op2<W, J, U>(s, "s_ashr_i64", [](J a, U b, bool &c) { W r = static_cast<W>(a >> (b & 63)); c = r != 0; return r; });
  op2<U, U, U>(s, "s_lshl1_add_u32", [](U a, U b, bool &c) { return shiftAdd<1>(a, b, c); });
  op2<U, U, U>(s, "s_lshl2_add_u32", [](U a, U b, bool &c) { return shiftAdd<2>(a, b, c); });
  op2<U, U, U>(s, "s_lshl3_add_u32", [](U a, U b, bool &c) { return shiftAdd<3>(a, b, c); });
  op2<U, U, U>(s, "s_lshl4_add_u32", [](U a, U b, bool &c) { return shiftAdd<4>(a, b, c); });
}

/// A 32-bit and a 64-bit operation of the same formula; SCC says "not zero".
template <class F> static void logic(OpSink &s, const char *name32, const char *name64, F) {
  op2<U, U, U>(s, name32, [](U a, U b, bool &c) { U r = static_cast<U>(F{}(a, b)); c = r != 0; return r; });
  op2<W, W, W>(s, name64, [](W a, W b, bool &c) { W r = F{}(a, b); c = r != 0; return r; });
}
/// EXEC takes part; the old EXEC is the result.
template <class F> static const Inst *saveExec(Wave &wave, const Inst *inst) {
  uint64_t source = wave.wide(inst->src[0]), exec = wave.exec(), next = F{}(source, exec);
  wave.setWide(inst->dst, exec);
  wave.setExec(next);
  wave.scc = next != 0;
  return inst + 1;
}
/// The new EXEC is the result too.
template <class F> static const Inst *writeExec(Wave &wave, const Inst *inst) {
  uint64_t next = F{}(wave.wide(inst->src[0]), wave.exec());
  wave.setExec(next);
  wave.setWide(inst->dst, next);
  wave.scc = next != 0;
  return inst + 1;
}
template <class F> static void exec(OpSink &s, const char *name, F) {
  addPlain(s, name, saveExec<F>, Ty::B64, Ty::B64, Ty::None);
}

static void addLogic(OpSink &s) {
  logic(s, "s_and_b32", "s_and_b64", [](auto a, auto b) { return a & b; });
  logic(s, "s_or_b32", "s_or_b64", [](auto a, auto b) { return a | b; });
  logic(s, "s_xor_b32", "s_xor_b64", [](auto a, auto b) { return a ^ b; });
  logic(s, "s_andn2_b32", "s_andn2_b64", [](auto a, auto b) { return a & ~b; });
  logic(s, "s_orn2_b32", "s_orn2_b64", [](auto a, auto b) { return a | ~b; });
  logic(s, "s_nand_b32", "s_nand_b64", [](auto a, auto b) { return ~(a & b); });
  logic(s, "s_nor_b32", "s_nor_b64", [](auto a, auto b) { return ~(a | b); });
  logic(s, "s_xnor_b32", "s_xnor_b64", [](auto a, auto b) { return ~(a ^ b); });
  exec(s, "s_and_saveexec_b64", [](W a, W e) { return a & e; });
  exec(s, "s_or_saveexec_b64", [](W a, W e) { return a | e; });
  exec(s, "s_xor_saveexec_b64", [](W a, W e) { return a ^ e; });
  exec(s, "s_andn2_saveexec_b64", [](W a, W e) { return a & ~e; });
  exec(s, "s_orn2_saveexec_b64", [](W a, W e) { return a | ~e; });
  exec(s, "s_nand_saveexec_b64", [](W a, W e) { return ~(a & e); });
  exec(s, "s_nor_saveexec_b64", [](W a, W e) { return ~(a | e); });
  exec(s, "s_xnor_saveexec_b64", [](W a, W e) { return ~(a ^ e); });
  exec(s, "s_andn1_saveexec_b64", [](W a, W e) { return ~a & e; });
  exec(s, "s_orn1_saveexec_b64", [](W a, W e) { return ~a | e; });
  auto andn1 = [](W a, W e) { return ~a & e; };
  auto andn2 = [](W a, W e) { return a & ~e; };
  addPlain(s, "s_andn1_wrexec_b64", writeExec<decltype(andn1)>, Ty::B64, Ty::B64, Ty::None);
  addPlain(s, "s_andn2_wrexec_b64", writeExec<decltype(andn2)>, Ty::B64, Ty::B64, Ty::None);
}

/// The conditional moves leave their destination alone when SCC is clear.
template <class T> static const Inst *conditionalMove(Wave &wave, const Inst *inst) {
  if (wave.scc)
    put<T>(wave, inst->dst, get<T>(wave, inst->src[0]));
  return inst + 1;
}
static void addMoves(OpSink &s) {
  op1<U, U>(s, "s_mov_b32", [](U a, bool &) { return a; });
  op1<W, W>(s, "s_mov_b64", [](W a, bool &) { return a; });
  op1<U, U>(s, "s_movk_i32", [](U a, bool &) { return a; });
  addPlain(s, "s_cmov_b32", conditionalMove<U>, Ty::B32, Ty::B32, Ty::None);
  addPlain(s, "s_cmov_b64", conditionalMove<W>, Ty::B64, Ty::B64, Ty::None);
  addPlain(s, "s_cmovk_i32", conditionalMove<U>, Ty::B32, Ty::B32, Ty::None);
  op2<U, U, U>(s, "s_cselect_b32", [](U a, U b, bool &c) { return c ? a : b; });
  op2<W, W, W>(s, "s_cselect_b64", [](W a, W b, bool &c) { return c ? a : b; });
  op2<U, U, U>(s, "s_pack_ll_b32_b16", [](U a, U b, bool &) { return (a & 0xffff) | b << 16; });
  op2<U, U, U>(s, "s_pack_lh_b32_b16", [](U a, U b, bool &) { return (a & 0xffff) | (b & 0xffff0000u); });
  op2<U, U, U>(s, "s_pack_hh_b32_b16", [](U a, U b, bool &) { return a >> 16 | (b & 0xffff0000u); });
}

#define ECLIP_SCALAR_COMPARE(name, T, formula)                                        \
  cmp<T, T>(s, "s_cmp_" name, [](T a, T b) -> bool { return formula; });              \
  cmp<T, T>(s, "s_cmpk_" name, [](T a, T b) -> bool { return formula; }, PF_TiedDst)

static void addCompares(OpSink &s) {
  ECLIP_SCALAR_COMPARE("eq_i32", I, a == b);
  ECLIP_SCALAR_COMPARE("lg_i32", I, a != b);
  ECLIP_SCALAR_COMPARE("gt_i32", I, a > b);
  ECLIP_SCALAR_COMPARE("ge_i32", I, a >= b);
  ECLIP_SCALAR_COMPARE("lt_i32", I, a < b);
  ECLIP_SCALAR_COMPARE("le_i32", I, a <= b);
  ECLIP_SCALAR_COMPARE("eq_u32", U, a == b);
  ECLIP_SCALAR_COMPARE("lg_u32", U, a != b);
  ECLIP_SCALAR_COMPARE("gt_u32", U, a > b);
  ECLIP_SCALAR_COMPARE("ge_u32", U, a >= b);
  ECLIP_SCALAR_COMPARE("lt_u32", U, a < b);
  ECLIP_SCALAR_COMPARE("le_u32", U, a <= b);
  cmp<W, W>(s, "s_cmp_eq_u64", [](W a, W b) { return a == b; });
  cmp<W, W>(s, "s_cmp_lg_u64", [](W a, W b) { return a != b; });
  cmp<U, U>(s, "s_bitcmp0_b32", [](U a, U b) { return (a >> (b & 31) & 1) == 0; });
  cmp<U, U>(s, "s_bitcmp1_b32", [](U a, U b) { return (a >> (b & 31) & 1) == 1; });
  cmp<W, U>(s, "s_bitcmp0_b64", [](W a, U b) { return (a >> (b & 63) & 1) == 0; });
  cmp<W, U>(s, "s_bitcmp1_b64", [](W a, U b) { return (a >> (b & 63) & 1) == 1; });
}

void addScalarAluOps(OpSink &s) {
  addSums(s);
  addShifts(s);
  addLogic(s);
  addMoves(s);
  addCompares(s);
}

} // namespace eclip::vgpu
