//===- MemoryPlan.h - arena offsets over a partial order --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No IR here: buffers are sizes and clocks, so that a test can make its own.
// Definitions and the lower bound are in docs/scheduling.md.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MEMORYPLAN_H
#define ECLIP_COMPILER_SCHEDULE_MEMORYPLAN_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/SmallVector.h"

#include <cstdint>
#include <vector>

namespace eclip {

/// A buffer that one dispatch writes, or several write parts of, and others
/// read.
struct ArenaBuffer {
  int64_t bytes = 0;
  llvm::SmallVector<unsigned, 2> writers;  ///< dispatches, in textual order
  llvm::SmallVector<unsigned, 4> accesses; ///< dispatches, the writers included
  /// Entry q: position in queue q of the last access; 0 if none is there.
  llvm::SmallVector<int64_t, 8> lastAccess;
};

/// What the planner needs to know of a dispatch.
struct PlannedDispatch {
  unsigned queue = 0;
  int64_t position = 0; ///< in its queue, from 1
  /// Entry q: how many dispatches of queue q are complete when it starts.
  llvm::SmallVector<int64_t, 8> before;
};

struct MemoryPlan {
  std::vector<int64_t> offsets; ///< one a buffer, multiples of the alignment
  int64_t arenaBytes = 0;       ///< a multiple of the alignment
  int64_t lowerBoundBytes = 0;  ///< no plan's arena is smaller
};

/// True if the two may be in use at once: neither is done with before every
/// write of the other.
bool conflicts(const ArenaBuffer &a, const ArenaBuffer &b,
               llvm::ArrayRef<PlannedDispatch> dispatches);

/// Greedy best fit, in several orders of the buffers, repaired while it is
/// above the lower bound; the smallest arena wins.
MemoryPlan planArena(llvm::ArrayRef<ArenaBuffer> buffers,
                     llvm::ArrayRef<PlannedDispatch> dispatches,
                     int64_t alignment);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MEMORYPLAN_H
