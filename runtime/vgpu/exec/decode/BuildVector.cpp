//===- BuildVector.cpp - VOP encodings with SDWA, DPP and modifiers -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/Builder.h"

namespace eclip::vgpu {

static unsigned sourceCount(const VectorOp &op) {
  unsigned n = 0;
  while (n < 3 && op.src[n] != Ty::None)
    ++n;
  return n;
}
static bool isFloat(Ty type) {
  return type == Ty::F16 || type == Ty::F32 || type == Ty::F64 || type == Ty::PF16 || type == Ty::MixF32;
}
static bool isHalf(Ty type) { return type == Ty::F16 || type == Ty::B16; }
/// Nothing to do for `m`. Plain sources are both halves of a packed operation,
/// and floats of a mixed one, which reads halves where op_sel_hi is set.
static bool isDefault(const VectorOp &op, const Modifiers &m) {
  unsigned plainHigh = op.src[0] == Ty::MixF32 ? 0 : 7;
  return !m.neg && !m.abs && !m.negHi && !m.omod && !m.clamp && !m.opSelUsed && !m.sdwa && !m.dpp &&
         (!m.packed || (m.opSel == 0 && m.opSelHi == plainHigh));
}

bool Builder::checkModifiers(const VectorOp &op, const Modifiers &m) {
  for (unsigned s = 0; s < 3; ++s)
    if (((m.neg | m.abs | m.negHi) >> s & 1) && !isFloat(op.src[s]))
      return refuse("negates an operand that is not floating-point");
  if (op.special && (m.neg || m.abs || m.omod || m.clamp || m.sdwa || m.dpp || m.opSelUsed))
    return refuse("has modifiers on an operation that takes none");
  if (m.clamp && !(op.flags & VF_FloatClamp) && !op.saturating)
    return refuse("clamps an operation that is not supported with clamp");
  if (m.clamp && op.dst == Ty::F32 && (op.flags & VF_Compare))
    return refuse("clamps a comparison");
  if (m.omod && op.dst != Ty::F32 && op.dst != Ty::F16 && op.dst != Ty::F64)
    return refuse("has an output multiplier on an integer result");
  return true;
}

bool Builder::vectorDestination(const VectorOp &op, unsigned field, Inst &inst) {
  if (op.flags & VF_ScalarDst)
    return scalarSlots(field, 1, inst.dst);
  if (op.dst == Ty::None)
    return true;
  return vectorSlot(field, rowsOf(op.dst), inst.dst);
}

bool Builder::buildVector(const VectorOp &op, const Encoding &code, Inst &inst) {
  Modifiers m;
  inst.op = &op;
  bool long3 = code.bits(31, 26) == 0x34;
  bool built = !long3                          ? buildShort(op, code, inst, m)
               : code.bits(31, 23) == 0x1a7    ? buildVop3p(op, code, inst, m)
                                               : buildVop3(op, code, inst, m);
  if (!built || !checkModifiers(op, m))
    return false;
  if (op.special) {
    inst.run = op.special;
    // Lane selects and written values come from scalars on this machine.
    bool scalarNeeded = name == "v_readlane_b32" || name == "v_writelane_b32";
    if (scalarNeeded && !(inst.scalars & 2))
      return refuse("selects a lane by a vector register");
    if (name == "v_writelane_b32" && !(inst.scalars & 1))
      return refuse("writes a lane from a vector register");
    if (name == "v_swap_b32" && (inst.scalars & 1))
      return refuse("swaps with a scalar");
    return true;
  }
  bool plain = isDefault(op, m);
  Handler direct = plain && inst.scalars < 8 ? op.direct[inst.scalars] : nullptr;
  inst.run = direct ? direct : table.general();
  if (!plain) {
    modifierIndex = static_cast<int>(program.modifiers.size());
    program.modifiers.push_back(m);
  }
  return true;
}

/// VOP1, VOP2, VOPC: one dword, perhaps a literal, SDWA or DPP dword behind it.
bool Builder::buildShort(const VectorOp &op, const Encoding &code, Inst &inst, Modifiers &m) {
  unsigned count = sourceCount(op);
  bool vop1 = code.bits(31, 25) == 0x3f, vopc = code.bits(31, 25) == 0x3e;
  unsigned src0 = code.bits(8, 0);
  uint32_t literal = code.word[1];
  uint32_t vcc = scalarSlot(SR_Vcc);
  if (op.flags & (VF_Compare | VF_MaskOut))
    inst.maskDst = vcc;
  if (op.flags & (VF_MaskIn | VF_VccIn))
    inst.maskSrc = vcc;
  if (!vopc && !vectorDestination(op, code.bits(24, 17), inst))
    return false;
  if (count == 0)
    return true;
  if (src0 == 249) {
    if (!buildSdwa(op, code, vopc, inst, m))
      return false;
  } else if (src0 == 250) {
    if (!buildDpp(code, inst, op, m))
      return false;
  } else if (!source(src0, op.src[0], literal, inst, 0)) {
    return false;
  }
  if (vop1 || count == 1)
    return true;
  unsigned vsrc1 = code.bits(16, 9);
  unsigned second = op.flags & VF_KMiddle ? 2 : 1;
  if (src0 != 249 && !source(256 + vsrc1, op.src[second], 0, inst, second))
    return false;
  if (op.flags & (VF_KMiddle | VF_KLast)) {
    unsigned k = op.flags & VF_KMiddle ? 1 : 2;
    return source(255, op.src[k], literal, inst, k);
  }
  if (op.flags & VF_Tied)
    inst.src[2] = inst.dst;
  return true;
}

bool Builder::buildSdwa(const VectorOp &op, const Encoding &code, bool isCompare, Inst &inst, Modifiers &m) {
  const uint32_t w = code.word[1];
  auto field = [&](unsigned high, unsigned low) { return w >> low & ((2u << (high - low)) - 1); };
  m.sdwa = true;
  for (unsigned s = 0; s < 2 && op.src[s] != Ty::None; ++s) {
    unsigned base = s ? 24 : 16;
    m.sdwaSel[s] = static_cast<uint8_t>(field(base + 2, base));
    m.sdwaSext[s] = field(base + 3, base + 3);
    m.neg |= static_cast<uint8_t>(field(base + 4, base + 4) << s);
    m.abs |= static_cast<uint8_t>(field(base + 5, base + 5) << s);
    bool isScalar = field(base + 7, base + 7);
    unsigned reg = s ? code.bits(16, 9) : field(7, 0);
    if (m.sdwaSel[s] > 6)
      return refuse("has an undefined SDWA selection");
    if (rowsOf(op.src[s]) != 1)
      return refuse("applies SDWA to a 64-bit operand");
    if (!source(isScalar ? reg : 256 + reg, op.src[s], 0, inst, s))
      return false;
  }
  if (isCompare) {
    if (field(15, 15))
      return scalarSlots(field(14, 8), 2, inst.maskDst);
    return true;
  }
  m.dstSel = static_cast<uint8_t>(field(10, 8));
  m.dstUnused = static_cast<uint8_t>(field(12, 11));
  m.clamp = field(13, 13);
  m.omod = static_cast<uint8_t>(field(15, 14));
  if (m.dstSel > 6 || m.dstUnused > 2)
    return refuse("has an undefined SDWA selection");
  return true;
}

static bool dppDefined(unsigned ctrl) {
  if (ctrl < 0x100)
    return true;
  if (ctrl <= 0x12f)
    return (ctrl & 15) != 0;
  switch (ctrl) {
  case 0x130:
  case 0x134:
  case 0x138:
  case 0x13c:
  case 0x140:
  case 0x141:
  case 0x142:
  case 0x143:
    return true;
  default:
    return false;
  }
}

bool Builder::buildDpp(const Encoding &code, Inst &inst, const VectorOp &op, Modifiers &m) {
  m.dpp = true;
  m.dppCtrl = static_cast<uint16_t>(code.bits2(16, 8));
  m.boundCtrl = code.bits2(19, 19);
  m.neg = static_cast<uint8_t>(code.bits2(20, 20) | code.bits2(22, 22) << 1);
  m.abs = static_cast<uint8_t>(code.bits2(21, 21) | code.bits2(23, 23) << 1);
  m.bankMask = static_cast<uint8_t>(code.bits2(27, 24));
  m.rowMask = static_cast<uint8_t>(code.bits2(31, 28));
  if (!dppDefined(m.dppCtrl))
    return refuse("has an undefined DPP control");
  if (rowsOf(op.src[0]) != 1 || rowsOf(op.dst) != 1)
    return refuse("applies DPP to a 64-bit operand");
  return source(256 + code.bits2(7, 0), op.src[0], 0, inst, 0);
}

bool Builder::buildVop3(const VectorOp &op, const Encoding &code, Inst &inst, Modifiers &m) {
  unsigned count = sourceCount(op);
  bool maskOut = op.flags & VF_MaskOut;
  unsigned vdst = code.bits(7, 0);
  m.neg = static_cast<uint8_t>(code.bits2(31, 29));
  m.omod = static_cast<uint8_t>(code.bits2(28, 27));
  m.clamp = code.bits(15, 15);
  if (!maskOut) { // VOP3a; VOP3b has a scalar destination in these bits
    m.abs = static_cast<uint8_t>(code.bits(10, 8));
    m.opSel = static_cast<uint8_t>(code.bits(14, 11));
    m.opSelUsed = m.opSel != 0;
    bool anyHalf = isHalf(op.dst) || isHalf(op.src[0]) || isHalf(op.src[1]) || isHalf(op.src[2]);
    if (m.opSelUsed && !anyHalf && !(op.flags & VF_Compare))
      return refuse("selects halves of operands that are not 16 bits");
  }
  if (op.flags & VF_Compare) {
    if (m.clamp)
      return refuse("clamps a comparison");
    if (!scalarSlots(vdst, 2, inst.maskDst))
      return false;
  } else if (!vectorDestination(op, vdst, inst)) {
    return false;
  }
  if (maskOut && !scalarSlots(code.bits(14, 8), 2, inst.maskDst))
    return false;
  unsigned fields[3] = {code.bits2(8, 0), code.bits2(17, 9), code.bits2(26, 18)};
  if ((op.flags & VF_MaskIn) && !scalarSource(fields[2], Ty::B64, 0, inst.maskSrc))
    return false;
  if (op.flags & VF_VccIn)
    inst.maskSrc = scalarSlot(SR_Vcc);
  bool tied = op.flags & VF_Tied;
  for (unsigned s = 0; s < (tied ? 2 : count); ++s)
    if (!source(fields[s], op.src[s], 0, inst, s))
      return false;
  if (tied)
    inst.src[2] = inst.dst;
  return true;
}

bool Builder::buildVop3p(const VectorOp &op, const Encoding &code, Inst &inst, Modifiers &m) {
  m.packed = true;
  m.clamp = code.bits(15, 15);
  m.opSel = static_cast<uint8_t>(code.bits(13, 11));
  m.opSelHi = static_cast<uint8_t>(code.bits2(28, 27) | code.bits(14, 14) << 2);
  m.neg = static_cast<uint8_t>(code.bits2(31, 29));
  m.negHi = static_cast<uint8_t>(code.bits(10, 8));
  if (op.src[0] == Ty::MixF32) { // these bits mean abs here
    m.abs = m.negHi;
    m.negHi = 0;
  }
  if (!vectorDestination(op, code.bits(7, 0), inst))
    return false;
  unsigned count = sourceCount(op);
  // A two-operand instruction leaves the third operand's selection at will.
  for (unsigned s = count; s < 3; ++s) {
    m.opSel &= static_cast<uint8_t>(~(1u << s));
    m.opSelHi |= static_cast<uint8_t>(1u << s);
    m.neg &= static_cast<uint8_t>(~(1u << s));
    m.negHi &= static_cast<uint8_t>(~(1u << s));
  }
  unsigned fields[3] = {code.bits2(8, 0), code.bits2(17, 9), code.bits2(26, 18)};
  for (unsigned s = 0; s < count; ++s) {
    bool isPair = op.src[s] == Ty::P16 || op.src[s] == Ty::PF16 || op.src[s] == Ty::MixF32;
    bool selects = (m.opSel >> s & 1) || !(m.opSelHi >> s & 1);
    if (!isPair && op.src[s] != Ty::F32 && selects && !(s == 2 && op.src[2] == Ty::B32))
      return refuse("selects halves of operands that are not pairs");
    if (!source(fields[s], op.src[s], 0, inst, s))
      return false;
  }
  return true;
}

} // namespace eclip::vgpu
