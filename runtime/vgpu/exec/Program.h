//===- Program.h - decoded instructions and the tables behind ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What decoding hands to execution. An Inst holds a handler and operands that
// are already byte offsets ("slots") into the block of memory that is a wave:
//
//   [ Wave: scalar registers and state | constants | vector registers ]
//
// so a scalar register, an inline constant and a literal are all "a scalar at a
// slot" and a handler needs only to know, for each source, row or scalar.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_PROGRAM_H
#define ECLIP_VGPU_EXEC_PROGRAM_H

#include "runtime/vgpu/exec/Executor.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::vgpu {

struct Wave;
struct Inst;

/// Executes one instruction and returns the next one, or null after setting
/// Wave::stop.
using Handler = const Inst *(*)(Wave &, const Inst *);

/// Arguments of a lane function: 64 lanes with every source in a row. A 64-bit
/// operand is two adjacent rows (low, high), 96 and 128 bits three and four.
struct LaneArgs {
  uint32_t *d;
  const uint32_t *a, *b, *c;
  uint64_t maskIn;
  uint64_t maskOut;
  uint32_t mode; ///< the wave's MODE register
};
using LanesFn = void (*)(LaneArgs &);

/// Type of a vector operand. It decides the number of rows, the meaning of
/// inline constants, and what neg, abs, clamp and omod do.
enum class Ty : uint8_t {
  None,
  B32, ///< 32 bits, integer or untyped
  F32,
  B64,
  F64,
  B16, ///< the low half of a register
  F16,
  P16, ///< two 16-bit integers
  PF16,///< two halves
  MixF32, ///< v_fma_mix: a float, or a half chosen by op_sel
  B128 ///< only v_mqsad-like; kept for row counts
};
inline unsigned rowsOf(Ty type) {
  return type == Ty::B64 || type == Ty::F64 ? 2 : type == Ty::B128 ? 4 : 1;
}

enum VectorFlags : uint32_t {
  VF_MaskIn = 1,     ///< reads a lane mask: VCC, or src2 of the VOP3 form
  VF_MaskOut = 2,    ///< writes a lane mask: VCC, or sdst of the VOP3 form
  VF_Compare = 4,    ///< the result is a lane mask and nothing else
  VF_CompareX = 8,   ///< and EXEC gets it too
  VF_Tied = 16,      ///< the last source is the destination (mac, fmac)
  VF_VccIn = 32,     ///< reads VCC whatever the encoding (v_div_fmas)
  VF_KeepHigh = 64,  ///< the other half of the destination is kept (op_sel ops)
  VF_KMiddle = 128,  ///< v_madmk: the literal is the second factor
  VF_KLast = 256,    ///< v_madak: the literal is the addend
  VF_FloatClamp = 512, ///< clamp means [0, 1]; else saturation
  VF_ScalarDst = 1024, ///< vdst names a scalar register (v_readlane)
  VF_WriteHigh = 2048, ///< the result goes to the high half (v_fma_mixhi)
  VF_NoFlush = 4096, ///< double precision: the fp32 denormal mode does not apply
  VF_DstRead = 8192  ///< the destination is read by the handler itself
};

/// One vector ALU operation. `name` is the mnemonic without its encoding.
struct VectorOp {
  const char *name;
  LanesFn lanes;
  LanesFn saturating;  ///< for integer clamp; null: clamp is refused
  Handler special;     ///< cross-lane operations run themselves
  Handler direct[8];   ///< by which sources are scalars; null: the general path
  Ty dst;
  Ty src[3];
  uint32_t flags;
};

/// Everything that is not vector ALU: one handler by name and form.
struct PlainOp {
  const char *name;
  Handler run;
  Handler alt;   ///< memory: with a scalar address; scalar ALU: null
  uint8_t rows;  ///< memory: registers read or written by the data operand
  uint8_t rows2; ///< memory: registers written by an operation that also reads
  Ty dst, src[2];  ///< scalar ALU
  uint32_t flags;
};

enum PlainFlags : uint32_t {
  PF_Store = 1,
  PF_Atomic = 2,
  PF_Two = 4,       ///< read2 / write2: two 8-bit offsets
  PF_Stride64 = 8,  ///< in units of 64 elements
  PF_Data2 = 16,    ///< LDS: the second data operand is used
  PF_NoData = 32,   ///< LDS: no data operand
  PF_Branch = 64,
  PF_End = 128,     ///< control never continues behind it
  PF_TiedDst = 256, ///< s_addk, s_cmpk: the destination field is a source
  PF_NoSource = 512,
  PF_Address = 1024 ///< needs its own code address (s_getpc)
};

/// Where tables register their operations. Plain function pointers, because the
/// tables of lanes/ are compiled for a newer machine than this may run on.
struct OpSink {
  void (*vector)(OpSink &, const VectorOp &);
  void (*plain)(OpSink &, const PlainOp &);
};

/// SDWA and DPP, and source modifiers.
struct Modifiers {
  uint8_t neg = 0, abs = 0; ///< bit s: source s. Packed: neg of the low half
  uint8_t negHi = 0;        ///< packed
  uint8_t opSel = 0, opSelHi = 7;
  uint8_t omod = 0;
  bool clamp = false;
  bool packed = false;
  bool opSelUsed = false; ///< VOP3 with op_sel on 16-bit operands
  bool sdwa = false, dpp = false;
  uint8_t sdwaSel[2] = {6, 6};
  bool sdwaSext[2] = {false, false};
  uint8_t dstSel = 6, dstUnused = 0;
  uint16_t dppCtrl = 0;
  bool boundCtrl = false;
  uint8_t bankMask = 15, rowMask = 15;
};

/// One decoded instruction.
struct Inst {
  Handler run = nullptr;
  const VectorOp *op = nullptr;
  const Modifiers *mods = nullptr; ///< null: none
  const Inst *target = nullptr;    ///< of a branch
  uint32_t dst = 0;                ///< slot
  uint32_t src[3] = {0, 0, 0};     ///< slots
  uint32_t maskDst = 0, maskSrc = 0;
  int32_t imm = 0;
  int32_t imm2 = 0;
  uint32_t codeOffset = 0;         ///< from Program::image.codeAddress
  uint8_t scalars = 0;             ///< bit s: source s is a scalar
  uint8_t flags = 0;               ///< of the family
};

/// A kernel, decoded.
class Program {
public:
  KernelImage image;
  std::vector<Inst> insts;         ///< by address; execution starts at `entry`
  const Inst *entry = nullptr;
  std::vector<Modifiers> modifiers;
  std::vector<uint32_t> constants; ///< copied behind the Wave
  uint32_t vectorBase = 0;         ///< slot of v0
  uint32_t vectorCount = 0;        ///< registers that exist in a wave block
  uint32_t waveBytes = 0;
  uint32_t mode = 0;               ///< initial MODE register

  /// The assembly text of one instruction; decodes again, so only for messages.
  std::string text(const Inst &inst) const;
  uint64_t address(const Inst &inst) const {
    return image.codeAddress + inst.codeOffset;
  }
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_PROGRAM_H
