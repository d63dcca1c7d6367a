//===- Control.cpp - branches, barriers, the MODE register ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/scalar/Scalar.h"

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace eclip::vgpu {

using namespace scalar;

/// Takes a branch. Backward ones count against the wave's budget, so that a wave
/// that spins lets the others of its workgroup run and an abort be seen.
static inline const Inst *take(Wave &wave, const Inst *inst) {
  if (inst->target <= inst && --wave.budget < 0)
    return stopWave(wave, Stop::Yield, inst->target);
  return inst->target;
}
template <class F> static const Inst *branch(Wave &wave, const Inst *inst) {
  return F{}(wave) ? take(wave, inst) : inst + 1;
}
template <class F> static void addBranch(OpSink &s, const char *name, F, uint32_t flags = 0) {
  addPlain(s, name, branch<F>, Ty::None, Ty::None, Ty::None, PF_Branch | flags);
}

static const Inst *endProgram(Wave &wave, const Inst *inst) { return stopWave(wave, Stop::End, inst); }
static const Inst *barrier(Wave &wave, const Inst *inst) { return stopWave(wave, Stop::Barrier, inst + 1); }
static const Inst *nothing(Wave &, const Inst *inst) { return inst + 1; }
static const Inst *trap(Wave &wave, const Inst *inst) {
  return fault(wave, inst, RunStatus::IllegalInstruction, "the kernel trapped", 0);
}

void applyMode(uint32_t mode) {
#if defined(__SSE2__)
  uint32_t csr = _mm_getcsr() & ~0xe040u; // round to nearest, keep denormals
  uint32_t denorm = mode >> 4 & 3;        // bit 0: sources kept, bit 1: results
  if (!(denorm & 1))
    csr |= 0x0040;
  if (!(denorm & 2))
    csr |= 0x8000;
  _mm_setcsr(csr);
#endif
}

/// hwreg operand: id in bits 0-5, offset 6-10, width - 1 in 11-15. Only MODE (1).
static const Inst *setMode(Wave &wave, const Inst *inst, uint32_t value) {
  uint32_t offset = inst->imm >> 6 & 31, width = (inst->imm >> 11 & 31) + 1;
  uint32_t mask = (width == 32 ? ~0u : (1u << width) - 1) << offset;
  uint32_t next = (wave.mode & ~mask) | (value << offset & mask);
  if ((next & Mode_Round) != 0 || (next & Mode_Denorm16_64) != Mode_Denorm16_64)
    return fault(wave, inst, RunStatus::IllegalInstruction,
                 "MODE with a rounding other than to nearest even, or flushed f16 and f64 denormals", next);
  wave.mode = next;
  applyMode(next);
  return inst + 1;
}
static const Inst *setReg(Wave &wave, const Inst *inst) {
  return setMode(wave, inst, *wave.at(inst->src[0]));
}
static const Inst *getReg(Wave &wave, const Inst *inst) {
  uint32_t offset = inst->imm >> 6 & 31, width = (inst->imm >> 11 & 31) + 1;
  uint32_t value = wave.mode >> offset;
  *wave.at(inst->dst) = width == 32 ? value : value & ((1u << width) - 1);
  return inst + 1;
}
static const Inst *getPc(Wave &wave, const Inst *inst) {
  const Program &program = *wave.context->program;
  wave.setWide(inst->dst, program.address(*inst) + 4);
  return inst + 1;
}

void addScalarControlOps(OpSink &s) {
  addBranch(s, "s_branch", [](Wave &) { return true; }, PF_End);
  addBranch(s, "s_cbranch_scc0", [](Wave &w) { return w.scc == 0; });
  addBranch(s, "s_cbranch_scc1", [](Wave &w) { return w.scc != 0; });
  addBranch(s, "s_cbranch_vccz", [](Wave &w) { return w.wide(scalarSlot(SR_Vcc)) == 0; });
  addBranch(s, "s_cbranch_vccnz", [](Wave &w) { return w.wide(scalarSlot(SR_Vcc)) != 0; });
  addBranch(s, "s_cbranch_execz", [](Wave &w) { return w.exec() == 0; });
  addBranch(s, "s_cbranch_execnz", [](Wave &w) { return w.exec() != 0; });
  auto plain = [&](const char *name, Handler run, uint32_t flags = 0) {
    addPlain(s, name, run, Ty::None, Ty::None, Ty::None, flags);
  };
  plain("s_endpgm", endProgram, PF_End);
  plain("s_barrier", barrier);
  plain("s_trap", trap);
  // Memory is coherent and in order here, and no other wave competes for issue.
  for (const char *name : {"s_nop", "s_waitcnt", "s_sleep", "s_setprio", "s_icache_inv", "s_incperflevel",
                           "s_decperflevel", "s_ttracedata", "s_wakeup"})
    plain(name, nothing);
  addPlain(s, "s_setreg_b32", setReg, Ty::None, Ty::B32, Ty::None);
  addPlain(s, "s_setreg_imm32_b32", setReg, Ty::None, Ty::B32, Ty::None);
  addPlain(s, "s_getreg_b32", getReg, Ty::B32, Ty::None, Ty::None);
  addPlain(s, "s_getpc_b64", getPc, Ty::B64, Ty::None, Ty::None, PF_NoSource);
}

} // namespace eclip::vgpu
