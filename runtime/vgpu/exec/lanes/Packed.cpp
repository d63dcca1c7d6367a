//===- Packed.cpp - two 16-bit values a lane, mixed precision, dots -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/HalfOps.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

template <class F> struct Both2 {
  template <class T> ECLIP_INLINE Pair<T> operator()(uint32_t m, Pair<T> a, Pair<T> b) const {
    return {callOp<F>(m, a.lo, b.lo), callOp<F>(m, a.hi, b.hi)};
  }
};
template <class F> struct Both3 {
  template <class T> ECLIP_INLINE Pair<T> operator()(uint32_t m, Pair<T> a, Pair<T> b, Pair<T> c) const {
    return {callOp<F>(m, a.lo, b.lo, c.lo), callOp<F>(m, a.hi, b.hi, c.hi)};
  }
};
template <class T, class F> static void pk2(OpSink &s, const char *name, F) {
  add2<T, T, T>(s, name, Both2<F>{});
}
template <class T, class F, class G> static void pk2(OpSink &s, const char *name, F, G) {
  add2<T, T, T>(s, name, Both2<F>{}, 0, lanes2<Both2<G>, T, T, T>);
}
template <class T, class F> static void pk3(OpSink &s, const char *name, F) {
  add3<T, T, T, T>(s, name, Both3<F>{});
}

static ECLIP_INLINE int32_t saturate16(int32_t v) { return v > 32767 ? 32767 : v < -32768 ? -32768 : v; }

static void addPackedFloat(OpSink &s) {
  pk2<PkF>(s, "v_pk_add_f16", [](float a, float b) { return a + b; });
  pk2<PkF>(s, "v_pk_mul_f16", [](float a, float b) { return a * b; });
  pk2<PkH>(s, "v_pk_min_f16", [](uint32_t m, uint32_t a, uint32_t b) { return halfMin(m, a, b); });
  pk2<PkH>(s, "v_pk_max_f16", [](uint32_t m, uint32_t a, uint32_t b) { return halfMax(m, a, b); });
  pk3<PkF>(s, "v_pk_fma_f16", [](float a, float b, float c) { return halfFma(a, b, c); });
}

static void addPackedInteger(OpSink &s) {
  using U = uint32_t;
  using I = int32_t;
  pk2<PkU>(s, "v_pk_add_u16", [](U a, U b) { return a + b; },
           [](U a, U b) { return a + b > 65535 ? 65535u : a + b; });
  pk2<PkU>(s, "v_pk_sub_u16", [](U a, U b) { return a - b; },
           [](U a, U b) { return a < b ? 0u : a - b; });
  pk2<PkI>(s, "v_pk_add_i16", [](I a, I b) { return a + b; }, [](I a, I b) { return saturate16(a + b); });
  pk2<PkI>(s, "v_pk_sub_i16", [](I a, I b) { return a - b; }, [](I a, I b) { return saturate16(a - b); });
  pk2<PkU>(s, "v_pk_mul_lo_u16", [](U a, U b) { return a * b; });
  pk3<PkU>(s, "v_pk_mad_u16", [](U a, U b, U c) { return a * b + c; });
  pk3<PkI>(s, "v_pk_mad_i16", [](I a, I b, I c) {
    return static_cast<I>(static_cast<U>(a) * static_cast<U>(b) + static_cast<U>(c));
  });
  pk2<PkU>(s, "v_pk_lshlrev_b16", [](U a, U b) { return b << (a & 15); });
  pk2<PkU>(s, "v_pk_lshrrev_b16", [](U a, U b) { return b >> (a & 15); });
  pk2<PkI>(s, "v_pk_ashrrev_i16", [](I a, I b) { return b >> (a & 15); });
  pk2<PkU>(s, "v_pk_max_u16", [](U a, U b) { return a > b ? a : b; });
  pk2<PkU>(s, "v_pk_min_u16", [](U a, U b) { return a < b ? a : b; });
  pk2<PkI>(s, "v_pk_max_i16", [](I a, I b) { return a > b ? a : b; });
  pk2<PkI>(s, "v_pk_min_i16", [](I a, I b) { return a < b ? a : b; });
}

static void addMix(OpSink &s) {
  auto fma = [](float a, float b, float c) { return fmaf1(a, b, c); };
  add3<F32, Mix, Mix, Mix>(s, "v_fma_mix_f32", fma);
  add3<F16, Mix, Mix, Mix>(s, "v_fma_mixlo_f16", fma, VF_KeepHigh);
  add3<F16, Mix, Mix, Mix>(s, "v_fma_mixhi_f16", fma, VF_WriteHigh);
}

template <unsigned width, bool isSigned> static ECLIP_INLINE int32_t part(uint32_t v, unsigned k) {
  unsigned shift = 32 - width;
  uint32_t up = v << (shift - width * k);
  return isSigned ? static_cast<int32_t>(up) >> shift : static_cast<int32_t>(up >> shift);
}
/// Sum of the products of all parts, and the addend; 64 bits, so that clamp sees
/// the exact value.
template <unsigned width, bool isSigned> struct Dot {
  static ECLIP_INLINE int64_t exact(uint32_t a, uint32_t b, uint32_t c) {
    int64_t sum = isSigned ? static_cast<int64_t>(static_cast<int32_t>(c)) : static_cast<int64_t>(c);
    for (unsigned k = 0; k < 32 / width; ++k)
      sum += static_cast<int64_t>(part<width, isSigned>(a, k)) * part<width, isSigned>(b, k);
    return sum;
  }
  ECLIP_INLINE uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    return static_cast<uint32_t>(exact(a, b, c));
  }
};
template <unsigned width, bool isSigned> struct DotSaturated {
  ECLIP_INLINE uint32_t operator()(uint32_t a, uint32_t b, uint32_t c) const {
    int64_t v = Dot<width, isSigned>::exact(a, b, c);
    int64_t low = isSigned ? -0x80000000ll : 0, high = isSigned ? 0x7fffffffll : 0xffffffffll;
    return static_cast<uint32_t>(v < low ? low : v > high ? high : v);
  }
};
template <unsigned width, bool isSigned> static void dot(OpSink &s, const char *name) {
  add3<U32, U32, U32, U32>(s, name, Dot<width, isSigned>{}, 0, lanes3<DotSaturated<width, isSigned>, U32, U32, U32, U32>);
}

void addPackedOps(OpSink &s) {
  addPackedFloat(s);
  addPackedInteger(s);
  addMix(s);
  dot<16, true>(s, "v_dot2_i32_i16");
  dot<16, false>(s, "v_dot2_u32_u16");
  dot<8, true>(s, "v_dot4_i32_i8");
  dot<8, false>(s, "v_dot4_u32_u8");
  dot<4, true>(s, "v_dot8_i32_i4");
  dot<4, false>(s, "v_dot8_u32_u4");
}

} // namespace eclip::vgpu::ECLIP_LANES
