//===- Builder.h - turns encodings into Insts -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_DECODE_BUILDER_H
#define ECLIP_VGPU_EXEC_DECODE_BUILDER_H

#include "runtime/vgpu/exec/Wave.h"
#include "runtime/vgpu/exec/decode/OpTable.h"

#include <map>
#include <string>
#include <vector>

namespace eclip::vgpu {

/// The dwords of one instruction.
struct Encoding {
  uint32_t word[4] = {0, 0, 0, 0};
  unsigned bytes = 0;
  uint32_t bits(unsigned high, unsigned low) const { return word[0] >> low & ((2u << (high - low)) - 1); }
  uint32_t bits2(unsigned high, unsigned low) const { return word[1] >> low & ((2u << (high - low)) - 1); }
};

/// Operands as slots. Vector slots carry `vectorTag` until the number of
/// constants, which lie before the vector registers, is known.
class Builder {
public:
  static constexpr uint32_t vectorTag = 0x80000000u;

  Builder(Program &program, const OpTable &table) : program(program), table(table) {}

  /// Fills `inst`; false, with why(), if the executor refuses it.
  bool build(const std::string &mnemonic, const Encoding &code, Inst &inst, bool &isEnd, bool &isBranch);
  const std::string &why() const { return reason; }
  /// Turns tagged slots into real ones; the program's layout is final then.
  void finish(std::vector<int> &modifierOf);
  /// Index into Program::modifiers for the instruction just built, or -1.
  int lastModifiers() const { return modifierIndex; }

private:
  bool refuse(const std::string &text);

  // Operands (Operands.cpp).
  uint32_t constant(uint64_t value, bool wide);
  bool vectorSlot(unsigned reg, unsigned rows, uint32_t &slot);
  bool scalarSlots(unsigned reg, unsigned count, uint32_t &slot);
  bool scalarSource(unsigned code, Ty type, uint32_t literal, uint32_t &slot);
  bool source(unsigned code, Ty type, uint32_t literal, Inst &inst, unsigned s);

  // Scalar encodings (BuildScalar.cpp).
  bool buildScalar(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildSop2(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildSop1(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildSopk(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildSopc(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildSopp(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildSmem(const PlainOp &op, const Encoding &code, Inst &inst);

  // Memory encodings (BuildMemory.cpp).
  bool buildDs(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildFlat(const PlainOp &op, const Encoding &code, Inst &inst);
  bool buildBuffer(const PlainOp &op, const Encoding &code, Inst &inst);

  // Vector encodings (BuildVector.cpp).
  bool buildVector(const VectorOp &op, const Encoding &code, Inst &inst);
  bool buildShort(const VectorOp &op, const Encoding &code, Inst &inst, Modifiers &m);
  bool buildSdwa(const VectorOp &op, const Encoding &code, bool isCompare, Inst &inst, Modifiers &m);
  bool buildDpp(const Encoding &code, Inst &inst, const VectorOp &op, Modifiers &m);
  bool buildVop3(const VectorOp &op, const Encoding &code, Inst &inst, Modifiers &m);
  bool buildVop3p(const VectorOp &op, const Encoding &code, Inst &inst, Modifiers &m);
  bool vectorDestination(const VectorOp &op, unsigned field, Inst &inst);
  bool checkModifiers(const VectorOp &op, const Modifiers &m);

  Program &program;
  const OpTable &table;
  std::string name, reason;
  std::map<std::pair<uint64_t, bool>, uint32_t> constants;
  unsigned vectors = 3; ///< v0 to v2 hold the work-item's ids
  int modifierIndex = -1;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_DECODE_BUILDER_H
