//===- Dot.cpp - dot products of halves -----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// v_dot2_f32_f16 is what fp16 models spend their time in, so it is written for
// the host's vectors where the compiler's own vectorization (which widens one
// half of a word at a time) takes three times as long.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/FloatOps.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

namespace {
/// The order of the two additions, each rounded, is that of LLVM's pattern.
struct Dot2 {
  ECLIP_INLINE float operator()(Pair<float> a, Pair<float> b, float c) const {
    return fmaf1(a.hi, b.hi, fmaf1(a.lo, b.lo, c));
  }
};
} // namespace

#if defined(__AVX2__) && defined(__F16C__) && defined(__FMA__)

namespace {
/// The halves of eight words as floats.
struct Widened {
  __m256 lo, hi;
};
} // namespace

static ECLIP_INLINE Widened widen(__m256i words) {
  // Within 128 bits the four low halves, then the four high ones; then the low
  // ones of both together.
  const __m256i order = _mm256_setr_epi8(0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15,
                                         0, 1, 4, 5, 8, 9, 12, 13, 2, 3, 6, 7, 10, 11, 14, 15);
  __m256i sorted = _mm256_permute4x64_epi64(_mm256_shuffle_epi8(words, order), 0xd8);
  return {_mm256_cvtph_ps(_mm256_castsi256_si128(sorted)),
          _mm256_cvtph_ps(_mm256_extracti128_si256(sorted, 1))};
}

template <bool scalar> static ECLIP_INLINE __m256i wordsAt(const uint32_t *row, unsigned l) {
  if constexpr (scalar)
    return _mm256_set1_epi32(static_cast<int>(*row));
  else
    return _mm256_load_si256(reinterpret_cast<const __m256i *>(row + l));
}

template <unsigned kinds> static const Inst *directDot2(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  const uint32_t *a = wave.at(inst->src[0]), *b = wave.at(inst->src[1]), *c = wave.at(inst->src[2]);
  float *d = reinterpret_cast<float *>(wave.at(inst->dst));
  for (unsigned l = 0; l < 64; l += 8) {
    Widened x = widen(wordsAt<(kinds & 1) != 0>(a, l)), y = widen(wordsAt<(kinds & 2) != 0>(b, l));
    __m256 sum = _mm256_castsi256_ps(wordsAt<(kinds & 4) != 0>(c, l));
    sum = _mm256_fmadd_ps(x.lo, y.lo, sum);
    _mm256_store_ps(d + l, _mm256_fmadd_ps(x.hi, y.hi, sum));
  }
  return inst + 1;
}

void addDotOps(OpSink &s) {
  VectorOp op = {"v_dot2_f32_f16", lanes3<Dot2, F32, PkF, PkF, F32>, nullptr, nullptr,
                 {directDot2<0>, directDot2<1>, directDot2<2>, directDot2<3>,
                  directDot2<4>, directDot2<5>, directDot2<6>},
                 Ty::F32, {Ty::PF16, Ty::PF16, Ty::F32}, floatFlags<F32>()};
  s.vector(s, op);
}

#else

void addDotOps(OpSink &s) { hot3<F32, PkF, PkF, F32>(s, "v_dot2_f32_f16", Dot2{}); }

#endif

} // namespace eclip::vgpu::ECLIP_LANES
