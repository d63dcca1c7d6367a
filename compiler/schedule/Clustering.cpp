//===- Clustering.cpp - definition of the clustering problem --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Clustering.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/ADT/Twine.h"

using namespace eclip;

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

std::optional<Objective> eclip::parseObjective(llvm::StringRef name) {
  return llvm::StringSwitch<std::optional<Objective>>(name)
      .Case("latency", Objective::Latency)
      .Case("energy", Objective::Energy)
      .Case("edp", Objective::Edp)
      .Case("paper", Objective::Paper)
      .Case("efficiency", Objective::Efficiency)
      .Default(std::nullopt);
}

llvm::StringRef eclip::objectiveName(Objective objective) {
  switch (objective) {
  case Objective::Latency:
    return "latency";
  case Objective::Energy:
    return "energy";
  case Objective::Edp:
    return "edp";
  case Objective::Paper:
    return "paper";
  case Objective::Efficiency:
    return "efficiency";
  }
  return "";
}

llvm::StringRef eclip::knownObjectives() {
  return "latency, energy, edp, paper, efficiency";
}

Objective eclip::objectiveAlone(Objective objective) {
  return objective == Objective::Efficiency ? Objective::Edp : objective;
}

bool eclip::hasTellingBound(Objective objective) {
  return objective != Objective::Efficiency;
}

llvm::Error ClusteringProblem::check() const {
  if (cuCounts.empty() || cuCounts.front() < 1) // P1
    return error("needs positive CU counts to choose from");
  for (size_t i = 1; i < cuCounts.size(); ++i)
    if (cuCounts[i] <= cuCounts[i - 1])
      return error("CU counts must ascend strictly");
  if (maxSwitches < 0 || maxQueues < 1) // P2
    return error("needs a limit of at least 0 switches and 1 queue, has " +
                 llvm::Twine(maxSwitches) + " and " + llvm::Twine(maxQueues));
  if (switchCost.timeNs < 0 || switchCost.energyNj < 0 ||
      otherMilliCus < 0) // P3
    return error("costs of a switch and others' CUs must not be negative");
  // Sums of this many of the largest values stay in 62 bits, so that products
  // of two sums stay in WideInt.
  int64_t most = (int64_t(1) << 61) / static_cast<int64_t>(kernelCount + 1);
  if (switchCost.timeNs > most || switchCost.energyNj > most ||
      otherMilliCus > (int64_t(1) << 40) || cuCounts.back() > (1 << 20))
    return error("cost of a switch, CU count or others' CUs is too large");
  for (size_t kernel = 0; kernel < kernelCount; ++kernel)
    for (int64_t cuCount : cuCounts) {
      KernelCost c = cost(kernel, cuCount);
      if (c.timeNs < 1 || c.energyNj < 0 || c.timeNs > most / 2 ||
          c.energyNj > most / 2) // P4
        return error("kernel " + llvm::Twine(kernel) + " at " +
                     llvm::Twine(cuCount) + " CUs: time " +
                     llvm::Twine(c.timeNs) + " ns or energy " +
                     llvm::Twine(c.energyNj) + " nJ is out of range");
    }
  if (timeLimitNs && objective == Objective::Paper) // P5
    return error("time limit: the published formula knows none");
  if (objective != objectiveAlone(objective)) // P6
    return error("objective '" + objectiveName(objective) +
                 "' is of several workers; of one it is '" +
                 objectiveName(objectiveAlone(objective)) + "'");
  return llvm::Error::success();
}

ClusteringTotals
ClusteringProblem::evaluate(llvm::ArrayRef<int64_t> choice) const {
  ClusteringTotals totals;
  llvm::SmallVector<int64_t, 8> used;
  for (auto [kernel, cuCount] : llvm::enumerate(choice)) {
    KernelCost c = cost(kernel, cuCount);
    totals.kernelNs += c.timeNs;
    totals.energyNj += c.energyNj;
    totals.cuSum += cuCount;
    if (kernel > 0 && choice[kernel - 1] != cuCount)
      ++totals.switches;
    if (!llvm::is_contained(used, cuCount))
      used.push_back(cuCount);
  }
  totals.queues = used.size();
  totals.timeNs = totals.kernelNs + totals.switches * switchCost.timeNs;
  totals.energyNj += totals.switches * switchCost.energyNj;
  return totals;
}

WideInt
ClusteringProblem::objectiveValue(const ClusteringTotals &totals) const {
  switch (objective) {
  case Objective::Latency:
    return totals.timeNs;
  case Objective::Energy:
    return totals.energyNj;
  case Objective::Edp:
  case Objective::Efficiency: // check() refuses it
    return static_cast<WideInt>(totals.timeNs) * totals.energyNj;
  case Objective::Paper: {
    // sum(beta) (1 + (own average + others) / all), times 1000 n all.
    WideInt n = kernelCount;
    WideInt overlap = n * cuCounts.back() * 1000 +
                      static_cast<WideInt>(totals.cuSum) * 1000 +
                      n * otherMilliCus;
    return overlap * totals.kernelNs;
  }
  }
  return 0;
}

bool ClusteringProblem::keepsLimits(const ClusteringTotals &totals) const {
  return totals.switches <= maxSwitches &&                // C2
         totals.queues <= maxQueues &&                    // C3
         (!timeLimitNs || totals.timeNs <= *timeLimitNs); // C4
}

llvm::Error
ClusteringProblem::verify(const ClusteringSolution &solution) const {
  if (solution.cuCounts.size() != kernelCount) // C1
    return error("chooses for " + llvm::Twine(solution.cuCounts.size()) +
                 " kernels, there are " + llvm::Twine(kernelCount));
  for (auto [kernel, cuCount] : llvm::enumerate(solution.cuCounts))
    if (!llvm::is_contained(cuCounts, cuCount))
      return error("kernel " + llvm::Twine(kernel) + " gets " +
                   llvm::Twine(cuCount) + " CUs, which no queue offers");
  ClusteringTotals totals = evaluate(solution.cuCounts);
  if (totals.switches > maxSwitches) // C2
    return error("takes " + llvm::Twine(totals.switches) +
                 " switches, the limit is " + llvm::Twine(maxSwitches));
  if (totals.queues > maxQueues) // C3
    return error("takes " + llvm::Twine(totals.queues) +
                 " queues, the limit is " + llvm::Twine(maxQueues));
  if (timeLimitNs && totals.timeNs > *timeLimitNs) // C4
    return error("takes " + llvm::Twine(totals.timeNs) + " ns, the limit is " +
                 llvm::Twine(*timeLimitNs) + " ns");
  if (!(totals == solution.totals)) // C5
    return error("claims " + llvm::Twine(solution.totals.timeNs) + " ns, " +
                 llvm::Twine(solution.totals.energyNj) + " nJ and " +
                 llvm::Twine(solution.totals.switches) +
                 " switches; it takes " + llvm::Twine(totals.timeNs) + " ns, " +
                 llvm::Twine(totals.energyNj) + " nJ and " +
                 llvm::Twine(totals.switches));
  if (solution.lowerBound > objectiveValue(totals)) // C6
    return error("claims a lower bound above its own objective");
  if (solution.optimal && solution.lowerBound != objectiveValue(totals))
    return error("claims to be optimal with a lower bound below its objective");
  return llvm::Error::success();
}

int64_t ClusteringProblem::uniformTimeNs(int64_t cuCount) const {
  int64_t time = 0;
  for (size_t kernel = 0; kernel < kernelCount; ++kernel)
    time += cost(kernel, cuCount).timeNs;
  return time;
}
