//===- MixEfficiency.cpp - energy of work times its time ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixEfficiency.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

Shared::Shared(const Model &model, llvm::ArrayRef<Point> points)
    : times(model.times(points)) {
  for (const Point &point : points)
    energies.push_back(point.energy);
}

void Shared::blend(const Shared &other, double share) {
  for (size_t w = 0; w < times.size(); ++w) {
    times[w] += share * (other.times[w] - times[w]);
    energies[w] += share * (other.energies[w] - energies[w]);
  }
}

/// Mean power of a worker alone on all CUs, in W: nJ over ns.
static double aloneWatts(const Model &model, size_t w) {
  const MixEvaluator::Worker &worker = model.exact.worker(w);
  return static_cast<double>(worker.timeWeight) /
         static_cast<double>(worker.energyWeight);
}

namespace {
/// The sum of all rates with unlimited clocks, the power that counts, and what
/// each W above idle counts in it.
struct Sums {
  double rate = 0, watts = 0, factor = 1;

  Sums(const Model &model, const Shared &shared) {
    const DeviceLimits &limits = model.problem.limits;
    double idle = static_cast<double>(limits.idleMilliwatts) * 1e-3;
    double limit = static_cast<double>(limits.boardMilliwatts) * 1e-3;
    for (size_t w = 0; w < shared.times.size(); ++w) {
      rate += 1 / shared.times[w];
      watts += aloneWatts(model, w) * shared.energies[w] / shared.times[w];
    }
    if (limit > idle && watts + idle > limit) {
      factor = limit / (limit - idle);
      watts *= factor;
    } else {
      watts += idle;
    }
  }
};
} // namespace

double mix::efficiency(const Model &model, const Shared &shared) {
  Sums sums(model, shared);
  return sums.watts / (sums.rate * sums.rate);
}

Weights mix::efficiencySlope(const Model &model, const Shared &shared) {
  constexpr double leastPart = 0.05; // of the mean energy of work
  Sums sums(model, shared);
  double mean = sums.watts / sums.rate;
  Weights weights;
  double all = 0;
  // d(P/R^2) = sum over w of (2 P/R - e_w) dT_w / (R T_w)^2 + de_w / (R^2 T_w).
  for (size_t w = 0; w < shared.times.size(); ++w) {
    double watts = sums.factor * aloneWatts(model, w), time = shared.times[w];
    double worth = 2 * mean - watts * shared.energies[w];
    weights.extra.push_back(std::max(worth, leastPart * mean) / (time * time));
    weights.extraEnergy.push_back(watts / time);
    all += weights.extra.back();
  }
  double scale = static_cast<double>(shared.times.size()) / all;
  for (size_t w = 0; w < shared.times.size(); ++w) {
    weights.extra[w] *= scale;
    weights.extraEnergy[w] *= scale;
  }
  return weights;
}

WideInt mix::efficiencyBound(const MixProblem &problem) {
  struct Most {
    double rate = 0, watts = 0; ///< both at full speed
  };
  std::vector<Most> workers;
  for (const MixWorker &worker : problem.workers) {
    double aloneNs = 0, ns = 0, nj = 0;
    for (size_t kernel = 0; kernel < worker.kernelCount; ++kernel) {
      double leastNs = std::numeric_limits<double>::infinity();
      double leastNj = leastNs;
      for (int64_t cuCount : worker.cuCounts) {
        KernelCost cost = worker.costOf(kernel, cuCount);
        auto time = static_cast<double>(cost.timeNs);
        leastNs = std::min(leastNs, time);
        double idleNj =
            time * static_cast<double>(problem.limits.idleMilliwatts) * 1e-3;
        leastNj = std::min(
            leastNj,
            std::max(0.0, static_cast<double>(cost.energyNj) - idleNj));
      }
      ns += leastNs;
      nj += leastNj;
      aloneNs += static_cast<double>(
          worker.costOf(kernel, worker.cuCounts.back()).timeNs);
    }
    workers.push_back({aloneNs / ns, nj / ns});
  }
  // For given rates the frugal workers run first. P / R^2 is least where each
  // of them runs at full speed or not at all: between, P is a + b R, and the
  // quotient falls, or rises and then falls.
  llvm::sort(workers, [](const Most &x, const Most &y) {
    return x.watts * y.rate < y.watts * x.rate;
  });
  double rate = 0;
  double watts = static_cast<double>(problem.limits.idleMilliwatts) * 1e-3;
  double least = std::numeric_limits<double>::infinity();
  for (const Most &worker : workers) {
    rate += worker.rate;
    watts += worker.watts;
    // Each worker's power is rounded down to 1e-9 W.
    least = std::min(least, (watts * 1e9 - 17) / (rate * rate));
  }
  least *= 1 - 1e-8; // for the rounding of doubles
  return least > 0 ? static_cast<WideInt>(least) : WideInt(0);
}
