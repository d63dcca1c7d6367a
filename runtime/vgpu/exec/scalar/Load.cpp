//===- Load.cpp - scalar memory -------------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/scalar/Scalar.h"

namespace eclip::vgpu {

bool lookUpRange(Context &context, uint64_t begin, uint64_t end, bool write);

using namespace scalar;

static bool readable(Wave &wave, uint64_t address, uint32_t bytes) {
  Context &context = *wave.context;
  const MemoryMap::Range &last = context.ranges[0];
  if (address >= last.begin && address + bytes <= last.end)
    return true;
  // Constants that lie in the code object itself.
  const KernelImage &image = context.program->image;
  if (address >= image.codeAddress && address + bytes <= image.codeAddress + image.codeBytes)
    return true;
  return lookUpRange(context, address, address + bytes, false);
}

static void observe(Wave &wave, uint64_t address, uint32_t bytes) {
  Context &context = *wave.context;
  if (!context.observer)
    return;
  // One lane stands for the wave; dwords keep within the observer's sizes.
  uint64_t list[64] = {};
  for (uint32_t k = 0; k < bytes / 4; ++k)
    list[k] = address + 4 * k;
  context.observer->access(list, bytes == 256 ? ~0ull : (1ull << bytes / 4) - 1, 4, false, context.thread);
}

static uint64_t offsetOf(Wave &wave, const Inst *inst) {
  uint64_t scalarPart = inst->flags ? *wave.at(inst->src[1]) : 0;
  return scalarPart + static_cast<uint64_t>(static_cast<int64_t>(inst->imm));
}

template <unsigned words> static const Inst *load(Wave &wave, const Inst *inst) {
  uint64_t address = (wave.wide(inst->src[0]) + offsetOf(wave, inst)) & ~3ull;
  if (!readable(wave, address, 4 * words))
    return fault(wave, inst, RunStatus::MemoryFault, "scalar read outside the live allocations at", address);
  observe(wave, address, 4 * words);
  memcpy(wave.at(inst->dst), reinterpret_cast<const void *>(address), 4 * words);
  return inst + 1;
}

/// Dwords beyond the buffer's records read as zero.
template <unsigned words> static const Inst *bufferLoad(Wave &wave, const Inst *inst) {
  uint32_t descriptor[4], value[words] = {};
  memcpy(descriptor, wave.at(inst->src[0]), 16);
  uint64_t offset = offsetOf(wave, inst) & ~3ull;
  uint64_t base = (descriptor[0] | static_cast<uint64_t>(descriptor[1] & 0xffff) << 32) & ~3ull;
  uint64_t stride = descriptor[1] >> 16 & 0x3fff;
  uint64_t size = stride ? stride * descriptor[2] : descriptor[2];
  for (unsigned k = 0; k < words; ++k) {
    uint64_t at = offset + 4 * k;
    if (at + 4 > size)
      continue;
    if (!readable(wave, base + at, 4))
      return fault(wave, inst, RunStatus::MemoryFault, "scalar buffer read outside the live allocations at", base + at);
    observe(wave, base + at, 4);
    memcpy(&value[k], reinterpret_cast<const void *>(base + at), 4);
  }
  memcpy(wave.at(inst->dst), value, sizeof(value));
  return inst + 1;
}

static const Inst *readTime(Wave &wave, const Inst *inst) {
  wave.setWide(inst->dst, ++wave.context->ticks);
  return inst + 1;
}
static const Inst *nothing(Wave &, const Inst *inst) { return inst + 1; }

void addScalarMemoryOps(OpSink &s) {
  auto add = [&](const char *name, Handler run, unsigned words, Ty base) {
    PlainOp op = {name, run, nullptr, 0, static_cast<uint8_t>(words), Ty::None, {base, Ty::None}, 0};
    s.plain(s, op);
  };
  add("s_load_dword", load<1>, 1, Ty::B64);
  add("s_load_dwordx2", load<2>, 2, Ty::B64);
  add("s_load_dwordx4", load<4>, 4, Ty::B64);
  add("s_load_dwordx8", load<8>, 8, Ty::B64);
  add("s_load_dwordx16", load<16>, 16, Ty::B64);
  add("s_buffer_load_dword", bufferLoad<1>, 1, Ty::B128);
  add("s_buffer_load_dwordx2", bufferLoad<2>, 2, Ty::B128);
  add("s_buffer_load_dwordx4", bufferLoad<4>, 4, Ty::B128);
  add("s_buffer_load_dwordx8", bufferLoad<8>, 8, Ty::B128);
  add("s_buffer_load_dwordx16", bufferLoad<16>, 16, Ty::B128);
  add("s_memtime", readTime, 2, Ty::None);
  add("s_memrealtime", readTime, 2, Ty::None);
  for (const char *name : {"s_dcache_inv", "s_dcache_inv_vol", "s_dcache_wb", "s_dcache_wb_vol"})
    add(name, nothing, 0, Ty::None);
}

} // namespace eclip::vgpu
