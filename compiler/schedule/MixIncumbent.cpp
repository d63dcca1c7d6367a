//===- MixIncumbent.cpp - the joint solver's solutions --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSearch.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace eclip;
using namespace eclip::mix;

/// Starts with each kernel at its worst, every worker in its way.
Incumbent::Incumbent(Model &model, const MixSolverOptions &options)
    : model(model), options(options) {
  auto count = static_cast<double>(model.workers.size());
  for (const Worker &worker : model.workers) {
    double time = 0;
    for (size_t kernel = 0; kernel < worker.kernels; ++kernel) {
      double mostTime = 0, mostEnergy = 0;
      for (size_t cu = 0; cu < worker.width; ++cu) {
        mostTime = std::max(mostTime, worker.at(kernel, cu).time);
        mostEnergy = std::max(mostEnergy, worker.at(kernel, cu).energy);
      }
      time += mostTime * count + worker.switchTime;
      energy += mostEnergy + worker.switchEnergy;
    }
    this->time += time;
    energy += worker.idle * time;
  }
  switch (model.problem.objective) {
  case Objective::Latency:
    value = time;
    break;
  case Objective::Edp:
    value = time * energy;
    unit = 1e-24;
    break;
  default:
    value = energy;
  }
}

void Incumbent::offer(const Picks &picks) {
  MixTotals totals = model.exact.evaluate(picks);
  double allTime = static_cast<double>(totals.relativeTime) * 1e-12;
  double allEnergy = static_cast<double>(totals.relativeEnergy) * 1e-12;
  sums.emplace_back(allTime, allEnergy);
  Score now = score(model.problem, totals);
  if (now.excess == 0) {
    time = found ? std::min(time, allTime) : allTime;
    energy = found ? std::min(energy, allEnergy) : allEnergy;
  }
  if (!best.empty() && !(now < bestScore))
    return;
  best = picks;
  bestScore = now;
  if (now.excess == 0) {
    found = true;
    value = static_cast<double>(now.value) * unit;
  }
}

void Incumbent::offerImproved(Picks picks, const Weights &weights,
                              uint64_t masks) {
  Weights lean = weights;
  for (int round = 0; round < 5; ++round) {
    improve(model, lean, masks, picks);
    MixTotals totals = model.exact.evaluate(picks);
    offer(picks);
    if (score(model.problem, totals).excess == 0)
      return;
    double more = 0.3 * (weights.time + weights.energy) * (1 << round);
    if (model.problem.relativeTimeLimit())
      lean.time += more;
    lean.extra.resize(picks.size());
    for (size_t w = 0; w < picks.size(); ++w)
      if (auto limit = model.problem.workers[w].timeLimitNs;
          limit && totals.workers[w].timeNs() >= *limit)
        lean.extra[w] += more;
  }
}

/// Offers all of at most 4096 combinations, by what the model says of them.
void Incumbent::start(const Weights &weights, uint64_t masks) {
  size_t count = model.workers.size();
  std::vector<std::vector<uint8_t>> counts(count);
  std::vector<std::vector<Point>> points(count);
  size_t all = 1;
  for (size_t w = 0; w < count; ++w) {
    const Worker &worker = model.workers[w];
    for (size_t cu = 0; cu < worker.width; ++cu)
      if (model.allowedCounts(w, masks) >> cu & 1) {
        counts[w].push_back(static_cast<uint8_t>(cu));
        points[w].push_back(
            worker.point(std::vector<uint8_t>(worker.kernels, cu)));
      }
    all = std::min<size_t>(all * counts[w].size(), 1 << 20);
  }
  struct Start {
    double value;
    std::vector<size_t> digits;
  };
  std::vector<Start> starts;
  // Of more, some: the stride is a prime, so it meets each digit.
  for (size_t n = 0; n < std::min<size_t>(all, 4096); ++n) {
    size_t rest = all > 4096 ? n * 7919 : n;
    Start start{0, {}};
    std::vector<Point> chosen;
    for (size_t w = 0; w < count; ++w) {
      start.digits.push_back(rest % counts[w].size());
      rest = rest / counts[w].size() + (all > 4096 ? n * 31 * w : 0);
      chosen.push_back(points[w][start.digits[w]]);
    }
    start.value = model.weighted(chosen, weights);
    starts.push_back(std::move(start));
  }
  llvm::stable_sort(
      starts, [](const Start &x, const Start &y) { return x.value < y.value; });
  size_t most = std::min(starts.size(), options.maxStarts);
  for (size_t i = 0; i < most && model.programs < options.maxPrograms; ++i) {
    Picks picks;
    for (size_t w = 0; w < count; ++w)
      picks.emplace_back(model.workers[w].kernels,
                         counts[w][starts[i].digits[w]]);
    offer(picks);
    offerImproved(std::move(picks), weights, masks);
  }
}

void Incumbent::moveRuns(uint64_t masks) {
  Picks moved = best;
  mix::moveRuns(model, masks, options.maxMoves, moved);
  offer(moved);
}

double Incumbent::priceOfTime(double limit) const {
  auto least = [&](double price) {
    double value = 1e300;
    for (auto [allTime, allEnergy] : sums)
      value = std::min(value, allEnergy + price * (allTime - limit));
    return value;
  };
  double low = 0, high = 64;
  for (int i = 0; i < 80; ++i) {
    double x = low + (high - low) / 3, y = high - (high - low) / 3;
    (least(x) < least(y) ? low : high) = least(x) < least(y) ? x : y;
  }
  return low;
}
