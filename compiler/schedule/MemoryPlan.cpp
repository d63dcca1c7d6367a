//===- MemoryPlan.cpp - arena offsets over a partial order ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MemoryPlan.h"

#include "llvm/ADT/BitVector.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Sequence.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace eclip;

/// True if every access of `buffer` is complete when `dispatch` starts.
static bool doneBefore(const ArenaBuffer &buffer,
                       const PlannedDispatch &dispatch) {
  for (auto [last, complete] :
       llvm::zip_equal(buffer.lastAccess, dispatch.before))
    if (last > complete)
      return false;
  return true;
}

bool eclip::conflicts(const ArenaBuffer &a, const ArenaBuffer &b,
                      llvm::ArrayRef<PlannedDispatch> dispatches) {
  auto isBefore = [&](const ArenaBuffer &first, const ArenaBuffer &second) {
    return llvm::all_of(second.writers, [&](unsigned writer) {
      return doneBefore(first, dispatches[writer]);
    });
  };
  return !isBefore(a, b) && !isBefore(b, a);
}

namespace {

/// Placements that are tried beyond the fixed orders: each takes about a
/// millisecond for 1000 buffers.
constexpr int kRepairRounds = 48;

class ArenaPlanner {
public:
  ArenaPlanner(llvm::ArrayRef<ArenaBuffer> buffers,
               llvm::ArrayRef<PlannedDispatch> dispatches, int64_t alignment);
  MemoryPlan run();

private:
  using Order = std::vector<unsigned>;

  bool isLiveAt(const ArenaBuffer &buffer, unsigned dispatch) const;
  int64_t cliqueAt(unsigned dispatch) const;
  int64_t lowerBound() const;
  int64_t place(const Order &order, std::vector<int64_t> &offsets) const;
  void attempt(const Order &order);
  template <typename Less> void attemptSorted(Less less);
  void repair();

  llvm::ArrayRef<ArenaBuffer> buffers;
  llvm::ArrayRef<PlannedDispatch> dispatches;
  std::vector<int64_t> bytes;         ///< of each buffer, rounded up
  std::vector<int64_t> conflictBytes; ///< of all that it conflicts with
  std::vector<llvm::BitVector> neighbours;
  Order bySize; ///< buffers, largest first
  MemoryPlan plan;
  Order bestOrder;
  std::vector<int64_t> offsets; ///< of the last attempt
};

} // namespace

ArenaPlanner::ArenaPlanner(llvm::ArrayRef<ArenaBuffer> buffers,
                           llvm::ArrayRef<PlannedDispatch> dispatches,
                           int64_t alignment)
    : buffers(buffers), dispatches(dispatches),
      conflictBytes(buffers.size(), 0),
      neighbours(buffers.size(), llvm::BitVector(buffers.size())),
      bySize(buffers.size()) {
  for (const ArenaBuffer &buffer : buffers)
    bytes.push_back((buffer.bytes + alignment - 1) / alignment * alignment);
  for (unsigned a : llvm::seq<unsigned>(0, buffers.size()))
    for (unsigned b : llvm::seq<unsigned>(0, a))
      if (conflicts(buffers[a], buffers[b], dispatches)) {
        neighbours[a].set(b);
        neighbours[b].set(a);
        conflictBytes[a] += bytes[b];
        conflictBytes[b] += bytes[a];
      }
  std::iota(bySize.begin(), bySize.end(), 0u);
  llvm::sort(bySize, [&](unsigned a, unsigned b) {
    return bytes[a] != bytes[b] ? bytes[a] > bytes[b] : a < b;
  });
}

/// True if the buffer holds a value during the dispatch in every execution: some
/// of it is written by it or before it, and accessed by it or after it.
bool ArenaPlanner::isLiveAt(const ArenaBuffer &buffer,
                            unsigned dispatch) const {
  auto atOrBefore = [&](unsigned a, unsigned b) {
    return a == b ||
           dispatches[b].before[dispatches[a].queue] >= dispatches[a].position;
  };
  return llvm::any_of(buffer.writers,
                      [&](unsigned writer) { return atOrBefore(writer, dispatch); }) &&
         llvm::any_of(buffer.accesses, [&](unsigned access) {
           return atOrBefore(dispatch, access);
         });
}

/// Sum of the buffers that are live at the dispatch, hence in conflict
/// pairwise, and of further ones in conflict with all of these and each other.
int64_t ArenaPlanner::cliqueAt(unsigned dispatch) const {
  int64_t sum = 0;
  llvm::BitVector common(buffers.size(), true);
  for (unsigned index : llvm::seq<unsigned>(0, buffers.size()))
    if (isLiveAt(buffers[index], dispatch)) {
      sum += bytes[index];
      common &= neighbours[index];
    }
  for (unsigned index : bySize) {
    if (common.none())
      break;
    if (!common.test(index))
      continue;
    sum += bytes[index];
    common &= neighbours[index];
  }
  return sum;
}

int64_t ArenaPlanner::lowerBound() const {
  int64_t bound = 0;
  for (unsigned dispatch : llvm::seq<unsigned>(0, dispatches.size()))
    bound = std::max(bound, cliqueAt(dispatch));
  return bound;
}

/// Places the buffers in `order`, each in the smallest gap that fits between
/// those that it conflicts with. Returns the end of the highest.
int64_t ArenaPlanner::place(const Order &order,
                            std::vector<int64_t> &offsets) const {
  offsets.assign(buffers.size(), -1);
  int64_t end = 0;
  llvm::SmallVector<std::pair<int64_t, int64_t>> taken;
  for (unsigned index : order) {
    taken.clear();
    for (unsigned other : neighbours[index].set_bits())
      if (offsets[other] >= 0)
        taken.emplace_back(offsets[other], offsets[other] + bytes[other]);
    llvm::sort(taken);
    int64_t best = -1, bestGap = std::numeric_limits<int64_t>::max(), free = 0;
    for (auto [from, to] : taken) {
      if (from - free >= bytes[index] && from - free < bestGap) {
        best = free;
        bestGap = from - free;
      }
      free = std::max(free, to);
    }
    offsets[index] = best >= 0 ? best : free;
    end = std::max(end, offsets[index] + bytes[index]);
  }
  return end;
}

void ArenaPlanner::attempt(const Order &order) {
  int64_t end = place(order, offsets);
  if (end < plan.arenaBytes) {
    plan.arenaBytes = end;
    plan.offsets = offsets;
    bestOrder = order;
  }
}

template <typename Less> void ArenaPlanner::attemptSorted(Less less) {
  if (plan.arenaBytes == plan.lowerBoundBytes)
    return;
  Order order = bySize;
  llvm::sort(order, [&](unsigned a, unsigned b) {
    return less(a, b) || (!less(b, a) && a < b);
  });
  attempt(order);
}

/// What ends highest was placed too late: places it first, and tries again.
void ArenaPlanner::repair() {
  Order order = bestOrder;
  offsets = plan.offsets;
  for (int round = 0;
       round < kRepairRounds && plan.arenaBytes > plan.lowerBoundBytes;
       ++round) {
    auto highest = llvm::max_element(order, [&](unsigned a, unsigned b) {
      return offsets[a] + bytes[a] < offsets[b] + bytes[b];
    });
    std::rotate(order.begin(), highest, highest + 1);
    attempt(order);
  }
}

MemoryPlan ArenaPlanner::run() {
  plan.lowerBoundBytes = lowerBound();
  plan.arenaBytes = std::numeric_limits<int64_t>::max();
  attempt(bySize);
  attemptSorted([&](unsigned a, unsigned b) {
    return buffers[a].writers.front() < buffers[b].writers.front();
  });
  attemptSorted([&](unsigned a, unsigned b) {
    return buffers[a].writers.front() > buffers[b].writers.front();
  });
  attemptSorted([&](unsigned a, unsigned b) {
    return bytes[a] + conflictBytes[a] > bytes[b] + conflictBytes[b];
  });
  repair();
  return std::move(plan);
}

MemoryPlan eclip::planArena(llvm::ArrayRef<ArenaBuffer> buffers,
                            llvm::ArrayRef<PlannedDispatch> dispatches,
                            int64_t alignment) {
  return ArenaPlanner(buffers, dispatches, alignment).run();
}
