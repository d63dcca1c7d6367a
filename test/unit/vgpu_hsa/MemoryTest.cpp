//===- MemoryTest.cpp - pools, regions, copies ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/vgpu_hsa/Fixture.h"

#include <chrono>
#include <cstdlib>
#include <thread>

using namespace vgpu_test;

namespace {

class MemoryTest : public Device {};

TEST_F(MemoryTest, AllocatesAlignedZeroedMemory) {
  for (size_t bytes : {1u, 4096u, 100000u}) {
    void *p = nullptr;
    ASSERT_OK(hsa_amd_memory_pool_allocate(local, bytes, 0, &p));
    EXPECT_EQ(reinterpret_cast<uint64_t>(p) % 4096, 0u);
    for (size_t i = 0; i < bytes; ++i)
      ASSERT_EQ(static_cast<char *>(p)[i], 0);
    EXPECT_OK(hsa_amd_memory_pool_free(p));
    EXPECT_EQ(hsa_amd_memory_pool_free(p), HSA_STATUS_ERROR_INVALID_ALLOCATION);
  }
}

TEST_F(MemoryTest, RefusesWhatTheDeviceLacks) {
  void *p = nullptr;
  EXPECT_EQ(hsa_amd_memory_pool_allocate(local, size_t(20) << 30, 0, &p),
            HSA_STATUS_ERROR_OUT_OF_RESOURCES);
  EXPECT_EQ(hsa_amd_memory_pool_allocate(local, 0, 0, &p),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(int(hsa_amd_memory_pool_allocate({99}, 4, 0, &p)),
            int(HSA_STATUS_ERROR_INVALID_MEMORY_POOL));
  // 16 GiB in all, not in each allocation.
  void *first = nullptr;
  ASSERT_OK(hsa_amd_memory_pool_allocate(local, size_t(10) << 30, 0, &first));
  EXPECT_EQ(hsa_amd_memory_pool_allocate(local, size_t(10) << 30, 0, &p),
            HSA_STATUS_ERROR_OUT_OF_RESOURCES);
  EXPECT_OK(hsa_amd_memory_pool_free(first));
  EXPECT_OK(hsa_amd_memory_pool_allocate(local, size_t(10) << 30, 0, &p));
  EXPECT_OK(hsa_amd_memory_pool_free(p));
}

TEST_F(MemoryTest, PoolsSayWhatTheyAre) {
  uint32_t flags = 0;
  size_t size = 0;
  bool allowed = false;
  ASSERT_OK(hsa_amd_memory_pool_get_info(
      local, HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS, &flags));
  EXPECT_EQ(flags, uint32_t(HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED));
  ASSERT_OK(hsa_amd_memory_pool_get_info(local, HSA_AMD_MEMORY_POOL_INFO_SIZE,
                                         &size));
  EXPECT_EQ(size, size_t(16) << 30);
  ASSERT_OK(hsa_amd_memory_pool_get_info(
      local, HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALLOWED, &allowed));
  EXPECT_TRUE(allowed);
  hsa_amd_memory_pool_access_t access;
  ASSERT_OK(hsa_amd_agent_memory_pool_get_info(
      gpu, local, HSA_AMD_AGENT_MEMORY_POOL_INFO_ACCESS, &access));
  EXPECT_EQ(access, HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT);
  ASSERT_OK(hsa_amd_agent_memory_pool_get_info(
      gpu, fine, HSA_AMD_AGENT_MEMORY_POOL_INFO_ACCESS, &access));
  EXPECT_EQ(access, HSA_AMD_MEMORY_POOL_ACCESS_DISALLOWED_BY_DEFAULT);
}

TEST_F(MemoryTest, RegionsIncludeKernargAndGroup) {
  struct Seen {
    bool kernarg = false, group = false, coarse = false;
    hsa_region_t region{};
  } seen;
  ASSERT_OK(hsa_agent_iterate_regions(
      gpu,
      [](hsa_region_t r, void *data) {
        auto *s = static_cast<Seen *>(data);
        hsa_region_segment_t segment;
        uint32_t flags = 0;
        hsa_region_get_info(r, HSA_REGION_INFO_SEGMENT, &segment);
        hsa_region_get_info(r, HSA_REGION_INFO_GLOBAL_FLAGS, &flags);
        s->group |= segment == HSA_REGION_SEGMENT_GROUP;
        s->coarse |= (flags & HSA_REGION_GLOBAL_FLAG_COARSE_GRAINED) != 0;
        if (flags & HSA_REGION_GLOBAL_FLAG_KERNARG) {
          s->kernarg = true;
          s->region = r;
        }
        return HSA_STATUS_SUCCESS;
      },
      &seen));
  EXPECT_TRUE(seen.kernarg && seen.group && seen.coarse);
  // Memory from a region is within the GPU's reach without further calls.
  void *p = nullptr;
  ASSERT_OK(hsa_memory_allocate(seen.region, 256, &p));
  TestQueue q = makeQueue();
  hsa_signal_t done = makeSignal();
  dispatch(q, "fill", {{p}, 3}, 1, done);
  EXPECT_EQ(wait(done), 0);
  EXPECT_OK(hsa_memory_free(p));
}

TEST_F(MemoryTest, CopyAndFill) {
  uint32_t *a = alloc(64), *b = alloc(64);
  ASSERT_OK(hsa_amd_memory_fill(a, 0xabcd1234, 64));
  ASSERT_OK(hsa_memory_copy(b, a, 256));
  EXPECT_EQ(b[63], 0xabcd1234u);
  EXPECT_EQ(hsa_amd_memory_fill(a, 1, 65), HSA_STATUS_ERROR_INVALID_ALLOCATION);
  EXPECT_EQ(hsa_amd_memory_fill(reinterpret_cast<char *>(a) + 2, 1, 1),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_memory_copy(b, a, 260), HSA_STATUS_ERROR_INVALID_ARGUMENT);
}

TEST_F(MemoryTest, AsyncCopyWaitsForItsSignals) {
  uint32_t *a = alloc(64), *b = alloc(64);
  hsa_signal_t deps[2] = {makeSignal(), makeSignal()};
  hsa_signal_t done = makeSignal(), other = makeSignal();
  ASSERT_OK(hsa_amd_profiling_async_copy_enable(true));
  ASSERT_OK(hsa_amd_memory_async_copy(b, gpu, a, gpu, 256, 2, deps, done));
  // A copy behind it that can go, goes.
  ASSERT_OK(hsa_amd_memory_async_copy(b, gpu, a, gpu, 4, 0, nullptr, other));
  EXPECT_EQ(wait(other), 0);
  a[5] = 77;
  hsa_signal_store_screlease(deps[0], 0);
  EXPECT_EQ(hsa_signal_wait_scacquire(done, HSA_SIGNAL_CONDITION_LT, 1,
                                      3'000'000, HSA_WAIT_STATE_BLOCKED),
            1);
  hsa_signal_store_screlease(deps[1], 0);
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(b[5], 77u);
  hsa_amd_profiling_async_copy_time_t time{};
  ASSERT_OK(hsa_amd_profiling_get_async_copy_time(done, &time));
  EXPECT_LE(time.start, time.end);
  EXPECT_EQ(counters().copies, 2u);
}

TEST_F(MemoryTest, AsyncCopyRefusals) {
  uint32_t *a = alloc(64), *b = alloc(64);
  uint32_t host[64];
  hsa_signal_t done = makeSignal();
  EXPECT_EQ(hsa_amd_memory_async_copy(b, gpu, a, gpu, 260, 0, nullptr, done),
            HSA_STATUS_ERROR_INVALID_ALLOCATION);
  EXPECT_EQ(hsa_amd_memory_async_copy(b, gpu, host, cpu, 256, 0, nullptr, done),
            HSA_STATUS_ERROR_INVALID_ALLOCATION);
  EXPECT_EQ(hsa_amd_memory_async_copy(b, gpu, a, gpu, 4, 1, nullptr, done),
            HSA_STATUS_ERROR_INVALID_ARGUMENT);
  EXPECT_EQ(hsa_amd_memory_async_copy(b, gpu, a, gpu, 4, 0, nullptr, {8}),
            HSA_STATUS_ERROR_INVALID_SIGNAL);
}

TEST_F(MemoryTest, LockedHostMemoryIsWithinReach) {
  auto *host = static_cast<uint32_t *>(aligned_alloc(64, 256));
  void *device = nullptr;
  ASSERT_OK(hsa_amd_memory_lock(host, 256, &gpu, 1, &device));
  EXPECT_EQ(device, host);
  hsa_amd_pointer_info_t info{};
  info.size = sizeof info;
  ASSERT_OK(hsa_amd_pointer_info(host + 3, &info, nullptr, nullptr, nullptr));
  EXPECT_EQ(info.type, HSA_EXT_POINTER_TYPE_LOCKED);
  EXPECT_EQ(info.hostBaseAddress, host);
  TestQueue q = makeQueue();
  hsa_signal_t done = makeSignal();
  dispatch(q, "fill", {{device}, 6}, 1, done);
  EXPECT_EQ(wait(done), 0);
  EXPECT_EQ(host[9], 6u);
  ASSERT_OK(hsa_amd_memory_unlock(host));
  ASSERT_OK(hsa_amd_pointer_info(host, &info, nullptr, nullptr, nullptr));
  EXPECT_EQ(info.type, HSA_EXT_POINTER_TYPE_UNKNOWN);
  hsa_signal_t again = makeSignal();
  dispatch(q, "fill", {{device}, 6}, 1, again);
  EXPECT_LT(wait(again), 0);
  ::free(host);
}

TEST_F(MemoryTest, PointerInfo) {
  uint32_t *p = alloc(100);
  hsa_amd_pointer_info_t info{};
  info.size = sizeof info;
  uint32_t count = 0;
  hsa_agent_t *agents = nullptr;
  ASSERT_OK(hsa_amd_pointer_info_set_userdata(p, &count));
  ASSERT_OK(hsa_amd_pointer_info(p + 50, &info, malloc, &count, &agents));
  EXPECT_EQ(info.type, HSA_EXT_POINTER_TYPE_HSA);
  EXPECT_EQ(info.agentBaseAddress, p);
  EXPECT_EQ(info.sizeInBytes, 400u);
  EXPECT_EQ(info.userData, &count);
  EXPECT_EQ(info.agentOwner.handle, gpu.handle);
  EXPECT_EQ(count, 2u);
  ::free(agents);
}

TEST_F(MemoryTest, DeallocationCallbacks) {
  static void *seen;
  seen = nullptr;
  void *p = nullptr;
  ASSERT_OK(hsa_amd_memory_pool_allocate(local, 64, 0, &p));
  auto callback = [](void *pointer, void *) { seen = pointer; };
  ASSERT_OK(hsa_amd_register_deallocation_callback(p, callback, nullptr));
  ASSERT_OK(hsa_amd_deregister_deallocation_callback(p, callback));
  ASSERT_OK(hsa_amd_register_deallocation_callback(p, callback, nullptr));
  ASSERT_OK(hsa_amd_memory_pool_free(p));
  EXPECT_EQ(seen, p);
}

TEST_F(MemoryTest, FreeWhileADispatchUsesItDoesNotCrash) {
  // A program's mistake. The dispatch ends, well or with a fault; the host
  // lives.
  TestQueue q = makeQueue();
  void *p = nullptr;
  ASSERT_OK(hsa_amd_memory_pool_allocate(local, 64 * 256 * 4, 0, &p));
  hsa_signal_t done = makeSignal();
  dispatch(q, "spin", {{p}, 20000}, 64, done);
  std::this_thread::sleep_for(std::chrono::milliseconds(1));
  EXPECT_OK(hsa_amd_memory_pool_free(p));
  EXPECT_NE(wait(done), INT64_MAX);
}

} // namespace
