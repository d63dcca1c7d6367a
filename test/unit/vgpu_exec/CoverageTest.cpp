//===- CoverageTest.cpp - every instruction of gfx906 is known or refused -===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Coverage.h"
#include "MemoryNames.h"
#include "Reference.h"
#include "ScalarReference.h"
#include "runtime/vgpu/exec/decode/OpTable.h"

#include <gtest/gtest.h>

namespace eclip::vgpu::test {

/// Instructions that LLVM knows on gfx906 and the executor refuses, by reason.
static const char *const refusedNames[] = {
    // Calls, computed jumps, and the divergence stack.
    "s_setpc_b64", "s_swappc_b64", "s_call_b64", "s_rfe_b64", "s_rfe_restore_b64", "s_cbranch_g_fork",
    "s_cbranch_i_fork", "s_cbranch_join", "s_setvskip",
    // Registers chosen at run time.
    "s_movreld_b32", "s_movreld_b64", "s_movrels_b32", "s_movrels_b64", "s_set_gpr_idx_idx",
    "s_set_gpr_idx_mode", "s_set_gpr_idx_off", "s_set_gpr_idx_on",
    // Debugging, graphics and messages to other hardware.
    "s_cbranch_cdbgsys", "s_cbranch_cdbgsys_and_user", "s_cbranch_cdbgsys_or_user", "s_cbranch_cdbguser",
    "s_endpgm_ordered_ps_done", "s_endpgm_saved", "s_sendmsg", "s_sendmsghalt", "s_sethalt", "s_setkill",
    "s_atc_probe", "s_atc_probe_buffer", "v_screen_partition_4se_b32", "v_cubeid_f32", "v_cubema_f32",
    "v_cubesc_f32", "v_cubetc_f32", "v_interp_mov_f32", "v_interp_p1_f32", "v_interp_p1ll_f16",
    "v_interp_p1lv_f16", "v_interp_p2_f16", "v_interp_p2_f32", "v_interp_p2_legacy_f16",
    // Arithmetic that the compiler never chooses.
    "v_cvt_pkaccum_u8_f32", "v_mqsad_pk_u16_u8", "v_mqsad_u32_u8", "v_qsad_pk_u16_u8", "v_trig_preop_f64",
    // Scalar stores and atomics, which the compiler never chooses.
    "s_dcache_discard", "s_dcache_discard_x2", "s_scratch_load_dword", "s_scratch_load_dwordx2",
    "s_scratch_load_dwordx4", "s_scratch_store_dword", "s_scratch_store_dwordx2", "s_scratch_store_dwordx4",
    "s_store_dword", "s_store_dwordx2", "s_store_dwordx4", "s_buffer_store_dword", "s_buffer_store_dwordx2",
    "s_buffer_store_dwordx4",
    // LDS: two addresses, counters of the whole device, conditional exchanges.
    "ds_append", "ds_consume", "ds_cmpst_f32", "ds_cmpst_f64", "ds_cmpst_rtn_f32", "ds_cmpst_rtn_f64",
    "ds_condxchg32_rtn_b64", "ds_max_f64", "ds_max_rtn_f64", "ds_min_f64", "ds_min_rtn_f64",
    "ds_read_addtid_b32", "ds_write_addtid_b32", "ds_wrap_rtn_b32", "ds_wrxchg2_rtn_b32",
    "ds_wrxchg2_rtn_b64", "ds_wrxchg2st64_rtn_b32", "ds_wrxchg2st64_rtn_b64",
};
/// Groups of names by how they begin or what they hold.
static bool isRefused(const std::string &name) {
  for (const char *listed : refusedNames)
    if (name == listed)
      return true;
  bool typedBuffer = name.rfind("buffer_", 0) == 0 && name.find("_format_") != std::string::npos;
  bool scalarAtomic = name.rfind("s_atomic_", 0) == 0 || name.rfind("s_buffer_atomic_", 0) == 0;
  bool twoAddresses = name.rfind("ds_", 0) == 0 && name.find("_src2_") != std::string::npos;
  return typedBuffer || scalarAtomic || twoAddresses;
}

TEST(Coverage, EveryMnemonicIsKnownOrListedAsRefused) {
  const OpTable &table = OpTable::get();
  std::string missing;
  for (const std::string &name : machineMnemonics()) {
    bool known = table.findVector(name) || table.findPlain(name);
    if (known == isRefused(name))
      missing += "\n  " + name + (known ? " (listed as refused)" : "");
  }
  EXPECT_TRUE(missing.empty()) << missing;
}

TEST(Coverage, EveryTableEntryIsAnInstruction) {
  const OpTable &table = OpTable::get();
  const std::set<std::string> &all = machineMnemonics();
  for (const auto &entry : table.vectorOps)
    EXPECT_TRUE(all.count(std::string(entry.first))) << entry.first;
  for (const auto &entry : table.plainOps)
    EXPECT_TRUE(all.count(std::string(entry.first))) << entry.first;
}

/// Instructions that have tests of their own, in the files named.
static const char *const testedByThemselves[] = {
    // ModifierTest.cpp
    "v_fma_mix_f32", "v_fma_mixlo_f16", "v_fma_mixhi_f16", "v_readfirstlane_b32", "v_readlane_b32", "v_writelane_b32",
    "v_swap_b32", "v_nop", "v_clrexcp", "s_getreg_b32", "s_setreg_b32", "s_setreg_imm32_b32",
    // ScalarTest.cpp
    "s_cmov_b32", "s_cmov_b64", "s_andn1_wrexec_b64", "s_andn2_wrexec_b64",
    // GlobalTest.cpp
    "s_memtime", "s_memrealtime", "s_dcache_inv", "s_dcache_inv_vol", "s_dcache_wb", "s_dcache_wb_vol",
    // RunnerTest.cpp
    "s_branch", "s_cbranch_scc0", "s_cbranch_scc1", "s_cbranch_vccz", "s_cbranch_vccnz", "s_cbranch_execz",
    "s_cbranch_execnz", "s_endpgm", "s_barrier", "s_trap", "s_nop", "s_waitcnt", "s_sleep", "s_setprio",
    "s_icache_inv", "s_incperflevel", "s_decperflevel", "s_ttracedata", "s_wakeup", "s_getpc_b64"};

TEST(Coverage, EveryHandlerIsTested) {
  std::set<std::string> tested = testedMemoryNames();
  for (const VectorCase &c : vectorCases())
    EXPECT_TRUE(tested.insert(c.name).second) << c.name << " is there twice";
  for (const ScalarCase &c : scalarCases())
    EXPECT_TRUE(tested.insert(c.name).second) << c.name << " is there twice";
  for (const char *name : testedByThemselves)
    EXPECT_TRUE(tested.insert(name).second) << name << " is there twice";
  const OpTable &table = OpTable::get();
  std::set<std::string> handled;
  for (const auto &entry : table.vectorOps)
    handled.insert(std::string(entry.first));
  for (const auto &entry : table.plainOps)
    handled.insert(std::string(entry.first));
  for (const std::string &name : handled)
    EXPECT_TRUE(tested.count(name)) << name << " has no test";
  for (const std::string &name : tested)
    EXPECT_TRUE(handled.count(name)) << name << " is tested but has no handler";
}

} // namespace eclip::vgpu::test
