//===- FakeCuda.h - a small CUDA driver that watches its caller -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Implements the functions that the cuda driver calls, runs the kernels of
// test/conformance/kernels.ptx by name on the CPU (any other kernel fills what
// its last argument points to with zeros), and records every breach of
// the rules: no context current, a handle that is not alive, something destroyed
// in use or leaked, a partition of SMs that were never split off. Of all orders
// of a graph that its edges allow it runs a random one, so that a missing edge
// shows in the results. Tests reach the controls through dlsym.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_RUNTIME_FAKE_CUDA_FAKECUDA_H
#define ECLIP_TEST_UNIT_RUNTIME_FAKE_CUDA_FAKECUDA_H

#include <atomic>
#include <cstdint>

namespace eclip::fakecuda {

/// Switches, set by a test before what they change happens.
struct Control {
  std::atomic<int> smCount{132}, major{9}, minor{0};
  /// What the device says that it schedules together, 0 for unknown.
  std::atomic<unsigned> smAlignment{8};
  /// Groups that it makes at most; what is left over comes as one. 0: all.
  std::atomic<unsigned> smGroups{0};
  std::atomic<int> initResult{0}, gpuCount{1};
  /// Calls that create something succeed this many times more.
  std::atomic<int64_t> creationsLeft{INT64_MAX};
  std::atomic<unsigned> seed{1};
  std::atomic<unsigned> slowKernelMicroseconds{2000};
};

/// What is alive and what has happened.
struct Counters {
  std::atomic<int64_t> contexts{0}, greens{0}, streams{0}, events{0}, graphs{0},
      execs{0}, libraries{0}, allocations{0};
  std::atomic<uint64_t> launches{0}, kernels{0}, edges{0}, creations{0};
  /// SMs of the context that the last kernel ran in.
  std::atomic<unsigned> lastPartition{0};
  std::atomic<int> lastPriority{0}; // of the last kernel
};

struct Library {
  Control control;
  Counters counters;
  std::atomic<uint64_t> breaches{0};
  const char *(*messages)();
  /// Back to the initial state; what is alive is a breach.
  void (*reset)();
};

/// The library's one exported function beside CUDA's: "eclip_fake_cuda".
using GetLibrary = Library *(*)();

} // namespace eclip::fakecuda

#endif // ECLIP_TEST_UNIT_RUNTIME_FAKE_CUDA_FAKECUDA_H
