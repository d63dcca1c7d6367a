//===- SignalTest.cpp - hsa_signal_* --------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

#include <atomic>
#include <chrono>
#include <thread>

using namespace vgpu_test;

namespace {

class SignalTest : public Device {};

TEST_F(SignalTest, Arithmetic) {
  hsa_signal_t s = makeSignal(5);
  EXPECT_EQ(hsa_signal_load_scacquire(s), 5);
  hsa_signal_add_scacq_screl(s, 3);
  EXPECT_EQ(hsa_signal_load_relaxed(s), 8);
  hsa_signal_subtract_relaxed(s, 10);
  EXPECT_EQ(hsa_signal_load_acquire(s), -2);
  hsa_signal_and_screlease(s, 0xff);
  EXPECT_EQ(hsa_signal_load_relaxed(s), 0xfe);
  hsa_signal_or_scacquire(s, 1);
  hsa_signal_xor_acq_rel(s, 0xf0);
  EXPECT_EQ(hsa_signal_load_relaxed(s), 0x0f);
  EXPECT_EQ(hsa_signal_exchange_scacq_screl(s, 7), 0x0f);
  EXPECT_EQ(hsa_signal_cas_scacq_screl(s, 6, 1), 7);
  EXPECT_EQ(hsa_signal_load_relaxed(s), 7);
  EXPECT_EQ(hsa_signal_cas_release(s, 7, 1), 7);
  EXPECT_EQ(hsa_signal_load_relaxed(s), 1);
  hsa_signal_silent_store_screlease(s, -9);
  EXPECT_EQ(hsa_signal_load_relaxed(s), -9);
}

TEST_F(SignalTest, WaitConditions) {
  hsa_signal_t s = makeSignal(5);
  auto wait = [&](hsa_signal_condition_t c, int64_t v) {
    uint64_t before, after;
    hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP, &before);
    EXPECT_EQ(
        hsa_signal_wait_scacquire(s, c, v, 2'000'000, HSA_WAIT_STATE_ACTIVE),
        5);
    hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP, &after);
    return after - before < 2'000'000;
  };
  EXPECT_TRUE(wait(HSA_SIGNAL_CONDITION_EQ, 5));
  EXPECT_TRUE(wait(HSA_SIGNAL_CONDITION_NE, 4));
  EXPECT_TRUE(wait(HSA_SIGNAL_CONDITION_LT, 6));
  EXPECT_TRUE(wait(HSA_SIGNAL_CONDITION_GTE, 5));
  EXPECT_FALSE(wait(HSA_SIGNAL_CONDITION_EQ, 4));
  EXPECT_FALSE(wait(HSA_SIGNAL_CONDITION_LT, 5));
  EXPECT_FALSE(wait(HSA_SIGNAL_CONDITION_GTE, 6));
}

TEST_F(SignalTest, WaitersWakeUp) {
  hsa_signal_t s = makeSignal(3);
  std::vector<std::thread> waiters;
  std::atomic<int> woken{0};
  for (int i = 0; i < 3; ++i)
    waiters.emplace_back([&] {
      EXPECT_EQ(hsa_signal_wait_scacquire(s, HSA_SIGNAL_CONDITION_LT, 1,
                                          UINT64_MAX, HSA_WAIT_STATE_BLOCKED),
                0);
      ++woken;
    });
  for (int i = 0; i < 3; ++i)
    hsa_signal_subtract_screlease(s, 1);
  for (auto &w : waiters)
    w.join();
  EXPECT_EQ(woken, 3);
}

TEST_F(SignalTest, WaitAny) {
  hsa_signal_t list[3] = {makeSignal(1), makeSignal(1), makeSignal(1)};
  hsa_signal_condition_t conditions[3] = {HSA_SIGNAL_CONDITION_EQ,
                                          HSA_SIGNAL_CONDITION_LT,
                                          HSA_SIGNAL_CONDITION_GTE};
  hsa_signal_value_t values[3] = {0, 1, 9}, satisfying = 0;
  EXPECT_EQ(hsa_amd_signal_wait_any(3, list, conditions, values, 1'000'000,
                                    HSA_WAIT_STATE_BLOCKED, &satisfying),
            UINT32_MAX);
  std::thread other([&] { hsa_signal_store_relaxed(list[2], 11); });
  EXPECT_EQ(hsa_amd_signal_wait_any(3, list, conditions, values, UINT64_MAX,
                                    HSA_WAIT_STATE_BLOCKED, &satisfying),
            2u);
  EXPECT_EQ(satisfying, 11);
  other.join();
}

TEST_F(SignalTest, Groups) {
  hsa_signal_t list[2] = {makeSignal(1), makeSignal(0)};
  hsa_signal_group_t group;
  ASSERT_OK(hsa_signal_group_create(2, list, 0, nullptr, &group));
  hsa_signal_condition_t conditions[2] = {HSA_SIGNAL_CONDITION_EQ,
                                          HSA_SIGNAL_CONDITION_EQ};
  hsa_signal_value_t values[2] = {0, 0}, value = 9;
  hsa_signal_t which{};
  ASSERT_OK(hsa_signal_group_wait_any_scacquire(
      group, conditions, values, HSA_WAIT_STATE_BLOCKED, &which, &value));
  EXPECT_EQ(which.handle, list[1].handle);
  EXPECT_EQ(value, 0);
  EXPECT_OK(hsa_signal_group_destroy(group));
}

TEST_F(SignalTest, AsyncHandlerRunsUntilItSaysStop) {
  struct Context {
    std::atomic<int> calls{0};
    hsa_signal_t signal;
  } context;
  context.signal = makeSignal(1);
  ASSERT_OK(hsa_amd_signal_async_handler(
      context.signal, HSA_SIGNAL_CONDITION_LT, 1,
      [](hsa_signal_value_t value, void *arg) {
        auto *c = static_cast<Context *>(arg);
        EXPECT_EQ(value, 0);
        bool again = ++c->calls < 3;
        hsa_signal_store_relaxed(c->signal, 1);
        return again;
      },
      &context));
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(hsa_signal_wait_scacquire(context.signal, HSA_SIGNAL_CONDITION_EQ,
                                        1, 5'000'000'000,
                                        HSA_WAIT_STATE_BLOCKED),
              1);
    hsa_signal_store_screlease(context.signal, 0);
    for (int t = 0; t < 5000 && context.calls < i; ++t)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    EXPECT_EQ(context.calls, i);
  }
  hsa_signal_store_screlease(context.signal, 0);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(context.calls, 3);
}

TEST_F(SignalTest, AsyncFunction) {
  std::atomic<bool> called{false};
  ASSERT_OK(hsa_amd_async_function(
      [](void *arg) { *static_cast<std::atomic<bool> *>(arg) = true; },
      &called));
  for (int t = 0; t < 5000 && !called; ++t)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_TRUE(called);
}

TEST_F(SignalTest, RefusesBadHandles) {
  hsa_signal_t s{};
  EXPECT_EQ(hsa_signal_destroy({0}), HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_signal_destroy({0x40}), HSA_STATUS_ERROR_INVALID_SIGNAL);
  EXPECT_EQ(hsa_signal_create(1, 0, nullptr, nullptr),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_signal_create(1, 1, nullptr, &s),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  ASSERT_OK(hsa_amd_signal_create(1, 1, &gpu, HSA_AMD_SIGNAL_AMD_GPU_ONLY, &s));
  EXPECT_OK(hsa_signal_destroy(s));
  EXPECT_EQ(hsa_signal_destroy(s), HSA_STATUS_ERROR_INVALID_SIGNAL);
  EXPECT_EQ(hsa_amd_signal_create(1, 0, nullptr, HSA_AMD_SIGNAL_IPC, &s),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
}

} // namespace
