//===- FakeHsa.h - a small HSA library that watches its caller --*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Implements the functions that the hsa driver calls, runs the kernels of
// test/conformance/kernels.s by name on the CPU, and records every breach of
// the rules that the driver has to keep: a packet's header appears after its
// body, a doorbell after the header, masks before packets, nothing is destroyed
// while in use or leaked. Tests reach the controls through dlsym, because the
// driver opens the library by path.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_RUNTIME_FAKE_HSA_FAKEHSA_H
#define ECLIP_TEST_UNIT_RUNTIME_FAKE_HSA_FAKEHSA_H

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace eclip::fake {

/// Switches, set by a test before what they change happens.
struct Control {
  std::atomic<bool> noGpu{false};
  std::atomic<uint32_t> cuCount{60}, shaderEngines{4};
  std::atomic<const char *> isa{"amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-"};
  std::atomic<uint32_t> queueMaxSize{1u << 17}, queueMinSize{64};
  std::atomic<uint32_t> maxQueues{64};
  std::atomic<bool> hostReachesMemory{true}, maskReduced{false};
  std::atomic<bool> noTimes{false};
  /// Calls that create something succeed this many times more.
  std::atomic<int64_t> creationsLeft{INT64_MAX};
  /// Processors stop before the next packet.
  std::atomic<bool> stalled{false};
  /// Processors look at headers without waiting for a doorbell, to see a body
  /// that is not complete when its header is.
  std::atomic<bool> eager{false};
  /// A queue fails instead of running a kernel of this name.
  std::atomic<const char *> failingKernel{nullptr};
  /// The failing queue tells its callback, changes completion signals to minus
  /// the status (as the virtual GPU does), or both.
  std::atomic<bool> failCallback{true}, failSignals{false};
  std::atomic<uint32_t> slowKernelMicroseconds{2000};
};

/// What is alive and what has happened.
struct Counters {
  std::atomic<int64_t> queues{0}, signals{0}, allocations{0}, executables{0},
      readers{0}, initializations{0};
  std::atomic<int64_t> highPriorities{0}; // queues, so far
  std::atomic<uint64_t> dispatches{0}, barriers{0}, doorbells{0}, copies{0},
      creations{0};
};

struct Library {
  Control control;
  Counters counters;
  /// Breaches so far; messages() has the first few, one a line.
  std::atomic<uint64_t> breaches{0};
  const char *(*messages)();
  /// Back to the initial state; nothing may be alive.
  void (*reset)();
};

/// The library's one exported function beside HSA's: "eclip_fake_hsa".
using GetLibrary = Library *(*)();

} // namespace eclip::fake

#endif // ECLIP_TEST_UNIT_RUNTIME_FAKE_HSA_FAKEHSA_H
