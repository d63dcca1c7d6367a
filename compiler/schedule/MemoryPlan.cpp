//===- MemoryPlan.cpp - arena offsets over a partial order ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MemoryPlan.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <algorithm>
#include <limits>

using namespace eclip;

/// True if every access of `buffer` is complete when `dispatch` starts.
static bool doneBefore(const ArenaBuffer &buffer,
                       const PlannedDispatch &dispatch) {
  for (auto [last, complete] : llvm::zip_equal(buffer.lastAccess, dispatch.before))
    if (last > complete)
      return false;
  return true;
}

bool eclip::conflicts(const ArenaBuffer &a, const ArenaBuffer &b,
                      llvm::ArrayRef<PlannedDispatch> dispatches) {
  return !doneBefore(a, dispatches[b.writer]) &&
         !doneBefore(b, dispatches[a.writer]);
}

static int64_t alignUp(int64_t bytes, int64_t alignment) {
  return (bytes + alignment - 1) / alignment * alignment;
}

/// Largest sum of the buffers that hold a value during one dispatch: written
/// by it or before it, and read by it or by what must come after it, hence in
/// conflict pairwise.
static int64_t lowerBound(llvm::ArrayRef<ArenaBuffer> buffers,
                          llvm::ArrayRef<PlannedDispatch> dispatches,
                          int64_t alignment) {
  auto atOrBefore = [&](unsigned a, unsigned b) {
    return a == b ||
           dispatches[b].before[dispatches[a].queue] >= dispatches[a].position;
  };
  int64_t bound = 0;
  for (unsigned at : llvm::seq<unsigned>(0, dispatches.size())) {
    int64_t live = 0;
    for (const ArenaBuffer &buffer : buffers)
      if (atOrBefore(buffer.writer, at) &&
          llvm::any_of(buffer.accesses,
                       [&](unsigned use) { return atOrBefore(at, use); }))
        live += alignUp(buffer.bytes, alignment);
    bound = std::max(bound, live);
  }
  return bound;
}

/// Places the buffers in `order`, each in the smallest gap that fits between
/// those that it conflicts with. Returns the end of the highest.
static int64_t place(llvm::ArrayRef<ArenaBuffer> buffers,
                     llvm::ArrayRef<std::vector<unsigned>> neighbours,
                     llvm::ArrayRef<unsigned> order, int64_t alignment,
                     std::vector<int64_t> &offsets) {
  offsets.assign(buffers.size(), -1);
  int64_t end = 0;
  llvm::SmallVector<std::pair<int64_t, int64_t>> taken;
  for (unsigned index : order) {
    int64_t bytes = alignUp(buffers[index].bytes, alignment);
    taken.clear();
    for (unsigned other : neighbours[index])
      if (offsets[other] >= 0)
        taken.emplace_back(offsets[other],
                           offsets[other] + alignUp(buffers[other].bytes, alignment));
    llvm::sort(taken);
    int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), free = 0;
    for (auto [from, to] : taken) {
      if (from - free >= bytes && from - free < bestGap) {
        best = free;
        bestGap = from - free;
      }
      free = std::max(free, to);
    }
    offsets[index] = best >= 0 ? best : free;
    end = std::max(end, offsets[index] + bytes);
  }
  return end;
}

MemoryPlan eclip::planArena(llvm::ArrayRef<ArenaBuffer> buffers,
                            llvm::ArrayRef<PlannedDispatch> dispatches,
                            int64_t alignment) {
  std::vector<std::vector<unsigned>> neighbours(buffers.size());
  std::vector<int64_t> conflictBytes(buffers.size(), 0);
  for (unsigned a : llvm::seq<unsigned>(0, buffers.size()))
    for (unsigned b : llvm::seq<unsigned>(0, a))
      if (conflicts(buffers[a], buffers[b], dispatches)) {
        neighbours[a].push_back(b);
        neighbours[b].push_back(a);
        conflictBytes[a] += buffers[b].bytes;
        conflictBytes[b] += buffers[a].bytes;
      }

  MemoryPlan plan;
  plan.lowerBoundBytes = lowerBound(buffers, dispatches, alignment);
  plan.arenaBytes = std::numeric_limits<int64_t>::max();
  auto attempt = [&](auto less) {
    if (plan.arenaBytes == plan.lowerBoundBytes)
      return;
    auto order = llvm::to_vector(llvm::seq<unsigned>(0, buffers.size()));
    llvm::sort(order, [&](unsigned a, unsigned b) {
      return less(a, b) || (!less(b, a) && a < b);
    });
    std::vector<int64_t> offsets;
    int64_t end = place(buffers, neighbours, order, alignment, offsets);
    if (end < plan.arenaBytes) {
      plan.arenaBytes = end;
      plan.offsets = std::move(offsets);
    }
  };
  attempt([&](unsigned a, unsigned b) { return buffers[a].bytes > buffers[b].bytes; });
  attempt([&](unsigned a, unsigned b) { return buffers[a].writer < buffers[b].writer; });
  attempt([&](unsigned a, unsigned b) { return buffers[a].writer > buffers[b].writer; });
  attempt([&](unsigned a, unsigned b) {
    return buffers[a].bytes + conflictBytes[a] > buffers[b].bytes + conflictBytes[b];
  });
  return plan;
}
