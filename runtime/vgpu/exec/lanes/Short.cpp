//===- Short.cpp - 16-bit integer operations ------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Lanes.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

using U = uint32_t;
using I = int32_t;

static ECLIP_INLINE I saturate(I v) { return v > 32767 ? 32767 : v < -32768 ? -32768 : v; }

static void addShortArithmetic(OpSink &s) {
  auto satAdd = [](U a, U b) { return a + b > 65535 ? 65535u : a + b; };
  auto satSub = [](U a, U b) { return a < b ? 0u : a - b; };
  auto satSubRev = [](U a, U b) { return b < a ? 0u : b - a; };
  auto satAddI = [](I a, I b) { return saturate(a + b); };
  auto satSubI = [](I a, I b) { return saturate(a - b); };
  add2<U16, U16, U16>(s, "v_add_u16", [](U a, U b) { return a + b; }, 0, lanes2<decltype(satAdd), U16, U16, U16>);
  add2<U16, U16, U16>(s, "v_sub_u16", [](U a, U b) { return a - b; }, 0, lanes2<decltype(satSub), U16, U16, U16>);
  add2<U16, U16, U16>(s, "v_subrev_u16", [](U a, U b) { return b - a; }, 0, lanes2<decltype(satSubRev), U16, U16, U16>);
  add2<I16, I16, I16>(s, "v_add_i16", [](I a, I b) { return a + b; }, VF_KeepHigh, lanes2<decltype(satAddI), I16, I16, I16>);
  add2<I16, I16, I16>(s, "v_sub_i16", [](I a, I b) { return a - b; }, VF_KeepHigh, lanes2<decltype(satSubI), I16, I16, I16>);
  add2<U16, U16, U16>(s, "v_mul_lo_u16", [](U a, U b) { return a * b; });
  add3<U16, U16, U16, U16>(s, "v_mad_u16", [](U a, U b, U c) { return a * b + c; }, VF_KeepHigh);
  add3<I16, I16, I16, I16>(s, "v_mad_i16", [](I a, I b, I c) { return a * b + c; }, VF_KeepHigh);
  add3<U16, U16, U16, U16>(s, "v_mad_legacy_u16", [](U a, U b, U c) { return a * b + c; });
  add3<I16, I16, I16, I16>(s, "v_mad_legacy_i16", [](I a, I b, I c) { return a * b + c; });
  add3<U32, U16, U16, U32>(s, "v_mad_u32_u16", [](U a, U b, U c) { return a * b + c; });
  add3<U32, I16, I16, U32>(s, "v_mad_i32_i16", [](I a, I b, U c) { return static_cast<U>(a * b) + c; });
}

void addShortOps(OpSink &s) {
  addShortArithmetic(s);
  add2<U16, U16, U16>(s, "v_lshlrev_b16", [](U a, U b) { return b << (a & 15); });
  add2<U16, U16, U16>(s, "v_lshrrev_b16", [](U a, U b) { return b >> (a & 15); });
  add2<I16, U16, I16>(s, "v_ashrrev_i16", [](U a, I b) { return b >> (a & 15); });
  auto minU = [](U a, U b) { return a < b ? a : b; };
  auto maxU = [](U a, U b) { return a > b ? a : b; };
  auto minI = [](I a, I b) { return a < b ? a : b; };
  auto maxI = [](I a, I b) { return a > b ? a : b; };
  add2<U16, U16, U16>(s, "v_min_u16", minU);
  add2<U16, U16, U16>(s, "v_max_u16", maxU);
  add2<I16, I16, I16>(s, "v_min_i16", minI);
  add2<I16, I16, I16>(s, "v_max_i16", maxI);
  constexpr uint32_t k = VF_KeepHigh;
  add3<U16, U16, U16, U16>(s, "v_min3_u16", [](U a, U b, U c) { U m = a < b ? a : b; return m < c ? m : c; }, k);
  add3<U16, U16, U16, U16>(s, "v_max3_u16", [](U a, U b, U c) { U m = a > b ? a : b; return m > c ? m : c; }, k);
  add3<I16, I16, I16, I16>(s, "v_min3_i16", [](I a, I b, I c) { I m = a < b ? a : b; return m < c ? m : c; }, k);
  add3<I16, I16, I16, I16>(s, "v_max3_i16", [](I a, I b, I c) { I m = a > b ? a : b; return m > c ? m : c; }, k);
  add3<U16, U16, U16, U16>(s, "v_med3_u16", [](U a, U b, U c) {
    U low = a < b ? a : b, high = a > b ? a : b, m = high < c ? high : c;
    return low > m ? low : m;
  }, k);
  add3<I16, I16, I16, I16>(s, "v_med3_i16", [](I a, I b, I c) {
    I low = a < b ? a : b, high = a > b ? a : b, m = high < c ? high : c;
    return low > m ? low : m;
  }, k);
  // Two halves side by side; denormals and NaNs pass as bits.
  hot2<U32, H16, H16>(s, "v_pack_b32_f16", [](U a, U b) { return a | b << 16; });
  add1<U16, PkI>(s, "v_sat_pk_u8_i16", [](Pair<I> a) {
    U lo = static_cast<U>(a.lo < 0 ? 0 : a.lo > 255 ? 255 : a.lo);
    U hi = static_cast<U>(a.hi < 0 ? 0 : a.hi > 255 ? 255 : a.hi);
    return lo | hi << 8;
  });
}

} // namespace eclip::vgpu::ECLIP_LANES
