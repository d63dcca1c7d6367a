//===- State.h - inside the fake HSA library --------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_RUNTIME_FAKE_HSA_STATE_H
#define ECLIP_TEST_UNIT_RUNTIME_FAKE_HSA_STATE_H

#include "test/unit/runtime/fake_hsa/FakeHsa.h"

#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>

#define FAKE_API extern "C" __attribute__((visibility("default")))

namespace eclip::fake {

extern Library library;

[[gnu::format(printf, 1, 2)]] void breach(const char *format, ...);
/// False: this creation is to fail.
bool mayCreate();

constexpr uint64_t kSignalMagic = 0x6c616e6769736b46;

struct Queue;

struct Signal {
  uint64_t magic = kSignalMagic;
  std::atomic<int64_t> value{0};
  std::atomic<uint64_t> startTicks{0}, endTicks{0};
  Queue *doorbellOf = nullptr;
};

/// Null, with a breach, if the handle is none of a live signal.
Signal *signalOf(hsa_signal_t handle);

/// A kernel of test/conformance/kernels.s.
struct Kernel {
  const char *name;
  uint32_t kernargBytes, groupBytes, pointers;
  void (*run)(const uint64_t *arguments, uint32_t items);
};
const Kernel *findKernel(const char *symbol);

/// Ticks of 10 ns, to see that the driver converts them.
uint64_t nowTicks();

void ringDoorbell(Queue &queue, int64_t value);

} // namespace eclip::fake

#endif // ECLIP_TEST_UNIT_RUNTIME_FAKE_HSA_STATE_H
