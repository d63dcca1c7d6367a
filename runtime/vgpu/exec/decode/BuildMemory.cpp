//===- BuildMemory.cpp - DS, FLAT and MUBUF encodings ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/Builder.h"

namespace eclip::vgpu {

bool Builder::buildDs(const PlainOp &op, const Encoding &code, Inst &inst) {
  inst.run = op.run;
  if (code.bits(16, 16))
    return refuse("accesses GDS");
  uint32_t offset0 = code.bits(7, 0), offset1 = code.bits(15, 8);
  inst.imm = static_cast<int32_t>(code.bits(15, 0));
  if (op.flags & PF_Two) {
    uint32_t unit = op.flags & PF_NoData ? op.rows2 * 2u : op.rows * 4u;
    unit *= op.flags & PF_Stride64 ? 64 : 1;
    inst.imm = static_cast<int32_t>(offset0 * unit);
    inst.imm2 = static_cast<int32_t>(offset1 * unit);
  }
  // Two neighbours are one access of twice the width.
  if ((op.flags & PF_Two) && (op.flags & PF_NoData) && offset1 == offset0 + 1 && !(op.flags & PF_Stride64))
    inst.run = table.findPlain(op.rows2 == 2 ? "ds_read_b64" : "ds_read_b128")->run;
  if (name == "ds_swizzle_b32" && inst.imm >= 0xe000)
    return refuse("uses the FFT mode of ds_swizzle");
  if (!vectorSlot(code.bits2(7, 0), 1, inst.src[0]))
    return false;
  // Handlers of atomics form the addresses of data operands that they do not
  // use; point those at the address row.
  inst.src[1] = inst.src[2] = inst.src[0];
  if (!(op.flags & PF_NoData) && !vectorSlot(code.bits2(15, 8), op.rows, inst.src[1]))
    return false;
  if ((op.flags & PF_Data2) && !vectorSlot(code.bits2(23, 16), op.rows, inst.src[2]))
    return false;
  if (op.flags & PF_Atomic && !(op.flags & PF_Data2)) // the unused operand is read as well
    inst.src[2] = inst.src[1];
  return op.rows2 == 0 || vectorSlot(code.bits2(31, 24), op.rows2, inst.dst);
}

bool Builder::buildFlat(const PlainOp &op, const Encoding &code, Inst &inst) {
  unsigned segment = code.bits(15, 14), scalarAddress = code.bits2(22, 16);
  if (code.bits(13, 13))
    return refuse("loads to LDS");
  bool hasScalar = segment != 0 && scalarAddress != 0x7f;
  inst.run = hasScalar ? op.alt : op.run;
  inst.imm = segment == 0 ? static_cast<int32_t>(code.bits(11, 0)) : static_cast<int32_t>(code.bits(12, 0) << 19) >> 19;
  if (hasScalar && !scalarSlots(scalarAddress, segment == 2 ? 2 : 1, inst.src[2]))
    return false;
  bool hasVector = !(segment == 1 && hasScalar);
  unsigned addressRows = hasScalar || segment == 1 ? 1 : 2;
  if (hasVector && !vectorSlot(code.bits2(7, 0), addressRows, inst.src[0]))
    return false;
  if (!(op.flags & PF_NoData) && !vectorSlot(code.bits2(15, 8), op.rows, inst.src[1]))
    return false;
  bool returns = !(op.flags & PF_Atomic) || code.bits(16, 16);
  inst.flags = (op.flags & PF_Atomic) && returns;
  if (op.rows2 == 0 || !returns)
    return true;
  return vectorSlot(code.bits2(31, 24), op.rows2, inst.dst);
}

bool Builder::buildBuffer(const PlainOp &op, const Encoding &code, Inst &inst) {
  inst.run = op.run;
  if (op.rows == 0 && op.rows2 == 0)
    return true; // cache control
  if (code.bits(16, 16))
    return refuse("loads to LDS");
  if (code.bits2(23, 23))
    return refuse("asks for a texture-fail status");
  inst.imm = static_cast<int32_t>(code.bits(11, 0));
  inst.imm2 = static_cast<int32_t>(code.bits(13, 12)); // idxen, offen
  unsigned addressRows = (code.bits(13, 13) ? 1u : 0u) + (code.bits(12, 12) ? 1u : 0u);
  // Without an address operand the field is ignored; keep the slot in bounds.
  if (!vectorSlot(addressRows ? code.bits2(7, 0) : 0, std::max(addressRows, 1u), inst.src[0]))
    return false;
  if (!scalarSource(code.bits2(31, 24), Ty::B32, 0, inst.src[2]) ||
      !scalarSlots(code.bits2(20, 16) * 4, 4, inst.maskSrc))
    return false;
  unsigned rows = std::max(op.rows, op.rows2);
  if (!vectorSlot(code.bits2(15, 8), rows, inst.src[1]))
    return false;
  inst.dst = inst.src[1];
  inst.flags = (op.flags & PF_Atomic) && code.bits(14, 14);
  return true;
}

} // namespace eclip::vgpu
