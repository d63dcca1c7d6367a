//===- MixModel.cpp - a mix in relative doubles, for its solver -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixModel.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>

using namespace eclip;
using namespace eclip::mix;

Model::Model(const MixProblem &problem) : problem(problem), exact(problem) {
  size_t count = problem.workers.size();
  seen.resize(count);
  if (exact.waits())
    quantities = {3, exact.hasPriorities() ? size_t(4) : size_t(3)};
  for (size_t w = 0; w < count; ++w) {
    workers.emplace_back(exact.worker(w), quantities,
                         problem.workers[w].maxSwitches,
                         problem.workers[w].maxQueues,
                         exact.idleShareMilliwatts() * 1e-3);
    for (unsigned mask : exact.worker(w).masks)
      maskCount = std::max<size_t>(maskCount, mask + 1);
  }
  overlaps.resize(count * count * 32 * 32);
  waitShares.resize(overlaps.size());
  for (size_t w = 0; w < count; ++w)
    for (size_t v = 0; v < count; ++v)
      for (size_t i = 0; v != w && i < workers[w].width; ++i)
        for (size_t j = 0; j < workers[v].width; ++j) {
          size_t at = ((w * count + v) * 32 + i) * 32 + j;
          overlaps[at] = exact.overlapPpm(w, i, v, j) * 1e-6;
          waitShares[at] = exact.waitPpm(w, i, v, j) * 1e-6;
        }
}

void Model::addPrices(size_t w, const Vector &timeWeights, size_t v,
                      const Vector &shape, Vector &into) const {
  size_t width = workers[w].width, n = workers[v].width;
  size_t presence = quantities.presence(), demand = quantities.demand();
  size_t mine = quantities.blocking(higher(v, w));
  size_t others = quantities.blocking(higher(w, v));
  for (size_t i = 0; i < width; ++i)
    for (size_t j = 0; j < n; ++j) {
      double there = overlap(w, i, v, j), back = overlap(v, j, w, i);
      // What v does to the time of w, then what w does to that of v.
      into[i] += timeWeights[w] * there * shape[presence * n + j];
      into[width + i] += timeWeights[w] * (1 - there) * shape[demand * n + j];
      into[presence * width + i] += timeWeights[v] * back * shape[j];
      into[demand * width + i] += timeWeights[v] * (1 - back) * shape[n + j];
      if (!quantities.waits())
        continue;
      into[2 * width + i] +=
          timeWeights[w] * waitShare(w, i, v, j) * shape[others * n + j];
      into[mine * width + i] +=
          timeWeights[v] * waitShare(v, j, w, i) * shape[2 * n + j];
    }
}

Vector Model::times(llvm::ArrayRef<Point> points) const {
  Vector result;
  for (size_t w = 0; w < workers.size(); ++w) {
    Vector ones(workers.size());
    ones[w] = 1;
    Vector prices(workers[w].entries());
    for (size_t v = 0; v < workers.size(); ++v)
      if (v != w)
        addPrices(w, ones, v, points[v].shape, prices);
    double time = points[w].time;
    for (size_t f = 0; f < workers[w].exposures(); ++f)
      time += points[w].shape[f] * prices[f];
    result.push_back(time);
  }
  return result;
}

Vector Model::timeWeightsOf(const Weights &weights) const {
  Vector result;
  for (size_t w = 0; w < workers.size(); ++w)
    result.push_back(timeWeight(w, weights));
  return result;
}

std::vector<Point> Model::pointsOf(const Picks &picks) const {
  std::vector<Point> points;
  for (size_t w = 0; w < picks.size(); ++w)
    points.push_back(workers[w].point(picks[w]));
  return points;
}

double Model::weighted(llvm::ArrayRef<Point> points,
                       const Weights &weights) const {
  Vector all = times(points);
  double value = 0;
  for (size_t w = 0; w < points.size(); ++w)
    value +=
        timeWeight(w, weights) * all[w] +
        energyWeight(w, weights) * points[w].energy;
  return value;
}

uint32_t Model::allowedCounts(size_t w, uint64_t masks) const {
  uint32_t allowed = 0;
  for (auto [i, mask] : llvm::enumerate(exact.worker(w).masks))
    allowed |= static_cast<uint32_t>(masks >> mask & 1) << i;
  return allowed;
}

void Model::respond(size_t w, const Weights &weights, uint64_t masks,
                    std::vector<Point> &points, Picks &picks) {
  Worker &worker = workers[w];
  Vector times = timeWeightsOf(weights);
  double energy = energyWeight(w, weights);
  Prices prices{times[w], energy,
                times[w] * worker.switchTime + energy * worker.switchEnergy,
                Vector(worker.entries())};
  for (size_t v = 0; v < workers.size(); ++v)
    if (v != w)
      addPrices(w, times, v, points[v].shape, prices.shape);
  ++programs;
  worker.minimize(prices, allowedCounts(w, masks), picks[w]);
  points[w] = worker.point(picks[w]);
  if (seen[w].size() < 400)
    seen[w].push_back(points[w].shape);
}

//===----------------------------------------------------------------------===//
// Local search
//===----------------------------------------------------------------------===//

Score mix::score(const MixProblem &problem, const MixTotals &totals) {
  Score result{0, problem.objectiveValue(totals)};
  auto over = [&](double value, double limit) {
    if (value > limit)
      result.excess += value / limit - 1;
  };
  for (auto [worker, own] : llvm::zip(problem.workers, totals.workers)) {
    if (own.switches > worker.maxSwitches)
      result.excess += own.switches - worker.maxSwitches;
    if (own.queues > worker.maxQueues)
      result.excess += own.queues - worker.maxQueues;
    if (worker.timeLimitNs)
      over(static_cast<double>(own.sharedTime), *worker.timeLimitNs * 1e9);
  }
  if (auto limit = problem.relativeTimeLimit())
    over(static_cast<double>(totals.relativeTime), static_cast<double>(*limit));
  if (totals.queues > problem.maxQueues)
    result.excess += totals.queues - problem.maxQueues;
  return result;
}

void mix::improve(Model &model, const Weights &weights, uint64_t masks,
                  Picks &picks) {
  std::vector<Point> points = model.pointsOf(picks);
  // Stops when no worker in a row of all has changed its choice.
  size_t same = 0;
  for (size_t turn = 0; turn < 8 * picks.size() && same < picks.size();
       ++turn) {
    size_t w = turn % picks.size();
    std::vector<uint8_t> before = picks[w];
    model.respond(w, weights, masks, points, picks);
    same = picks[w] == before ? same + 1 : 0;
  }
}

namespace {

/// Tries changes of one worker's choice and keeps each that scores better.
class Mover {
public:
  Mover(Model &model, uint64_t masks, size_t evaluations, Picks &picks)
      : model(model), masks(masks), evaluations(evaluations), picks(picks),
        best(score(model.problem, model.exact.evaluate(picks))) {}

  void run() {
    while (evaluations > 0 && round())
      ;
  }

private:
  /// Keeps a change of the kernels of worker `w` to `cu` if it is better.
  bool tryChange(size_t w, uint8_t cu, llvm::function_ref<void()> change) {
    if (evaluations == 0 || !(model.allowedCounts(w, masks) >> cu & 1))
      return false;
    --evaluations;
    std::vector<uint8_t> before = picks[w];
    change();
    if (before != picks[w]) {
      Score now = score(model.problem, model.exact.evaluate(picks));
      if (now < best) {
        best = now;
        return true;
      }
      picks[w] = std::move(before);
    }
    return false;
  }

  /// Puts kernels [begin, end) of worker `w` on `cu`.
  bool tryRun(size_t w, size_t begin, size_t end, uint8_t cu) {
    return begin < end && tryChange(w, cu, [&] {
             std::fill(picks[w].begin() + begin, picks[w].begin() + end, cu);
           });
  }

  bool round() {
    bool better = false;
    for (size_t w = 0; w < picks.size(); ++w)
      better |= (picks[w].size() <= 12 ? everyRun(w) : borders(w)) |
                everyCount(w);
    return better;
  }

  /// Puts all kernels of one CU count on another. Where a worker may have few
  /// counts, a run by itself can't go to a new one.
  bool everyCount(size_t w) {
    bool better = false;
    size_t width = model.workers[w].width;
    if (model.problem.workers[w].maxQueues >= static_cast<int64_t>(width))
      return false;
    for (uint8_t from = 0; from < width; ++from)
      for (uint8_t to = 0; to < width && llvm::is_contained(picks[w], from);
           ++to)
        better |= to != from && tryChange(w, to, [&] {
                    llvm::replace(picks[w], from, to);
                  });
    return better;
  }

  bool everyRun(size_t w) {
    bool better = false;
    size_t n = picks[w].size();
    for (size_t begin = 0; begin < n; ++begin)
      for (size_t end = begin + 1; end <= n; ++end)
        for (size_t cu = 0; cu < model.workers[w].width; ++cu)
          better |= tryRun(w, begin, end, cu);
    return better;
  }

  bool borders(size_t w) {
    bool better = false;
    size_t n = picks[w].size();
    for (size_t begin = 0; begin < n;) {
      size_t end = begin + 1;
      while (end < n && picks[w][end] == picks[w][begin])
        ++end;
      for (size_t cu = 0; cu < model.workers[w].width; ++cu)
        better |= tryRun(w, begin, end, cu);
      for (size_t step = 1; step <= 64; step *= 2) {
        better |= tryRun(w, end, std::min(n, end + step), picks[w][begin]);
        if (end < n && step < end)
          better |= tryRun(w, end - step, end, picks[w][end]);
      }
      begin = end;
    }
    return better;
  }

  Model &model;
  uint64_t masks;
  size_t evaluations;
  Picks &picks;
  Score best;
};

} // namespace

void mix::moveRuns(Model &model, uint64_t masks, size_t evaluations,
                   Picks &picks) {
  Mover(model, masks, evaluations, picks).run();
}
