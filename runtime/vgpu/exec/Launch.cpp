//===- Launch.cpp - registers at the start of a wave ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/Launch.h"

namespace eclip::vgpu {

namespace {
/// Hands out scalar registers in order. The enabled ones never exceed the
/// 16 user registers and 5 system ones, so there is no bound to check.
class ScalarCursor {
public:
  explicit ScalarCursor(Wave &wave) : wave(wave) {}
  void put(uint32_t value) {
    if (next < 102)
      wave.scalar[next++] = value;
  }
  void put64(uint64_t value) {
    put(static_cast<uint32_t>(value));
    put(static_cast<uint32_t>(value >> 32));
  }
  void skipTo(unsigned reg) { next = reg > next ? reg : next; }

private:
  Wave &wave;
  unsigned next = 0;
};
} // namespace

/// A descriptor for the interleaved private segment: swizzled, the lane added
/// as the index, elements of 4 bytes, 64 lanes to a stride.
static void putScratchDescriptor(ScalarCursor &scalars, uint64_t base) {
  scalars.put(static_cast<uint32_t>(base));
  scalars.put(static_cast<uint32_t>(base >> 32 & 0xffff) | 1u << 31);
  scalars.put(0xffffffffu);
  scalars.put(1u << 19 | 3u << 21 | 1u << 23);
}

static void setScalars(Wave &wave, const WaveStart &start) {
  const KernelImage &image = start.program.image;
  const DispatchInfo &dispatch = start.dispatch;
  uint16_t properties = image.properties;
  uint64_t offset = start.index * start.scratchBytes;
  ScalarCursor scalars(wave);
  if (properties & 1)
    putScratchDescriptor(scalars, start.scratch);
  if (properties & 2)
    scalars.put64(dispatch.packetAddress);
  if (properties & 4)
    scalars.put64(dispatch.queueAddress);
  if (properties & 8)
    scalars.put64(dispatch.kernargAddress);
  if (properties & 16)
    scalars.put64(dispatch.dispatchId);
  if (properties & 32)
    scalars.put64(start.scratch);
  if (properties & 64)
    scalars.put(dispatch.scratchBytes);
  scalars.skipTo(image.rsrc2 >> 1 & 31);
  for (unsigned d = 0; d < 3; ++d)
    if (image.rsrc2 >> (7 + d) & 1)
      scalars.put(start.workgroup[d]);
  if (image.rsrc2 >> 10 & 1)
    scalars.put((start.index == 0 ? 1u << 31 : 0u) | (start.waves & 63));
  // The offset of this wave's scratch, which the prologue adds to a base.
  if (image.rsrc2 & 1)
    scalars.put(static_cast<uint32_t>(offset));
}

static void setVectors(Wave &wave, const WaveStart &start) {
  uint32_t *rows = wave.at(start.program.vectorBase);
  // Ids are of the full workgroup; a partial one is cut off at the grid's edge.
  const uint16_t *full = start.dispatch.workgroupSize;
  uint64_t exec = 0;
  for (uint32_t l = 0; l < 64; ++l) {
    uint32_t item = start.index * 64 + l;
    uint32_t id[3] = {item % full[0], item / full[0] % full[1], item / full[0] / full[1]};
    for (unsigned d = 0; d < 3; ++d)
      rows[64 * d + l] = id[d];
    bool live = id[0] < start.size[0] && id[1] < start.size[1] && id[2] < start.size[2];
    exec |= static_cast<uint64_t>(live) << l;
  }
  wave.setExec(exec);
}

void startWave(Wave &wave, const WaveStart &start) {
  memset(&wave, 0, sizeof(Wave));
  const Program &program = start.program;
  memset(wave.at(program.vectorBase), 0, program.vectorCount * 256);
  memcpy(wave.at(sizeof(Wave)), program.constants.data(), 4 * program.constants.size());
  wave.mode = program.mode;
  wave.budget = yieldBudget;
  wave.resume = program.entry;
  wave.scratchBase = start.scratch + start.index * start.scratchBytes;
  wave.scratchEnd = wave.scratchBase + start.scratchBytes;
  setScalars(wave, start);
  setVectors(wave, start);
}

} // namespace eclip::vgpu
