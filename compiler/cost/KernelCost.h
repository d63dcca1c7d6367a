//===- KernelCost.h - what a kernel costs at one CU count -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The interface between costs and scheduling. Scheduling sees costs through
// CostFunction and nothing else, so a test can hand it a table. All numbers are
// integers, so that sums are exact and results don't depend on the host.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_KERNELCOST_H
#define ECLIP_COMPILER_COST_KERNELCOST_H

#include <cstddef>
#include <cstdint>
#include <functional>

namespace eclip {

/// One launch alone on the device, on so many CUs; or one switch between
/// queues. The last three fields are what it asks of the parts that all CUs
/// share; 0 where unknown.
struct KernelCost {
  int64_t timeNs = 0;   ///< launch overhead included
  int64_t energyNj = 0; ///< of the whole board during timeNs, idle included
  /// Time that the launch's HBM traffic needs at the bandwidth that these CUs
  /// draw alone; at most timeNs without the launch overhead. Where others
  /// leave it the part f of that bandwidth, the launch takes
  /// max(timeNs, DeviceLimits::launchNs + memoryNs / f).
  int64_t memoryNs = 0;
  /// HBM traffic in bytes per second, averaged over timeNs. Over the time in
  /// which it moves it is hbmBytesPerS * timeNs / memoryNs.
  int64_t hbmBytesPerS = 0;
  /// Power above idle, averaged over timeNs: energyNj / timeNs less idle.
  int64_t busyMilliwatts = 0;
};

/// The one way in which scheduling sees cost: kernel and CU count to cost.
using CostFunction = std::function<KernelCost(size_t kernel, int64_t cuCount)>;

/// What kernels that run at the same time share, 0 where unknown, and how they
/// share CUs.
struct DeviceLimits {
  int64_t hbmBytesPerS = 0;    ///< sustained by all CUs together
  int64_t launchNs = 0;        ///< overhead in each KernelCost::timeNs
  int64_t idleMilliwatts = 0;  ///< drawn once, however many kernels run
  int64_t boardMilliwatts = 0; ///< the board's limit
  /// Of two kernels that run on the same CUs, each takes longer by this part of
  /// the time that both run; 1000000: they take turns.
  int64_t turnPpm = 1000000;
  /// For this part of its time a kernel keeps its CUs from kernels that came
  /// later: its workgroups are placed first.
  int64_t pendingPpm = 0;
  /// Longest wait for workgroups of a kernel of lower priority.
  int64_t workgroupNs = 0;
  /// Each launch takes this much longer for each launch of others in as much
  /// time, wherever they run.
  int64_t launchBesideNs = 0;
  /// Of a kernel's time, the part that others' traffic stretches as if it waited
  /// for memory; at least what it needs of the bandwidth itself.
  int64_t memoryBesidePpm = 0;
  /// Masked queues that one request may switch among; 0: any number.
  int64_t requestQueues = 0;
};

} // namespace eclip

#endif // ECLIP_COMPILER_COST_KERNELCOST_H
