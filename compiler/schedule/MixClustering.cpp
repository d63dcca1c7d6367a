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

#include <algorithm>
#include <cstdio>

using namespace eclip;

static constexpr int64_t billion = 1000000000, million = 1000000;

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
// Totals
//===----------------------------------------------------------------------===//

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
