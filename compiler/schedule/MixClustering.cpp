//===- MixClustering.cpp - definition of the joint problem ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixClustering.h"
#include "compiler/schedule/CountSets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

using namespace eclip;

static constexpr int64_t billion = 1000000000, million = 1000000;
static constexpr WideInt quadrillion = 1000000000000000;

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

//===----------------------------------------------------------------------===//
// Instances
//===----------------------------------------------------------------------===//

/// X4: costs are in range, and sums stay in WideInt and relative sums in 63
/// bits.
static llvm::Error checkCosts(const MixWorker &worker, size_t workerCount,
                              const DeviceLimits &limits) {
  WideInt sum = 0, energy = 0, allCusTime = 0, allCusEnergy = 0;
  for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel) {
    int64_t most = 0, mostEnergy = 0;
    for (int64_t cuCount : worker.cuCounts) {
      KernelCost c = worker.costOf(kernel, cuCount);
      if (c.timeNs < 1 || c.energyNj < 0 || c.hbmBytesPerS < 0 ||
          c.energyNj > (int64_t(1) << 50))
        return error("worker '" + worker.name + "', kernel " +
                     llvm::Twine(kernel) + " at " + llvm::Twine(cuCount) +
                     " CUs: time_ns " + llvm::Twine(c.timeNs) + ", energy_nj " +
                     llvm::Twine(c.energyNj) + " or hbm_bytes_per_s " +
                     llvm::Twine(c.hbmBytesPerS) + " is out of range");
      most = std::max(most, c.timeNs);
      mostEnergy = std::max(mostEnergy, c.energyNj);
    }
    KernelCost all = worker.costOf(kernel, worker.cuCounts.back());
    sum += most;
    energy += mostEnergy;
    allCusTime += all.timeNs;
    allCusEnergy += all.energyNj;
  }
  sum += worker.kernelCount *
         (worker.switchCost.timeNs +
          limits.launchBesideNs * static_cast<int64_t>(workerCount - 1));
  energy += worker.kernelCount * worker.switchCost.energyNj +
            sum * limits.idleMilliwatts / 1000;
  if (sum > (int64_t(1) << 40))
    return error("worker '" + worker.name +
                 "': time_ns adds up to more than 2^40");
  if (sum > allCusTime * 100000 ||
      energy > std::max<WideInt>(1, allCusEnergy) * 100000)
    return error(
        "worker '" + worker.name +
        "': time_ns or energy_nj of all CUs is less than 10^-5 of what "
        "other CU counts or idle_mw add up to");
  return llvm::Error::success();
}

/// X7: power times squares of rates stays in WideInt.
static llvm::Error checkPower(const MixWorker &worker) {
  constexpr WideInt mostMilliwatts = WideInt(10) * billion;
  WideInt leastNs = 0, mostNj = 0;
  for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel) {
    KernelCost first = worker.costOf(kernel, worker.cuCounts.front());
    int64_t ns = first.timeNs, nj = first.energyNj;
    for (int64_t cuCount : worker.cuCounts) {
      KernelCost cost = worker.costOf(kernel, cuCount);
      ns = std::min(ns, cost.timeNs);
      nj = std::max(nj, cost.energyNj);
    }
    leastNs += ns;
    mostNj += nj + worker.switchCost.energyNj;
  }
  if (mostNj * 1000 > leastNs * mostMilliwatts)
    return error("worker '" + worker.name +
                 "': energy_nj over time_ns is more than 10^7 W");
  return llvm::Error::success();
}

static llvm::Error checkWorker(const MixWorker &worker, size_t workerCount,
                               int64_t cuTotal, const DeviceLimits &limits) {
  auto wrong = [&](const llvm::Twine &what) {
    return error("worker '" + worker.name + "': " + what);
  };
  if (worker.kernelCount == 0)
    return wrong("needs kernels");
  if (worker.cuCounts.empty() || worker.cuCounts.size() > 32 ||
      worker.cuCounts.front() < 1) // X2
    return wrong("cu_counts needs 1 to 32 positive numbers");
  for (size_t i = 1; i < worker.cuCounts.size(); ++i)
    if (worker.cuCounts[i] <= worker.cuCounts[i - 1])
      return wrong("cu_counts must ascend strictly");
  if (worker.cuCounts.back() > cuTotal)
    return wrong("cu_counts has " + llvm::Twine(worker.cuCounts.back()) +
                 ", the device has " + llvm::Twine(cuTotal));
  if (worker.maxSwitches < 0) // X3
    return wrong("max_switches is " + llvm::Twine(worker.maxSwitches) +
                 ", needs at least 0");
  if (worker.maxQueues < 1) // X8
    return wrong("max_queues is " + llvm::Twine(worker.maxQueues) +
                 ", needs at least 1");
  if (numberOfSets(worker.cuCounts.size(), worker.maxQueues) > maxCountSets)
    return wrong("max_queues: more than " + llvm::Twine(maxCountSets) +
                 " ways to choose " + llvm::Twine(worker.maxQueues) + " of " +
                 llvm::Twine(worker.cuCounts.size()) + " CU counts");
  if (worker.switchCost.timeNs < 0 || worker.switchCost.energyNj < 0 ||
      worker.switchCost.timeNs > billion ||
      worker.switchCost.energyNj > (int64_t(1) << 50))
    return wrong("switch_cost_ns or switch_cost_nj is out of range");
  if (worker.priority < 0 || worker.priority > 2)
    return wrong("priority is " + llvm::Twine(worker.priority) +
                 ", needs 0 to 2");
  if (worker.timeLimitNs && *worker.timeLimitNs < 1)
    return wrong("time_limit_ns is " + llvm::Twine(*worker.timeLimitNs) +
                 ", needs at least 1");
  return checkCosts(worker, workerCount, limits);
}

llvm::Error MixProblem::check() const {
  if (topology.cuCount < 1 || topology.cuCount > 4096 ||
      topology.engineCount < 1 || topology.engineCount > topology.cuCount ||
      topology.xcdCount < 1 || topology.engineCount % topology.xcdCount != 0 ||
      topology.cuCount % topology.xcdCount != 0) // X1
    return error(
        "cus, shader_engines and xcds: " + llvm::Twine(topology.cuCount) +
        " CUs in " + llvm::Twine(topology.engineCount) + " shader engines of " +
        llvm::Twine(topology.xcdCount) + " XCDs");
  if (maxQueues < 1)
    return error("max_masked_queues is " + llvm::Twine(maxQueues) +
                 ", needs at least 1");
  if (workers.empty() || workers.size() > 16)
    return error("workers: needs 1 to 16, has " + llvm::Twine(workers.size()));
  if (limits.hbmBytesPerS < 0 || limits.launchNs < 0 ||
      limits.idleMilliwatts < 0 || limits.idleMilliwatts > 10 * million)
    return error("device limits must not be negative, nor idle_mw above 10^7");
  if (limits.turnPpm < 0 || limits.turnPpm > million || limits.pendingPpm < 0 ||
      limits.pendingPpm > million || limits.workgroupNs < 0 ||
      limits.workgroupNs > billion || limits.launchBesideNs < 0 ||
      limits.launchBesideNs > billion || limits.memoryBesidePpm < 0 ||
      limits.memoryBesidePpm > million)
    return error("turn_ppm, pending_ppm and memory_beside_ppm need 0 to "
                 "1000000, workgroup_ns and launch_beside_ns 0 to 10^9");
  for (const MixWorker &worker : workers)
    if (llvm::Error invalid =
            checkWorker(worker, workers.size(), topology.cuCount, limits))
      return invalid;
  if (throughputFloorPpm < 0 || throughputFloorPpm > million) // X5
    return error("throughput_floor_ppm is " + llvm::Twine(throughputFloorPpm) +
                 ", needs 0 to 1000000");
  if (objective == Objective::Paper) { // X6
    for (const MixWorker &worker : workers)
      if (worker.timeLimitNs)
        return error("worker '" + worker.name +
                     "': time_limit_ns: the published formula knows none");
    if (throughputFloorPpm > 0)
      return error("throughput_floor_ppm: the published formula knows none");
  }
  if (objective == Objective::Efficiency) // X7
    for (const MixWorker &worker : workers)
      if (llvm::Error invalid = checkPower(worker))
        return invalid;
  return llvm::Error::success();
}

std::optional<int64_t> MixProblem::relativeTimeLimit() const {
  if (throughputFloorPpm == 0)
    return std::nullopt;
  return static_cast<int64_t>(static_cast<WideInt>(workers.size()) * million *
                              million * million / throughputFloorPpm);
}

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

MixTotals MixProblem::evaluate(const MixChoice &choice) const {
  std::vector<std::vector<uint8_t>> picks(choice.size());
  for (auto [worker, counts, indices] : llvm::zip(workers, choice, picks))
    for (int64_t cuCount : counts)
      indices.push_back(llvm::find(worker.cuCounts, cuCount) -
                        worker.cuCounts.begin());
  return MixEvaluator(*this).evaluate(picks);
}

MixProblem::Rates MixProblem::rates(const MixTotals &totals) const {
  int64_t idleShare =
      limits.idleMilliwatts / static_cast<int64_t>(totals.workers.size());
  Rates rates;
  rates.powerNw = static_cast<WideInt>(limits.idleMilliwatts) * million;
  for (const MixWorkerTotals &own : totals.workers) {
    rates.rate += static_cast<WideInt>(own.aloneNs) * billion * billion * 1000 /
                  own.sharedTime;
    // 1e-12 nJ over 1e-9 ns is a mW.
    rates.powerNw += (own.sharedEnergy - own.sharedTime * idleShare) * million /
                     own.sharedTime;
  }
  rates.rate = std::max<WideInt>(1, rates.rate);
  return rates;
}

WideInt MixProblem::objectiveValue(const MixTotals &totals) const {
  switch (objective) {
  case Objective::Latency:
    return totals.relativeTime;
  case Objective::Energy:
    return totals.relativeEnergy;
  case Objective::Edp:
    return static_cast<WideInt>(totals.relativeTime) * totals.relativeEnergy;
  case Objective::Paper: {
    // sum over workers of sum(beta) (1 + alpha), times 10^6 all: alpha is the
    // same for all workers.
    WideInt kernelNs = 0, microCus = 0;
    for (const MixWorkerTotals &own : totals.workers) {
      kernelNs += own.kernelNs;
      microCus += own.microCus;
    }
    return kernelNs *
           (static_cast<WideInt>(topology.cuCount) * million + microCus);
  }
  case Objective::Efficiency: {
    // Power over the square of all rates, in nW. Above the board's limit all
    // rates fall with the root of the power above idle.
    constexpr WideInt one = static_cast<WideInt>(billion) * 1000;
    Rates all = rates(totals);
    WideInt limit = static_cast<WideInt>(limits.boardMilliwatts) * million;
    WideInt idle = static_cast<WideInt>(limits.idleMilliwatts) * million;
    if (limit > idle && all.powerNw > limit)
      all.powerNw = (all.powerNw - idle) * limits.boardMilliwatts /
                    (limits.boardMilliwatts - limits.idleMilliwatts);
    return all.powerNw * one / all.rate * one / all.rate;
  }
  }
  return 0;
}

//===----------------------------------------------------------------------===//
// Solutions
//===----------------------------------------------------------------------===//

static std::string text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.6g", value);
  return buffer;
}

llvm::Error MixProblem::checkLimits(const MixTotals &totals) const {
  for (auto [worker, own] : llvm::zip(workers, totals.workers)) {
    if (own.switches > worker.maxSwitches) // Y2
      return error("worker '" + worker.name + "' takes " +
                   llvm::Twine(own.switches) + " switches, the limit is " +
                   llvm::Twine(worker.maxSwitches));
    if (own.queues > worker.maxQueues) // Y8
      return error("worker '" + worker.name + "' takes " +
                   llvm::Twine(own.queues) + " masked queues, its limit is " +
                   llvm::Twine(worker.maxQueues));
    if (worker.timeLimitNs &&
        own.sharedTime >
            static_cast<WideInt>(*worker.timeLimitNs) * billion) // Y4
      return error("worker '" + worker.name + "' takes " +
                   llvm::Twine(own.timeNs()) +
                   " ns beside the others, the limit is " +
                   llvm::Twine(*worker.timeLimitNs) + " ns");
  }
  if (totals.queues > maxQueues) // Y3
    return error("takes " + llvm::Twine(totals.queues) +
                 " masked queues, the limit is " + llvm::Twine(maxQueues));
  if (auto limit = relativeTimeLimit();
      limit && totals.relativeTime > *limit) // Y5
    return error(
        "mean relative throughput is " +
        text(double(workers.size()) * 1e12 / double(totals.relativeTime)) +
        ", the floor is " + text(double(throughputFloorPpm) * 1e-6));
  return llvm::Error::success();
}

bool MixProblem::keepsLimits(const MixTotals &totals) const {
  for (auto [worker, own] : llvm::zip(workers, totals.workers))
    if (own.switches > worker.maxSwitches || own.queues > worker.maxQueues ||
        (worker.timeLimitNs &&
         own.sharedTime > static_cast<WideInt>(*worker.timeLimitNs) * billion))
      return false;
  auto limit = relativeTimeLimit();
  return totals.queues <= maxQueues &&
         (!limit || totals.relativeTime <= *limit);
}

llvm::Error MixProblem::verify(const MixSolution &solution) const {
  if (solution.cuCounts.size() != workers.size()) // Y1
    return error("chooses for " + llvm::Twine(solution.cuCounts.size()) +
                 " workers, there are " + llvm::Twine(workers.size()));
  for (auto [worker, counts] : llvm::zip(workers, solution.cuCounts)) {
    if (counts.size() != worker.kernelCount)
      return error("worker '" + worker.name + "': chooses for " +
                   llvm::Twine(counts.size()) + " kernels, there are " +
                   llvm::Twine(worker.kernelCount));
    for (auto [kernel, cuCount] : llvm::enumerate(counts))
      if (!llvm::is_contained(worker.cuCounts, cuCount))
        return error("worker '" + worker.name + "': kernel " +
                     llvm::Twine(kernel) + " gets " + llvm::Twine(cuCount) +
                     " CUs, which no queue offers");
  }
  MixTotals totals = evaluate(solution.cuCounts);
  if (llvm::Error broken = checkLimits(totals))
    return broken;
  if (!(totals == solution.totals)) // Y6
    return error("claims a relative time of " +
                 text(double(solution.totals.relativeTime) * 1e-12) +
                 " and energy of " +
                 text(double(solution.totals.relativeEnergy) * 1e-12) +
                 " or other totals; the choice has " +
                 text(double(totals.relativeTime) * 1e-12) + " and " +
                 text(double(totals.relativeEnergy) * 1e-12));
  if (solution.lowerBound > objectiveValue(totals)) // Y7
    return error("claims a lower bound above its own objective");
  if (solution.optimal && solution.lowerBound != objectiveValue(totals))
    return error("claims to be optimal with a lower bound below its objective");
  return llvm::Error::success();
}
