//===- BuildScalar.cpp - scalar encodings ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/Builder.h"

namespace eclip::vgpu {

static unsigned widthOf(Ty type) { return type == Ty::B128 ? 4 : type == Ty::B64 ? 2 : type == Ty::None ? 0 : 1; }

bool Builder::buildScalar(const PlainOp &op, const Encoding &code, Inst &inst) {
  inst.run = op.run;
  if (code.bits(31, 26) == 0x30)
    return buildSmem(op, code, inst);
  switch (code.bits(31, 23)) {
  case 0x17d:
    return buildSop1(op, code, inst);
  case 0x17e:
    return buildSopc(op, code, inst);
  case 0x17f:
    return buildSopp(op, code, inst);
  default:
    return code.bits(31, 28) == 0xb ? buildSopk(op, code, inst) : buildSop2(op, code, inst);
  }
}

bool Builder::buildSop2(const PlainOp &op, const Encoding &code, Inst &inst) {
  return scalarSlots(code.bits(22, 16), widthOf(op.dst), inst.dst) &&
         scalarSource(code.bits(7, 0), op.src[0], code.word[1], inst.src[0]) &&
         scalarSource(code.bits(15, 8), op.src[1], code.word[1], inst.src[1]);
}

bool Builder::buildSop1(const PlainOp &op, const Encoding &code, Inst &inst) {
  if (op.dst != Ty::None && !scalarSlots(code.bits(22, 16), widthOf(op.dst), inst.dst))
    return false;
  if (op.flags & PF_NoSource)
    return true;
  unsigned field = code.bits(7, 0);
  if (op.flags & PF_TiedDst) {
    inst.src[0] = inst.dst;
    return scalarSource(field, op.src[1], code.word[1], inst.src[1]);
  }
  return scalarSource(field, op.src[0], code.word[1], inst.src[0]);
}

bool Builder::buildSopc(const PlainOp &op, const Encoding &code, Inst &inst) {
  return scalarSource(code.bits(7, 0), op.src[0], code.word[1], inst.src[0]) &&
         scalarSource(code.bits(15, 8), op.src[1], code.word[1], inst.src[1]);
}

bool Builder::buildSopk(const PlainOp &op, const Encoding &code, Inst &inst) {
  uint32_t value = code.bits(15, 0);
  inst.imm = static_cast<int32_t>(value);
  bool isRegister = name == "s_getreg_b32" || name == "s_setreg_b32" || name == "s_setreg_imm32_b32";
  if (isRegister && (value & 63) != 1)
    return refuse("accesses a hardware register other than MODE");
  if (name == "s_setreg_imm32_b32") {
    inst.src[0] = constant(code.word[1], false);
    return true;
  }
  unsigned field = code.bits(22, 16);
  if (name == "s_setreg_b32")
    return scalarSlots(field, 1, inst.src[0]);
  if (!scalarSlots(field, 1, inst.dst))
    return false;
  bool isUnsigned = name.rfind("s_cmpk_", 0) == 0 && name.find("_u32") != std::string::npos;
  uint32_t extended = isUnsigned ? value : static_cast<uint32_t>(static_cast<int32_t>(static_cast<int16_t>(value)));
  unsigned s = op.flags & PF_TiedDst ? 1 : 0;
  if (s)
    inst.src[0] = inst.dst;
  inst.src[s] = constant(extended, false);
  return true;
}

bool Builder::buildSopp(const PlainOp &op, const Encoding &code, Inst &inst) {
  inst.imm = static_cast<int16_t>(code.bits(15, 0));
  return true;
}

bool Builder::buildSmem(const PlainOp &op, const Encoding &code, Inst &inst) {
  unsigned words = op.rows2;
  if (words && !scalarSlots(code.bits(12, 6), words, inst.dst))
    return false;
  if (op.src[0] == Ty::None)
    return true;
  if (!scalarSlots(code.bits(5, 0) * 2, widthOf(op.src[0]), inst.src[0]))
    return false;
  bool immediate = code.bits(17, 17), alsoScalar = code.bits(14, 14);
  if (immediate)
    inst.imm = static_cast<int32_t>(code.bits2(20, 0) << 11) >> 11;
  if (immediate && !alsoScalar)
    return true;
  inst.flags = 1;
  return scalarSlots(alsoScalar ? code.bits2(31, 25) : code.bits2(6, 0), 1, inst.src[1]);
}

} // namespace eclip::vgpu
