//===- Cross.cpp - operations that move values between lanes or to scalars ===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Lanes.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

static ECLIP_INLINE uint32_t laneOf(Wave &wave, const Inst *inst, unsigned s, unsigned lane) {
  const uint32_t *row = wave.at(inst->src[s]);
  return inst->scalars >> s & 1 ? row[0] : row[lane];
}

static const Inst *readFirstLane(Wave &wave, const Inst *inst) {
  uint64_t exec = wave.exec();
  unsigned lane = exec ? static_cast<unsigned>(__builtin_ctzll(exec)) : 0;
  *wave.at(inst->dst) = laneOf(wave, inst, 0, lane);
  return inst + 1;
}
static const Inst *readLane(Wave &wave, const Inst *inst) {
  unsigned lane = *wave.at(inst->src[1]) & 63;
  *wave.at(inst->dst) = laneOf(wave, inst, 0, lane);
  return inst + 1;
}
/// Ignores EXEC.
static const Inst *writeLane(Wave &wave, const Inst *inst) {
  uint32_t value = *wave.at(inst->src[0]);
  unsigned lane = *wave.at(inst->src[1]) & 63;
  wave.at(inst->dst)[lane] = value;
  return inst + 1;
}
static const Inst *swap(Wave &wave, const Inst *inst) {
  uint32_t *a = wave.at(inst->dst), *b = wave.at(inst->src[0]);
  const uint32_t *active = expandedExec(wave);
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t x = a[l], y = b[l];
    if (active[l]) {
      a[l] = y;
      b[l] = x;
    }
  }
  return inst + 1;
}
static const Inst *nothing(Wave &, const Inst *inst) { return inst + 1; }

void addCrossLaneOps(OpSink &s) {
  auto special = [&](const char *name, Handler run, Ty dst, Ty a, Ty b, uint32_t flags) {
    addRaw(s, name, nullptr, dst, a, b, Ty::None, flags, nullptr, run);
  };
  special("v_readfirstlane_b32", readFirstLane, Ty::B32, Ty::B32, Ty::None, VF_ScalarDst);
  special("v_readlane_b32", readLane, Ty::B32, Ty::B32, Ty::B32, VF_ScalarDst);
  special("v_writelane_b32", writeLane, Ty::B32, Ty::B32, Ty::B32, VF_DstRead);
  special("v_swap_b32", swap, Ty::B32, Ty::B32, Ty::None, VF_DstRead);
  special("v_nop", nothing, Ty::None, Ty::None, Ty::None, 0);
  special("v_clrexcp", nothing, Ty::None, Ty::None, Ty::None, 0);
}

} // namespace eclip::vgpu::ECLIP_LANES
