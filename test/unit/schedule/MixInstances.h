//===- MixInstances.h - instances of the joint problem for tests *- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_SCHEDULE_MIXINSTANCES_H
#define ECLIP_TEST_UNIT_SCHEDULE_MIXINSTANCES_H

#include "compiler/schedule/MixClustering.h"

#include <cmath>
#include <memory>
#include <random>

namespace eclip {
namespace test {

using CostTable = std::vector<std::vector<KernelCost>>;

inline MixWorker makeWorker(std::string name,
                            std::shared_ptr<const CostTable> table,
                            llvm::ArrayRef<int64_t> cuCounts, bool highEnd) {
  MixWorker worker;
  worker.name = std::move(name);
  worker.kernelCount = table->size();
  worker.cuCounts.assign(cuCounts.begin(), cuCounts.end());
  worker.highEnd = highEnd;
  std::vector<int64_t> counts(cuCounts.begin(), cuCounts.end());
  worker.cost = [table, counts](size_t kernel, int64_t cuCount) {
    for (size_t i = 0; i < counts.size(); ++i)
      if (counts[i] == cuCount)
        return (*table)[kernel][i];
    return KernelCost();
  };
  return worker;
}

/// A device like an MI50, as far as sharing goes.
inline MixProblem makeMi50() {
  MixProblem problem;
  problem.topology = {MaskBitOrder::ShaderEngineInterleaved, 60, 1, 4};
  problem.maxQueues = 7;
  problem.limits = {870000000000, 3000, 25000, 300000};
  return problem;
}

/// Kernels whose parallelism drifts along the request, as in a network whose
/// images shrink while its channels grow: workgroups in rounds over the CUs, a
/// part of the traffic that the memory can bear, power for active CUs.
inline std::shared_ptr<CostTable> driftingTable(size_t kernels, unsigned seed,
                                                double phase, double period) {
  std::mt19937 random(seed);
  auto upTo = [&](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
  };
  const int64_t sizes[] = {15, 30, 45, 60};
  auto table = std::make_shared<CostTable>(kernels);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    double wave = std::sin(phase + static_cast<double>(kernel) / period);
    int64_t groups = 4 + static_cast<int64_t>(200.0 * (1 + wave)) + upTo(40);
    int64_t traffic = upTo(4) == 0 ? 60 + upTo(30) : upTo(40);
    for (int64_t cus : sizes) {
      int64_t busy = (groups + cus - 1) / cus * 4000 + upTo(20);
      // A kernel bound by memory gains nothing beyond half of the CUs.
      int64_t floor = groups * 4000 / 60 * traffic / 70;
      busy = std::max(busy, floor);
      int64_t time = 3000 + busy;
      int64_t active = std::min(cus, groups);
      KernelCost cost;
      cost.timeNs = time;
      cost.energyNj =
          time * 25 + busy * (active * 13 / 10 + 6 * cus / 15) + groups * 4000;
      cost.hbmBytesPerS = static_cast<int64_t>(
          870e9 * static_cast<double>(groups * 4000 / 60) *
          static_cast<double>(traffic) / 100.0 / static_cast<double>(time));
      cost.hbmBytesPerS = std::min<int64_t>(cost.hbmBytesPerS, 870000000000);
      cost.memoryNs =
          static_cast<int64_t>(static_cast<double>(time) *
                               static_cast<double>(cost.hbmBytesPerS) / 870e9);
      cost.busyMilliwatts = cost.energyNj * 1000 / time - 25000;
      (*table)[kernel].push_back(cost);
    }
  }
  return table;
}

/// Three models of `kernels` kernels on 15, 30, 45 or 60 CUs.
inline MixProblem largeMix(size_t kernels) {
  MixProblem problem = makeMi50();
  const int64_t sizes[] = {15, 30, 45, 60};
  for (unsigned w = 0; w < 3; ++w) {
    problem.workers.push_back(
        makeWorker("w" + std::to_string(w),
                   driftingTable(kernels, 10 + w, 2.0 * w, 60.0 + 25 * w),
                   sizes, w % 2 == 1));
    problem.workers.back().switchCost = {5000, 125000};
  }
  return problem;
}

/// A worker of `n` kernels of `busyNs` on 60 CUs, with 100 ns of launch each.
inline MixWorker sharing(std::string name, size_t n, int64_t busyNs) {
  auto table = std::make_shared<CostTable>(
      n, std::vector<KernelCost>{{100 + busyNs, 1000, 0, 0, 0}});
  return makeWorker(std::move(name), table, {60}, false);
}

/// Many short kernels beside few long ones, on a device where kernels keep
/// later ones out for 70 % of their time.
inline MixProblem shortBesideLong() {
  MixProblem problem = makeMi50();
  problem.limits.launchNs = 100;
  problem.limits.turnPpm = 500000;
  problem.limits.pendingPpm = 700000;
  problem.limits.workgroupNs = 1000;
  problem.workers = {sharing("short", 40, 900), sharing("long", 4, 9900)};
  return problem;
}

/// A random instance of at most `maxChoices` choices.
inline MixProblem randomMix(std::mt19937 &random, double maxChoices) {
  auto upTo = [&](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
  };
  MixProblem problem = makeMi50();
  problem.maxQueues = 2 + upTo(5);
  problem.limits.launchNs = upTo(1) * 100;
  problem.limits.idleMilliwatts = upTo(3) * 10000;
  problem.objective = static_cast<Objective>(upTo(3));
  size_t count = 1 + static_cast<size_t>(upTo(2));
  std::vector<int64_t> sizes = {15, 30, 45, 60};
  sizes.erase(sizes.begin(), sizes.begin() + upTo(2));
  double choices = 1;
  for (size_t w = 0; w < count; ++w) {
    auto table = std::make_shared<CostTable>();
    int64_t scale = 500 + upTo(3000);
    size_t kernels = 1 + static_cast<size_t>(upTo(4));
    while (table->size() < kernels) {
      if (!table->empty() &&
          choices * static_cast<double>(sizes.size()) > maxChoices)
        break;
      choices *= static_cast<double>(sizes.size());
      int64_t parallel = 10 + upTo(80), traffic = upTo(2) * upTo(100);
      table->emplace_back();
      for (int64_t cus : sizes) {
        KernelCost cost;
        cost.timeNs =
            200 + upTo(scale / 10) + scale * 60 / std::min(parallel, cus) / 2;
        cost.energyNj = cost.timeNs * (40 + cus + upTo(40)) / 10 + upTo(scale);
        cost.hbmBytesPerS = 8700000000 * traffic;
        table->back().push_back(cost);
      }
    }
    problem.workers.push_back(
        makeWorker("w" + std::to_string(w), table, sizes, upTo(1) == 1));
    MixWorker &worker = problem.workers.back();
    worker.switchCost = {upTo(scale / 4), upTo(scale)};
    worker.maxSwitches = upTo(4);
    if (problem.objective != Objective::Paper && upTo(3) == 0) {
      int64_t alone = 0;
      for (const auto &row : *table)
        alone += row.back().timeNs;
      worker.timeLimitNs = alone * (100 + upTo(150)) / 100;
    }
  }
  if (problem.objective != Objective::Paper && upTo(2) == 0)
    problem.throughputFloorPpm = 350000 + upTo(500000);
  // Half of the devices let kernels wait for earlier ones.
  if (upTo(1) == 0) {
    problem.limits.turnPpm = upTo(10) * 100000;
    problem.limits.pendingPpm = upTo(9) * 100000;
    problem.limits.workgroupNs = upTo(2000);
    problem.limits.launchBesideNs = upTo(1) * upTo(400);
    problem.limits.memoryBesidePpm = upTo(1) * upTo(5) * 100000;
    for (MixWorker &worker : problem.workers)
      worker.priority = upTo(2);
  }
  // A third of them limit the masks of each worker.
  if (upTo(2) == 0)
    for (MixWorker &worker : problem.workers)
      worker.maxQueues = 1 + upTo(2);
  return problem;
}

} // namespace test
} // namespace eclip

#endif // ECLIP_TEST_UNIT_SCHEDULE_MIXINSTANCES_H
