//===- Timeline.h - a schedule in time --------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What a request of one schedule costs when its queues run side by side, from
// the costs of its dispatches alone. In one queue after another it is the
// clustering's sum, exactly. No IR here.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_TIMELINE_H
#define ECLIP_COMPILER_SCHEDULE_TIMELINE_H

#include "compiler/cost/KernelCost.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <vector>

namespace eclip {

/// CUs of a queue, counted from the end of the device that the worker has.
struct CuRange {
  int64_t first = 0;
  int64_t count = 0;
  bool operator==(const CuRange &) const = default;
};

struct TimelineDispatch {
  unsigned queue = 0;
  KernelCost cost; ///< alone, on its queue's CUs
  /// CUs that it makes use of, of those it is on, in millionths.
  int64_t usePpm = 1000000;
  llvm::SmallVector<unsigned> waits; ///< earlier dispatches of other queues
};

struct Timeline {
  int64_t timeNs = 0;
  int64_t energyNj = 0;
  int64_t switches = 0; ///< barrier packets
  std::vector<double> startNs, endNs; ///< of each dispatch
};

/// Plays one request. A dispatch starts when the one before it in its queue and
/// all that it waits for are complete, after one `switchCost` for each barrier
/// packet. Past the launch, it is slowed by what shares its CUs or wants more
/// of the memory than there is, by the rules of the mixes' simulator
/// (docs/mixes.md). Idle power is drawn once.
Timeline playTimeline(llvm::ArrayRef<TimelineDispatch> dispatches,
                      llvm::ArrayRef<CuRange> queues,
                      const DeviceLimits &limits, const KernelCost &switchCost);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_TIMELINE_H
