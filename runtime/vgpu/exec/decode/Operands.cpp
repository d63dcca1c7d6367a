//===- Operands.cpp - operand codes become slots --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/Builder.h"

namespace eclip::vgpu {

/// Inline constants 240 to 248: 0.5, -0.5, 1, -1, 2, -2, 4, -4, 1/(2 pi).
static uint64_t inlineFloat(unsigned code, Ty type) {
  static const uint16_t half[9] = {0x3800, 0xb800, 0x3c00, 0xbc00, 0x4000, 0xc000, 0x4400, 0xc400, 0x3118};
  static const uint32_t single[9] = {0x3f000000, 0xbf000000, 0x3f800000, 0xbf800000, 0x40000000,
                                     0xc0000000, 0x40800000, 0xc0800000, 0x3e22f983};
  static const uint64_t wide[9] = {0x3fe0000000000000, 0xbfe0000000000000, 0x3ff0000000000000,
                                   0xbff0000000000000, 0x4000000000000000, 0xc000000000000000,
                                   0x4010000000000000, 0xc010000000000000, 0x3fc45f306dc9c882};
  unsigned k = code - 240;
  switch (type) {
  case Ty::F64:
  case Ty::B64:
    return wide[k];
  case Ty::F16:
  case Ty::B16:
  case Ty::PF16:
    return half[k];
  default:
    return single[k];
  }
}

bool Builder::refuse(const std::string &text) {
  reason = text;
  return false;
}

uint32_t Builder::constant(uint64_t value, bool wide) {
  if (!wide)
    value &= 0xffffffffu;
  auto [found, isNew] = constants.try_emplace({value, wide}, 0);
  if (isNew) {
    found->second = static_cast<uint32_t>(sizeof(Wave) + 4 * program.constants.size());
    program.constants.push_back(static_cast<uint32_t>(value));
    if (wide)
      program.constants.push_back(static_cast<uint32_t>(value >> 32));
  }
  return found->second;
}

bool Builder::vectorSlot(unsigned reg, unsigned rows, uint32_t &slot) {
  if (reg + rows > 256)
    return refuse("names vector registers beyond v255");
  vectors = std::max(vectors, reg + rows);
  slot = vectorTag + reg * 256;
  return true;
}

bool Builder::scalarSlots(unsigned reg, unsigned count, uint32_t &slot) {
  if (reg >= 108 && reg < 124)
    return refuse("uses trap-handler registers");
  // Wide operands may not run from the numbered registers into the others.
  if (reg + count > 128 || (reg < 102 && reg + count > 102) || reg == 125)
    return refuse("names scalar registers that do not exist");
  slot = scalarSlot(reg);
  return true;
}

bool Builder::scalarSource(unsigned code, Ty type, uint32_t literal, uint32_t &slot) {
  bool wide = type == Ty::B64 || type == Ty::F64;
  if (code < 128)
    return scalarSlots(code, wide ? 2 : 1, slot);
  if (code <= 192) {
    slot = constant(code - 128, wide);
  } else if (code <= 208) {
    slot = constant(static_cast<uint64_t>(-static_cast<int64_t>(code - 192)), wide);
  } else if (code >= 240 && code <= 248) {
    slot = constant(inlineFloat(code, type), wide);
  } else if (code == 255) {
    slot = constant(type == Ty::F64 ? static_cast<uint64_t>(literal) << 32 : literal, wide);
  } else if (code == SR_SharedBase && wide) {
    slot = constant(static_cast<uint64_t>(sharedAperture) << 32, true);
  } else if (code == SR_PrivateBase && wide) {
    slot = constant(static_cast<uint64_t>(privateAperture) << 32, true);
  } else if (code == SR_Scc && !wide) {
    slot = sccSlot;
  } else {
    return refuse("reads a source operand (code " + std::to_string(code) + ") that is not supported");
  }
  return true;
}

bool Builder::source(unsigned code, Ty type, uint32_t literal, Inst &inst, unsigned s) {
  if (code >= 256)
    return vectorSlot(code - 256, rowsOf(type), inst.src[s]);
  inst.scalars |= static_cast<uint8_t>(1u << s);
  return scalarSource(code, type, literal, inst.src[s]);
}

void Builder::finish(std::vector<int> &modifierOf) {
  program.vectorCount = vectors;
  program.vectorBase = static_cast<uint32_t>((sizeof(Wave) + 4 * program.constants.size() + 63) / 64 * 64);
  program.waveBytes = program.vectorBase + vectors * 256;
  auto fix = [&](uint32_t &slot) {
    if (slot & vectorTag)
      slot = program.vectorBase + (slot & ~vectorTag);
  };
  for (size_t k = 0; k < program.insts.size(); ++k) {
    Inst &inst = program.insts[k];
    fix(inst.dst);
    for (uint32_t &slot : inst.src)
      fix(slot);
    fix(inst.maskDst);
    fix(inst.maskSrc);
    if (modifierOf[k] >= 0)
      inst.mods = &program.modifiers[static_cast<size_t>(modifierOf[k])];
  }
}

} // namespace eclip::vgpu
