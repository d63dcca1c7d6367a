//===- CopiesSolver.cpp - one choice for several copies of a model --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// With every worker on the same choice, the objective is a quadratic form in
// what that choice offers the others (presence and demand) and is exposed to.
// It is linearized at a weighted mean of earlier choices; the least choice of
// the linear form is one dynamic program, and joins the mean (Frank and Wolfe's
// method). Each such choice is scored exactly. What the best lacks is then
// looked for by moving the borders of its runs.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringProgram.h"
#include "compiler/schedule/PlanClustering.h"

using namespace eclip;

namespace {

using Picks = std::vector<uint8_t>;
using Vector = std::vector<double>;

/// By how much limits are broken, then the objective.
struct Score {
  double excess = 0;
  WideInt value = 0;
  bool operator<(const Score &other) const {
    return excess != other.excess ? excess < other.excess : value < other.value;
  }
};

/// What time and energy weigh, each relative to the worker alone.
struct Prices {
  double time = 0, energy = 0;
};

/// Presence, demand and blocking that a choice offers, busy and memory time and
/// waiting at which it meets those of the others, each by CU count. Waiting and
/// blocking are in roots of a ns.
struct Exposure {
  Vector presence, demand, blocking, busy, memory, waiting;

  explicit Exposure(size_t width)
      : presence(width), demand(width), blocking(width), busy(width),
        memory(width), waiting(width) {}

  void blend(const Exposure &other, double share) {
    auto mix = [share](Vector &mine, const Vector &its) {
      for (size_t i = 0; i < mine.size(); ++i)
        mine[i] += share * (its[i] - mine[i]);
    };
    mix(presence, other.presence);
    mix(demand, other.demand);
    mix(busy, other.busy);
    mix(memory, other.memory);
    mix(blocking, other.blocking);
    mix(waiting, other.waiting);
  }
};

class CopiesSolver {
public:
  explicit CopiesSolver(const MixProblem &problem)
      : problem(problem), exact(problem), worker(exact.worker(0)),
        copies(problem.workers.size()), width(worker.width) {}

  void addStart(const std::vector<int64_t> &cuCounts);
  void search();
  MixChoice choice() const;

private:
  bool tryChoice(const Picks &picks);
  Exposure exposureOf(const Picks &picks) const;
  Picks respond(const Exposure &at, const Prices &prices) const;
  void descend(const Picks &start, const Prices &prices);
  std::vector<Prices> pricesToTry() const;
  void moveBorders(int evaluations);

  const MixProblem &problem;
  MixEvaluator exact;
  const MixEvaluator::Worker &worker;
  size_t copies, width;
  std::vector<Picks> starts;
  Picks best;
  Score bestScore;
  MixTotals bestTotals;
};

} // namespace

void CopiesSolver::addStart(const std::vector<int64_t> &cuCounts) {
  Picks picks;
  for (int64_t count : cuCounts)
    picks.push_back(llvm::find(problem.workers[0].cuCounts, count) -
                    problem.workers[0].cuCounts.begin());
  tryChoice(picks);
  starts.push_back(std::move(picks));
}

/// Keeps the choice if it is the best so far.
bool CopiesSolver::tryChoice(const Picks &picks) {
  MixTotals totals =
      exact.evaluate(std::vector<std::vector<uint8_t>>(copies, picks));
  Score score{0, problem.objectiveValue(totals)};
  auto over = [&](double value, double limit) {
    score.excess += value > limit ? value / limit - 1 : 0;
  };
  score.excess += std::max<int64_t>(0, totals.workers[0].switches -
                                           problem.workers[0].maxSwitches);
  score.excess += std::max<int64_t>(0, totals.workers[0].queues -
                                           problem.workers[0].maxQueues);
  score.excess += std::max<int64_t>(0, totals.queues - problem.maxQueues);
  for (auto [limits, own] : llvm::zip(problem.workers, totals.workers))
    if (limits.timeLimitNs)
      over(static_cast<double>(own.sharedTime), *limits.timeLimitNs * 1e9);
  if (auto limit = problem.relativeTimeLimit())
    over(static_cast<double>(totals.relativeTime), static_cast<double>(*limit));
  if (!best.empty() && !(score < bestScore))
    return false;
  best = picks;
  bestScore = score;
  bestTotals = std::move(totals);
  return true;
}

Exposure CopiesSolver::exposureOf(const Picks &picks) const {
  Exposure result(width);
  for (size_t kernel = 0; kernel < picks.size(); ++kernel) {
    uint8_t cu = picks[kernel];
    const MixEvaluator::Kernel &k = worker.table[kernel * width + cu];
    result.presence[cu] += static_cast<double>(k.presence) * 1e-9;
    result.demand[cu] += static_cast<double>(k.demand) * 1e-9;
    result.busy[cu] += static_cast<double>(k.busyNs);
    result.memory[cu] += static_cast<double>(k.memoryNs);
    result.blocking[cu] += static_cast<double>(k.blocking) * 1e-12;
    result.waiting[cu] += static_cast<double>(k.waiting) * 1e-3;
  }
  return result;
}

/// The choice of all copies that is least where the objective is linear in it,
/// with the slope that it has at `at`; by costs at the near end, which at the
/// far one differ little.
Picks CopiesSolver::respond(const Exposure &at, const Prices &prices) const {
  // What each unit of exposures is stretched by, and what a unit of the features
  // stretches, summed over all pairs of copies.
  Vector stretch(width), wait(width), presenceNs(width), demandNs(width);
  Vector behind(width), ahead(width); // of waiting and of blocking
  for (size_t w = 0; w < copies; ++w)
    for (size_t v = 0; v < copies; ++v)
      for (size_t i = 0; v != w && i < width; ++i)
        for (size_t j = 0; j < width; ++j) {
          double shared =
              static_cast<double>(exact.overlapPpm(w, i, v, j)) * 1e-6;
          stretch[i] += shared * at.presence[j];
          wait[i] += (1 - shared) * at.demand[j];
          presenceNs[j] += shared * at.busy[i];
          demandNs[j] += (1 - shared) * at.memory[i];
          double left = static_cast<double>(exact.waitPpm(w, i, v, j)) * 1e-6;
          behind[i] += left * at.blocking[j];
          ahead[j] += left * at.waiting[i];
        }
  double energyPerNj =
      prices.energy * static_cast<double>(worker.energyWeight) * 1e-15;
  double timePerNs =
      prices.time * static_cast<double>(worker.timeWeight) * 1e-15 +
      energyPerNj * static_cast<double>(exact.idleShareMilliwatts()) * 1e-3;
  double count = static_cast<double>(copies);
  constexpr double kUnits = 1e12; // in one request of a worker alone
  auto units = [&](double value) {
    return static_cast<int64_t>(value * kUnits + 0.5);
  };

  ClusteringProblem linear;
  linear.kernelCount = best.size();
  for (size_t i = 0; i < width; ++i)
    linear.cuCounts.push_back(i);
  linear.maxSwitches = problem.workers[0].maxSwitches;
  linear.maxQueues = problem.workers[0].maxQueues;
  linear.objective = Objective::Latency;
  linear.switchCost.timeNs = units(
      count * (timePerNs * static_cast<double>(worker.switchNs) +
               energyPerNj * static_cast<double>(worker.switchNj)));
  linear.cost = [&](size_t kernel, int64_t i) {
    const MixEvaluator::Kernel &k = worker.table[kernel * width + i];
    double ns = count * static_cast<double>(k.timeNs) +
                static_cast<double>(k.busyNs) * stretch[i] +
                static_cast<double>(k.memoryNs) * wait[i] +
                (static_cast<double>(k.presence) * presenceNs[i] +
                 static_cast<double>(k.demand) * demandNs[i]) *
                    1e-9 +
                static_cast<double>(k.waiting) * 1e-3 * behind[i] +
                static_cast<double>(k.blocking) * 1e-12 * ahead[i];
    KernelCost cost;
    cost.timeNs =
        units(timePerNs * ns +
              energyPerNj * count * static_cast<double>(k.energyNj));
    return cost;
  };
  clustering::LimitedProgram program(linear);
  clustering::Point point = program.minimize({/*a=*/1, /*b=*/0});
  return Picks(point.choice.begin(), point.choice.end());
}

void CopiesSolver::descend(const Picks &start, const Prices &prices) {
  Exposure mean = exposureOf(start);
  Picks last = start;
  for (int round = 1; round <= 6; ++round) {
    Picks next = respond(mean, prices);
    tryChoice(next);
    if (next == last)
      return;
    mean.blend(exposureOf(next), 2.0 / (round + 2));
    last = std::move(next);
  }
}

std::vector<Prices> CopiesSolver::pricesToTry() const {
  switch (problem.objective) {
  case Objective::Latency:
    return {{1, 0}};
  case Objective::Efficiency: // of workers that are alike it is the product
  case Objective::Edp: {
    // The slope of a product of two sums at the best so far, and beside it.
    double ratio = static_cast<double>(bestTotals.relativeEnergy) /
                   static_cast<double>(bestTotals.relativeTime);
    return {{ratio, 1}, {ratio * 2, 1}, {ratio / 2, 1}};
  }
  case Objective::Energy:
    if (!problem.throughputFloorPpm && !problem.workers[0].timeLimitNs)
      return {{0, 1}};
    return {{0, 1}, {0.1, 1}, {0.3, 1}, {1, 1}, {3, 1}, {10, 1}, {1, 0}};
  case Objective::Paper:
    return {}; // the joint solver is exact, its workers alike
  }
  return {};
}

/// Moves each border between runs, and gives whole runs to other CU counts.
void CopiesSolver::moveBorders(int evaluations) {
  size_t n = best.size();
  auto tryPicks = [&](const Picks &picks) {
    if (picks == best || evaluations <= 0)
      return false;
    --evaluations;
    return tryChoice(picks);
  };
  auto tryRun = [&](size_t begin, size_t end, uint8_t cu) {
    if (begin >= end)
      return false;
    Picks picks = best;
    std::fill(picks.begin() + begin, picks.begin() + end, cu);
    return tryPicks(picks);
  };
  // Where a choice may have few CU counts, a run by itself can't go to another.
  bool few = problem.workers[0].maxQueues < static_cast<int64_t>(width);
  auto tryCount = [&](uint8_t from, uint8_t to) {
    Picks picks = best;
    llvm::replace(picks, from, to);
    return tryPicks(picks);
  };
  for (bool better = true; better && evaluations > 0;) {
    better = false;
    for (uint8_t from = 0; few && from < width; ++from)
      for (uint8_t to = 0; to < width; ++to)
        better |= tryCount(from, to);
    for (size_t begin = 0, end; begin < n; begin = end) {
      for (end = begin + 1; end < n && best[end] == best[begin];)
        ++end;
      for (size_t cu = 0; cu < width; ++cu)
        better |= tryRun(begin, end, cu);
      for (size_t step = 1; step <= 16; step *= 4) {
        better |= tryRun(end, std::min(n, end + step), best[begin]);
        if (end < n && step < end)
          better |= tryRun(end - step, end, best[end]);
      }
    }
  }
}

void CopiesSolver::search() {
  std::vector<Picks> from = starts;
  for (const Prices &prices : pricesToTry())
    for (const Picks &start : from)
      descend(start, prices);
  moveBorders(300);
}

MixChoice CopiesSolver::choice() const {
  std::vector<int64_t> cuCounts;
  for (uint8_t pick : best)
    cuCounts.push_back(problem.workers[0].cuCounts[pick]);
  return MixChoice(copies, cuCounts);
}

llvm::Expected<MixSolution> eclip::solveCopies(const MixProblem &problem) {
  if (llvm::Error error = problem.check())
    return std::move(error);
  // The joint problem's solver gives the bound, and choices to start from.
  MixSolverOptions quick = MixSolverOptions::quick();
  auto joint = solveMix(problem, quick);
  CopiesSolver solver(problem);
  size_t kernels = problem.workers[0].kernelCount;
  for (int64_t count : problem.workers[0].cuCounts)
    solver.addStart(std::vector<int64_t>(kernels, count));
  MixSolution solution;
  if (joint) {
    solution.lowerBound = joint->lowerBound;
    for (const std::vector<int64_t> &own : joint->cuCounts)
      solver.addStart(own);
  } else {
    // It may have missed what copies of one choice can do: 0 is a bound too.
    llvm::consumeError(joint.takeError());
  }
  solver.search();
  solution.cuCounts = solver.choice();
  solution.totals = problem.evaluate(solution.cuCounts);
  if (llvm::Error broken = problem.checkLimits(solution.totals))
    return std::move(broken);
  solution.optimal =
      solution.lowerBound == problem.objectiveValue(solution.totals);
  return solution;
}
