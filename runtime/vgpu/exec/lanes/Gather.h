//===- Gather.h - 64 lanes from scattered addresses -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Rows are written eight lanes at a time and never lane by lane: a vector load
// of a row just written in 4-byte pieces would wait for all of them to reach
// the cache. Eight lanes often share one address (a tile's row), follow each
// other, or repeat an earlier group (16 columns, four times a wave).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_GATHER_H
#define ECLIP_VGPU_EXEC_LANES_GATHER_H

#include "runtime/vgpu/exec/lanes/Memory.h"

namespace eclip::vgpu::ECLIP_LANES {

#if defined(__AVX2__)

ECLIP_INLINE void storeEight(uint32_t *d, __m256i v) { _mm256_store_si256(reinterpret_cast<__m256i *>(d), v); }
ECLIP_INLINE void storeEight(uint32_t *d, __m256 v) { _mm256_store_ps(reinterpret_cast<float *>(d), v); }
ECLIP_INLINE __m128 load16(const uint8_t *p) { return _mm_loadu_ps(reinterpret_cast<const float *>(p)); }
ECLIP_INLINE __m256 join(__m128 low, __m128 high) { return _mm256_insertf128_ps(_mm256_castps128_ps256(low), high, 1); }

/// Eight lanes of 8 bytes.
ECLIP_INLINE void eightPairs(uint32_t *d, const uint8_t *base, const uint32_t *a) {
  auto two = [&](unsigned k) {
    __m128i v = _mm_loadl_epi64(reinterpret_cast<const __m128i *>(base + a[k]));
    return _mm_loadh_pi(_mm_castsi128_ps(v), reinterpret_cast<const __m64 *>(base + a[k + 1]));
  };
  __m256 even = join(two(0), two(4)), odd = join(two(2), two(6));
  storeEight(d, _mm256_shuffle_ps(even, odd, 0x88));
  storeEight(d + 64, _mm256_shuffle_ps(even, odd, 0xdd));
}
/// Eight lanes of 16 bytes.
ECLIP_INLINE void eightQuads(uint32_t *d, const uint8_t *base, const uint32_t *a) {
  __m256 r0 = join(load16(base + a[0]), load16(base + a[4])), r1 = join(load16(base + a[1]), load16(base + a[5]));
  __m256 r2 = join(load16(base + a[2]), load16(base + a[6])), r3 = join(load16(base + a[3]), load16(base + a[7]));
  __m256 t0 = _mm256_unpacklo_ps(r0, r1), t1 = _mm256_unpackhi_ps(r0, r1);
  __m256 t2 = _mm256_unpacklo_ps(r2, r3), t3 = _mm256_unpackhi_ps(r2, r3);
  storeEight(d, _mm256_shuffle_ps(t0, t2, 0x44));
  storeEight(d + 64, _mm256_shuffle_ps(t0, t2, 0xee));
  storeEight(d + 128, _mm256_shuffle_ps(t1, t3, 0x44));
  storeEight(d + 192, _mm256_shuffle_ps(t1, t3, 0xee));
}

template <class K> ECLIP_INLINE void gatherEight(uint32_t *d, const uint8_t *base, const uint32_t *a, __m256i offsets) {
  if constexpr (K::rows == 2) {
    eightPairs(d, base, a);
  } else if constexpr (K::rows == 4) {
    eightQuads(d, base, a);
  } else {
    for (unsigned k = 0; k < K::rows; ++k)
      storeEight(d + 64 * k, _mm256_i32gather_epi32(reinterpret_cast<const int *>(base + 4 * k), offsets, 1));
  }
}

/// Reads Words<N> of every lane at base + offset; offsets are below 2^31 and in
/// a row that the destination does not cover.
template <class K> ECLIP_INLINE void gatherAll(uint32_t *d, const uint8_t *base, const uint32_t *offset) {
  const __m256i steps = _mm256_mullo_epi32(_mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7), _mm256_set1_epi32(K::bytes));
  auto same = [](__m256i a, __m256i b) { return _mm256_movemask_epi8(_mm256_cmpeq_epi32(a, b)) == -1; };
  __m256i before[2] = {_mm256_set1_epi32(-1), _mm256_set1_epi32(-1)};
  for (unsigned g = 0; g < 8; ++g) {
    const uint32_t *a = offset + 8 * g;
    uint32_t *out = d + 8 * g;
    __m256i v = _mm256_load_si256(reinterpret_cast<const __m256i *>(a));
    __m256i first = _mm256_set1_epi32(static_cast<int>(a[0]));
    const uint8_t *p = base + a[0];
    if (same(v, first)) {
      for (unsigned k = 0; k < K::rows; ++k)
        storeEight(out + 64 * k, _mm256_set1_epi32(static_cast<int>(loadAs<uint32_t>(p + 4 * k))));
    } else if (same(v, before[g & 1])) {
      for (unsigned k = 0; k < K::rows; ++k)
        storeEight(out + 64 * k, _mm256_load_si256(reinterpret_cast<const __m256i *>(out + 64 * k - 16)));
    } else if (K::rows == 1 && same(_mm256_sub_epi32(v, first), steps)) {
      storeEight(out, _mm256_loadu_si256(reinterpret_cast<const __m256i *>(p)));
    } else {
      gatherEight<K>(out, base, a, v);
    }
    before[g & 1] = v;
  }
}

/// Writes; lanes in order, so that the last of those with one address wins.
template <class K> ECLIP_INLINE void scatterAll(const uint32_t *d, uint8_t *base, const uint32_t *offset) {
  if constexpr (K::rows == 4) {
    for (unsigned l = 0; l < 64; l += 4) {
      __m128 r0 = _mm_load_ps(reinterpret_cast<const float *>(d + l));
      __m128 r1 = _mm_load_ps(reinterpret_cast<const float *>(d + 64 + l));
      __m128 r2 = _mm_load_ps(reinterpret_cast<const float *>(d + 128 + l));
      __m128 r3 = _mm_load_ps(reinterpret_cast<const float *>(d + 192 + l));
      _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
      _mm_storeu_ps(reinterpret_cast<float *>(base + offset[l]), r0);
      _mm_storeu_ps(reinterpret_cast<float *>(base + offset[l + 1]), r1);
      _mm_storeu_ps(reinterpret_cast<float *>(base + offset[l + 2]), r2);
      _mm_storeu_ps(reinterpret_cast<float *>(base + offset[l + 3]), r3);
    }
    return;
  }
  if constexpr (K::rows == 1) {
    const __m256i steps = _mm256_setr_epi32(0, 4, 8, 12, 16, 20, 24, 28);
    for (unsigned l = 0; l < 64; l += 8) {
      __m256i v = _mm256_load_si256(reinterpret_cast<const __m256i *>(offset + l));
      __m256i gaps = _mm256_sub_epi32(v, _mm256_set1_epi32(static_cast<int>(offset[l])));
      if (_mm256_movemask_epi8(_mm256_cmpeq_epi32(gaps, steps)) == -1) {
        __m256i data = _mm256_load_si256(reinterpret_cast<const __m256i *>(d + l));
        _mm256_storeu_si256(reinterpret_cast<__m256i *>(base + offset[l]), data);
      } else {
        for (unsigned k = l; k < l + 8; ++k)
          storeAs<uint32_t>(base + offset[k], d[k]);
      }
    }
    return;
  }
  for (unsigned l = 0; l < 64; ++l)
    K::store(d, l, base + offset[l]);
}

#else

template <class K> ECLIP_INLINE void gatherAll(uint32_t *d, const uint8_t *base, const uint32_t *offset) {
  for (unsigned l = 0; l < 64; ++l)
    K::load(d, l, base + offset[l]);
}
template <class K> ECLIP_INLINE void scatterAll(const uint32_t *d, uint8_t *base, const uint32_t *offset) {
  for (unsigned l = 0; l < 64; ++l)
    K::store(d, l, base + offset[l]);
}

#endif

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_GATHER_H
