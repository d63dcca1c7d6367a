//===- MixEvaluator.cpp - the co-location model in exact numbers ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixClustering.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <array>
#include <cmath>

using namespace eclip;

static constexpr int64_t billion = 1000000000, million = 1000000;
static constexpr WideInt quadrillion = 1000000000000000;

//===----------------------------------------------------------------------===//
// Tables
//===----------------------------------------------------------------------===//

static int64_t aboveIdle(int64_t energyNj, int64_t timeNs,
                         const DeviceLimits &limits) {
  auto idleNj = static_cast<int64_t>(static_cast<WideInt>(timeNs) *
                                     limits.idleMilliwatts / 1000);
  return std::max<int64_t>(0, energyNj - idleNj);
}

/// The CUs that a kernel makes use of on its mask: no more than the fewest on
/// which it takes at most 2 % longer.
static int64_t usePpm(const MixWorker &worker, size_t kernel, int64_t cuCount) {
  int64_t time = worker.costOf(kernel, cuCount).timeNs;
  for (int64_t fewer : worker.cuCounts)
    if (worker.costOf(kernel, fewer).timeNs <= time + time / 50)
      return std::min(fewer, cuCount) * million / cuCount;
  return million;
}

/// The root of a time in ns, in 1e-3 of the root of a ns, rounded down.
static int64_t milliRoot(int64_t ns) {
  WideInt square = static_cast<WideInt>(ns) * million;
  auto root = static_cast<int64_t>(std::sqrt(static_cast<double>(square)));
  while (static_cast<WideInt>(root) * root > square)
    --root;
  while (static_cast<WideInt>(root + 1) * (root + 1) <= square)
    ++root;
  return root;
}

/// Of the mean wait behind a kernel that is met at random in its pending time,
/// the part that is left where it ends after workgroupNs: in millionths.
static int64_t higherPpm(int64_t busyNs, const DeviceLimits &limits) {
  WideInt pending = static_cast<WideInt>(busyNs) * limits.pendingPpm / million;
  WideInt wait = limits.workgroupNs;
  if (pending <= wait)
    return million;
  return static_cast<int64_t>((2 * pending - wait) * wait * million /
                              (pending * pending));
}

/// See docs/mixes.md: two kernels of times a and b that meet again and again on
/// the same CUs hold each other up by about pending / (2 - pending) * sqrt(ab).
static void setWaits(MixEvaluator::Kernel &kernel, int64_t aloneNs,
                     int64_t share, const DeviceLimits &limits) {
  if (limits.pendingPpm == 0 || kernel.busyNs == 0)
    return;
  int64_t wait = limits.pendingPpm * million / (2 * million - limits.pendingPpm);
  kernel.waiting = milliRoot(aloneNs);
  kernel.blocking = static_cast<int64_t>(
      static_cast<WideInt>(share) * kernel.busyNs / aloneNs *
      milliRoot(kernel.busyNs) * wait / million);
  kernel.blockingHigher =
      static_cast<int64_t>(static_cast<WideInt>(kernel.blocking) *
                           higherPpm(kernel.busyNs, limits) / million);
}

static MixEvaluator::Kernel makeKernel(const KernelCost &cost, int64_t share,
                                       int64_t use, int64_t besideNs,
                                       const DeviceLimits &limits) {
  MixEvaluator::Kernel kernel;
  kernel.usePpm = use;
  kernel.timeNs = cost.timeNs + besideNs;
  kernel.busyNs = std::max<int64_t>(0, cost.timeNs - limits.launchNs);
  if (limits.hbmBytesPerS > 0)
    kernel.trafficNs = static_cast<int64_t>(std::min<WideInt>(
        kernel.busyNs, static_cast<WideInt>(cost.timeNs) * cost.hbmBytesPerS /
                           limits.hbmBytesPerS));
  kernel.memoryNs = std::max(
      kernel.trafficNs,
      static_cast<int64_t>(static_cast<WideInt>(kernel.busyNs) *
                           limits.memoryBesidePpm / million));
  auto part = [&](int64_t ns) {
    return static_cast<int64_t>(static_cast<WideInt>(share) * ns / cost.timeNs);
  };
  // Of kernels that keep each other out, only the rest runs side by side.
  int64_t turn = limits.turnPpm * (million - limits.pendingPpm) / million;
  kernel.presence = part(kernel.busyNs) * use / million * turn / million;
  kernel.demand = part(kernel.trafficNs);
  kernel.energyNj = aboveIdle(cost.energyNj, cost.timeNs, limits);
  setWaits(kernel, cost.timeNs, share, limits);
  return kernel;
}

/// What each launch of `worker` takes longer beside the others: for each of
/// theirs in launchBesideNs that much, at most once for each of them. Their
/// rates are those alone on all CUs.
static int64_t launchBesideNs(const MixProblem &problem,
                              const MixWorker &worker) {
  int64_t window = problem.limits.launchBesideNs, sum = 0;
  for (const MixWorker &other : problem.workers) {
    if (&other == &worker || window == 0)
      continue;
    WideInt time = 0;
    for (size_t kernel = 0; kernel < other.kernelCount; ++kernel)
      time += other.costOf(kernel, other.cuCounts.back()).timeNs;
    sum += static_cast<int64_t>(
        std::min<WideInt>(window, static_cast<WideInt>(window) * window *
                                      other.kernelCount / time));
  }
  return sum;
}

static MixEvaluator::Worker makeWorker(const MixWorker &from, int64_t besideNs,
                                       const DeviceLimits &limits) {
  MixEvaluator::Worker worker;
  worker.besideNs = besideNs;
  worker.kernels = from.kernelCount;
  worker.width = from.cuCounts.size();
  worker.priority = from.priority;
  worker.switchNs = from.switchCost.timeNs;
  worker.switchNj =
      aboveIdle(from.switchCost.energyNj, from.switchCost.timeNs, limits);
  WideInt time = 0, energy = 0;
  for (size_t kernel = 0; kernel < worker.kernels; ++kernel) {
    KernelCost all = from.costOf(kernel, from.cuCounts.back());
    time += all.timeNs;
    energy += all.energyNj;
  }
  // Shares are differences of rounded running sums: they add up to 1 exactly.
  WideInt before = 0;
  for (size_t kernel = 0; kernel < worker.kernels; ++kernel) {
    WideInt after = before + from.costOf(kernel, from.cuCounts.back()).timeNs;
    auto share =
        static_cast<int64_t>(after * billion / time - before * billion / time);
    before = after;
    for (int64_t cuCount : from.cuCounts)
      worker.table.push_back(makeKernel(from.costOf(kernel, cuCount), share,
                                        usePpm(from, kernel, cuCount), besideNs,
                                        limits));
  }
  worker.aloneNs = static_cast<int64_t>(time);
  worker.timeWeight = static_cast<int64_t>(quadrillion / time);
  worker.energyWeight =
      static_cast<int64_t>(quadrillion / std::max<WideInt>(1, energy));
  return worker;
}

/// CUs in both masks.
static int64_t countShared(llvm::ArrayRef<int64_t> a,
                           llvm::ArrayRef<int64_t> b) {
  int64_t shared = 0;
  for (auto [x, y] : llvm::zip_equal(a, b))
    shared += llvm::popcount(static_cast<uint64_t>(x & y));
  return shared;
}

MixEvaluator::MixEvaluator(const MixProblem &problem) : problem(problem) {
  size_t count = problem.workers.size();
  idleShare = problem.limits.idleMilliwatts / static_cast<int64_t>(count);
  pending = problem.limits.pendingPpm > 0;
  for (const MixWorker &from : problem.workers)
    priorities |= pending && from.priority != problem.workers[0].priority;
  std::vector<llvm::SmallVector<int64_t, 4>> words;
  for (const MixWorker &from : problem.workers) {
    workers.push_back(
        makeWorker(from, launchBesideNs(problem, from), problem.limits));
    maxWidth = std::max(maxWidth, from.cuCounts.size());
    for (int64_t cuCount : from.cuCounts) {
      auto mask = cusBehindMask(
          problem.topology,
          maskFromEnd(problem.topology, cuCount, from.highEnd));
      auto known = llvm::find(words, mask);
      workers.back().masks.push_back(known - words.begin());
      if (known == words.end())
        words.push_back(std::move(mask));
    }
  }
  masks = words.size();
  overlaps.assign(count * count * maxWidth * maxWidth, 0);
  for (size_t w = 0; w < count; ++w)
    for (size_t v = 0; v < count; ++v)
      for (size_t i = 0; v != w && i < workers[w].width; ++i)
        for (size_t j = 0; j < workers[v].width; ++j) {
          const auto &own = words[workers[w].masks[i]];
          overlaps[((w * count + v) * maxWidth + i) * maxWidth + j] =
              countShared(own, words[workers[v].masks[j]]) * million /
              countShared(own, own);
        }
}

//===----------------------------------------------------------------------===//
// Totals
//===----------------------------------------------------------------------===//

namespace {
/// Sums of a worker's kernels by index of the CU count.
struct Profile {
  std::array<WideInt, 32> busyNs{}, memoryNs{}, presence{}, demand{};
  std::array<WideInt, 32> waiting{}, blocking{}, blockingHigher{};
};
} // namespace

/// What stretches the workers' requests: for each CU count, how much of the
/// time the others are on the same CUs, and elsewhere want the memory.
void MixEvaluator::addShared(
    MixTotals &totals, llvm::ArrayRef<std::vector<uint8_t>> choice) const {
  std::vector<Profile> profiles(workers.size());
  for (auto [worker, picks, profile] : llvm::zip(workers, choice, profiles))
    for (auto [kernel, pick] : llvm::enumerate(picks)) {
      const Kernel &k = worker.table[kernel * worker.width + pick];
      profile.busyNs[pick] += k.busyNs;
      profile.memoryNs[pick] += k.memoryNs;
      profile.presence[pick] += k.presence;
      profile.demand[pick] += k.demand;
      profile.waiting[pick] += k.waiting;
      profile.blocking[pick] += k.blocking;
      profile.blockingHigher[pick] += k.blockingHigher;
    }
  for (size_t w = 0; w < workers.size(); ++w) {
    WideInt stretch = 0;
    for (size_t i = 0; i < workers[w].width; ++i) {
      if (profiles[w].busyNs[i] == 0)
        continue;
      WideInt sharing = 0, memory = 0, wait = 0;
      for (size_t v = 0; v < workers.size(); ++v) {
        const auto &blocking = workers[w].priority > workers[v].priority
                                   ? profiles[v].blockingHigher
                                   : profiles[v].blocking;
        for (size_t j = 0; v != w && j < workers[v].width; ++j) {
          int64_t overlap = overlapPpm(w, i, v, j);
          sharing += profiles[v].presence[j] * overlap;
          memory += profiles[v].demand[j] * (million - overlap);
          wait += blocking[j] * waitPpm(w, i, v, j);
        }
      }
      stretch += profiles[w].busyNs[i] * (sharing / million) +
                 profiles[w].memoryNs[i] * (memory / million) +
                 profiles[w].waiting[i] * (wait / million) / million;
    }
    totals.workers[w].sharedTime += stretch;
  }
}

MixTotals
MixEvaluator::evaluate(llvm::ArrayRef<std::vector<uint8_t>> choice) const {
  MixTotals totals;
  totals.workers.resize(workers.size());
  llvm::SmallVector<unsigned, 8> used;
  for (auto [w, worker] : llvm::enumerate(workers)) {
    MixWorkerTotals &own = totals.workers[w];
    own.aloneNs = worker.aloneNs;
    WideInt energyNj = 0;
    uint32_t counts = 0;
    for (auto [kernel, pick] : llvm::enumerate(choice[w])) {
      const Kernel &k = worker.table[kernel * worker.width + pick];
      own.kernelNs += k.timeNs - worker.besideNs;
      energyNj += k.energyNj;
      own.microCus += problem.workers[w].cuCounts[pick] * million /
                      static_cast<int64_t>(worker.kernels);
      own.switches += kernel > 0 && choice[w][kernel - 1] != pick;
      counts |= uint32_t(1) << pick;
      if (!llvm::is_contained(used, worker.masks[pick]))
        used.push_back(worker.masks[pick]);
    }
    own.queues = llvm::popcount(counts);
    own.sharedTime = static_cast<WideInt>(
                         own.kernelNs + own.switches * worker.switchNs +
                         worker.besideNs *
                             static_cast<int64_t>(worker.kernels)) *
                     billion;
    own.sharedEnergy =
        (energyNj + own.switches * worker.switchNj) * billion * 1000;
  }
  totals.queues = used.size();
  addShared(totals, choice);
  WideInt time = 0, energy = 0;
  for (auto [worker, own] : llvm::zip(workers, totals.workers)) {
    own.sharedEnergy += own.sharedTime * idleShare;
    time += own.sharedTime / 1000 * worker.timeWeight;
    energy += own.sharedEnergy / million * worker.energyWeight;
  }
  totals.relativeTime = static_cast<int64_t>(time / billion);
  totals.relativeEnergy = static_cast<int64_t>(energy / billion);
  return totals;
}
