//===- AllocationTest.cpp - who allocates, when, and what if that fails ---===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ApiFixture.h"

#include <cstdlib>
#include <mutex>
#include <set>

// A sanitizer replaces these functions itself.
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||     \
    __has_feature(memory_sanitizer)
#define ECLIP_NO_INTERPOSING
#endif
#endif
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define ECLIP_NO_INTERPOSING
#endif

#ifndef ECLIP_NO_INTERPOSING
namespace {
/// Calls of the malloc family by this thread while `counting`, from whatever
/// library: the program's definitions below come before libc's.
thread_local bool counting = false;
thread_local uint64_t calls = 0;
} // namespace

extern "C" {
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);
void __libc_free(void *);

#define ECLIP_EXPORT __attribute__((visibility("default")))
ECLIP_EXPORT void *malloc(size_t bytes) {
  calls += counting;
  return __libc_malloc(bytes);
}
ECLIP_EXPORT void *calloc(size_t n, size_t bytes) {
  calls += counting;
  return __libc_calloc(n, bytes);
}
ECLIP_EXPORT void *realloc(void *p, size_t bytes) {
  calls += counting;
  return __libc_realloc(p, bytes);
}
ECLIP_EXPORT void *aligned_alloc(size_t alignment, size_t bytes) {
  calls += counting;
  return __libc_memalign(alignment, bytes);
}
ECLIP_EXPORT int posix_memalign(void **p, size_t alignment, size_t bytes) {
  calls += counting;
  *p = __libc_memalign(alignment, bytes);
  return *p ? 0 : 12;
}
ECLIP_EXPORT void free(void *p) {
  calls += counting && p;
  __libc_free(p);
}
}
#endif

using namespace eclip;
using namespace eclip::test;

namespace {

/// A caller's allocator that knows what is alive, and fails when told.
struct Pool {
  std::mutex mutex;
  std::set<void *> alive;
  uint64_t allocations = 0, failAt = UINT64_MAX, bytes = 0, wrongSizes = 0;

  eclip_allocator allocator() {
    return {sizeof(eclip_allocator), this, allocate, deallocate};
  }
  static void *allocate(void *context, size_t bytes, size_t alignment) {
    auto &pool = *static_cast<Pool *>(context);
    std::lock_guard lock(pool.mutex);
    if (pool.allocations++ >= pool.failAt)
      return nullptr;
    // The size in front, to check it when it comes back.
    size_t front = alignment < 16 ? 16 : alignment;
    size_t total = (front + bytes + alignment - 1) / alignment * alignment;
    auto *base = static_cast<char *>(
        std::aligned_alloc(front, (total + front - 1) / front * front));
    *reinterpret_cast<size_t *>(base + front - 8) = bytes;
    *reinterpret_cast<uint32_t *>(base + front - 16) = uint32_t(front);
    pool.alive.insert(base + front);
    pool.bytes += bytes;
    return base + front;
  }
  static void deallocate(void *context, void *pointer, size_t bytes) {
    auto &pool = *static_cast<Pool *>(context);
    std::lock_guard lock(pool.mutex);
    auto *p = static_cast<char *>(pointer);
    pool.wrongSizes += *reinterpret_cast<size_t *>(p - 8) != bytes;
    EXPECT_EQ(pool.alive.erase(pointer), 1u);
    std::free(p - *reinterpret_cast<uint32_t *>(p - 16));
  }
};

class Allocation : public Api {
protected:
  void openWith(Pool &pool) {
    allocator = pool.allocator();
    eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
    options.allocator = &allocator;
    open(options);
  }
  eclip_allocator allocator{};
};

TEST_F(Allocation, EverythingComesFromTheCallersAllocator) {
  Pool pool;
  openWith(pool);
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(examplePlans(), &schedule));
  EXPECT_GT(pool.alive.size(), 10u);
  uint64_t loaded = pool.allocations;
  for (unsigned i = 0; i < 10; ++i) {
    EXPECT_OK(eclip_schedule_set_plan(schedule, i % 2, m));
    runOnce(schedule, exampleInput(i));
  }
  EXPECT_EQ(pool.allocations, loaded);
  EXPECT_OK(eclip_schedule_close(schedule, m));
  close();
  EXPECT_EQ(pool.alive.size(), 0u);
  EXPECT_EQ(pool.wrongSizes, 0u);
}

/// Each allocation of opening and loading fails once: a clean error every time,
/// nothing left behind, and success in the end.
TEST_F(Allocation, SweepOfTheCallersAllocator) {
  FileBytes file = buildFile(exampleWorker(0, 2));
  for (uint64_t failAt = 0;; ++failAt) {
    Pool pool;
    pool.failAt = failAt;
    allocator = pool.allocator();
    eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
    options.allocator = &allocator;
    eclip_schedule *schedule = nullptr;
    eclip_status status = tryOpen(options);
    if (!status)
      status = eclip_schedule_load_memory(device, file.data(), file.size(),
                                          nullptr, &schedule, m);
    if (status) {
      EXPECT_EQ(status, ECLIP_ERROR_OUT_OF_MEMORY) << failAt << ": " << m.text;
      EXPECT_TRUE(m.has("out of memory")) << failAt << ": " << m.text;
      EXPECT_EQ(schedule, nullptr);
    }
    EXPECT_OK(eclip_schedule_close(schedule, m));
    close();
    EXPECT_EQ(pool.alive.size(), 0u) << "after failing allocation " << failAt;
    EXPECT_EQ(fakeHsa->counters.allocations, 0);
    if (!status) {
      EXPECT_GT(failAt, 20u);
      return;
    }
  }
}

/// The same for everything that the driver creates in its library.
TEST_F(Allocation, SweepOfTheDriversLibrary) {
  FileBytes file = buildFile(exampleWorker(0, 2));
  for (int64_t left = 0;; ++left) {
    fakeHsa->control.creationsLeft = left;
    open();
    eclip_schedule *schedule = nullptr;
    eclip_status status = eclip_schedule_load_memory(
        device, file.data(), file.size(), nullptr, &schedule, m);
    if (status) {
      EXPECT_NE(m.text[0], 0);
      EXPECT_TRUE(status == ECLIP_ERROR_OUT_OF_MEMORY ||
                  status == ECLIP_ERROR_RESOURCES ||
                  status == ECLIP_ERROR_DRIVER)
          << left << ": " << eclip_status_string(status) << ": " << m.text;
    }
    EXPECT_OK(eclip_schedule_close(schedule, m));
    close();
    const fake::Counters &c = fakeHsa->counters;
    EXPECT_EQ(c.queues + c.signals + c.allocations + c.executables + c.readers,
              0)
        << "after creation " << left << " failed";
    if (!status) {
      EXPECT_GT(left, 20);
      return;
    }
  }
}

TEST_F(Allocation, SweepOfTheVerifier) {
  FileBytes file = buildFile(example());
  for (uint64_t failAt = 0;; ++failAt) {
    Pool pool;
    pool.failAt = failAt;
    allocator = pool.allocator();
    eclip_status status =
        eclip_schedule_verify(file.data(), file.size(), &allocator, m);
    EXPECT_EQ(pool.alive.size(), 0u);
    if (!status) {
      EXPECT_EQ(failAt, 3u) << "payload, written outputs, signals";
      return;
    }
    EXPECT_FAILS(status, ECLIP_ERROR_OUT_OF_MEMORY, "out of memory");
  }
}

TEST_F(Allocation, NoneInARequest) {
#ifdef ECLIP_NO_INTERPOSING
  GTEST_SKIP() << "a sanitizer has its own malloc";
#else
  open();
  eclip_schedule *schedule = nullptr;
  ASSERT_OK(load(examplePlans(), &schedule));
  auto x = exampleInput(1);
  float y[kElements];
  eclip_queue_times queues[2];
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  stats.queues = queues;
  stats.queue_capacity = 2;
  eclip_status status = ECLIP_OK;
  counting = true;
  for (int i = 0; i < 100 && !status; ++i) {
    eclip_request *request = nullptr;
    status = eclip_request_acquire(schedule, &request, m);
    if (!status)
      status = eclip_schedule_set_plan(schedule, i % 2, m);
    if (!status)
      status = eclip_request_write_input(request, 0, x.data(), 512, m);
    if (!status)
      status = eclip_request_submit(request, m);
    if (!status)
      status = eclip_request_wait(request, 60000000000, m);
    if (!status)
      status = eclip_request_read_output(request, 0, y, sizeof(y), m);
    if (!status)
      status = eclip_request_get_stats(request, &stats, m);
    if (!status)
      status = eclip_request_release(request, m);
  }
  counting = false;
  EXPECT_OK(status);
  EXPECT_EQ(calls, 0u);
  // The counter does count.
  counting = true;
  void *volatile p = std::malloc(1);
  std::free(p);
  counting = false;
  EXPECT_EQ(calls, 2u);
  EXPECT_OK(eclip_schedule_close(schedule, m));
#endif
}

} // namespace
