//===- Machine.cpp - one wave with its registers in the open --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Machine.h"

#include "Assembler.h"
#include "runtime/vgpu/exec/Launch.h"
#include "runtime/vgpu/exec/decode/Decode.h"

#include <cstdlib>

namespace eclip::vgpu::test {

bool Machine::load(const std::string &text, bool portable) {
  error.clear();
  std::vector<uint8_t> bytes = assemble(text + "\ns_endpgm\n", error);
  return error.empty() && loadBytes(std::move(bytes), portable);
}

bool Machine::loadBytes(std::vector<uint8_t> bytes, bool portable) {
  code = std::move(bytes);
  KernelImage image;
  image.name = "test";
  image.codeAddress = image.entryAddress = reinterpret_cast<uint64_t>(code.data());
  image.codeBytes = code.size();
  image.rsrc1 = 0xf0 << 12 | 1 << 21 | 1 << 23;
  program = decodeProgramWith(image, portable, error);
  return program != nullptr;
}

bool Machine::run(Registers &r) {
  size_t bytes = (program->waveBytes + 4096) / 64 * 64;
  block = {static_cast<uint8_t *>(aligned_alloc(64, bytes)), free};
  memset(block.get(), 0, bytes);
  Wave &wave = *reinterpret_cast<Wave *>(block.get());
  memcpy(wave.scalar, r.s, sizeof(wave.scalar));
  wave.scc = r.scc;
  wave.mode = r.mode;
  wave.budget = 1 << 20;
  wave.resume = program->entry;
  wave.context = &context;
  context.memory = &memory;
  context.program = program.get();
  context.lds = lds.data();
  context.ldsBytes = static_cast<uint32_t>(lds.size());
  wave.scratchBase = reinterpret_cast<uint64_t>(scratch.data());
  wave.scratchEnd = wave.scratchBase + scratch.size();
  memcpy(wave.at(sizeof(Wave)), program->constants.data(), 4 * program->constants.size());
  memcpy(wave.at(program->vectorBase), r.v, 256 * std::min(program->vectorCount, 64u));
  applyMode(wave.mode);
  const Inst *inst = program->entry;
  while (inst)
    inst = inst->run(wave, inst);
  applyMode(Mode_Denorm32);
  memcpy(r.s, wave.scalar, sizeof(wave.scalar));
  r.scc = wave.scc;
  r.mode = wave.mode;
  memcpy(r.v, wave.at(program->vectorBase), 256 * std::min(program->vectorCount, 64u));
  return wave.stop == Stop::End;
}

} // namespace eclip::vgpu::test
