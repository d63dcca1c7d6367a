//===- MaskTest.cpp - CU masks and the counters that show them ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

#include <cstdlib>

using namespace vgpu_test;

namespace {

/// Bits of shader engine `engine`: CU i belongs to engine i mod 4.
struct Mask {
  uint32_t words[2] = {0, 0};
  bool has(unsigned cu) const { return words[cu / 32] >> (cu % 32) & 1; }
  static Mask engine(unsigned engine) {
    Mask m;
    for (unsigned cu = engine; cu < 60; cu += 4)
      m.words[cu / 32] |= 1u << (cu % 32);
    return m;
  }
};

class MaskTest : public Device {
protected:
  ~MaskTest() override { unsetenv("HSA_CU_MASK"); }
  /// Opens the library again under another HSA_CU_MASK.
  void reopen(const char *variable) {
    close();
    setenv("HSA_CU_MASK", variable, 1);
    open();
  }
  Mask get(const TestQueue &q) {
    Mask m;
    EXPECT_OK(hsa_amd_queue_cu_get_mask(q.queue, 64, m.words));
    return m;
  }
  void run(TestQueue &q, uint32_t workgroups) {
    uint32_t *out = alloc(64 * workgroups);
    hsa_signal_t done = makeSignal();
    dispatch(q, "fill", {{out}, 1}, workgroups, done);
    ASSERT_EQ(wait(done), 0);
  }
};

TEST_F(MaskTest, WholeDeviceByDefault) {
  TestQueue q = makeQueue();
  Mask m = get(q);
  EXPECT_EQ(m.words[0], 0xffffffffu);
  EXPECT_EQ(m.words[1], 0x0fffffffu);
  ASSERT_OK(eclip_vgpu_reset_counters());
  run(q, 120);
  eclip_vgpu_counters_t c = counters();
  EXPECT_EQ(c.cu_count, 60u);
  EXPECT_EQ(c.workgroups, 120u);
  EXPECT_EQ(c.dispatches, 1u);
  EXPECT_GT(c.instructions, 120u);
  for (unsigned cu = 0; cu < 60; ++cu)
    EXPECT_EQ(c.cu_workgroups[cu], 2u) << cu;
}

TEST_F(MaskTest, OnlyMaskedCusGetWorkgroups) {
  for (unsigned engine = 0; engine < 4; ++engine) {
    TestQueue q = makeQueue();
    Mask m = Mask::engine(engine);
    ASSERT_OK(hsa_amd_queue_cu_set_mask(q.queue, 64, m.words));
    ASSERT_OK(eclip_vgpu_reset_counters());
    run(q, 150);
    eclip_vgpu_counters_t c = counters();
    for (unsigned cu = 0; cu < 60; ++cu)
      EXPECT_EQ(c.cu_workgroups[cu], m.has(cu) ? 10u : 0u) << cu;
  }
}

TEST_F(MaskTest, QueuesAtOnceStayInTheirMasks) {
  TestQueue a = makeQueue(), b = makeQueue();
  Mask one = Mask::engine(1), rest;
  rest.words[0] = ~one.words[0];
  rest.words[1] = ~one.words[1] & 0x0fffffff;
  ASSERT_OK(hsa_amd_queue_cu_set_mask(a.queue, 64, one.words));
  ASSERT_OK(hsa_amd_queue_cu_set_mask(b.queue, 64, rest.words));
  ASSERT_OK(eclip_vgpu_reset_counters());
  uint32_t *x = alloc(64 * 300), *y = alloc(64 * 450);
  hsa_signal_t first = makeSignal(), second = makeSignal();
  dispatch(a, "spin", {{x}, 1000}, 300, first);
  dispatch(b, "spin", {{y}, 1000}, 450, second);
  ASSERT_EQ(wait(first), 0);
  ASSERT_EQ(wait(second), 0);
  eclip_vgpu_counters_t c = counters();
  for (unsigned cu = 0; cu < 60; ++cu)
    EXPECT_EQ(c.cu_workgroups[cu], one.has(cu) ? 20u : 10u) << cu;
}

/// While one of high priority has workgroups that wait, none of a normal one starts
/// on a CU that both have; on CUs of its own it goes on.
TEST_F(MaskTest, HighPriorityGoesFirstOnSharedCus) {
  constexpr uint32_t spins = 50'000, highGroups = 128, lowGroups = 512;
  uint32_t *x = alloc(64 * lowGroups), *y = alloc(64 * highGroups);
  for (bool shared : {true, false}) {
    TestQueue low = makeQueue(), high = makeQueue();
    Mask one = Mask::engine(1), two = Mask::engine(shared ? 1 : 2);
    ASSERT_OK(hsa_amd_queue_cu_set_mask(low.queue, 64, one.words));
    ASSERT_OK(hsa_amd_queue_cu_set_mask(high.queue, 64, two.words));
    ASSERT_OK(hsa_amd_queue_set_priority(high.queue,
                                         HSA_AMD_QUEUE_PRIORITY_HIGH));
    std::memset(x, 0, 64 * lowGroups * sizeof(*x));
    hsa_signal_t lowDone = makeSignal(), highDone = makeSignal();
    dispatch(low, "spin", {{x}, spins}, lowGroups, lowDone);
    dispatch(high, "spin", {{y}, spins}, highGroups, highDone);
    ASSERT_EQ(wait(highDone), 0);
    uint32_t done = 0;
    for (uint32_t group = 0; group < lowGroups; ++group)
      done += __atomic_load_n(x + 64 * group, __ATOMIC_RELAXED) != 0;
    if (shared)
      EXPECT_LT(done, highGroups / 2); // what had begun before
    else
      EXPECT_GT(done, highGroups / 2);
    ASSERT_EQ(wait(lowDone), 0);
  }
}

TEST_F(MaskTest, EnginesTakeTurnsHoweverManyCusTheyHave) {
  // Engine 0 with one CU, engine 1 with two: each gets half of the workgroups.
  TestQueue q = makeQueue();
  uint32_t words[2] = {1u << 0 | 1u << 1 | 1u << 5, 0};
  ASSERT_OK(hsa_amd_queue_cu_set_mask(q.queue, 64, words));
  ASSERT_OK(eclip_vgpu_reset_counters());
  run(q, 40);
  eclip_vgpu_counters_t c = counters();
  EXPECT_EQ(c.cu_workgroups[0], 20u);
  EXPECT_EQ(c.cu_workgroups[1], 10u);
  EXPECT_EQ(c.cu_workgroups[5], 10u);
}

TEST_F(MaskTest, NextDispatchContinuesTheRound) {
  TestQueue q = makeQueue();
  ASSERT_OK(eclip_vgpu_reset_counters());
  run(q, 7);
  run(q, 53);
  eclip_vgpu_counters_t c = counters();
  for (unsigned cu = 0; cu < 60; ++cu)
    EXPECT_EQ(c.cu_workgroups[cu], 1u) << cu;
}

TEST_F(MaskTest, RefusesBadMasks) {
  TestQueue q = makeQueue();
  uint32_t words[2] = {0, 0xf0000000}; // CUs 60 to 63 do not exist
  EXPECT_EQ(hsa_amd_queue_cu_set_mask(q.queue, 64, words),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_amd_queue_cu_set_mask(q.queue, 40, words),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_amd_queue_cu_set_mask(q.queue, 64, nullptr),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_amd_queue_cu_set_mask(nullptr, 64, words),
            HSA_STATUS_ERROR_INVALID_QUEUE);
  words[0] = 1;
  EXPECT_OK(hsa_amd_queue_cu_set_mask(q.queue, 64, words));
  EXPECT_EQ(get(q).words[1], 0u); // bits beyond the device are dropped
  EXPECT_OK(hsa_amd_queue_cu_set_mask(q.queue, 0, nullptr)); // all again
  EXPECT_EQ(get(q).words[0], 0xffffffffu);
}

TEST_F(MaskTest, EnvironmentReducesMasks) {
  reopen("0:0-29");
  TestQueue q = makeQueue();
  EXPECT_EQ(get(q).words[0], 0x3fffffffu);
  EXPECT_EQ(get(q).words[1], 0u);
  uint32_t words[2] = {0xffffffff, 0x0fffffff};
  EXPECT_EQ(int(hsa_amd_queue_cu_set_mask(q.queue, 64, words)),
            int(HSA_STATUS_CU_MASK_REDUCED));
  EXPECT_EQ(get(q).words[0], 0x3fffffffu);
  uint32_t inside[2] = {0xff, 0};
  EXPECT_OK(hsa_amd_queue_cu_set_mask(q.queue, 64, inside));
  ASSERT_OK(eclip_vgpu_reset_counters());
  run(q, 16);
  eclip_vgpu_counters_t c = counters();
  for (unsigned cu = 0; cu < 60; ++cu)
    EXPECT_EQ(c.cu_workgroups[cu], cu < 8 ? 2u : 0u) << cu;
  uint32_t outside[2] = {0, 1};
  EXPECT_EQ(hsa_amd_queue_cu_set_mask(q.queue, 64, outside),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
}

TEST_F(MaskTest, ReadsTheDocumentedGrammar) {
  struct Case {
    const char *text;
    uint32_t low, high;
  };
  const uint32_t all = 0xffffffff, rest = 0x0fffffff;
  const Case cases[] = {
      {"0:0x0f", 0x0f, 0},       {"0:0x0fffffff00000001", 1, rest},
      {"0:1,3-4,32", 0x1a, 1},   {"1:0-3", all, rest}, // another GPU
      {"0-3:0-3;0:8", 0x10f, 0},                       // sets add up
      {"0:0-3;", 0xf, 0},        {"0:100", all, rest}, // refused: leaves no CU
      {"0", all, rest},                                // refused, as all below
      {"0:", all, rest},         {"0:5-2", all, rest},
      {"0:0xg", all, rest},      {"x:1", all, rest},
      {"0:1 2", all, rest},
  };
  for (const Case &c : cases) {
    SCOPED_TRACE(c.text);
    reopen(c.text);
    TestQueue q = makeQueue();
    EXPECT_EQ(get(q).words[0], c.low);
    EXPECT_EQ(get(q).words[1], c.high);
  }
}

} // namespace
