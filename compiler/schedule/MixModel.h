//===- MixModel.h - a mix in relative doubles, for its solver ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver. Times and energies are relative to the worker
// alone on all CUs. A worker's choice enters the others' objective through its
// features only: for each CU count its presence, its demand for memory, and
// where kernels wait for earlier ones, how much it keeps others waiting. With y
// the features of a worker and z its exposures on each CU count, busy time,
// memory time and waiting,
//
//   T_w = time alone + sum over f of z_w[f] E_w[f],   E_w = sum over v of
//   H_wv y_v
//
// H is the overlap for presence, 1 - overlap for memory and the overlap's
// square for waiting. Together z and y are the shape of a choice: entry
// quantity * width + CU count, exposures first.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXMODEL_H
#define ECLIP_COMPILER_SCHEDULE_MIXMODEL_H

#include "compiler/schedule/MixClustering.h"

#include <array>

namespace eclip {
namespace mix {

using Picks = std::vector<std::vector<uint8_t>>;
using Vector = std::vector<double>;

struct Kernel {
  double time = 0, energy = 0; ///< relative, the latter above idle
  /// Exposures, then features; of each as many as the instance has.
  std::array<double, 7> shape{};
};

/// Which numbers the shapes of an instance have: busy and memory time, waiting
/// if any kernel waits; presence, demand, blocking if so, and blocking of
/// higher priorities if there are several.
struct Quantities {
  size_t exposures = 2, features = 2;
  size_t all() const { return exposures + features; }
  bool waits() const { return exposures > 2; }

  // Features by their place in a shape.
  size_t presence() const { return exposures; }
  size_t demand() const { return exposures + 1; }
  size_t blocking(bool higher) const {
    return exposures + 2 + (higher && features > 3);
  }
};

/// What the sums and the other workers see of one worker's choice.
struct Point {
  Vector shape; ///< quantity * width + CU count
  double time = 0, energy = 0; ///< alone, with switches, above idle
  size_t switches = 0;
  uint32_t counts = 0; ///< the bits of the CU counts that it uses
  bool operator==(const Point &) const = default;
};

/// What each unit of a choice costs.
struct Prices {
  double time = 0, energy = 0, change = 0; ///< the last of a switch
  Vector shape;
};

/// One worker and its dynamic programs.
class Worker {
public:
  Worker(const MixEvaluator::Worker &from, const Quantities &quantities,
         int64_t maxSwitches, int64_t maxQueues, double idleNjPerNs);

  const Kernel &at(size_t kernel, size_t cu) const {
    return table[kernel * width + cu];
  }

  /// Least price of all choices from the CU counts whose bits are in `allowed`,
  /// of as many of them as the worker may have, with any number of switches;
  /// over (kernel, CU count), and where that takes too many counts, for each
  /// set of as many as it may have.
  double scan(const Prices &prices, uint32_t allowed);
  double scan(const Prices &prices, uint32_t allowed,
              std::vector<uint8_t> &picks);

  /// The same with at most `levels` - 1 switches. As long as a scan takes
  /// unless its choice has more; else over (kernel, CU count, switches left).
  double minimize(const Prices &prices, uint32_t allowed,
                  std::vector<uint8_t> &picks);

  /// minimize() where it is cheap, else scan().
  double bound(const Prices &prices, uint32_t allowed,
               std::vector<uint8_t> &picks) {
    return keepsSwitches() ? minimize(prices, allowed, picks)
                           : scan(prices, allowed, picks);
  }
  bool keepsSwitches() const { return kernels * levels <= 1024; }

  Point point(const std::vector<uint8_t> &picks) const;

  size_t exposures() const { return quantities.exposures * width; }
  size_t entries() const { return quantities.all() * width; }

  size_t kernels, width, levels;
  Quantities quantities;
  std::vector<Kernel> table;
  double switchTime = 0, switchEnergy = 0; ///< relative
  double idle = 0; ///< relative energy for each relative time, as idle power

private:
  template <size_t fixedWidth, size_t fixedCount>
  double scanFixed(const Prices &prices, const double *blocked);
  double scanAll(const Prices &prices, uint32_t allowed);
  void scanSets(double change);
  void scanPairs(double change);
  double scanSet(double change, llvm::ArrayRef<uint8_t> set,
                 std::vector<uint8_t> &picks);
  llvm::ArrayRef<uint8_t> set(size_t index) const {
    return llvm::ArrayRef(sets).slice(index * maxCounts, maxCounts);
  }
  void follow(double change, std::vector<uint8_t> &picks) const;
  double limited(double change, llvm::ArrayRef<uint8_t> set,
                 std::vector<uint8_t> &picks);

  size_t maxCounts; ///< different CU counts of a choice, at most the width
  /// Sets of as many, one after another, and of each kernel's place the same
  /// slot of all sets beside each other; none if a choice may have all.
  std::vector<uint8_t> sets, slots;
  std::vector<uint8_t> everyCount;
  /// Of the table, each by itself: time, energy, the shape's.
  std::array<Vector, 9> fields;
  Vector priced;                ///< price of each kernel on each CU count
  Vector rest, leastRest;       ///< of it and all after: without a limit
  Vector suffix, least;         ///< the same with levels, made when needed
  Vector ofSets, afterSets, leave; ///< least prices of the sets
};

/// How much time and energy count.
struct Weights {
  double time = 0, energy = 0;
  Vector extra; ///< more weight for one worker's time
  Vector extraEnergy = {}; ///< and for its energy above idle
};

class Model {
public:
  explicit Model(const MixProblem &problem);

  /// H_wv[i][j] for CU sharing, and for waiting.
  double overlap(size_t w, size_t i, size_t v, size_t j) const {
    return overlaps[((w * workers.size() + v) * 32 + i) * 32 + j];
  }
  double waitShare(size_t w, size_t i, size_t v, size_t j) const {
    return waitShares[((w * workers.size() + v) * 32 + i) * 32 + j];
  }

  /// Whether `w` waits for workgroups of `v` only.
  bool higher(size_t w, size_t v) const {
    return exact.worker(w).priority > exact.worker(v).priority;
  }

  /// Adds to `into`, a price for each entry of the shape of `w`, what the shape
  /// of `v` makes of them where times weigh timeWeights.
  void addPrices(size_t w, const Vector &timeWeights, size_t v,
                 const Vector &shape, Vector &into) const;

  /// Time of each worker beside the others.
  Vector times(llvm::ArrayRef<Point> points) const;

  double timeWeight(size_t w, const Weights &weights) const {
    return weights.time + weights.energy * workers[w].idle +
           (weights.extra.empty() ? 0 : weights.extra[w]);
  }

  Vector timeWeightsOf(const Weights &weights) const;
  double energyWeight(size_t w, const Weights &weights) const {
    return weights.energy +
           (weights.extraEnergy.empty() ? 0 : weights.extraEnergy[w]);
  }

  /// Limit on the time of worker `w` beside the others, if it has one.
  std::optional<double> relativeLimit(size_t w) const {
    auto limit = problem.workers[w].timeLimitNs;
    if (!limit)
      return std::nullopt;
    return static_cast<double>(*limit) * 1e-15 *
           static_cast<double>(exact.worker(w).timeWeight);
  }

  std::vector<Point> pointsOf(const Picks &picks) const;

  /// Weighted sum of all times and energies, up to rounding.
  double weighted(llvm::ArrayRef<Point> points, const Weights &weights) const;

  /// Best choice of worker `w` for the weights, given the others': exact.
  void respond(size_t w, const Weights &weights, uint64_t masks,
               std::vector<Point> &points, Picks &picks);

  /// The CU counts of worker `w` whose masks are in `masks`.
  uint32_t allowedCounts(size_t w, uint64_t masks) const;

  const MixProblem &problem;
  MixEvaluator exact;
  Quantities quantities;
  std::vector<Worker> workers;
  size_t maskCount = 0;
  size_t programs = 0; ///< dynamic programs run; one with levels counts as 8
  /// Shapes of best responses so far: what good choices look like.
  std::vector<std::vector<Vector>> seen;

private:
  Vector overlaps, waitShares;
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
Score score(const MixProblem &problem, const MixTotals &totals);

/// Best responses of the workers in turn, until none changes.
void improve(Model &model, const Weights &weights, uint64_t masks,
             Picks &picks);
/// Keeps each better change of a run of kernels or of its borders; tries at
/// most `evaluations`.
void moveRuns(Model &model, uint64_t masks, size_t evaluations, Picks &picks);

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXMODEL_H
