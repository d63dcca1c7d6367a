//===- General.cpp - any vector operation, any modifier -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/FloatOps.h"

namespace eclip::vgpu::ECLIP_LANES {

namespace {
/// Rows of one operand while it is being prepared.
struct alignas(64) Buffer {
  uint32_t rows[4][64];
};
} // namespace

static void broadcast(uint32_t *out, uint32_t value) {
  ECLIP_LANE_LOOP out[l] = value;
}

/// The source of each lane under DPP, or -1. Row means 16 lanes.
static int dppSource(unsigned ctrl, int lane) {
  int row = lane & ~15, in = lane & 15;
  if (ctrl < 0x100)
    return (lane & ~3) | (ctrl >> (2 * (lane & 3)) & 3);
  int n = static_cast<int>(ctrl & 15);
  if (ctrl > 0x100 && ctrl <= 0x10f)
    return in + n < 16 ? lane + n : -1;
  if (ctrl > 0x110 && ctrl <= 0x11f)
    return in - n >= 0 ? lane - n : -1;
  if (ctrl > 0x120 && ctrl <= 0x12f)
    return row | ((in - n) & 15);
  switch (ctrl) {
  case 0x130: return lane < 63 ? lane + 1 : -1;
  case 0x134: return (lane + 1) & 63;
  case 0x138: return lane > 0 ? lane - 1 : -1;
  case 0x13c: return (lane - 1) & 63;
  case 0x140: return row | (15 - in);
  case 0x141: return (lane & ~7) | (7 - (lane & 7));
  case 0x142: return row > 0 ? row - 1 : -1;
  case 0x143: return lane >= 32 ? 31 : -1;
  default: return -1;
  }
}

/// Permutes `rows`; returns the lanes that may be written.
static uint64_t applyDpp(const Modifiers &m, uint64_t exec, const uint32_t *in, uint32_t *out) {
  uint64_t write = 0;
  for (int l = 0; l < 64; ++l) {
    int from = dppSource(m.dppCtrl, l);
    bool valid = from >= 0 && laneBit(exec, static_cast<unsigned>(from));
    out[l] = valid ? in[from] : 0;
    bool enabled = (m.rowMask >> (l >> 4) & 1) && (m.bankMask >> (l >> 2 & 3) & 1);
    if (enabled && (valid || m.boundCtrl))
      write |= 1ull << l;
  }
  return write;
}

static uint32_t selectPart(uint32_t v, unsigned sel, bool sext) {
  unsigned width = sel < 4 ? 8 : sel < 6 ? 16 : 32;
  unsigned shift = sel < 4 ? 8 * sel : sel == 5 ? 16 : 0;
  uint32_t part = v >> shift;
  if (width == 32)
    return part;
  uint32_t low = part & ((1u << width) - 1);
  return sext && (low >> (width - 1)) ? low | ~0u << width : low;
}

/// abs, then neg, on the sign bits that the type has.
static void applySigns(Ty type, bool neg, bool abs, uint32_t *row, unsigned rows) {
  uint32_t sign = type == Ty::F16 ? 0x8000u : 0x80000000u;
  uint32_t *top = row + 64 * (rows - 1);
  uint32_t keep = abs ? ~sign : ~0u, flip = neg ? sign : 0;
  ECLIP_LANE_LOOP top[l] = (top[l] & keep) ^ flip;
}

/// Halves chosen and negated for a packed operation.
static void applyPacked(Ty type, const Modifiers &m, unsigned s, const uint32_t *in, uint32_t *out) {
  if (type == Ty::MixF32) {
    bool half = m.opSelHi >> s & 1, high = m.opSel >> s & 1;
    unsigned shift = high ? 16 : 0;
    if (half) {
      ECLIP_LANE_LOOP out[l] = bits<uint32_t>(halfToFloat(in[l] >> shift));
    } else {
      ECLIP_LANE_LOOP out[l] = in[l];
    }
    applySigns(Ty::F32, m.neg >> s & 1, m.abs >> s & 1, out, 1);
    return;
  }
  if (type != Ty::PF16 && type != Ty::P16) {
    ECLIP_LANE_LOOP out[l] = in[l];
    if (type == Ty::F32)
      applySigns(type, m.neg >> s & 1, false, out, 1);
    return;
  }
  unsigned lowShift = m.opSel >> s & 1 ? 16 : 0, highShift = m.opSelHi >> s & 1 ? 16 : 0;
  uint32_t flip = 0;
  if (type == Ty::PF16)
    flip = (m.neg >> s & 1 ? 0x8000u : 0) | (m.negHi >> s & 1 ? 0x80000000u : 0);
  ECLIP_LANE_LOOP out[l] = ((in[l] >> lowShift & 0xffff) | (in[l] >> highShift & 0xffff) << 16) ^ flip;
}

static void applyModifiers(const Modifiers &m, Ty type, unsigned s, uint64_t exec,
                           const uint32_t *in, uint32_t *out, uint64_t &write) {
  unsigned rows = rowsOf(type);
  if (m.packed)
    return applyPacked(type, m, s, in, out);
  for (unsigned r = 0; r < rows; ++r)
    for (unsigned l = 0; l < 64; ++l)
      out[64 * r + l] = in[64 * r + l];
  if (m.dpp && s == 0) {
    Buffer moved;
    write &= applyDpp(m, exec, out, moved.rows[0]);
    memcpy(out, moved.rows[0], 256);
  }
  if (m.sdwa && s < 2)
    for (unsigned l = 0; l < 64; ++l)
      out[l] = selectPart(out[l], m.sdwaSel[s], m.sdwaSext[s]);
  if (m.opSelUsed && (m.opSel >> s & 1) && (type == Ty::F16 || type == Ty::B16)) {
    ECLIP_LANE_LOOP out[l] = out[l] >> 16;
  }
  if (type == Ty::F32 || type == Ty::F16 || type == Ty::F64)
    applySigns(type, m.neg >> s & 1, m.abs >> s & 1, out, rows);
}

static const uint32_t *prepare(Wave &wave, const Inst *inst, unsigned s, Buffer &scalarRows,
                               Buffer &changed, uint64_t &write) {
  Ty type = inst->op->src[s];
  const uint32_t *rows = wave.at(inst->src[s]);
  if (inst->scalars >> s & 1) {
    for (unsigned r = 0; r < rowsOf(type); ++r)
      broadcast(scalarRows.rows[r], rows[r]);
    rows = scalarRows.rows[0];
  }
  if (!inst->mods)
    return rows;
  applyModifiers(*inst->mods, type, s, wave.exec(), rows, changed.rows[0], write);
  return changed.rows[0];
}

static double multiplier(unsigned omod) { return omod == 1 ? 2.0 : omod == 2 ? 4.0 : omod == 3 ? 0.5 : 1.0; }

template <class T> static T clampUnit(uint32_t mode, T v) {
  if (v != v)
    return mode & Mode_DX10Clamp ? T(0) : v;
  return v > T(0) ? (v < T(1) ? v : T(1)) : T(0);
}

/// Output multiplier and clamp of floating-point results. The multiplier is
/// ignored where the hardware ignores it: with IEEE mode or denormal results.
static void finishFloat(const Modifiers &m, uint32_t mode, Ty type, uint32_t *out) {
  if (m.omod && type == Ty::F32 && !(mode & Mode_IEEE) && (mode & Mode_Denorm32) == 0)
    for (unsigned l = 0; l < 64; ++l) {
      float v = F32::load(out, l) * static_cast<float>(multiplier(m.omod));
      F32::store(out, l, v + 0.0f);
    }
  if (!m.clamp)
    return;
  for (unsigned l = 0; l < 64; ++l) {
    if (type == Ty::F32) {
      F32::store(out, l, clampUnit(mode, F32::load(out, l)));
    } else if (type == Ty::F64) {
      F64::store(out, l, clampUnit(mode, F64::load(out, l)));
    } else if (type == Ty::F16) {
      F16::store(out, l, clampUnit(mode, F16::load(out, l)));
    } else if (type == Ty::PF16) {
      Pair<float> v = PkF::load(out, l);
      PkF::store(out, l, {clampUnit(mode, v.lo), clampUnit(mode, v.hi)});
    }
  }
}

/// Puts the result's part into the old destination, as SDWA says.
static void mergeSdwa(const Modifiers &m, const uint32_t *old, uint32_t *out) {
  unsigned sel = m.dstSel;
  if (sel == 6)
    return;
  unsigned width = sel < 4 ? 8 : 16, shift = sel < 4 ? 8 * sel : sel == 5 ? 16 : 0;
  uint32_t field = ((1u << width) - 1) << shift;
  for (unsigned l = 0; l < 64; ++l) {
    uint32_t v = out[l] << shift & field;
    bool negative = v >> (shift + width - 1) & 1;
    if (m.dstUnused == 2)
      v |= old[l] & ~field;
    else if (m.dstUnused == 1 && negative && shift + width < 32)
      v |= ~0u << (shift + width);
    out[l] = v;
  }
}

static void finish(Wave &wave, const Inst *inst, uint32_t *out) {
  const VectorOp &op = *inst->op;
  const Modifiers *m = inst->mods;
  const uint32_t *old = wave.at(inst->dst);
  if (m && (op.flags & VF_FloatClamp))
    finishFloat(*m, wave.mode, op.dst, out);
  if (m && m->sdwa)
    mergeSdwa(*m, old, out);
  bool high = (op.flags & VF_WriteHigh) || (m && m->opSelUsed && (m->opSel & 8));
  if (high) {
    ECLIP_LANE_LOOP out[l] = (old[l] & 0xffff) | out[l] << 16;
  } else if (op.flags & VF_KeepHigh) {
    ECLIP_LANE_LOOP out[l] = (old[l] & 0xffff0000u) | (out[l] & 0xffff);
  }
}

static void store(Wave &wave, const Inst *inst, const uint32_t *out, uint64_t write) {
  uint32_t *d = wave.at(inst->dst);
  const uint32_t *active = expandedExec(wave);
  alignas(64) uint32_t mask[64];
  if (write != ~0ull) {
    for (unsigned l = 0; l < 64; ++l)
      mask[l] = laneBit(write, l) ? active[l] : 0;
    active = mask;
  }
  for (unsigned r = 0; r < rowsOf(inst->op->dst); ++r, d += 64, out += 64) {
    ECLIP_LANE_LOOP d[l] = (out[l] & active[l]) | (d[l] & ~active[l]);
  }
}

/// Double precision has its own denormal mode, which is always to keep them.
static ECLIP_INLINE uint32_t suspendFlush(bool suspend) {
#if defined(__SSE2__)
  uint32_t csr = _mm_getcsr();
  if (suspend && (csr & 0x8040))
    _mm_setcsr(csr & ~0x8040u);
  return csr;
#else
  return 0;
#endif
}

const Inst *generalVector(Wave &wave, const Inst *inst) {
  const VectorOp &op = *inst->op;
  Buffer scalarRows[3], changed[3], out;
  uint64_t write = ~0ull, exec = wave.exec();
  LaneArgs x = {out.rows[0], nullptr, nullptr, nullptr, 0, 0, wave.mode};
  const uint32_t **rows[3] = {&x.a, &x.b, &x.c};
  for (unsigned s = 0; s < 3 && op.src[s] != Ty::None; ++s)
    *rows[s] = prepare(wave, inst, s, scalarRows[s], changed[s], write);
  if (op.flags & (VF_MaskIn | VF_VccIn))
    x.maskIn = wave.wide(inst->maskSrc);
  bool saturate = inst->mods && inst->mods->clamp && op.saturating;
  if (op.flags & VF_NoFlush) {
    [[maybe_unused]] uint32_t csr = suspendFlush(true);
    op.lanes(x);
#if defined(__SSE2__)
    _mm_setcsr(csr);
#endif
  } else {
    (saturate ? op.saturating : op.lanes)(x);
  }
  if (op.flags & VF_Compare) {
    uint64_t result = x.maskOut & exec & write;
    wave.setWide(inst->maskDst, result);
    if (op.flags & VF_CompareX)
      wave.setExec(result);
    return inst + 1;
  }
  finish(wave, inst, out.rows[0]);
  store(wave, inst, out.rows[0], write);
  if (op.flags & VF_MaskOut)
    wave.setWide(inst->maskDst, x.maskOut & exec & write);
  return inst + 1;
}

} // namespace eclip::vgpu::ECLIP_LANES
