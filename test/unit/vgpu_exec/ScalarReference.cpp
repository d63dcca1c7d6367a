//===- ScalarReference.cpp - what each scalar instruction does ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "ScalarReference.h"

#include <algorithm>

namespace eclip::vgpu::test {

using V = ScalarValues;
using U = uint64_t;
using Form = ScalarForm;
using List = std::vector<ScalarCase>;

static uint32_t low(U v) { return static_cast<uint32_t>(v); }
static int32_t sign(U v) { return static_cast<int32_t>(v); }
static int64_t sign64(U v) { return static_cast<int64_t>(v); }
/// Sets SCC to "not zero" in `words` words.
static U nonZero(V &v, U r, unsigned words) {
  v.scc = words == 2 ? r != 0 : low(r) != 0;
  return r;
}
static U carry(V &v, U sum) {
  v.scc = sum >> 32 != 0;
  return sum;
}
static U overflow(V &v, int64_t r) {
  v.scc = r < -0x80000000ll || r > 0x7fffffffll;
  return static_cast<U>(r);
}
static U absolute(V &v, int64_t r) {
  // The difference wraps to 32 bits before its sign is looked at.
  int64_t wrapped = sign(static_cast<U>(r));
  return nonZero(v, static_cast<U>(wrapped < 0 ? -wrapped : wrapped), 1);
}

static void addSums(List &c) {
  c.push_back({"s_add_u32", Form::Binary, 1, 1, 1, [](V &v) { return carry(v, U(low(v.a)) + low(v.b)); }});
  c.push_back({"s_sub_u32", Form::Binary, 1, 1, 1, [](V &v) {
                 v.scc = low(v.b) > low(v.a);
                 return v.a - v.b;
               }});
  auto addSigned = [](V &v) { return overflow(v, int64_t(sign(v.a)) + sign(v.b)); };
  c.push_back({"s_add_i32", Form::Binary, 1, 1, 1, addSigned});
  c.push_back({"s_addk_i32", Form::Immediate, 1, 1, 1, addSigned});
  c.push_back({"s_sub_i32", Form::Binary, 1, 1, 1, [](V &v) { return overflow(v, int64_t(sign(v.a)) - sign(v.b)); }});
  c.push_back({"s_addc_u32", Form::Binary, 1, 1, 1, [](V &v) { return carry(v, U(low(v.a)) + low(v.b) + v.scc); }});
  c.push_back({"s_subb_u32", Form::Binary, 1, 1, 1, [](V &v) {
                 int64_t r = int64_t(low(v.a)) - int64_t(low(v.b)) - v.scc;
                 v.scc = r < 0;
                 return static_cast<U>(r);
               }});
  c.push_back({"s_absdiff_i32", Form::Binary, 1, 1, 1, [](V &v) { return absolute(v, int64_t(sign(v.a)) - sign(v.b)); }});
  c.push_back({"s_abs_i32", Form::Unary, 1, 1, 0, [](V &v) { return absolute(v, sign(v.a)); }});
  c.push_back({"s_mul_i32", Form::Binary, 1, 1, 1, [](V &v) { return v.a * v.b; }, true});
  c.push_back({"s_mulk_i32", Form::Immediate, 1, 1, 1, [](V &v) { return v.a * v.b; }, true});
  c.push_back({"s_mul_hi_u32", Form::Binary, 1, 1, 1, [](V &v) { return U(low(v.a)) * low(v.b) >> 32; }, true});
  c.push_back({"s_mul_hi_i32", Form::Binary, 1, 1, 1,
               [](V &v) { return static_cast<U>(int64_t(sign(v.a)) * sign(v.b)) >> 32; }, true});
  c.push_back({"s_min_i32", Form::Binary, 1, 1, 1, [](V &v) {
                 v.scc = sign(v.a) < sign(v.b);
                 return static_cast<U>(std::min(sign(v.a), sign(v.b)));
               }});
  c.push_back({"s_min_u32", Form::Binary, 1, 1, 1, [](V &v) {
                 v.scc = low(v.a) < low(v.b);
                 return U(std::min(low(v.a), low(v.b)));
               }});
  c.push_back({"s_max_i32", Form::Binary, 1, 1, 1, [](V &v) {
                 v.scc = sign(v.a) > sign(v.b);
                 return static_cast<U>(std::max(sign(v.a), sign(v.b)));
               }});
  c.push_back({"s_max_u32", Form::Binary, 1, 1, 1, [](V &v) {
                 v.scc = low(v.a) > low(v.b);
                 return U(std::max(low(v.a), low(v.b)));
               }});
}

static void addShifts(List &c) {
  c.push_back({"s_lshl_b32", Form::Binary, 1, 1, 1, [](V &v) { return nonZero(v, U(low(v.a)) << (v.b % 32), 1); }});
  c.push_back({"s_lshr_b32", Form::Binary, 1, 1, 1, [](V &v) { return nonZero(v, low(v.a) >> (v.b % 32), 1); }});
  c.push_back({"s_ashr_i32", Form::Binary, 1, 1, 1, [](V &v) { return nonZero(v, U(int64_t(sign(v.a)) >> (v.b % 32)), 1); }});
  c.push_back({"s_lshl_b64", Form::Binary, 2, 2, 1, [](V &v) { return nonZero(v, v.a << (v.b % 64), 2); }});
  c.push_back({"s_lshr_b64", Form::Binary, 2, 2, 1, [](V &v) { return nonZero(v, v.a >> (v.b % 64), 2); }});
  c.push_back({"s_ashr_i64", Form::Binary, 2, 2, 1, [](V &v) { return nonZero(v, U(sign64(v.a) >> (v.b % 64)), 2); }});
  c.push_back({"s_lshl1_add_u32", Form::Binary, 1, 1, 1, [](V &v) { return carry(v, U(low(v.a)) * 2 + low(v.b)); }});
  c.push_back({"s_lshl2_add_u32", Form::Binary, 1, 1, 1, [](V &v) { return carry(v, U(low(v.a)) * 4 + low(v.b)); }});
  c.push_back({"s_lshl3_add_u32", Form::Binary, 1, 1, 1, [](V &v) { return carry(v, U(low(v.a)) * 8 + low(v.b)); }});
  c.push_back({"s_lshl4_add_u32", Form::Binary, 1, 1, 1, [](V &v) { return carry(v, U(low(v.a)) * 16 + low(v.b)); }});
}

#define BOTH_WIDTHS(op, formula)                                                                          \
  c.push_back({"s_" op "_b32", Form::Binary, 1, 1, 1, [](V &v) { return nonZero(v, formula, 1); }});       \
  c.push_back({"s_" op "_b64", Form::Binary, 2, 2, 2, [](V &v) { return nonZero(v, formula, 2); }})
#define SAVE_EXEC(op, formula)                                                                            \
  c.push_back({"s_" op "_saveexec_b64", Form::SaveExec, 2, 2, 0, [](V &v) { return nonZero(v, formula, 2); }})

static void addLogic(List &c) {
  BOTH_WIDTHS("and", v.a & v.b);
  BOTH_WIDTHS("or", v.a | v.b);
  BOTH_WIDTHS("xor", v.a ^ v.b);
  BOTH_WIDTHS("andn2", v.a & ~v.b);
  BOTH_WIDTHS("orn2", v.a | ~v.b);
  BOTH_WIDTHS("nand", ~(v.a & v.b));
  BOTH_WIDTHS("nor", ~(v.a | v.b));
  BOTH_WIDTHS("xnor", ~(v.a ^ v.b));
  SAVE_EXEC("and", v.a & v.b);
  SAVE_EXEC("or", v.a | v.b);
  SAVE_EXEC("xor", v.a ^ v.b);
  SAVE_EXEC("andn2", v.a & ~v.b);
  SAVE_EXEC("orn2", v.a | ~v.b);
  SAVE_EXEC("nand", ~(v.a & v.b));
  SAVE_EXEC("nor", ~(v.a | v.b));
  SAVE_EXEC("xnor", ~(v.a ^ v.b));
  SAVE_EXEC("andn1", ~v.a & v.b);
  SAVE_EXEC("orn1", ~v.a | v.b);
  c.push_back({"s_not_b32", Form::Unary, 1, 1, 0, [](V &v) { return nonZero(v, ~v.a, 1); }});
  c.push_back({"s_not_b64", Form::Unary, 2, 2, 0, [](V &v) { return nonZero(v, ~v.a, 2); }});
  c.push_back({"s_mov_b32", Form::Unary, 1, 1, 0, [](V &v) { return v.a; }, true});
  c.push_back({"s_mov_b64", Form::Unary, 2, 2, 0, [](V &v) { return v.a; }, true});
  c.push_back({"s_movk_i32", Form::Immediate, 1, 1, 1, [](V &v) { return v.b; }, true});
  c.push_back({"s_cmovk_i32", Form::Immediate, 1, 1, 1, [](V &v) { return v.scc ? v.b : v.a; }, true});
  c.push_back({"s_cselect_b32", Form::Binary, 1, 1, 1, [](V &v) { return v.scc ? v.a : v.b; }, true});
  c.push_back({"s_cselect_b64", Form::Binary, 2, 2, 2, [](V &v) { return v.scc ? v.a : v.b; }, true});
  c.push_back({"s_pack_ll_b32_b16", Form::Binary, 1, 1, 1, [](V &v) { return (v.a & 0xffff) | (v.b & 0xffff) << 16; }, true});
  c.push_back({"s_pack_lh_b32_b16", Form::Binary, 1, 1, 1, [](V &v) { return (v.a & 0xffff) | (v.b & 0xffff0000); }, true});
  c.push_back({"s_pack_hh_b32_b16", Form::Binary, 1, 1, 1, [](V &v) { return (v.a >> 16 & 0xffff) | (v.b & 0xffff0000); }, true});
}

static U field(U v, unsigned offset, unsigned width, unsigned size, bool isSigned) {
  U r = 0;
  if (width == 0)
    return 0;
  for (unsigned k = 0; k < size; ++k) {
    // Beyond the width a signed field repeats its top bit; so does the value.
    unsigned from = offset + std::min(k, width - 1);
    bool bit = from < size ? v >> from & 1 : isSigned && (v >> (size - 1) & 1);
    if (k < width || isSigned)
      r |= U(bit) << k;
  }
  return r;
}
static U count(U v, unsigned size, bool bit) {
  U r = 0;
  for (unsigned k = 0; k < size; ++k)
    r += (v >> k & 1) == bit;
  return r;
}
static U firstSet(U v, unsigned size) {
  for (unsigned k = 0; k < size; ++k)
    if (v >> k & 1)
      return k;
  return ~U(0);
}
static U lastSet(U v, unsigned size) {
  for (unsigned k = 0; k < size; ++k)
    if (v >> (size - 1 - k) & 1)
      return k;
  return ~U(0);
}
static U reversed(U v, unsigned size) {
  U r = 0;
  for (unsigned k = 0; k < size; ++k)
    r |= (v >> k & 1) << (size - 1 - k);
  return r;
}
static U quadBits(U v, bool whole) {
  U r = 0;
  for (unsigned k = 0; k < 64; ++k)
    if (v >> k & 1)
      r |= whole ? U(15) << (k & ~3u) : U(1) << k / 4;
  return r;
}

static void addBits(List &c) {
  c.push_back({"s_bfe_u32", Form::Binary, 1, 1, 1, [](V &v) { return nonZero(v, field(v.a, v.b & 31, v.b >> 16 & 127, 32, false), 1); }});
  c.push_back({"s_bfe_i32", Form::Binary, 1, 1, 1, [](V &v) { return nonZero(v, field(v.a, v.b & 31, v.b >> 16 & 127, 32, true), 1); }});
  c.push_back({"s_bfe_u64", Form::Binary, 2, 2, 1, [](V &v) { return nonZero(v, field(v.a, v.b & 63, v.b >> 16 & 127, 64, false), 2); }});
  c.push_back({"s_bfe_i64", Form::Binary, 2, 2, 1, [](V &v) { return nonZero(v, field(v.a, v.b & 63, v.b >> 16 & 127, 64, true), 2); }});
  c.push_back({"s_bfm_b32", Form::Binary, 1, 1, 1, [](V &v) { return ((U(1) << (v.a & 31)) - 1) << (v.b & 31); }, true});
  c.push_back({"s_bfm_b64", Form::Binary, 2, 1, 1, [](V &v) { return ((U(1) << (v.a & 63)) - 1) << (v.b & 63); }, true});
  c.push_back({"s_sext_i32_i8", Form::Unary, 1, 1, 0, [](V &v) { return static_cast<U>(int64_t(int8_t(v.a))); }, true});
  c.push_back({"s_sext_i32_i16", Form::Unary, 1, 1, 0, [](V &v) { return static_cast<U>(int64_t(int16_t(v.a))); }, true});
  c.push_back({"s_bitset0_b32", Form::BitSet, 1, 1, 1, [](V &v) { return v.a & ~(U(1) << v.b % 32); }, true});
  c.push_back({"s_bitset1_b32", Form::BitSet, 1, 1, 1, [](V &v) { return v.a | U(1) << v.b % 32; }, true});
  c.push_back({"s_bitset0_b64", Form::BitSet, 2, 2, 1, [](V &v) { return v.a & ~(U(1) << v.b % 64); }, true});
  c.push_back({"s_bitset1_b64", Form::BitSet, 2, 2, 1, [](V &v) { return v.a | U(1) << v.b % 64; }, true});
  c.push_back({"s_bitreplicate_b64_b32", Form::Unary, 2, 1, 0, [](V &v) {
                 U r = 0;
                 for (unsigned k = 0; k < 64; ++k)
                   r |= (v.a >> k / 2 & 1) << k;
                 return r;
               }, true});
  c.push_back({"s_brev_b32", Form::Unary, 1, 1, 0, [](V &v) { return reversed(v.a, 32); }, true});
  c.push_back({"s_brev_b64", Form::Unary, 2, 2, 0, [](V &v) { return reversed(v.a, 64); }, true});
  c.push_back({"s_bcnt0_i32_b32", Form::Unary, 1, 1, 0, [](V &v) { return nonZero(v, count(v.a, 32, false), 1); }});
  c.push_back({"s_bcnt0_i32_b64", Form::Unary, 1, 2, 0, [](V &v) { return nonZero(v, count(v.a, 64, false), 1); }});
  c.push_back({"s_bcnt1_i32_b32", Form::Unary, 1, 1, 0, [](V &v) { return nonZero(v, count(v.a, 32, true), 1); }});
  c.push_back({"s_bcnt1_i32_b64", Form::Unary, 1, 2, 0, [](V &v) { return nonZero(v, count(v.a, 64, true), 1); }});
  c.push_back({"s_ff0_i32_b32", Form::Unary, 1, 1, 0, [](V &v) { return firstSet(~v.a, 32); }, true});
  c.push_back({"s_ff0_i32_b64", Form::Unary, 1, 2, 0, [](V &v) { return firstSet(~v.a, 64); }, true});
  c.push_back({"s_ff1_i32_b32", Form::Unary, 1, 1, 0, [](V &v) { return firstSet(v.a, 32); }, true});
  c.push_back({"s_ff1_i32_b64", Form::Unary, 1, 2, 0, [](V &v) { return firstSet(v.a, 64); }, true});
  c.push_back({"s_flbit_i32_b32", Form::Unary, 1, 1, 0, [](V &v) { return lastSet(v.a, 32); }, true});
  c.push_back({"s_flbit_i32_b64", Form::Unary, 1, 2, 0, [](V &v) { return lastSet(v.a, 64); }, true});
  c.push_back({"s_flbit_i32", Form::Unary, 1, 1, 0, [](V &v) { return lastSet(sign(v.a) < 0 ? ~v.a : v.a, 32); }, true});
  c.push_back({"s_flbit_i32_i64", Form::Unary, 1, 2, 0, [](V &v) { return lastSet(sign64(v.a) < 0 ? ~v.a : v.a, 64); }, true});
  c.push_back({"s_quadmask_b32", Form::Unary, 1, 1, 0, [](V &v) { return nonZero(v, quadBits(low(v.a), false), 1); }});
  c.push_back({"s_quadmask_b64", Form::Unary, 2, 2, 0, [](V &v) { return nonZero(v, quadBits(v.a, false), 2); }});
  c.push_back({"s_wqm_b32", Form::Unary, 1, 1, 0, [](V &v) { return nonZero(v, quadBits(low(v.a), true), 1); }});
  c.push_back({"s_wqm_b64", Form::Unary, 2, 2, 0, [](V &v) { return nonZero(v, quadBits(v.a, true), 2); }});
}

#define COMPARE(op, formula)                                                                              \
  c.push_back({"s_cmp_" op, Form::Compare, 0, 1, 1, [](V &v) { v.scc = formula; return U(0); }});          \
  c.push_back({"s_cmpk_" op, Form::ImmediateCompare, 0, 1, 1, [](V &v) { v.scc = formula; return U(0); }})
#define SINGLE_COMPARE(name, words, bWords, formula)                                                      \
  c.push_back({name, Form::Compare, 0, words, bWords, [](V &v) { v.scc = formula; return U(0); }})

static void addCompares(List &c) {
  COMPARE("eq_i32", sign(v.a) == sign(v.b));
  COMPARE("lg_i32", sign(v.a) != sign(v.b));
  COMPARE("gt_i32", sign(v.a) > sign(v.b));
  COMPARE("ge_i32", sign(v.a) >= sign(v.b));
  COMPARE("lt_i32", sign(v.a) < sign(v.b));
  COMPARE("le_i32", sign(v.a) <= sign(v.b));
  COMPARE("eq_u32", low(v.a) == low(v.b));
  COMPARE("lg_u32", low(v.a) != low(v.b));
  COMPARE("gt_u32", low(v.a) > low(v.b));
  COMPARE("ge_u32", low(v.a) >= low(v.b));
  COMPARE("lt_u32", low(v.a) < low(v.b));
  COMPARE("le_u32", low(v.a) <= low(v.b));
  SINGLE_COMPARE("s_cmp_eq_u64", 2, 2, v.a == v.b);
  SINGLE_COMPARE("s_cmp_lg_u64", 2, 2, v.a != v.b);
  SINGLE_COMPARE("s_bitcmp0_b32", 1, 1, (v.a >> v.b % 32 & 1) == 0);
  SINGLE_COMPARE("s_bitcmp1_b32", 1, 1, (v.a >> v.b % 32 & 1) == 1);
  SINGLE_COMPARE("s_bitcmp0_b64", 2, 1, (v.a >> v.b % 64 & 1) == 0);
  SINGLE_COMPARE("s_bitcmp1_b64", 2, 1, (v.a >> v.b % 64 & 1) == 1);
}

const List &scalarCases() {
  static const List all = [] {
    List c;
    addSums(c);
    addShifts(c);
    addLogic(c);
    addBits(c);
    addCompares(c);
    return c;
  }();
  return all;
}

} // namespace eclip::vgpu::test
