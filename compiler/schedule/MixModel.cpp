//===- MixModel.cpp - a mix in relative doubles, for its solver -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixModel.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

static constexpr double infinite = std::numeric_limits<double>::infinity();

Worker::Worker(const MixEvaluator::Worker &from, int64_t maxSwitches,
               double idleNjPerNs)
    : kernels(from.kernels), width(from.width),
      levels(std::min<int64_t>(maxSwitches,
                               static_cast<int64_t>(from.kernels) - 1) +
             1) {
  double time = static_cast<double>(from.timeWeight) * 1e-15;
  double energy = static_cast<double>(from.energyWeight) * 1e-15;
  for (const MixEvaluator::Kernel &k : from.table)
    table.push_back({k.timeNs * time, k.busyNs * time, k.memoryNs * time,
                     k.presence * 1e-9, k.demand * 1e-9, k.energyNj * energy});
  switchTime = from.switchNs * time;
  switchEnergy = from.switchNj * energy;
  idle = idleNjPerNs * energy / time;
  suffix.resize(kernels * width * levels);
  least.resize(kernels * levels);
}

double Worker::minimize(const Vector &weights, double change, uint32_t allowed,
                        std::vector<uint8_t> &picks) {
  for (size_t kernel = kernels; kernel-- > 0;) {
    double *best = &least[kernel * levels];
    std::fill_n(best, levels, infinite);
    for (size_t cu = 0; cu < width; ++cu) {
      double *entry = &suffix[(kernel * width + cu) * levels];
      if (!(allowed >> cu & 1)) {
        std::fill_n(entry, levels, infinite);
        continue;
      }
      double own = weights[kernel * width + cu];
      if (kernel + 1 == kernels) {
        std::fill_n(entry, levels, own);
      } else {
        const double *stay = &suffix[((kernel + 1) * width + cu) * levels];
        const double *leave = &least[(kernel + 1) * levels];
        entry[0] = own + stay[0];
        for (size_t level = 1; level < levels; ++level)
          entry[level] = own + std::min(stay[level], change + leave[level - 1]);
      }
      for (size_t level = 0; level < levels; ++level)
        best[level] = std::min(best[level], entry[level]);
    }
  }
  size_t level = levels - 1, cu = 0;
  picks.resize(kernels);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    auto entry = [&](size_t at, size_t left) {
      return suffix[(kernel * width + at) * levels + left];
    };
    bool leaves = kernel == 0;
    if (kernel > 0 && level > 0 &&
        change + least[kernel * levels + level - 1] < entry(cu, level)) {
      leaves = true;
      --level;
    }
    if (leaves) {
      double best = least[kernel * levels + level];
      for (cu = 0; cu + 1 < width && entry(cu, level) != best;)
        ++cu;
    }
    picks[kernel] = static_cast<uint8_t>(cu);
  }
  return least[levels - 1];
}

double Worker::minimizeFreely(const Vector &weights) const {
  double sum = 0;
  for (auto at = weights.begin(); at != weights.end(); at += width)
    sum += *std::min_element(at, at + width);
  return sum;
}

Vector Worker::features(const std::vector<uint8_t> &picks) const {
  Vector result(2 * width);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    const Kernel &k = at(kernel, picks[kernel]);
    result[picks[kernel]] += k.presence;
    result[width + picks[kernel]] += k.demand;
  }
  return result;
}

Vector Worker::exposure(const std::vector<uint8_t> &picks) const {
  Vector result(2 * width);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    const Kernel &k = at(kernel, picks[kernel]);
    result[picks[kernel]] += k.busy;
    result[width + picks[kernel]] += k.memory;
  }
  return result;
}

Model::Model(const MixProblem &problem) : problem(problem), exact(problem) {
  size_t count = problem.workers.size();
  for (size_t w = 0; w < count; ++w) {
    workers.emplace_back(exact.worker(w), problem.workers[w].maxSwitches,
                         exact.idleShareMilliwatts() * 1e-3);
    for (unsigned mask : exact.worker(w).masks)
      maskCount = std::max<size_t>(maskCount, mask + 1);
  }
  overlaps.resize(count * count * 32 * 32);
  for (size_t w = 0; w < count; ++w)
    for (size_t v = 0; v < count; ++v)
      for (size_t i = 0; v != w && i < workers[w].width; ++i)
        for (size_t j = 0; j < workers[v].width; ++j)
          overlaps[((w * count + v) * 32 + i) * 32 + j] =
              exact.overlapPpm(w, i, v, j) * 1e-6;
}

Vector Model::environment(size_t w, llvm::ArrayRef<Vector> features) const {
  size_t width = workers[w].width;
  Vector result(2 * width);
  for (size_t v = 0; v < workers.size(); ++v)
    for (size_t i = 0; v != w && i < width; ++i)
      for (size_t j = 0, n = workers[v].width; j < n; ++j) {
        double shared = overlap(w, i, v, j);
        result[i] += shared * features[v][j];
        result[width + i] += (1 - shared) * features[v][n + j];
      }
  return result;
}

void Model::addPrices(size_t w, size_t v, const Vector &exposure,
                      Vector &prices) const {
  size_t width = workers[w].width, n = workers[v].width;
  for (size_t i = 0; i < width; ++i)
    for (size_t j = 0; j < n; ++j) {
      double shared = overlap(w, i, v, j);
      prices[j] += shared * exposure[i];
      prices[n + j] += (1 - shared) * exposure[width + i];
    }
}

uint32_t Model::allowedCounts(size_t w, uint64_t masks) const {
  uint32_t allowed = 0;
  for (auto [i, mask] : llvm::enumerate(exact.worker(w).masks))
    allowed |= static_cast<uint32_t>(masks >> mask & 1) << i;
  return allowed;
}

void Model::respond(size_t w, const Weights &weights, uint64_t masks,
                    Picks &picks) {
  Worker &worker = workers[w];
  std::vector<Vector> features;
  for (size_t v = 0; v < workers.size(); ++v)
    features.push_back(workers[v].features(picks[v]));
  Vector environment = this->environment(w, features);
  Vector prices(2 * worker.width);
  for (size_t v = 0; v < workers.size(); ++v)
    if (v != w) {
      Vector exposure = workers[v].exposure(picks[v]);
      for (double &value : exposure)
        value *= timeWeight(v, weights);
      addPrices(v, w, exposure, prices);
    }
  double time = timeWeight(w, weights);
  Vector table(worker.kernels * worker.width);
  for (size_t kernel = 0; kernel < worker.kernels; ++kernel)
    for (size_t cu = 0; cu < worker.width; ++cu) {
      const Kernel &k = worker.at(kernel, cu);
      table[kernel * worker.width + cu] =
          time * (k.time + k.busy * environment[cu] +
                  k.memory * environment[worker.width + cu]) +
          weights.energy * k.energy + k.presence * prices[cu] +
          k.demand * prices[worker.width + cu];
    }
  ++programs;
  worker.minimize(
      table, time * worker.switchTime + weights.energy * worker.switchEnergy,
      allowedCounts(w, masks), picks[w]);
}

//===----------------------------------------------------------------------===//
// Local search
//===----------------------------------------------------------------------===//

Score mix::score(const Model &model, const Picks &picks) {
  MixTotals totals = model.exact.evaluate(picks);
  const MixProblem &problem = model.problem;
  Score result{0, problem.objectiveValue(totals)};
  auto over = [&](double value, double limit) {
    if (value > limit)
      result.excess += value / limit - 1;
  };
  for (auto [worker, own] : llvm::zip(problem.workers, totals.workers)) {
    if (own.switches > worker.maxSwitches)
      result.excess += own.switches - worker.maxSwitches;
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
  for (int round = 0; round < 8; ++round) {
    bool better = false;
    for (size_t w = 0; w < picks.size(); ++w) {
      Picks next = picks;
      model.respond(w, weights, masks, next);
      if (next[w] == picks[w])
        continue;
      picks = std::move(next);
      better = true;
    }
    if (!better)
      break;
  }
}

namespace {

/// Tries changes of one worker's choice and keeps each that scores better.
class Mover {
public:
  Mover(Model &model, uint64_t masks, size_t evaluations, Picks &picks)
      : model(model), masks(masks), evaluations(evaluations), picks(picks),
        best(score(model, picks)) {}

  void run() {
    while (evaluations > 0 && round())
      ;
  }

private:
  /// Puts kernels [begin, end) of worker `w` on `cu`.
  bool tryRun(size_t w, size_t begin, size_t end, uint8_t cu) {
    if (begin >= end || evaluations == 0 ||
        !(model.allowedCounts(w, masks) >> cu & 1))
      return false;
    --evaluations;
    std::vector<uint8_t> before = picks[w];
    std::fill(picks[w].begin() + begin, picks[w].begin() + end, cu);
    if (before != picks[w]) {
      Score now = score(model, picks);
      if (now < best) {
        best = now;
        return true;
      }
      picks[w] = std::move(before);
    }
    return false;
  }

  bool round() {
    bool better = false;
    for (size_t w = 0; w < picks.size(); ++w)
      better |= picks[w].size() <= 12 ? everyRun(w) : borders(w);
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
