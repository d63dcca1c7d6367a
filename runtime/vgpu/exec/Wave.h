//===- Wave.h - the state of one wavefront ----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything here is plain data with trivial inline accessors: it is compiled
// into object files for different machines, so nothing may be emitted out of
// line and shared.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_WAVE_H
#define ECLIP_VGPU_EXEC_WAVE_H

#include "runtime/vgpu/exec/Program.h"

#include <cstring>

#define ECLIP_INLINE inline __attribute__((always_inline))

namespace eclip::vgpu {

/// Scalar operand encodings that matter by number.
enum ScalarReg : unsigned {
  SR_FlatScratchLo = 102,
  SR_Vcc = 106,
  SR_M0 = 124,
  SR_Exec = 126,
  SR_SharedBase = 235,
  SR_PrivateBase = 237,
  SR_Scc = 253
};

/// High words of the LDS and scratch apertures of flat addresses: no host
/// address has these bits.
constexpr uint32_t sharedAperture = 0x00010000;
constexpr uint32_t privateAperture = 0x00020000;

enum class Stop : uint32_t { None, End, Barrier, Yield, Fault };

/// MODE register bits.
enum ModeBits : uint32_t {
  Mode_Round = 0xf,
  Mode_Denorm32 = 0x30,
  Mode_Denorm16_64 = 0xc0,
  Mode_DX10Clamp = 0x100,
  Mode_IEEE = 0x200
};

/// What all waves of a workgroup share.
struct Context {
  static constexpr unsigned cachedRanges = 4;
  MemoryMap::Range ranges[cachedRanges];
  unsigned nextRange;
  const MemoryMap *memory;
  AccessObserver *observer;
  unsigned thread;
  const Program *program;
  uint8_t *lds;
  uint32_t ldsBytes;
  uint64_t ticks; ///< what s_memtime counts: never decreases

  // The first fault.
  RunStatus faultStatus;
  const Inst *faultInst;
  uint64_t faultAddress;
  const char *faultWhat;
};

/// The head of a wave block; constants and vector registers follow it.
struct alignas(64) Wave {
  uint32_t scalar[128]; ///< by operand encoding: SGPRs, VCC 106, M0 124, EXEC 126
  uint32_t scc;
  uint32_t mode;
  Stop stop;
  int32_t budget; ///< taken backward branches until the wave yields
  const Inst *resume;
  Context *context;
  uint64_t scratchBase; ///< of this wave
  uint64_t scratchEnd;
  uint64_t expandedFor; ///< EXEC that `expanded` stands for
  uint64_t reserved;
  alignas(64) uint32_t expanded[64]; ///< all ones in active lanes

  ECLIP_INLINE uint32_t *at(uint32_t slot) {
    return reinterpret_cast<uint32_t *>(reinterpret_cast<char *>(this) + slot);
  }
  ECLIP_INLINE uint64_t wide(uint32_t slot) {
    uint64_t value;
    memcpy(&value, at(slot), 8);
    return value;
  }
  ECLIP_INLINE void setWide(uint32_t slot, uint64_t value) {
    memcpy(at(slot), &value, 8);
  }
  ECLIP_INLINE uint64_t exec() const {
    uint64_t value;
    memcpy(&value, scalar + SR_Exec, 8);
    return value;
  }
  ECLIP_INLINE void setExec(uint64_t value) { memcpy(scalar + SR_Exec, &value, 8); }
};

constexpr uint32_t scalarSlot(unsigned reg) { return reg * 4; }
constexpr uint32_t sccSlot = 128 * 4;
constexpr int32_t yieldBudget = 1 << 14;

ECLIP_INLINE const Inst *stopWave(Wave &wave, Stop why, const Inst *resume) {
  wave.stop = why;
  wave.resume = resume;
  return nullptr;
}

/// Stops the whole dispatch. `what` must be a literal.
ECLIP_INLINE const Inst *fault(Wave &wave, const Inst *inst, RunStatus status,
                               const char *what, uint64_t address) {
  Context &context = *wave.context;
  context.faultStatus = status;
  context.faultInst = inst;
  context.faultWhat = what;
  context.faultAddress = address;
  return stopWave(wave, Stop::Fault, inst);
}

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_WAVE_H
