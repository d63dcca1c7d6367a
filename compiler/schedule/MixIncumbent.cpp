//===- MixIncumbent.cpp - the joint solver's solutions --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixEfficiency.h"
#include "compiler/schedule/MixSearch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <limits>

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
  case Objective::Efficiency:
    value = std::numeric_limits<double>::max();
    unit = 1e-9;
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

/// More weight to times that break their worker's limit.
void Incumbent::lean(const MixTotals &totals, double more,
                     Weights &weights) const {
  weights.extra.resize(totals.workers.size());
  for (auto [own, worker, extra] :
       llvm::zip(totals.workers, model.problem.workers, weights.extra))
    if (worker.timeLimitNs && own.timeNs() >= *worker.timeLimitNs)
      extra += more;
}

/// Of the masks of a choice as many as there are queues: those with the most
/// work, and one for each worker first.
uint64_t Incumbent::busiestMasks(const Picks &picks) const {
  size_t count = picks.size();
  std::vector<Vector> work(count + 1, Vector(model.maskCount));
  for (size_t w = 0; w < count; ++w)
    for (auto [kernel, pick] : llvm::enumerate(picks[w])) {
      unsigned mask = model.exact.worker(w).masks[pick];
      work[w][mask] += model.workers[w].at(kernel, pick).time;
      work[count][mask] += model.workers[w].at(kernel, pick).time;
    }
  uint64_t masks = 0;
  for (size_t w = 0; w < count; ++w)
    if (model.allowedCounts(w, masks) == 0)
      masks |= uint64_t(1) << (llvm::max_element(work[w]) - work[w].begin());
  auto queues = static_cast<size_t>(model.problem.maxQueues);
  for (auto used = static_cast<size_t>(llvm::popcount(masks));
       used < queues && used < model.maskCount; ++used) {
    for (size_t mask = 0; mask < model.maskCount; ++mask)
      work[count][mask] =
          masks >> mask & 1 ? -1 : work[count][mask];
    masks |= uint64_t(1)
             << (llvm::max_element(work[count]) - work[count].begin());
  }
  return masks;
}

/// The slope is that at a mean of the choices so far: at the last alone it may
/// turn back and forth.
void Incumbent::followSlope(Picks picks, uint64_t masks) {
  Shared mean(model, model.pointsOf(picks));
  Weights broken; // what broken limits add
  bool floor = model.problem.relativeTimeLimit().has_value();
  for (int round = 0; round < 8; ++round) {
    Weights weights = efficiencySlope(model, mean);
    weights.time = broken.time;
    for (size_t w = 0; w < broken.extra.size(); ++w)
      weights.extra[w] += broken.extra[w];
    Picks before = picks;
    improve(model, weights, masks, picks);
    offer(picks);
    MixTotals totals = model.exact.evaluate(picks);
    if (score(model.problem, totals).excess > 0) {
      if (totals.queues > model.problem.maxQueues)
        masks = busiestMasks(picks);
      lean(totals, 0.3 * (1 << std::min(round, 5)), broken);
      broken.time += floor ? 0.3 * (1 << std::min(round, 5)) : 0;
    } else if (picks == before) {
      return;
    }
    mean.blend(Shared(model, model.pointsOf(picks)), 2.0 / (round + 3));
  }
}

void Incumbent::offerImproved(Picks picks, const Weights &weights,
                              uint64_t masks) {
  if (model.problem.objective == Objective::Efficiency)
    return followSlope(std::move(picks), masks);
  Weights lean = weights;
  double broken = weights.time; // the last price of time that was too low
  for (int round = 0; round < 5; ++round) {
    improve(model, lean, masks, picks);
    MixTotals totals = model.exact.evaluate(picks);
    offer(picks);
    if (score(model.problem, totals).excess == 0) {
      if (round > 0 && model.problem.relativeTimeLimit())
        approachFloor(std::move(picks), lean, broken, masks);
      return;
    }
    broken = lean.time;
    double more = 0.3 * (weights.time + weights.energy) * (1 << round);
    if (model.problem.relativeTimeLimit())
      lean.time += more;
    this->lean(totals, more, lean);
  }
}

/// Bisects the price of time between one that keeps the limits, with these
/// picks, and a lower one that doesn't.
void Incumbent::approachFloor(Picks picks, Weights lean, double broken,
                              uint64_t masks) {
  for (int round = 0; round < 5; ++round) {
    double kept = lean.time;
    lean.time = (kept + broken) / 2;
    Picks next = picks;
    improve(model, lean, masks, next);
    offer(next);
    if (score(model.problem, model.exact.evaluate(next)).excess == 0) {
      picks = std::move(next);
    } else {
      broken = lean.time;
      lean.time = kept;
    }
  }
}

/// By how much choices break limits on times, about.
double Incumbent::broken(llvm::ArrayRef<Point> points) const {
  double total = 0, over = 0;
  for (auto [w, time] : llvm::enumerate(model.times(points))) {
    total += time;
    if (auto limit = model.relativeLimit(w))
      over += std::max(0.0, time / *limit - 1);
  }
  if (auto limit = model.problem.relativeTimeLimit())
    over += std::max(0.0, total * 1e12 / static_cast<double>(*limit) - 1);
  return over;
}

/// Ranks all of at most 4096 combinations, and takes the best.
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
  auto worth = [&](llvm::ArrayRef<Point> chosen) {
    double over = 10 * broken(chosen);
    if (model.problem.objective != Objective::Efficiency)
      return model.weighted(chosen, weights) + over;
    return efficiency(model, Shared(model, chosen)) * (1 + over);
  };
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
    start.value = worth(chosen);
    starts.push_back(std::move(start));
  }
  llvm::stable_sort(
      starts, [](const Start &x, const Start &y) { return x.value < y.value; });
  starts.resize(std::min(starts.size(), options.maxStarts));
  std::vector<Picks> uniform;
  for (const Start &start : starts) {
    Picks &picks = uniform.emplace_back();
    for (size_t w = 0; w < count; ++w)
      picks.emplace_back(model.workers[w].kernels, counts[w][start.digits[w]]);
    offer(picks);
  }
  for (Picks &picks : uniform)
    if (model.programs < options.maxPrograms)
      offerImproved(std::move(picks), weights, masks);
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
