//===- Permute.cpp - bytes of two words in any order ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// v_perm_b32 puts halves next to each other on their way to a dot product, with
// the same selector in all lanes: that form works on the host's vectors.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Lanes.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

static ECLIP_INLINE uint32_t permuted(uint32_t a, uint32_t b, uint32_t selector) {
  uint64_t both = static_cast<uint64_t>(a) << 32 | b;
  uint32_t out = 0;
  for (unsigned k = 0; k < 4; ++k) {
    uint32_t sel = selector >> (8 * k) & 255, byte = 0;
    if (sel >= 13)
      byte = 255;
    else if (sel == 12)
      byte = 0;
    else if (sel >= 8) // sign of one of the four halves, replicated
      byte = both >> (16 * (sel - 8) + 15) & 1 ? 255 : 0;
    else
      byte = both >> (8 * sel) & 255;
    out |= byte << (8 * k);
  }
  return out;
}

static void lanesPerm(LaneArgs &x) {
  for (unsigned l = 0; l < 64; ++l)
    x.d[l] = permuted(x.a[l], x.b[l], x.c[l]);
}

#if defined(__AVX2__)

/// Where the bytes of one source go, for each word of a vector: bytes of the
/// other source become zero. `first` is the selector of the source's byte 0.
static ECLIP_INLINE __m256i bytesOf(uint32_t selector, uint32_t first) {
  uint32_t order[4] = {0, 0, 0, 0};
  for (unsigned k = 0; k < 4; ++k) {
    uint32_t byte = (selector >> (8 * k) & 255) - first;
    for (unsigned word = 0; word < 4; ++word)
      order[word] |= (byte < 4 ? byte + 4 * word : 0x80u) << (8 * k);
  }
  return _mm256_broadcastsi128_si256(_mm_loadu_si128(reinterpret_cast<const __m128i *>(order)));
}

template <bool scalar> static ECLIP_INLINE __m256i wordsAt(const uint32_t *row, unsigned l) {
  if constexpr (scalar)
    return _mm256_set1_epi32(static_cast<int>(*row));
  else
    return _mm256_load_si256(reinterpret_cast<const __m256i *>(row + l));
}

/// The selector is a scalar and takes only bytes as they are.
template <unsigned kinds> static const Inst *directPerm(Wave &wave, const Inst *inst) {
  uint32_t selector = *wave.at(inst->src[2]);
  if (__builtin_expect(wave.exec() != ~0ull || (selector & 0xf8f8f8f8u), 0))
    return generalVector(wave, inst);
  const uint32_t *a = wave.at(inst->src[0]), *b = wave.at(inst->src[1]);
  uint32_t *d = wave.at(inst->dst);
  __m256i fromA = bytesOf(selector, 4), fromB = bytesOf(selector, 0);
  for (unsigned l = 0; l < 64; l += 8) {
    __m256i x = _mm256_shuffle_epi8(wordsAt<(kinds & 1) != 0>(a, l), fromA);
    __m256i y = _mm256_shuffle_epi8(wordsAt<(kinds & 2) != 0>(b, l), fromB);
    _mm256_store_si256(reinterpret_cast<__m256i *>(d + l), _mm256_or_si256(x, y));
  }
  return inst + 1;
}

void addPermuteOps(OpSink &s) {
  VectorOp op = {"v_perm_b32", lanesPerm, nullptr, nullptr,
                 {nullptr, nullptr, nullptr, nullptr, directPerm<4>, directPerm<5>, directPerm<6>},
                 Ty::B32, {Ty::B32, Ty::B32, Ty::B32}, 0};
  s.vector(s, op);
}

#else

void addPermuteOps(OpSink &s) {
  addRaw(s, "v_perm_b32", lanesPerm, Ty::B32, Ty::B32, Ty::B32, Ty::B32, 0);
}

#endif

} // namespace eclip::vgpu::ECLIP_LANES
