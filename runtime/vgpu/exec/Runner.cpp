//===- Runner.cpp - runs workgroups ---------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/Launch.h"

#include <cstdio>
#include <cstdlib>
#include <vector>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

namespace eclip::vgpu {

MemoryMap::~MemoryMap() = default;
AccessObserver::~AccessObserver() = default;

/// Puts the range first: the fast path looks only there.
bool lookUpRange(Context &context, uint64_t begin, uint64_t end, bool write) {
  if (end < begin)
    return false;
  auto covers = [&](const MemoryMap::Range &r) { return begin >= r.begin && end <= r.end && (!write || r.writable); };
  for (unsigned k = 0; k < Context::cachedRanges; ++k) {
    if (!covers(context.ranges[k]))
      continue;
    std::swap(context.ranges[0], context.ranges[k]);
    return true;
  }
  MemoryMap::Range found = context.memory->find(begin);
  if (found.end <= found.begin || !covers(found))
    return false;
  context.nextRange = context.nextRange % (Context::cachedRanges - 1) + 1;
  context.ranges[context.nextRange] = context.ranges[0];
  context.ranges[0] = found;
  return true;
}

namespace {
/// A block of bytes at an alignment, which only grows.
class Arena {
public:
  ~Arena() { free(data); }
  uint8_t *reserve(size_t bytes) {
    if (bytes > size) {
      free(data);
      size = (bytes + 4095) / 4096 * 4096;
      data = static_cast<uint8_t *>(aligned_alloc(4096, size));
      if (!data)
        size = 0;
    }
    return data;
  }

private:
  uint8_t *data = nullptr;
  size_t size = 0;
};

/// Restores the host's floating-point control.
class ControlGuard {
public:
#if defined(__SSE2__)
  ControlGuard() : saved(_mm_getcsr()) {}
  ~ControlGuard() { _mm_setcsr(saved); }

private:
  uint32_t saved;
#endif
};
} // namespace

struct WorkgroupRunner::State {
  explicit State(unsigned thread) : thread(thread) {}

  unsigned thread;
  Arena waves, lds, scratch;
  Context context;
  const MemoryMap *lastMemory = nullptr;
  uint32_t count = 0;
  uint32_t stride = 0;
  uint64_t ticks = 0;
  uint64_t instructions = 0;

  Wave &wave(uint32_t k) { return *reinterpret_cast<Wave *>(waveData + static_cast<size_t>(k) * stride); }
  uint8_t *waveData = nullptr;

  bool prepare(const Program &program, const DispatchInfo &dispatch, const uint32_t workgroup[3], RunResult &result);
  void runWave(Wave &wave);
  bool runAll(const volatile bool *abort, RunResult &result);
  void report(const Program &program, RunResult &result);
};

WorkgroupRunner::WorkgroupRunner(unsigned thread) : state(std::make_unique<State>(thread)) {}
WorkgroupRunner::~WorkgroupRunner() = default;

static RunResult failure(RunStatus status, const Program &program, const std::string &text) {
  return {status, "kernel '" + program.image.name + "': " + text, 0};
}

bool WorkgroupRunner::State::prepare(const Program &program, const DispatchInfo &dispatch,
                                     const uint32_t workgroup[3], RunResult &result) {
  uint64_t items = 1;
  for (unsigned d = 0; d < 3; ++d)
    items *= dispatch.workgroupSize[d];
  if (items == 0 || items > 1024) {
    result = failure(RunStatus::IllegalInstruction, program,
                     "a workgroup of " + std::to_string(items) + " work-items; the hardware takes 1 to 1024");
    return false;
  }
  count = static_cast<uint32_t>((items + 63) / 64);
  // Handlers may read, never use, one operand beyond the last register.
  stride = program.waveBytes;
  waveData = waves.reserve(static_cast<size_t>(stride) * count + 2048);
  uint32_t scratchItem = (std::max(dispatch.scratchBytes, program.image.scratchBytes) + 3) / 4 * 4;
  uint64_t scratchWave = static_cast<uint64_t>(scratchItem) * 64;
  uint8_t *scratchData = scratch.reserve(scratchWave * count + 64);
  uint32_t ldsBytes = std::max(dispatch.ldsBytes, program.image.ldsBytes);
  context.lds = lds.reserve(ldsBytes + 64);
  if (!waveData || !scratchData || !context.lds) {
    result = failure(RunStatus::IllegalInstruction, program, "no memory for its workgroup");
    return false;
  }
  context.ldsBytes = ldsBytes;
  WaveStart start = {program, dispatch, workgroup, 0, count, {}, reinterpret_cast<uint64_t>(scratchData), scratchWave};
  for (unsigned d = 0; d < 3; ++d) {
    uint64_t first = static_cast<uint64_t>(workgroup[d]) * dispatch.workgroupSize[d];
    uint64_t left = first < dispatch.gridSize[d] ? dispatch.gridSize[d] - first : 0;
    start.size[d] = static_cast<uint32_t>(std::min<uint64_t>(left, dispatch.workgroupSize[d]));
  }
  for (uint32_t k = 0; k < count; ++k) {
    start.index = k;
    startWave(wave(k), start);
    wave(k).context = &context;
  }
  return true;
}

void WorkgroupRunner::State::runWave(Wave &wave) {
  applyMode(wave.mode);
  wave.stop = Stop::None;
  wave.budget = yieldBudget;
  const Inst *inst = wave.resume;
  uint64_t executed = 0;
  do {
    inst = inst->run(wave, inst);
    ++executed;
  } while (inst);
  instructions += executed;
}

/// Round robin: each wave runs to a barrier, to its end, or until its budget of
/// backward branches is spent. Ended waves do not count at a barrier.
bool WorkgroupRunner::State::runAll(const volatile bool *abort, RunResult &result) {
  for (;;) {
    uint32_t ended = 0, waiting = 0;
    for (uint32_t k = 0; k < count; ++k) {
      Wave &current = wave(k);
      if (current.stop == Stop::None || current.stop == Stop::Yield)
        runWave(current);
      if (current.stop == Stop::Fault)
        return false;
      ended += current.stop == Stop::End;
      waiting += current.stop == Stop::Barrier;
      if (abort && *abort) {
        result.status = RunStatus::Aborted;
        return true;
      }
    }
    if (ended == count)
      return true;
    if (ended + waiting == count)
      for (uint32_t k = 0; k < count; ++k)
        if (wave(k).stop == Stop::Barrier)
          wave(k).stop = Stop::None;
  }
}

void WorkgroupRunner::State::report(const Program &program, RunResult &result) {
  char text[96];
  const Inst &inst = *context.faultInst;
  result.status = context.faultStatus;
  snprintf(text, sizeof(text), "' at 0x%llx (entry + 0x%llx): ", static_cast<unsigned long long>(program.address(inst)),
           static_cast<unsigned long long>(program.address(inst) - program.image.entryAddress));
  result.message = "kernel '" + program.image.name + "': instruction '" + program.text(inst) + text + context.faultWhat;
  if (context.faultStatus == RunStatus::MemoryFault) {
    snprintf(text, sizeof(text), " 0x%llx", static_cast<unsigned long long>(context.faultAddress));
    result.message += text;
  }
}

RunResult WorkgroupRunner::run(const Program &program, const DispatchInfo &dispatch, const uint32_t workgroup[3],
                               const MemoryMap &memory, AccessObserver *observer, const volatile bool *abort) {
  State &s = *state;
  RunResult result;
  ControlGuard guard;
  memset(static_cast<void *>(&s.context), 0, sizeof(Context));
  s.context.memory = &memory;
  s.context.observer = observer;
  s.context.thread = s.thread;
  s.context.program = &program;
  s.context.ticks = s.ticks;
  s.instructions = 0;
  if (!s.prepare(program, dispatch, workgroup, result))
    return result;
  if (!s.runAll(abort, result))
    s.report(program, result);
  s.ticks = s.context.ticks;
  result.instructions = s.instructions;
  return result;
}

} // namespace eclip::vgpu
