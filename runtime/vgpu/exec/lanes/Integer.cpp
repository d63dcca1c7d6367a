//===- Integer.cpp - 32-bit integer operations ----------------------------===//
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

static ECLIP_INLINE U saturate(int64_t v) {
  return static_cast<U>(v > 0x7fffffffll ? 0x7fffffffll : v < -0x80000000ll ? -0x80000000ll : v);
}
static ECLIP_INLINE I sext24(U v) { return static_cast<I>(v << 8) >> 8; }
static ECLIP_INLINE U field(U offset, U width, U v) { return (v >> (offset & 31)) & ((1u << (width & 31)) - 1); }

static void addArithmetic(OpSink &s) {
  auto satAdd = [](U a, U b) { return a + b < a ? ~0u : a + b; };
  auto satSub = [](U a, U b) { return a < b ? 0u : a - b; };
  auto satSubRev = [](U a, U b) { return b < a ? 0u : b - a; };
  auto satAddI = [](I a, I b) { return saturate(static_cast<int64_t>(a) + b); };
  auto satSubI = [](I a, I b) { return saturate(static_cast<int64_t>(a) - b); };
  hot2<U32, U32, U32>(s, "v_add_u32", [](U a, U b) { return a + b; }, 0, lanes2<decltype(satAdd), U32, U32, U32>);
  hot2<U32, U32, U32>(s, "v_sub_u32", [](U a, U b) { return a - b; }, 0, lanes2<decltype(satSub), U32, U32, U32>);
  hot2<U32, U32, U32>(s, "v_subrev_u32", [](U a, U b) { return b - a; }, 0, lanes2<decltype(satSubRev), U32, U32, U32>);
  add2<U32, U32, U32>(s, "v_add_i32", [](U a, U b) { return a + b; }, 0, lanes2<decltype(satAddI), U32, I32, I32>);
  add2<U32, U32, U32>(s, "v_sub_i32", [](U a, U b) { return a - b; }, 0, lanes2<decltype(satSubI), U32, I32, I32>);
  hot2<U32, U32, U32>(s, "v_mul_lo_u32", [](U a, U b) { return a * b; });
  add2<U32, U32, U32>(s, "v_mul_hi_u32", [](U a, U b) { return static_cast<U>((static_cast<uint64_t>(a) * b) >> 32); });
  add2<U32, I32, I32>(s, "v_mul_hi_i32", [](I a, I b) {
    return static_cast<U>(static_cast<uint64_t>(static_cast<int64_t>(a) * b) >> 32);
  });
  hot2<U32, U32, U32>(s, "v_mul_u32_u24", [](U a, U b) { return (a & 0xffffff) * (b & 0xffffff); });
  hot2<U32, U32, U32>(s, "v_mul_i32_i24", [](U a, U b) { return static_cast<U>(sext24(a)) * static_cast<U>(sext24(b)); });
  add2<U32, U32, U32>(s, "v_mul_hi_u32_u24", [](U a, U b) {
    return static_cast<U>((static_cast<uint64_t>(a & 0xffffff) * (b & 0xffffff)) >> 32);
  });
  add2<U32, U32, U32>(s, "v_mul_hi_i32_i24", [](U a, U b) {
    return static_cast<U>(static_cast<uint64_t>(static_cast<int64_t>(sext24(a)) * sext24(b)) >> 32);
  });
  auto satMadU = [](U a, U b, U c) {
    uint64_t v = static_cast<uint64_t>(a & 0xffffff) * (b & 0xffffff) + c;
    return static_cast<U>(v > 0xffffffffull ? 0xffffffffull : v);
  };
  auto satMadI = [](U a, U b, U c) {
    return saturate(static_cast<int64_t>(sext24(a)) * sext24(b) + static_cast<I>(c));
  };
  add3<U32, U32, U32, U32>(s, "v_mad_u32_u24", [](U a, U b, U c) { return (a & 0xffffff) * (b & 0xffffff) + c; }, 0,
                           lanes3<decltype(satMadU), U32, U32, U32, U32>);
  add3<U32, U32, U32, U32>(s, "v_mad_i32_i24", [](U a, U b, U c) {
    return static_cast<U>(sext24(a)) * static_cast<U>(sext24(b)) + c;
  }, 0, lanes3<decltype(satMadI), U32, U32, U32, U32>);
}

static void addLogic(OpSink &s) {
  hot1<U32, U32>(s, "v_mov_b32", [](U a) { return a; });
  hot1<U32, U32>(s, "v_not_b32", [](U a) { return ~a; });
  hot2<U32, U32, U32>(s, "v_and_b32", [](U a, U b) { return a & b; });
  hot2<U32, U32, U32>(s, "v_or_b32", [](U a, U b) { return a | b; });
  hot2<U32, U32, U32>(s, "v_xor_b32", [](U a, U b) { return a ^ b; });
  hot2<U32, U32, U32>(s, "v_xnor_b32", [](U a, U b) { return ~(a ^ b); });
  hot2<U32, U32, U32>(s, "v_lshlrev_b32", [](U a, U b) { return b << (a & 31); });
  hot2<U32, U32, U32>(s, "v_lshrrev_b32", [](U a, U b) { return b >> (a & 31); });
  hot2<U32, U32, I32>(s, "v_ashrrev_i32", [](U a, I b) { return static_cast<U>(b >> (a & 31)); });
  hot3<U32, U32, U32, U32>(s, "v_add3_u32", [](U a, U b, U c) { return a + b + c; });
  hot3<U32, U32, U32, U32>(s, "v_lshl_add_u32", [](U a, U b, U c) { return (a << (b & 31)) + c; });
  hot3<U32, U32, U32, U32>(s, "v_add_lshl_u32", [](U a, U b, U c) { return (a + b) << (c & 31); });
  hot3<U32, U32, U32, U32>(s, "v_lshl_or_b32", [](U a, U b, U c) { return (a << (b & 31)) | c; });
  hot3<U32, U32, U32, U32>(s, "v_and_or_b32", [](U a, U b, U c) { return (a & b) | c; });
  hot3<U32, U32, U32, U32>(s, "v_or3_b32", [](U a, U b, U c) { return a | b | c; });
  add3<U32, U32, U32, U32>(s, "v_xad_u32", [](U a, U b, U c) { return (a ^ b) + c; });
}

static void addBits(OpSink &s) {
  add3<U32, U32, U32, U32>(s, "v_bfe_u32", [](U a, U b, U c) { return field(b, c, a); });
  add3<U32, U32, U32, U32>(s, "v_bfe_i32", [](U a, U b, U c) {
    U width = c & 31, v = field(b, c, a), sign = width ? 1u << (width - 1) : 0;
    return (v ^ sign) - sign;
  });
  add3<U32, U32, U32, U32>(s, "v_bfi_b32", [](U a, U b, U c) { return (a & b) | (~a & c); });
  add2<U32, U32, U32>(s, "v_bfm_b32", [](U a, U b) { return ((1u << (a & 31)) - 1) << (b & 31); });
  add1<U32, U32>(s, "v_bfrev_b32", [](U a) { return __builtin_bitreverse32(a); });
  add2<U32, U32, U32>(s, "v_bcnt_u32_b32", [](U a, U b) { return static_cast<U>(__builtin_popcount(a)) + b; });
  add1<U32, U32>(s, "v_ffbh_u32", [](U a) { return a ? static_cast<U>(__builtin_clz(a)) : ~0u; });
  add1<U32, U32>(s, "v_ffbl_b32", [](U a) { return a ? static_cast<U>(__builtin_ctz(a)) : ~0u; });
  add1<U32, U32>(s, "v_ffbh_i32", [](U a) {
    U v = static_cast<I>(a) < 0 ? ~a : a;
    return v ? static_cast<U>(__builtin_clz(v)) : ~0u;
  });
  add3<U32, U32, U32, U32>(s, "v_alignbit_b32", [](U a, U b, U c) {
    return static_cast<U>((static_cast<uint64_t>(a) << 32 | b) >> (c & 31));
  });
  add3<U32, U32, U32, U32>(s, "v_alignbyte_b32", [](U a, U b, U c) {
    return static_cast<U>((static_cast<uint64_t>(a) << 32 | b) >> (8 * (c & 3)));
  });
}

static ECLIP_INLINE U minU(U a, U b) { return a < b ? a : b; }
static ECLIP_INLINE U maxU(U a, U b) { return a > b ? a : b; }
static ECLIP_INLINE I minI(I a, I b) { return a < b ? a : b; }
static ECLIP_INLINE I maxI(I a, I b) { return a > b ? a : b; }

static void addMinMax(OpSink &s) {
  hot2<U32, U32, U32>(s, "v_min_u32", [](U a, U b) { return minU(a, b); });
  hot2<U32, U32, U32>(s, "v_max_u32", [](U a, U b) { return maxU(a, b); });
  hot2<I32, I32, I32>(s, "v_min_i32", [](I a, I b) { return minI(a, b); });
  hot2<I32, I32, I32>(s, "v_max_i32", [](I a, I b) { return maxI(a, b); });
  add3<U32, U32, U32, U32>(s, "v_min3_u32", [](U a, U b, U c) { return minU(minU(a, b), c); });
  add3<U32, U32, U32, U32>(s, "v_max3_u32", [](U a, U b, U c) { return maxU(maxU(a, b), c); });
  add3<I32, I32, I32, I32>(s, "v_min3_i32", [](I a, I b, I c) { return minI(minI(a, b), c); });
  add3<I32, I32, I32, I32>(s, "v_max3_i32", [](I a, I b, I c) { return maxI(maxI(a, b), c); });
  add3<U32, U32, U32, U32>(s, "v_med3_u32", [](U a, U b, U c) { return maxU(minU(a, b), minU(maxU(a, b), c)); });
  add3<I32, I32, I32, I32>(s, "v_med3_i32", [](I a, I b, I c) { return maxI(minI(a, b), minI(maxI(a, b), c)); });
}

static ECLIP_INLINE U byteOf(U v, unsigned k) { return v >> (8 * k) & 255; }
static ECLIP_INLINE U distance(U a, U b) { return a > b ? a - b : b - a; }

static void addSums(OpSink &s) {
  add3<U32, U32, U32, U32>(s, "v_sad_u8", [](U a, U b, U c) {
    for (unsigned k = 0; k < 4; ++k)
      c += distance(byteOf(a, k), byteOf(b, k));
    return c;
  });
  add3<U32, U32, U32, U32>(s, "v_sad_hi_u8", [](U a, U b, U c) {
    U sum = 0;
    for (unsigned k = 0; k < 4; ++k)
      sum += distance(byteOf(a, k), byteOf(b, k));
    return (sum << 16) + c;
  });
  add3<U32, U32, U32, U32>(s, "v_sad_u16", [](U a, U b, U c) {
    return c + distance(a & 0xffff, b & 0xffff) + distance(a >> 16, b >> 16);
  });
  add3<U32, U32, U32, U32>(s, "v_sad_u32", [](U a, U b, U c) { return c + distance(a, b); });
  add3<U32, U32, U32, U32>(s, "v_msad_u8", [](U a, U b, U c) {
    for (unsigned k = 0; k < 4; ++k)
      c += byteOf(b, k) ? distance(byteOf(a, k), byteOf(b, k)) : 0;
    return c;
  });
  add3<U32, U32, U32, U32>(s, "v_lerp_u8", [](U a, U b, U c) {
    U out = 0;
    for (unsigned k = 0; k < 4; ++k)
      out |= ((byteOf(a, k) + byteOf(b, k) + (c >> (8 * k) & 1)) >> 1) << (8 * k);
    return out;
  });
}

void addIntegerOps(OpSink &s) {
  addArithmetic(s);
  addLogic(s);
  addBits(s);
  addMinMax(s);
  addSums(s);
}

} // namespace eclip::vgpu::ECLIP_LANES
