//===- Wide.cpp - 64-bit integers, carries and lane masks -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Lanes.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

/// Add or subtract with a carry out of each lane and, if `carryIn`, one in.
template <bool subtract, bool reverse, bool carryIn> static void lanesCarry(LaneArgs &x) {
  alignas(64) uint32_t carries[64];
  const uint32_t *a = reverse ? x.b : x.a, *b = reverse ? x.a : x.b;
  uint32_t *d = x.d;
  uint32_t in[2] = {static_cast<uint32_t>(x.maskIn), static_cast<uint32_t>(x.maskIn >> 32)};
  for (unsigned h = 0; h < 2; ++h)
#pragma clang loop vectorize(assume_safety)
    for (unsigned k = 0; k < 32; ++k) {
      unsigned l = 32 * h + k;
      uint32_t c = carryIn ? in[h] >> k & 1 : 0, r = 0;
      bool out = false;
      if (subtract) {
        r = a[l] - b[l] - c;
        out = a[l] < b[l] || (c && a[l] == b[l]);
      } else {
        r = a[l] + b[l] + c;
        out = r < a[l] || (c && r == a[l]);
      }
      d[l] = r;
      carries[l] = out ? ~0u : 0u;
    }
  x.maskOut = packMask(carries);
}

/// The hot forms of the same: no modifiers, all lanes. The destination may be a
/// source and the carry may be read and written.
template <bool subtract, bool reverse, bool carryIn, bool scalarA>
static const Inst *directCarry(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  alignas(64) uint32_t row[64];
  LaneArgs x = {wave.at(inst->dst), wave.at(inst->src[0]), wave.at(inst->src[1]), nullptr, 0, 0, 0};
  if (scalarA) {
    uint32_t value = *x.a;
    ECLIP_LANE_LOOP row[l] = value;
    x.a = row;
  }
  if (carryIn)
    x.maskIn = wave.wide(inst->maskSrc);
  lanesCarry<subtract, reverse, carryIn>(x);
  wave.setWide(inst->maskDst, x.maskOut);
  return inst + 1;
}

template <bool subtract, bool reverse, bool carryIn> static void carry(OpSink &sink, const char *name) {
  auto saturated = [](LaneArgs &x) {
    lanesCarry<subtract, reverse, carryIn>(x);
    for (unsigned l = 0; l < 64; ++l)
      if (laneBit(x.maskOut, l))
        x.d[l] = subtract ? 0 : ~0u;
  };
  VectorOp op = {name, lanesCarry<subtract, reverse, carryIn>, saturated, nullptr,
                 {directCarry<subtract, reverse, carryIn, false>, directCarry<subtract, reverse, carryIn, true>},
                 Ty::B32, {Ty::B32, Ty::B32, Ty::None},
                 VF_MaskOut | (carryIn ? uint32_t(VF_MaskIn) : 0u)};
  sink.vector(sink, op);
}

template <bool scalarA, bool scalarB> static const Inst *directSelect(Wave &wave, const Inst *inst) {
  if (__builtin_expect(wave.exec() != ~0ull, 0))
    return generalVector(wave, inst);
  Source<scalarA, U32> a(wave.at(inst->src[0]));
  Source<scalarB, U32> b(wave.at(inst->src[1]));
  uint32_t *d = wave.at(inst->dst);
  uint64_t mask = wave.wide(inst->maskSrc);
  uint32_t in[2] = {static_cast<uint32_t>(mask), static_cast<uint32_t>(mask >> 32)};
  for (unsigned h = 0; h < 2; ++h)
#pragma clang loop vectorize(assume_safety)
    for (unsigned k = 0; k < 32; ++k)
      d[32 * h + k] = in[h] >> k & 1 ? b.at(32 * h + k) : a.at(32 * h + k);
  return inst + 1;
}
static void lanesSelect(LaneArgs &x) {
  for (unsigned l = 0; l < 64; ++l)
    x.d[l] = laneBit(x.maskIn, l) ? x.b[l] : x.a[l];
}

/// 32 x 32 + 64 bits with the carry out of bit 63.
template <bool isSigned> static void lanesMad64(LaneArgs &x) {
  uint64_t mask = 0;
  for (unsigned l = 0; l < 64; ++l) {
    unsigned __int128 product =
        isSigned ? static_cast<unsigned __int128>(static_cast<__int128>(
                       static_cast<int64_t>(static_cast<int32_t>(x.a[l])) * static_cast<int32_t>(x.b[l])))
                 : static_cast<unsigned __int128>(static_cast<uint64_t>(x.a[l]) * x.b[l]);
    unsigned __int128 addend = isSigned ? static_cast<unsigned __int128>(static_cast<__int128>(I64::load(x.c, l)))
                                        : static_cast<unsigned __int128>(U64::load(x.c, l));
    unsigned __int128 sum = product + addend;
    U64::store(x.d, l, static_cast<uint64_t>(sum));
    mask |= static_cast<uint64_t>(sum >> 64 & 1) << l;
  }
  x.maskOut = mask;
}

static void lanesBitCount(LaneArgs &x, unsigned first) {
  for (unsigned l = 0; l < 64; ++l) {
    unsigned below = l < first ? 0 : l - first; // bits of the mask below this lane
    uint32_t mask = below >= 32 ? ~0u : (1u << below) - 1;
    x.d[l] = static_cast<uint32_t>(__builtin_popcount(x.a[l] & mask)) + x.b[l];
  }
}

void addWideOps(OpSink &s) {
  carry<false, false, false>(s, "v_add_co_u32");
  carry<true, false, false>(s, "v_sub_co_u32");
  carry<true, true, false>(s, "v_subrev_co_u32");
  carry<false, false, true>(s, "v_addc_co_u32");
  carry<true, false, true>(s, "v_subb_co_u32");
  carry<true, true, true>(s, "v_subbrev_co_u32");
  VectorOp select = {"v_cndmask_b32", lanesSelect, nullptr, nullptr,
                     {directSelect<false, false>, directSelect<true, false>,
                      directSelect<false, true>, directSelect<true, true>},
                     Ty::B32, {Ty::F32, Ty::F32, Ty::None}, VF_MaskIn};
  s.vector(s, select);
  addRaw(s, "v_mad_u64_u32", lanesMad64<false>, Ty::B64, Ty::B32, Ty::B32, Ty::B64, VF_MaskOut);
  addRaw(s, "v_mad_i64_i32", lanesMad64<true>, Ty::B64, Ty::B32, Ty::B32, Ty::B64, VF_MaskOut);
  add2<U64, U32, U64>(s, "v_lshlrev_b64", [](uint32_t a, uint64_t b) { return b << (a & 63); });
  add2<U64, U32, U64>(s, "v_lshrrev_b64", [](uint32_t a, uint64_t b) { return b >> (a & 63); });
  add2<I64, U32, I64>(s, "v_ashrrev_i64", [](uint32_t a, int64_t b) { return b >> (a & 63); });
  addRaw(s, "v_mbcnt_lo_u32_b32", [](LaneArgs &x) { lanesBitCount(x, 0); }, Ty::B32, Ty::B32, Ty::B32, Ty::None, 0);
  addRaw(s, "v_mbcnt_hi_u32_b32", [](LaneArgs &x) { lanesBitCount(x, 32); }, Ty::B32, Ty::B32, Ty::B32, Ty::None, 0);
}

} // namespace eclip::vgpu::ECLIP_LANES
