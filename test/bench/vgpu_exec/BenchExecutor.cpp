//===- BenchExecutor.cpp - wavefront instructions per second --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Inner loops as code generation writes them: how many wavefront instructions a
// second one host thread executes. `portable` is the executor's plain C++, the
// others run on the host's vector unit.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/Executor.h"
#include "runtime/vgpu/exec/decode/Decode.h"
#include "test/unit/vgpu_exec/Assembler.h"

#include <benchmark/benchmark.h>

#include <string>
#include <vector>

using namespace eclip::vgpu;

namespace {

class Buffers : public MemoryMap {
public:
  std::vector<float> data = std::vector<float>(1 << 20, 1.0f);
  Range find(uint64_t) const override {
    uint64_t begin = reinterpret_cast<uint64_t>(data.data());
    return {begin, begin + 4 * data.size(), true};
  }
};

std::string number(const char *prefix, unsigned n) { return prefix + std::to_string(n); }

/// An outer product of 8 by 8 for each lane: two wide LDS reads of each side,
/// 64 multiply-adds.
std::string gemmStep(unsigned k) {
  std::string text;
  for (unsigned part = 0; part < 4; ++part) {
    unsigned reg = 80 + 4 * part;
    text += "ds_read_b128 v[" + std::to_string(reg) + ":" + std::to_string(reg + 3) + "], " +
            (part < 2 ? "v70" : "v71") + " offset:" + std::to_string(k * 512 + part % 2 * 16) + "\n";
  }
  for (unsigned i = 0; i < 8; ++i)
    for (unsigned j = 0; j < 8; ++j)
      text += number("v_fmac_f32 v", 2 + 8 * i + j) + number(", v", 80 + i) + number(", v", 88 + j) + "\n";
  return text;
}

std::string loop(const std::string &body, unsigned count) {
  return "s_mov_b32 s20, " + std::to_string(count) + "\nloop:\n" + body +
         "s_sub_u32 s20, s20, 1\ns_cmp_lg_u32 s20, 0\ns_cbranch_scc1 loop\ns_endpgm\n";
}

std::string gemm() {
  std::string body = "s_barrier\n";
  for (unsigned k = 0; k < 8; ++k)
    body += gemmStep(k);
  // Lane l holds row l / 16 and column l % 16 of the wave's tile.
  return "v_lshrrev_b32 v70, 4, v0\nv_lshlrev_b32 v70, 5, v70\nv_and_b32 v71, 15, v0\nv_lshlrev_b32 v71, 5, v71\n" +
         loop(body, 64);
}

std::string registersOnly() {
  std::string body;
  for (unsigned i = 0; i < 64; ++i)
    body += number("v_fmac_f32 v", 2 + i) + number(", v", 80 + i % 8) + number(", v", 88 + i / 8) + "\n";
  return loop(body, 500);
}

/// Loads, adds, clamps and stores 16 bytes a lane.
std::string pointwise() {
  std::string body = "global_load_dwordx4 v[4:7], v1, s[2:3]\nglobal_load_dwordx4 v[8:11], v1, s[2:3] offset:1024\n";
  for (unsigned k = 4; k < 8; ++k)
    body += number("v_add_f32 v", k) + number(", v", k) + number(", v", k + 4) + "\n" + number("v_max_f32 v", k) +
            number(", 0, v", k) + "\n";
  body += "global_store_dwordx4 v1, v[4:7], s[2:3] offset:2048\n";
  return "v_lshlrev_b32 v1, 4, v0\n" + loop(body, 1000);
}

void run(benchmark::State &state, const std::string &text, bool portable) {
  std::string error;
  std::vector<uint8_t> code = eclip::vgpu::test::assemble(text, error);
  if (code.empty()) {
    state.SkipWithError(error.c_str());
    return;
  }
  Buffers memory;
  KernelImage image;
  image.name = "bench";
  image.codeAddress = image.entryAddress = reinterpret_cast<uint64_t>(code.data());
  image.codeBytes = code.size();
  image.rsrc1 = 0xf0 << 12 | 1 << 21 | 1 << 23;
  image.properties = 2 | 4; // two pointers: s[2:3], the queue's, is the buffer
  image.rsrc2 = 4 << 1;
  DispatchInfo dispatch = {};
  dispatch.gridSize[0] = 256;
  dispatch.workgroupSize[0] = 256;
  dispatch.gridSize[1] = dispatch.gridSize[2] = 1;
  dispatch.workgroupSize[1] = dispatch.workgroupSize[2] = 1;
  dispatch.queueAddress = reinterpret_cast<uint64_t>(memory.data.data());
  dispatch.ldsBytes = 8192;
  auto program = decodeProgramWith(image, portable, error);
  if (!program) {
    state.SkipWithError(error.c_str());
    return;
  }
  WorkgroupRunner runner(0);
  uint32_t workgroup[3] = {0, 0, 0};
  uint64_t instructions = 0;
  for (auto _ : state) {
    RunResult result = runner.run(*program, dispatch, workgroup, memory, nullptr, nullptr);
    if (result.status != RunStatus::Ok) {
      state.SkipWithError(result.message.c_str());
      return;
    }
    instructions += result.instructions;
  }
  state.counters["wave_inst"] = benchmark::Counter(static_cast<double>(instructions), benchmark::Counter::kIsRate);
}

} // namespace

BENCHMARK_CAPTURE(run, gemm, gemm(), false);
BENCHMARK_CAPTURE(run, gemm_portable, gemm(), true);
BENCHMARK_CAPTURE(run, fmac_registers, registersOnly(), false);
BENCHMARK_CAPTURE(run, pointwise, pointwise(), false);
BENCHMARK_MAIN();
