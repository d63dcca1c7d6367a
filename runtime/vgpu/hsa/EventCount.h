//===- EventCount.h - sleep until something changed -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A futex with a generation number. A waiter takes a ticket, looks at whatever
// it waits for, and sleeps only if the generation is still its ticket's; a
// writer changes the state and then calls notify, which costs one load when
// nobody sleeps. Both sides use sequentially consistent operations, so either
// the waiter sees the new state or the writer sees the sleeper.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_EVENTCOUNT_H
#define ECLIP_VGPU_HSA_EVENTCOUNT_H

#include <atomic>
#include <cerrno>
#include <climits>
#include <cstdint>
#include <ctime>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace eclip::vgpu {

/// Nanoseconds of the host's monotonic clock: every timestamp of the library.
inline uint64_t nowNs() {
  timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return uint64_t(t.tv_sec) * 1000000000u + uint64_t(t.tv_nsec);
}

class EventCount {
public:
  static constexpr uint64_t forever = UINT64_MAX;

  uint32_t prepare() {
    sleepers.fetch_add(1, std::memory_order_seq_cst);
    return generation.load(std::memory_order_seq_cst);
  }
  void cancel() { sleepers.fetch_sub(1, std::memory_order_relaxed); }

  /// Sleeps until the next notify after `ticket`, or `ns` nanoseconds. Ends
  /// what prepare() began.
  void wait(uint32_t ticket, uint64_t ns) {
    timespec t, *limit = nullptr;
    if (ns != forever) {
      t.tv_sec = time_t(ns / 1000000000u);
      t.tv_nsec = long(ns % 1000000000u);
      limit = &t;
    }
    if (generation.load(std::memory_order_seq_cst) == ticket)
      syscall(SYS_futex, reinterpret_cast<uint32_t *>(&generation),
              FUTEX_WAIT_PRIVATE, ticket, limit, nullptr, 0);
    cancel();
  }

  void notify() {
    if (sleepers.load(std::memory_order_seq_cst) == 0)
      return;
    generation.fetch_add(1, std::memory_order_seq_cst);
    syscall(SYS_futex, reinterpret_cast<uint32_t *>(&generation),
            FUTEX_WAKE_PRIVATE, INT_MAX, nullptr, nullptr, 0);
  }

private:
  std::atomic<uint32_t> generation{0};
  std::atomic<uint32_t> sleepers{0};
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_EVENTCOUNT_H
