//===- MixModel.h - a mix in relative doubles, for its solver ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver. Times and energies are relative to the worker
// alone on all CUs. A worker's choice enters the others' objective through its
// features only: for each CU count its presence, and for each its demand for
// memory. With y the features of a worker and z its time and memory time on
// each CU count,
//
//   T_w = time alone + sum over f of z_w[f] E_w[f],   E_w = sum over v of
//   H_wv y_v
//
// where f runs over 2 * width entries: first those of CU sharing (H = overlap),
// then those of memory (H = 1 - overlap).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXMODEL_H
#define ECLIP_COMPILER_SCHEDULE_MIXMODEL_H

#include "compiler/schedule/MixClustering.h"

namespace eclip {
namespace mix {

using Picks = std::vector<std::vector<uint8_t>>;
using Vector = std::vector<double>;

struct Kernel {
  double time = 0, busy = 0, memory = 0; ///< relative
  double presence = 0, demand = 0;       ///< of 1
  double energy = 0;                     ///< relative, above idle
};

/// One worker and its dynamic program over (kernel, CU count, switches left).
class Worker {
public:
  Worker(const MixEvaluator::Worker &from, int64_t maxSwitches,
         double idleNjPerNs);

  const Kernel &at(size_t kernel, size_t cu) const {
    return table[kernel * width + cu];
  }

  /// Least sum of weights[kernel * width + cu] and `change` for each switch,
  /// on the CU counts whose bits are in `allowed`. Writes the choice.
  double minimize(const Vector &weights, double change, uint32_t allowed,
                  std::vector<uint8_t> &picks);

  /// Not above what minimize() gives without cost of a switch, on all CU
  /// counts: each kernel by itself.
  double minimizeFreely(const Vector &weights) const;

  /// Features of a choice: presences, then demands.
  Vector features(const std::vector<uint8_t> &picks) const;
  /// Time and memory time on each CU count.
  Vector exposure(const std::vector<uint8_t> &picks) const;

  size_t kernels, width, levels;
  std::vector<Kernel> table;
  double switchTime = 0, switchEnergy = 0; ///< relative
  double idle = 0; ///< relative energy for each relative time, as idle power

private:
  Vector suffix, least; ///< tables of minimize()
};

/// How much time and energy count.
struct Weights {
  double time = 0, energy = 0;
  Vector extra; ///< more weight for one worker's time
};

class Model {
public:
  explicit Model(const MixProblem &problem);

  /// H_wv[i][j] for CU sharing.
  double overlap(size_t w, size_t i, size_t v, size_t j) const {
    return overlaps[((w * workers.size() + v) * 32 + i) * 32 + j];
  }

  /// E_w for the features of all workers.
  Vector environment(size_t w, llvm::ArrayRef<Vector> features) const;

  /// Adds to `prices` what a unit of each feature of `v` costs, where `w` pays
  /// `exposure` for a unit of E_w.
  void addPrices(size_t w, size_t v, const Vector &exposure,
                 Vector &prices) const;

  double timeWeight(size_t w, const Weights &weights) const {
    return weights.time + weights.energy * workers[w].idle +
           (weights.extra.empty() ? 0 : weights.extra[w]);
  }

  /// Best choice of worker `w` for the weights, given the others': exact.
  void respond(size_t w, const Weights &weights, uint64_t allowed,
               Picks &picks);

  /// The CU counts of worker `w` whose masks are in `masks`.
  uint32_t allowedCounts(size_t w, uint64_t masks) const;

  const MixProblem &problem;
  MixEvaluator exact;
  std::vector<Worker> workers;
  size_t maskCount = 0;
  size_t programs = 0; ///< dynamic programs run

private:
  Vector overlaps;
};

/// Objective and limits of a choice; a broken limit makes it worse than any
/// choice that keeps all.
struct Score {
  double excess = 0; ///< by how much limits are broken, relative
  WideInt value = 0;
  bool operator<(const Score &other) const {
    return excess != other.excess ? excess < other.excess : value < other.value;
  }
};
Score score(const Model &model, const Picks &picks);

/// Best responses of the workers in turn, until none changes.
void improve(Model &model, const Weights &weights, uint64_t masks,
             Picks &picks);
/// Keeps each better change of a run of kernels or of its borders; tries at
/// most `evaluations`.
void moveRuns(Model &model, uint64_t masks, size_t evaluations, Picks &picks);

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXMODEL_H
