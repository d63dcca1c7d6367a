//===- BenchClustering.cpp - time and gap of the clustering solvers -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/PlanClustering.h"
#include "test/unit/schedule/MixInstances.h"

#include <benchmark/benchmark.h>

using namespace eclip;
using namespace eclip::test;

namespace {

/// Three workers of 500 kernels at four CU counts. Counters: the proven gap,
/// and the mean of the workers' times and energies beside each other, relative
/// to each alone on all CUs.
void jointSolver(benchmark::State &state, Objective objective,
                 int64_t throughputFloorPpm,
                 const MixSolverOptions &options = {}) {
  MixProblem problem = largeMix(500);
  problem.objective = objective;
  problem.throughputFloorPpm = throughputFloorPpm;
  MixSolution last;
  for (auto _ : state) {
    auto solution = solveMix(problem, options);
    if (!solution) {
      state.SkipWithError(llvm::toString(solution.takeError()).c_str());
      return;
    }
    last = std::move(*solution);
  }
  if (llvm::Error wrong = problem.verify(last)) {
    state.SkipWithError(llvm::toString(std::move(wrong)).c_str());
    return;
  }
  if (hasTellingBound(objective))
    state.counters["gap_percent"] =
        100 * last.gap(problem.objectiveValue(last.totals));
  state.counters["relative_time"] =
      static_cast<double>(last.totals.relativeTime) / 3e12;
  state.counters["relative_energy"] =
      static_cast<double>(last.totals.relativeEnergy) / 3e12;
}

/// The same mix with kernels that keep later ones out, by simulation.
void choosing(benchmark::State &state) {
  MixProblem mix = largeMix(500);
  mix.objective = Objective::Efficiency;
  mix.limits.turnPpm = 500000;
  mix.limits.pendingPpm = 700000;
  mix.limits.workgroupNs = 8000;
  MixPlay play;
  for (auto _ : state) {
    MixProblem problem = mix;
    auto solution = chooseBySimulation(problem, play);
    if (!solution)
      state.SkipWithError(llvm::toString(solution.takeError()).c_str());
  }
  state.counters["simulated"] = static_cast<double>(play.candidates);
}

void aloneSolver(benchmark::State &state, Objective objective) {
  MixWorker worker = largeMix(500).workers[0];
  ClusteringProblem problem;
  problem.kernelCount = worker.kernelCount;
  problem.cuCounts = worker.cuCounts;
  problem.cost = worker.cost;
  problem.switchCost = worker.switchCost;
  problem.objective = objective;
  if (objective != Objective::Paper)
    problem.timeLimitNs = problem.uniformTimeNs(60) * 11 / 10;
  for (auto _ : state) {
    auto solution = solveDynamicProgram(problem);
    if (!solution)
      state.SkipWithError(llvm::toString(solution.takeError()).c_str());
  }
}

BENCHMARK_CAPTURE(jointSolver, energy, Objective::Energy, 0)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, energy_floor, Objective::Energy, 390000)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, latency, Objective::Latency, 0)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, edp, Objective::Edp, 0)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, paper, Objective::Paper, 0)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, efficiency, Objective::Efficiency, 0)
    ->Unit(benchmark::kMillisecond);
BENCHMARK(choosing)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, energy_quick, Objective::Energy, 0,
                  MixSolverOptions::quick())
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(jointSolver, edp_quick, Objective::Edp, 0,
                  MixSolverOptions::quick())
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(aloneSolver, energy, Objective::Energy)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(aloneSolver, latency, Objective::Latency)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(aloneSolver, edp, Objective::Edp)
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(aloneSolver, paper, Objective::Paper)
    ->Unit(benchmark::kMillisecond);

} // namespace

BENCHMARK_MAIN();
