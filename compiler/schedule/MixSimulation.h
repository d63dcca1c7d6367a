//===- MixSimulation.h - a mix in time --------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Predicts throughput, energy and latencies of a mix by playing it: each worker
// sends its next request when the last is done, and at every moment the kernels
// that run share the CUs on which their masks overlap, and the memory. An
// evaluator for any choice, and no part of the problem: the clustering's model
// has only averages and knows no tail. The rules are in docs/scheduling.md.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXSIMULATION_H
#define ECLIP_COMPILER_SCHEDULE_MIXSIMULATION_H

#include "compiler/schedule/MixClustering.h"

namespace eclip {

struct MixSimulationOptions {
  size_t requests = 40; ///< that the slowest worker completes after warming up
  size_t warmUp = 3;    ///< requests of each worker that don't count
  /// One queue for all workers: kernels run one after another in the order in
  /// which they become ready, each alone on the device.
  bool oneQueue = false;
};

struct MixPrediction {
  struct Worker {
    double requestsPerS = 0;
    double meanNs = 0, p95Ns = 0; ///< of a request, by nearest rank
    size_t requests = 0;
  };
  std::vector<Worker> workers;
  /// Sum over the workers of requestsPerS times a request's time alone on all
  /// CUs: 1 is what one model at a time gives.
  double throughput = 0;
  double watts = 0; ///< mean, of the whole board
  /// Throughput per watt, times the mean power of the models one at a time on
  /// all CUs (mean over the workers): 1 is what one model at a time gives.
  double efficiency = 0;
};

/// Deterministic. `choice` is of known CU counts, `problem` is valid.
MixPrediction simulateMix(const MixProblem &problem, const MixChoice &choice,
                          const MixSimulationOptions &options = {});

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXSIMULATION_H
