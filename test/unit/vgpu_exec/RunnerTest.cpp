//===- RunnerTest.cpp - decoding, launching and running workgroups --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Assembler.h"
#include "Machine.h"

#include <atomic>
#include <gtest/gtest.h>
#include <thread>

namespace eclip::vgpu::test {
namespace {

/// A kernel, its memory and a dispatch of it.
class Kernel {
public:
  /// rsrc2 bits 7 to 9 ask for workgroup ids, bits 11 and 12 for item ids.
  explicit Kernel(const std::string &text, bool end = true) {
    std::string message;
    code = assemble(text + (end ? "\ns_endpgm\n" : "\n"), message);
    EXPECT_TRUE(message.empty()) << message;
    image.name = "kernel";
    image.codeAddress = image.entryAddress = reinterpret_cast<uint64_t>(code.data());
    image.codeBytes = code.size();
    image.rsrc1 = 0xf0 << 12 | 1 << 21 | 1 << 23;
    image.properties = 8; // the kernarg pointer in s[0:1]
    image.rsrc2 = 2 << 1 | 7 << 7 | 2 << 11;
    out.resize(4096);
    dispatch = {};
    for (unsigned d = 0; d < 3; ++d)
      dispatch.gridSize[d] = dispatch.workgroupSize[d] = 1;
    dispatch.gridSize[0] = dispatch.workgroupSize[0] = 64;
    args[0] = reinterpret_cast<uint64_t>(out.data());
    dispatch.kernargAddress = reinterpret_cast<uint64_t>(args);
    memory.list = {{args[0], args[0] + 4 * out.size(), true},
                   {dispatch.kernargAddress, dispatch.kernargAddress + sizeof(args), false}};
  }
  std::shared_ptr<const Program> decode() { return decodeProgram(image, error); }
  RunResult run(uint32_t x = 0, uint32_t y = 0, uint32_t z = 0) {
    std::shared_ptr<const Program> program = decode();
    EXPECT_TRUE(program) << error;
    if (!program)
      return {RunStatus::IllegalInstruction, error, 0};
    uint32_t workgroup[3] = {x, y, z};
    return runner.run(*program, dispatch, workgroup, memory, observer, abort);
  }
  void shape(uint32_t gx, uint32_t gy, uint32_t gz, uint16_t wx, uint16_t wy, uint16_t wz) {
    uint32_t grid[3] = {gx, gy, gz};
    uint16_t group[3] = {wx, wy, wz};
    memcpy(dispatch.gridSize, grid, sizeof(grid));
    memcpy(dispatch.workgroupSize, group, sizeof(group));
  }

  std::vector<uint8_t> code;
  KernelImage image;
  DispatchInfo dispatch;
  std::vector<uint32_t> out;
  alignas(16) uint64_t args[8] = {};
  Ranges memory;
  AccessObserver *observer = nullptr;
  const volatile bool *abort = nullptr;
  std::string error;
  WorkgroupRunner runner{3};
};

const char loadOut[] = "s_load_dwordx2 s[10:11], s[0:1], 0x0\ns_waitcnt lgkmcnt(0)\n";

// Refusals.
TEST(Refuse, UnknownInstructionByNameAndAddress) {
  Kernel k("s_nop 0\ns_nop 0\ns_setpc_b64 s[4:5]");
  EXPECT_FALSE(k.decode());
  char address[32];
  snprintf(address, sizeof(address), "0x%llx", static_cast<unsigned long long>(k.image.codeAddress + 8));
  EXPECT_EQ(k.error, std::string("kernel 'kernel': instruction 's_setpc_b64 s[4:5]' is not supported by the executor at ") +
                         address + " (entry + 0x8)");
}
TEST(Refuse, EveryKindOfUnsupportedOperand) {
  struct Case {
    const char *text, *why;
  };
  for (const Case &c : {Case{"ds_read_b32 v0, v1 gds", "accesses GDS"},
                        {"ds_swizzle_b32 v0, v1 offset:0xe001", "FFT mode"},
                        {"buffer_load_dword v0, s[0:3], 0 lds", ""},
                        {"buffer_load_dword v0, off, s[0:3], 0 tfe", "texture-fail"},
                        {"s_getreg_b32 s0, hwreg(HW_REG_HW_ID)", "hardware register"},
                        {"s_setreg_imm32_b32 hwreg(HW_REG_TRAPSTS), 0", "hardware register"},
                        {"s_mov_b32 s0, ttmp0", "trap-handler"},
                        {"s_mov_b32 s0, src_vccz", "source operand"},
                        {"v_mov_b32 v0, src_lds_direct", "source operand"},
                        {"v_mul_lo_u32 v0, v1, v2\ns_sendmsg sendmsg(MSG_INTERRUPT)", "not supported"},
                        {"v_mad_i32_i16 v0, v1, v2, v3 clamp", "clamp"},
                        {"image_load v0, v0, s[0:7]", "not supported"},
                        {"exp mrt0 v0, v0, v0, v0", "not supported"},
                        {"tbuffer_load_format_x v0, off, s[0:3], dfmt:1, nfmt:0, 0", "not supported"},
                        {"s_set_gpr_idx_on s0, 1", "not supported"},
                        {"s_store_dword s0, s[2:3], 0x0", "not supported"}}) {
    std::string message;
    if (assemble(c.text, message).empty())
      continue; // not in this machine's language: nothing to refuse
    Kernel k(c.text);
    EXPECT_FALSE(k.decode()) << c.text;
    EXPECT_NE(k.error.find(c.why), std::string::npos) << k.error;
    EXPECT_NE(k.error.find(" at 0x"), std::string::npos) << k.error;
  }
}
TEST(Refuse, BytesThatAreNoInstruction) {
  for (uint32_t word : {0xffffffffu, 0xc8000000u, 0x7e000000u | 0xff << 9}) {
    Kernel k("s_nop 0");
    memcpy(k.code.data(), &word, 4);
    EXPECT_FALSE(k.decode());
    EXPECT_NE(k.error.find("are not an instruction at 0x"), std::string::npos) << k.error;
  }
}
TEST(Refuse, BranchOutOfTheCode) {
  for (const char *text : {"s_branch 0x100", "s_cbranch_scc0 0xff00", "s_cbranch_execz 0x7fff"}) {
    Kernel k(text);
    EXPECT_FALSE(k.decode());
    EXPECT_NE(k.error.find("branches out of the code at 0x"), std::string::npos) << k.error;
  }
}
TEST(Refuse, FallingOffTheEnd) {
  Kernel k("s_nop 0\ns_nop 0", /*end=*/false);
  EXPECT_FALSE(k.decode());
  EXPECT_NE(k.error.find("control leaves the code"), std::string::npos) << k.error;
}
TEST(Refuse, InstructionCutOff) {
  Kernel k("s_nop 0\ns_mov_b32 s0, 0x12345678", /*end=*/false);
  k.image.codeBytes -= 4;
  EXPECT_FALSE(k.decode());
  EXPECT_NE(k.error.find("not an instruction"), std::string::npos) << k.error;
}
TEST(Refuse, BranchIntoAnInstruction) {
  // The literal is itself a valid instruction, s_endpgm.
  Kernel k("s_cbranch_scc0 1\ns_mov_b32 s0, 0xbf810000");
  EXPECT_FALSE(k.decode());
  EXPECT_NE(k.error.find("middle of an instruction"), std::string::npos) << k.error;
}
TEST(Refuse, EntryOutsideTheCode) {
  Kernel k("s_nop 0");
  for (uint64_t entry : {k.image.codeAddress - 4, k.image.codeAddress + k.image.codeBytes, k.image.codeAddress + 2}) {
    k.image.entryAddress = entry;
    EXPECT_FALSE(k.decode());
    EXPECT_NE(k.error.find("is not in the code"), std::string::npos) << k.error;
  }
}
TEST(Refuse, UnsupportedModes) {
  Kernel k("s_nop 0");
  k.image.rsrc1 |= 1 << 12;
  EXPECT_FALSE(k.decode());
  EXPECT_NE(k.error.find("rounding mode"), std::string::npos) << k.error;
  k.image.rsrc1 = 0x30 << 12;
  EXPECT_FALSE(k.decode());
  EXPECT_NE(k.error.find("denormals"), std::string::npos) << k.error;
  k.image.rsrc1 = 0xf0 << 12;
  k.image.properties |= 0x400;
  EXPECT_FALSE(k.decode());
  EXPECT_NE(k.error.find("32 lanes"), std::string::npos) << k.error;
}
/// Whatever the bytes are, decoding says yes or no and nothing else. Fields that
/// mean "a literal follows" are made frequent.
TEST(Refuse, RandomBytesNeverCrash) {
  Kernel k("s_nop 0\ns_nop 0\ns_nop 0\ns_nop 0\ns_nop 0\ns_nop 0\ns_nop 0");
  uint64_t random = 88172645463325252ull;
  auto next = [&] {
    random ^= random << 13;
    random ^= random >> 7;
    random ^= random << 17;
    return random;
  };
  for (unsigned round = 0; round < 20000; ++round) {
    for (size_t at = 0; at + 4 <= k.code.size(); at += 4) {
      uint64_t word = next();
      if (word >> 60 == 0)
        word |= 0xff;
      if (word >> 60 == 1)
        word |= 0xff << 9;
      memcpy(&k.code[at], &word, 4);
    }
    if (!k.decode())
      EXPECT_FALSE(k.error.empty());
  }
}

// Launch.
TEST(Launch, IdsOfItemsAndWorkgroups) {
  // out[(local linear id) * 8 + ...] = x, y, z, group x, y, z
  Kernel k(std::string(loadOut) + R"(
    v_mul_u32_u24 v3, 4, v1
    v_mul_u32_u24 v4, 12, v2
    v_add3_u32 v3, v3, v4, v0
    v_lshlrev_b32 v3, 5, v3
    v_mov_b32 v4, s2
    v_mov_b32 v5, s3
    v_mov_b32 v6, s4
    global_store_dwordx3 v3, v[0:2], s[10:11]
    global_store_dwordx3 v3, v[4:6], s[10:11] offset:12)");
  k.shape(8, 6, 10, 4, 3, 5);
  RunResult result = k.run(1, 0, 1);
  ASSERT_EQ(result.status, RunStatus::Ok) << result.message;
  EXPECT_EQ(result.instructions, 12u) << "60 work-items are one wave";
  for (uint32_t z = 0; z < 5; ++z)
    for (uint32_t y = 0; y < 3; ++y)
      for (uint32_t x = 0; x < 4; ++x) {
        const uint32_t *o = &k.out[(x + 4 * y + 12 * z) * 8];
        EXPECT_EQ(std::vector<uint32_t>(o, o + 6), (std::vector<uint32_t>{x, y, z, 1, 0, 1}));
      }
}
TEST(Launch, PartialWorkgroupsAndWaves) {
  // Counts one for each work-item that runs.
  Kernel k(std::string(loadOut) + R"(
    v_mov_b32 v3, 1
    v_mov_b32 v4, 0
    global_atomic_add v4, v3, s[10:11])");
  k.shape(150, 3, 1, 100, 2, 1);
  const uint32_t sizes[2][2] = {{200, 100}, {100, 50}}; // by y, then x
  for (uint32_t y = 0; y < 2; ++y)
    for (uint32_t x = 0; x < 2; ++x) {
      k.out[0] = 0;
      ASSERT_EQ(k.run(x, y).status, RunStatus::Ok);
      EXPECT_EQ(k.out[0], sizes[y][x]);
    }
}
TEST(Launch, UserRegistersFollowTheProperties) {
  // Private segment buffer (4), dispatch, queue, kernarg, dispatch id, flat
  // scratch init (2 each), private segment size (1): s0 to s14; then ids, the
  // workgroup's info and the wave's scratch offset: s15 to s19.
  std::string text = "s_load_dwordx2 s[30:31], s[8:9], 0x0\nv_mov_b32 v1, 0\n";
  for (unsigned s = 0; s < 20; ++s)
    text += "v_mov_b32 v2, s" + std::to_string(s) + "\nglobal_store_dword v1, v2, s[30:31] offset:" + std::to_string(4 * s) + "\n";
  Kernel k(text);
  k.image.properties = 0x7f;
  k.image.rsrc2 = 1 | 15 << 1 | 7 << 7 | 1 << 10;
  k.image.scratchBytes = 64;
  k.dispatch.scratchBytes = 64;
  k.dispatch.packetAddress = 0x1111222233334444;
  k.dispatch.queueAddress = 0x5555666677778888;
  k.dispatch.dispatchId = 0x99aa;
  k.shape(256, 9, 9, 128, 1, 1); // two waves: the second writes last
  ASSERT_EQ(k.run(1, 5, 6).status, RunStatus::Ok);
  const std::vector<uint32_t> &o = k.out;
  EXPECT_EQ(o[1] >> 31, 1u) << "swizzled";
  EXPECT_EQ(o[3], 1u << 19 | 3u << 21 | 1u << 23);
  EXPECT_EQ(o[4], 0x33334444u);
  EXPECT_EQ(o[5], 0x11112222u);
  EXPECT_EQ(o[6], 0x77778888u);
  EXPECT_EQ(o[8], static_cast<uint32_t>(k.dispatch.kernargAddress));
  EXPECT_EQ(o[10], 0x99aau);
  EXPECT_EQ(o[12], o[0]) << "flat scratch starts where the buffer does";
  EXPECT_EQ(o[14], 64u);
  EXPECT_EQ(o[15], 1u);
  EXPECT_EQ(o[16], 5u);
  EXPECT_EQ(o[17], 6u);
  EXPECT_EQ(o[18], 2u) << "two waves, and not the first";
  EXPECT_EQ(o[19], 64u * 64u) << "scratch of one wave";
}
TEST(Launch, ScratchThroughThePrologue) {
  // As LLVM begins a kernel with a stack.
  Kernel k(R"(
    s_add_u32 s0, s0, s7
    s_addc_u32 s1, s1, 0
    s_load_dwordx2 s[10:11], s[4:5], 0x0
    v_lshlrev_b32 v1, 2, v0
    v_add_u32 v2, 7, v0
    buffer_store_dword v2, off, s[0:3], 0 offset:12
    v_mov_b32 v2, 0
    buffer_load_dword v2, off, s[0:3], 0 offset:12
    s_waitcnt vmcnt(0)
    global_store_dword v1, v2, s[10:11])");
  k.image.properties = 1 | 8;
  k.image.rsrc2 = 1 | 6 << 1 | 1 << 7;
  k.image.scratchBytes = k.dispatch.scratchBytes = 16;
  k.shape(256, 1, 1, 256, 1, 1);
  RunResult result = k.run();
  ASSERT_EQ(result.status, RunStatus::Ok) << result.message;
  for (uint32_t l = 0; l < 256; ++l)
    EXPECT_EQ(k.out[l], l + 7);
  k.image.scratchBytes = k.dispatch.scratchBytes = 12;
  EXPECT_EQ(k.run().status, RunStatus::MemoryFault);
}
TEST(Launch, BadWorkgroupSizeIsAnError) {
  Kernel k("s_nop 0");
  k.shape(2048, 1, 1, 1025, 1, 1);
  EXPECT_EQ(k.run().status, RunStatus::IllegalInstruction);
  k.shape(64, 1, 1, 0, 1, 1);
  EXPECT_EQ(k.run().status, RunStatus::IllegalInstruction);
}
TEST(Launch, ReadsConstantsBehindItsCode) {
  Kernel k(std::string(loadOut) + R"(
    s_getpc_b64 s[4:5]
    s_add_u32 s4, s4, 40
    s_addc_u32 s5, s5, 0
    s_load_dword s6, s[4:5], 0x0
    s_waitcnt lgkmcnt(0)
    v_mov_b32 v1, 0
    v_mov_b32 v2, s6
    global_store_dword v1, v2, s[10:11]
    s_endpgm
    .long 0x12345678)");
  RunResult result = k.run();
  ASSERT_EQ(result.status, RunStatus::Ok) << result.message;
  EXPECT_EQ(k.out[0], 0x12345678u);
}

// Control flow.
TEST(Control, LoopsAndDivergence) {
  // Each lane adds 3 as often as its number says.
  Kernel k(std::string(loadOut) + R"(
    v_mov_b32 v1, 0
    v_mov_b32 v2, 0
    s_mov_b64 s[4:5], exec
  loop:
    v_cmp_lt_u32 vcc, v2, v0
    s_and_b64 exec, exec, vcc
    s_cbranch_execz done
    v_add_u32 v1, 3, v1
    v_add_u32 v2, 1, v2
    s_branch loop
  done:
    s_mov_b64 exec, s[4:5]
    v_lshlrev_b32 v3, 2, v0
    global_store_dword v3, v1, s[10:11])");
  ASSERT_EQ(k.run().status, RunStatus::Ok);
  for (uint32_t l = 0; l < 64; ++l)
    EXPECT_EQ(k.out[l], 3 * l);
}
TEST(Control, EveryBranch) {
  // Each taken branch skips the line that would set its bit of s4.
  struct Case {
    const char *branch, *before;
    bool taken;
  };
  for (const Case &c : {Case{"s_branch", "s_nop 0", true}, {"s_cbranch_scc0", "s_cmp_eq_u32 0, 1", true},
                        {"s_cbranch_scc0", "s_cmp_eq_u32 1, 1", false}, {"s_cbranch_scc1", "s_cmp_eq_u32 1, 1", true},
                        {"s_cbranch_scc1", "s_cmp_eq_u32 1, 0", false}, {"s_cbranch_vccz", "s_mov_b64 vcc, 0", true},
                        {"s_cbranch_vccz", "s_mov_b64 vcc, 4", false}, {"s_cbranch_vccnz", "s_mov_b64 vcc, 4", true},
                        {"s_cbranch_vccnz", "s_mov_b64 vcc, 0", false}, {"s_cbranch_execz", "s_mov_b64 exec, 0", true},
                        {"s_cbranch_execz", "s_mov_b64 exec, 1", false}, {"s_cbranch_execnz", "s_mov_b64 exec, 1", true},
                        {"s_cbranch_execnz", "s_mov_b64 exec, 0", false}}) {
    Machine machine;
    ASSERT_TRUE(machine.load(std::string("s_mov_b32 s4, 0\n") + c.before + "\n" + c.branch + " skip\ns_mov_b32 s4, 1\nskip:\ns_nop 0"));
    Registers r;
    ASSERT_TRUE(machine.run(r));
    EXPECT_EQ(r.s[4], c.taken ? 0u : 1u) << c.branch << " after " << c.before;
  }
}
TEST(Control, HintsDoNothing) {
  Machine machine;
  ASSERT_TRUE(machine.load("s_nop 3\ns_waitcnt vmcnt(0)\ns_sleep 2\ns_setprio 1\ns_icache_inv\ns_incperflevel 1\n"
                           "s_decperflevel 1\ns_ttracedata\ns_wakeup")) << machine.error;
  Registers r;
  r.s[7] = 5;
  Registers before = r;
  ASSERT_TRUE(machine.run(r));
  EXPECT_EQ(memcmp(&before, &r, sizeof(r)), 0);
}
TEST(Control, TrapStopsTheDispatch) {
  Kernel k("s_nop 0\ns_trap 2");
  RunResult result = k.run();
  EXPECT_EQ(result.status, RunStatus::IllegalInstruction);
  EXPECT_NE(result.message.find("instruction 's_trap 2' at 0x"), std::string::npos) << result.message;
  EXPECT_NE(result.message.find("the kernel trapped"), std::string::npos) << result.message;
}

// Workgroups.
TEST(Barrier, WavesExchangeThroughLds) {
  // Each wave writes its ids, waits, and reads those of the next wave.
  Kernel k(std::string(loadOut) + R"(
    v_lshlrev_b32 v1, 2, v0
    v_mul_u32_u24 v2, 5, v0
    ds_write_b32 v1, v2
    s_waitcnt lgkmcnt(0)
    s_barrier
    v_add_u32 v3, 256, v1
    v_and_b32 v3, 0x3ff, v3
    ds_read_b32 v4, v3
    s_barrier
    v_mov_b32 v2, 0
    ds_write_b32 v1, v2
    global_store_dword v1, v4, s[10:11])");
  k.dispatch.ldsBytes = 1024;
  k.shape(256, 1, 1, 256, 1, 1);
  RunResult result = k.run();
  ASSERT_EQ(result.status, RunStatus::Ok) << result.message;
  for (uint32_t l = 0; l < 256; ++l)
    EXPECT_EQ(k.out[l], 5 * ((l + 64) % 256));
}
TEST(Barrier, EndedWavesAreNotWaitedFor) {
  Kernel k(std::string(loadOut) + R"(
    v_readfirstlane_b32 s4, v0
    s_cmp_lt_u32 s4, 64
    s_cbranch_scc1 done
    s_barrier
    v_lshlrev_b32 v1, 2, v0
    global_store_dword v1, v0, s[10:11]
    s_barrier
  done:)");
  k.shape(192, 1, 1, 192, 1, 1);
  ASSERT_EQ(k.run().status, RunStatus::Ok);
  EXPECT_EQ(k.out[63], 0u);
  EXPECT_EQ(k.out[64], 64u);
  EXPECT_EQ(k.out[191], 191u);
}
TEST(Barrier, ASpinningWaveLetsTheOthersRun) {
  // The first wave waits for a word that the second writes.
  Kernel k(std::string(loadOut) + R"(
    v_mov_b32 v1, 0
    v_readfirstlane_b32 s4, v0
    s_cmp_eq_u32 s4, 0
    s_cbranch_scc0 writer
  spin:
    ds_read_b32 v2, v1
    v_readfirstlane_b32 s5, v2
    s_cmp_eq_u32 s5, 77
    s_cbranch_scc0 spin
    global_store_dword v1, v2, s[10:11]
    s_endpgm
  writer:
    v_mov_b32 v2, 77
    ds_write_b32 v1, v2)");
  k.dispatch.ldsBytes = 64;
  k.shape(128, 1, 1, 128, 1, 1);
  ASSERT_EQ(k.run().status, RunStatus::Ok);
  EXPECT_EQ(k.out[0], 77u);
}
TEST(Abort, EndsAnEndlessLoop) {
  Kernel k("loop:\ns_nop 0\ns_branch loop");
  volatile bool flag = false;
  k.abort = &flag;
  std::thread raise([&] { flag = true; });
  EXPECT_EQ(k.run().status, RunStatus::Aborted);
  raise.join();
}
TEST(Faults, MessageNamesKernelInstructionAndAddresses) {
  Kernel k(std::string(loadOut) + "v_lshlrev_b32 v1, 12, v0\nglobal_load_dword v2, v1, s[10:11] offset:8");
  RunResult result = k.run();
  EXPECT_EQ(result.status, RunStatus::MemoryFault);
  char text[200];
  uint64_t at = k.image.codeAddress + 16;
  snprintf(text, sizeof(text),
           "kernel 'kernel': instruction 'global_load_dword v2, v1, s[10:11] offset:8' at 0x%llx (entry + 0x10): "
           "read outside the live allocations at 0x%llx",
           static_cast<unsigned long long>(at), static_cast<unsigned long long>(k.args[0] + 4 * 4096 + 8));
  EXPECT_EQ(result.message, text);
  // The runner is none the worse for it.
  k.dispatch.gridSize[0] = k.dispatch.workgroupSize[0] = 4;
  EXPECT_EQ(k.run().status, RunStatus::Ok);
}
TEST(Faults, LdsBeyondTheDispatch) {
  Kernel k("v_lshlrev_b32 v1, 2, v0\nds_write_b32 v1, v0");
  k.image.ldsBytes = 128;
  k.dispatch.ldsBytes = 252;
  RunResult result = k.run();
  EXPECT_EQ(result.status, RunStatus::MemoryFault);
  EXPECT_NE(result.message.find("LDS access outside the allocated size at offset 0xfc"), std::string::npos) << result.message;
  k.dispatch.ldsBytes = 256;
  EXPECT_EQ(k.run().status, RunStatus::Ok);
}

TEST(Observer, SeesEveryAccess) {
  struct Log : AccessObserver {
    struct Entry {
      uint64_t first, mask;
      uint32_t bytes;
      bool write;
      unsigned thread;
    };
    std::vector<Entry> entries;
    void access(const uint64_t *a, uint64_t mask, uint32_t bytes, bool write, unsigned thread) override {
      entries.push_back({a[__builtin_ctzll(mask)], mask, bytes, write, thread});
    }
  } log;
  Kernel k(std::string(loadOut) + R"(
    v_lshlrev_b32 v1, 4, v0
    global_load_dwordx4 v[4:7], v1, s[10:11]
    s_mov_b64 exec, 12
    global_store_dwordx2 v1, v[4:5], s[10:11] offset:8
    v_mov_b32 v2, s10
    v_mov_b32 v3, s11
    flat_load_ubyte v8, v[2:3]
    global_atomic_add v1, v0, s[10:11])");
  k.observer = &log;
  ASSERT_EQ(k.run().status, RunStatus::Ok);
  ASSERT_EQ(log.entries.size(), 5u);
  uint64_t base = k.args[0];
  auto expect = [&](size_t n, uint64_t first, uint64_t mask, uint32_t bytes, bool write) {
    const Log::Entry &e = log.entries[n];
    EXPECT_EQ(e.first, first) << n;
    EXPECT_EQ(e.mask, mask) << n;
    EXPECT_EQ(e.bytes, bytes) << n;
    EXPECT_EQ(e.write, write) << n;
    EXPECT_EQ(e.thread, 3u) << n;
  };
  expect(0, k.dispatch.kernargAddress, 3, 4, false);
  expect(1, base, ~0ull, 16, false);
  expect(2, base + 32 + 8, 12, 8, true);
  expect(3, base, 12, 1, false);
  expect(4, base + 32, 12, 4, true);
}

/// Atomics of workgroups on different host threads do not lose updates.
TEST(Threads, AtomicsAreAtomic) {
  Kernel k(std::string(loadOut) + "v_mov_b32 v1, 0\nv_mov_b32 v2, 1\nglobal_atomic_add v1, v2, s[10:11]");
  std::shared_ptr<const Program> program = k.decode();
  ASSERT_TRUE(program) << k.error;
  std::vector<std::thread> threads;
  std::atomic<int> failures{0};
  for (unsigned t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      WorkgroupRunner runner(t);
      uint32_t workgroup[3] = {0, 0, 0};
      for (unsigned n = 0; n < 500; ++n)
        failures += runner.run(*program, k.dispatch, workgroup, k.memory, nullptr, nullptr).status != RunStatus::Ok;
    });
  for (std::thread &t : threads)
    t.join();
  EXPECT_EQ(failures, 0);
  EXPECT_EQ(k.out[0], 4u * 500u * 64u);
}

} // namespace
} // namespace eclip::vgpu::test
