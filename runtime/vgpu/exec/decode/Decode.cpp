//===- Decode.cpp - follows control flow through machine code -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/decode/Builder.h"
#include "runtime/vgpu/exec/decode/Decode.h"
#include "runtime/vgpu/exec/decode/Disassembler.h"

#include <algorithm>
#include <cstdio>

namespace eclip::vgpu {

static std::string hex(uint64_t value) {
  char text[32];
  snprintf(text, sizeof(text), "0x%llx", static_cast<unsigned long long>(value));
  return text;
}

bool Builder::build(const std::string &mnemonic, const Encoding &code, Inst &inst, bool &isEnd, bool &isBranch) {
  name = mnemonic;
  modifierIndex = -1;
  if (const VectorOp *op = table.findVector(mnemonic))
    return buildVector(*op, code, inst);
  const PlainOp *op = table.findPlain(mnemonic);
  if (!op)
    return refuse("is not supported by the executor");
  isEnd = op->flags & PF_End;
  isBranch = op->flags & PF_Branch;
  switch (code.bits(31, 26)) {
  case 0x36:
    return buildDs(*op, code, inst);
  case 0x37:
    return buildFlat(*op, code, inst);
  case 0x38:
    return buildBuffer(*op, code, inst);
  default:
    return buildScalar(*op, code, inst);
  }
}

namespace {
struct Step {
  Inst inst;
  unsigned bytes = 0;
  int modifiers = -1;
  bool isBranch = false, isEnd = false;
  uint64_t target = 0; ///< code offset of a branch
};

class Decoder {
public:
  Decoder(Program &program, const OpTable &table, std::string &error)
      : program(program), builder(program, table), error(error) {}
  bool run();

private:
  bool fail(uint64_t offset, const std::string &text);
  bool decodeFrom(uint64_t offset);
  bool decodeOne(uint64_t offset, Step &step);
  bool link();

  Program &program;
  Builder builder;
  Disassembler disassembler;
  std::string &error;
  std::map<uint64_t, Step> steps;
  std::vector<uint64_t> pending;
};
} // namespace

bool Decoder::fail(uint64_t offset, const std::string &text) {
  const KernelImage &image = program.image;
  error = "kernel '" + image.name + "': " + text + " at " + hex(image.codeAddress + offset) +
          " (entry + " + hex(image.codeAddress + offset - image.entryAddress) + ")";
  return false;
}

bool Decoder::decodeOne(uint64_t offset, Step &step) {
  const KernelImage &image = program.image;
  if (offset >= image.codeBytes)
    return fail(offset, "control leaves the code");
  const auto *bytes = reinterpret_cast<const uint8_t *>(image.codeAddress + offset);
  uint64_t available = image.codeBytes - offset;
  auto decoded = disassembler.decode(bytes, available, image.codeAddress + offset);
  Encoding code;
  code.bytes = decoded.bytes;
  memcpy(code.word, bytes, std::min<uint64_t>(decoded.bytes ? decoded.bytes : available, sizeof(code.word)));
  if (decoded.bytes == 0)
    return fail(offset, "bytes " + hex(code.word[0]) + " are not an instruction");
  step.bytes = decoded.bytes;
  step.inst.codeOffset = static_cast<uint32_t>(offset);
  if (!builder.build(decoded.mnemonic, code, step.inst, step.isEnd, step.isBranch))
    return fail(offset, "instruction '" + decoded.text + "' " + builder.why());
  step.modifiers = builder.lastModifiers();
  if (!step.isBranch)
    return true;
  int64_t target = static_cast<int64_t>(offset) + 4 + 4 * static_cast<int64_t>(step.inst.imm);
  if (target < 0 || static_cast<uint64_t>(target) >= image.codeBytes)
    return fail(offset, "instruction '" + decoded.text + "' branches out of the code");
  step.target = static_cast<uint64_t>(target);
  return true;
}

bool Decoder::decodeFrom(uint64_t offset) {
  while (!steps.count(offset)) {
    Step step;
    if (!decodeOne(offset, step))
      return false;
    if (step.isBranch)
      pending.push_back(step.target);
    bool isEnd = step.isEnd;
    uint64_t next = offset + step.bytes;
    steps.emplace(offset, step);
    if (isEnd)
      return true;
    offset = next;
  }
  return true;
}

/// Lays the instructions out by address, so that the next one is the next in
/// memory, and turns targets into pointers.
bool Decoder::link() {
  std::vector<int> modifierOf;
  std::map<uint64_t, size_t> indexOf;
  program.insts.reserve(steps.size());
  uint64_t covered = 0;
  for (auto &[offset, step] : steps) {
    if (offset < covered)
      return fail(offset, "a branch goes into the middle of an instruction");
    covered = offset + step.bytes;
    indexOf[offset] = program.insts.size();
    program.insts.push_back(step.inst);
    modifierOf.push_back(step.modifiers);
  }
  for (auto &[offset, step] : steps)
    if (step.isBranch)
      program.insts[indexOf[offset]].target = &program.insts[indexOf[step.target]];
  program.entry = &program.insts[indexOf[program.image.entryAddress - program.image.codeAddress]];
  builder.finish(modifierOf);
  return true;
}

bool Decoder::run() {
  const KernelImage &image = program.image;
  if (!disassembler.ready(error))
    return false;
  if (image.entryAddress < image.codeAddress || image.entryAddress - image.codeAddress >= image.codeBytes ||
      image.entryAddress % 4) {
    error = "kernel '" + image.name + "': the entry " + hex(image.entryAddress) + " is not in the code";
    return false;
  }
  pending.push_back(image.entryAddress - image.codeAddress);
  while (!pending.empty()) {
    uint64_t offset = pending.back();
    pending.pop_back();
    if (!decodeFrom(offset))
      return false;
  }
  return link();
}

/// The MODE register at the start, from compute_pgm_rsrc1.
static bool initialMode(const KernelImage &image, uint32_t &mode, std::string &error) {
  mode = image.rsrc1 >> 12 & 0xff;
  if (image.rsrc1 >> 21 & 1)
    mode |= Mode_DX10Clamp;
  if (image.rsrc1 >> 23 & 1)
    mode |= Mode_IEEE;
  if (mode & Mode_Round)
    error = "a rounding mode other than to nearest even";
  else if ((mode & Mode_Denorm16_64) != Mode_Denorm16_64)
    error = "flushed f16 and f64 denormals";
  else
    return true;
  error = "kernel '" + image.name + "': the executor does not support " + error;
  return false;
}

std::shared_ptr<const Program> decodeProgramWith(const KernelImage &image, bool portable, std::string &error) {
  auto program = std::make_shared<Program>();
  program->image = image;
  error.clear();
  if (!initialMode(image, program->mode, error))
    return nullptr;
  if (image.properties & 0x400) {
    error = "kernel '" + image.name + "': asks for wavefronts of 32 lanes";
    return nullptr;
  }
  Decoder decoder(*program, OpTable::get(portable), error);
  if (!decoder.run())
    return nullptr;
  return program;
}

std::shared_ptr<const Program> decodeProgram(const KernelImage &image, std::string &error) {
  return decodeProgramWith(image, false, error);
}

std::string Program::text(const Inst &inst) const {
  Disassembler disassembler;
  std::string error;
  if (!disassembler.ready(error))
    return error;
  uint64_t at = address(inst);
  return disassembler
      .decode(reinterpret_cast<const uint8_t *>(at), image.codeBytes - inst.codeOffset, at)
      .text;
}

uint64_t instructionCount(const Program &program) { return program.insts.size(); }

} // namespace eclip::vgpu
