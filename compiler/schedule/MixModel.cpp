//===- MixModel.cpp - a mix in relative doubles, for its solver -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixModel.h"
#include "compiler/schedule/CountSets.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

static constexpr double infinite = std::numeric_limits<double>::infinity();

/// Brings waiting (1e-3 of the root of a ns) and blocking (1e-12 of it) to
/// about the size of the other quantities.
static constexpr double rootScale = 100;

Worker::Worker(const MixEvaluator::Worker &from, const Quantities &quantities,
               int64_t maxSwitches, int64_t maxQueues, double idleNjPerNs)
    : kernels(from.kernels), width(from.width),
      levels(std::min<int64_t>(maxSwitches,
                               static_cast<int64_t>(from.kernels) - 1) +
             1),
      quantities(quantities),
      maxCounts(std::min<size_t>(width, static_cast<size_t>(maxQueues))) {
  double time = static_cast<double>(from.timeWeight) * 1e-15;
  double energy = static_cast<double>(from.energyWeight) * 1e-15;
  for (const MixEvaluator::Kernel &k : from.table) {
    Kernel &own = table.emplace_back();
    own.time = k.timeNs * time;
    own.energy = k.energyNj * energy;
    own.shape[0] = k.busyNs * time;
    own.shape[1] = k.memoryNs * time;
    own.shape[quantities.presence()] = k.presence * 1e-9;
    own.shape[quantities.demand()] = k.demand * 1e-9;
    if (!quantities.waits())
      continue;
    own.shape[2] = k.waiting * 1e-3 * rootScale * time;
    own.shape[quantities.blocking(false)] = k.blocking * 1e-12 / rootScale;
    if (quantities.blocking(true) != quantities.blocking(false))
      own.shape[quantities.blocking(true)] =
          k.blockingHigher * 1e-12 / rootScale;
  }
  switchTime = from.switchNs * time;
  switchEnergy = from.switchNj * energy;
  idle = idleNjPerNs * energy / time;
  for (const Kernel &k : table) {
    fields[0].push_back(k.time);
    fields[1].push_back(k.energy);
    for (size_t q = 0; q < quantities.all(); ++q)
      fields[2 + q].push_back(k.shape[q]);
  }
  priced.resize(kernels * width);
  rest.resize(kernels * width);
  leastRest.resize(kernels);
  for (size_t cu = 0; cu < width; ++cu)
    everyCount.push_back(static_cast<uint8_t>(cu));
  if (maxCounts == width)
    return;
  forEachSet(width, maxCounts,
             [&](llvm::ArrayRef<uint8_t> set) { llvm::append_range(sets, set); });
  for (size_t slot = 0; slot < maxCounts; ++slot)
    for (size_t at = slot; at < sets.size(); at += maxCounts)
      slots.push_back(sets[at]);
}

/// The recursion waits for itself from kernel to kernel, so prices are made
/// beside it. Width and number of quantities are `fixedWidth` and `fixedCount`
/// where they are known to the compiler.
template <size_t fixedWidth, size_t fixedCount>
double Worker::scanFixed(const Prices &prices, const double *blocked) {
  const size_t n = fixedWidth ? fixedWidth : width;
  const size_t count = fixedCount ? fixedCount : quantities.all();
  const double *shape = prices.shape.data();
  std::array<const double *, 9> of;
  for (size_t f = 0; f < of.size(); ++f)
    of[f] = fields[f].data();
  std::array<double, 32> after{};
  double leave = 0;
  for (size_t kernel = kernels; kernel-- > 0;) {
    size_t at = kernel * n;
    double least = infinite;
    for (size_t cu = 0; cu < n; ++cu) {
      size_t i = at + cu;
      double own =
          blocked[cu] + prices.time * of[0][i] + prices.energy * of[1][i];
      for (size_t q = 0; q < count; ++q)
        own += shape[q * n + cu] * of[2 + q][i];
      double value = own + (after[cu] < leave ? after[cu] : leave);
      priced[i] = own;
      rest[i] = value;
      after[cu] = value;
      least = value < least ? value : least;
    }
    leastRest[kernel] = least;
    leave = least + prices.change;
  }
  return leastRest[0];
}

double Worker::scanAll(const Prices &prices, uint32_t allowed) {
  std::array<double, 32> blocked{};
  for (size_t cu = 0; cu < width; ++cu)
    blocked[cu] = allowed >> cu & 1 ? 0 : infinite;
  switch (width * 16 + quantities.all()) {
  case 3 * 16 + 4:
    return scanFixed<3, 4>(prices, blocked.data());
  case 4 * 16 + 4:
    return scanFixed<4, 4>(prices, blocked.data());
  case 7 * 16 + 6:
    return scanFixed<7, 6>(prices, blocked.data());
  case 8 * 16 + 6:
    return scanFixed<8, 6>(prices, blocked.data());
  case 10 * 16 + 6:
    return scanFixed<10, 6>(prices, blocked.data());
  case 10 * 16 + 7:
    return scanFixed<10, 7>(prices, blocked.data());
  default:
    return scanFixed<0, 0>(prices, blocked.data());
  }
}

void Worker::follow(double change, std::vector<uint8_t> &picks) const {
  picks.resize(kernels);
  uint8_t cu = 0;
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    const double *own = &rest[kernel * width];
    if (kernel == 0 || leastRest[kernel] + change < own[cu])
      cu = static_cast<uint8_t>(
          std::find(own, own + width - 1, leastRest[kernel]) - own);
    picks[kernel] = cu;
  }
}

static size_t countSwitches(const std::vector<uint8_t> &picks) {
  size_t switches = 0;
  for (size_t kernel = 1; kernel < picks.size(); ++kernel)
    switches += picks[kernel] != picks[kernel - 1];
  return switches;
}

static size_t countCounts(const std::vector<uint8_t> &picks) {
  uint32_t counts = 0;
  for (uint8_t pick : picks)
    counts |= uint32_t(1) << pick;
  return static_cast<size_t>(llvm::popcount(counts));
}

/// The least price of each set into `ofSets`, by the prices of the last scan.
/// All sets go through the kernels together: each alone would wait for itself.
void Worker::scanSets(double change) {
  if (maxCounts == 2)
    return scanPairs(change);
  size_t count = sets.size() / maxCounts;
  afterSets.assign(maxCounts * count, 0);
  ofSets.assign(count, -change); // the last kernel is not left
  leave.resize(count);
  for (size_t kernel = kernels; kernel-- > 0;) {
    const double *own = &priced[kernel * width];
    for (size_t i = 0; i < count; ++i) {
      leave[i] = ofSets[i] + change;
      ofSets[i] = infinite;
    }
    for (size_t slot = 0; slot < maxCounts; ++slot) {
      const uint8_t *member = &slots[slot * count];
      double *__restrict after = &afterSets[slot * count];
      for (size_t i = 0; i < count; ++i) {
        double value =
            own[member[i]] + (after[i] < leave[i] ? after[i] : leave[i]);
        after[i] = value;
        ofSets[i] = value < ofSets[i] ? value : ofSets[i];
      }
    }
  }
}

/// scanSets() of pairs. Those with the same first count lie beside each other,
/// their second counts too, so the inner loop is for the vector unit.
void Worker::scanPairs(double change) {
  size_t count = sets.size() / 2;
  afterSets.assign(2 * count, 0);
  for (size_t kernel = kernels; kernel-- > 0;) {
    double leaving = kernel + 1 < kernels ? change : 0;
    const double *own = &priced[kernel * width];
    double *__restrict first = afterSets.data();
    double *__restrict second = afterSets.data() + count;
    for (size_t cu = 0; cu + 1 < width; ++cu) {
      const double *__restrict others = own + cu + 1;
      double mine = own[cu];
      size_t pairs = width - cu - 1;
      for (size_t i = 0; i < pairs; ++i) {
        double least = (first[i] < second[i] ? first[i] : second[i]) + leaving;
        first[i] = mine + (first[i] < least ? first[i] : least);
        second[i] = others[i] + (second[i] < least ? second[i] : least);
      }
      first += pairs;
      second += pairs;
    }
  }
  ofSets.resize(count);
  for (size_t i = 0; i < count; ++i)
    ofSets[i] = std::min(afterSets[i], afterSets[count + i]);
}

/// The choice of the least price from one set, by the prices of the last scan.
double Worker::scanSet(double change, llvm::ArrayRef<uint8_t> set,
                       std::vector<uint8_t> &picks) {
  for (size_t kernel = kernels; kernel-- > 0;) {
    double least = infinite;
    for (uint8_t cu : set) {
      double after = 0;
      if (kernel + 1 < kernels)
        after = std::min(rest[(kernel + 1) * width + cu],
                         leastRest[kernel + 1] + change);
      double value = priced[kernel * width + cu] + after;
      rest[kernel * width + cu] = value;
      least = std::min(least, value);
    }
    leastRest[kernel] = least;
  }
  picks.resize(kernels);
  uint8_t cu = set.front();
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    const double *own = &rest[kernel * width];
    if (kernel == 0 || leastRest[kernel] + change < own[cu])
      cu = *llvm::find_if(set.drop_back(), [&](uint8_t at) {
        return own[at] == leastRest[kernel];
      });
    picks[kernel] = cu;
  }
  return leastRest[0];
}

double Worker::scan(const Prices &prices, uint32_t allowed) {
  double value = scanAll(prices, allowed);
  if (sets.empty())
    return value;
  scanSets(prices.change);
  return *llvm::min_element(ofSets);
}

double Worker::scan(const Prices &prices, uint32_t allowed,
                    std::vector<uint8_t> &picks) {
  double value = scanAll(prices, allowed);
  follow(prices.change, picks);
  if (sets.empty() || countCounts(picks) <= maxCounts)
    return value;
  scanSets(prices.change);
  size_t best = llvm::min_element(ofSets) - ofSets.begin();
  return scanSet(prices.change, set(best), picks);
}

/// Of sets whose choices take too many switches, the least by their prices
/// without that limit comes first: it bounds the others.
double Worker::minimize(const Prices &prices, uint32_t allowed,
                        std::vector<uint8_t> &picks) {
  double value = scan(prices, allowed, picks);
  if (countSwitches(picks) < levels)
    return value;
  if (sets.empty())
    return limited(prices.change, everyCount, picks);
  scanSets(prices.change);
  Vector bounds = ofSets;
  std::vector<uint8_t> trial;
  value = infinite;
  while (true) {
    size_t next = llvm::min_element(bounds) - bounds.begin();
    if (bounds[next] >= value)
      return value;
    bounds[next] = infinite;
    double least = scanSet(prices.change, set(next), trial);
    if (countSwitches(trial) >= levels)
      least = limited(prices.change, set(next), trial);
    if (least < value) {
      value = least;
      picks = trial;
    }
  }
}

double Worker::limited(double change, llvm::ArrayRef<uint8_t> set,
                       std::vector<uint8_t> &picks) {
  suffix.resize(kernels * width * levels);
  least.resize(kernels * levels);
  for (size_t kernel = kernels; kernel-- > 0;) {
    double *best = &least[kernel * levels];
    std::fill_n(best, levels, infinite);
    for (uint8_t cu : set) {
      double *entry = &suffix[(kernel * width + cu) * levels];
      double own = priced[kernel * width + cu];
      if (kernel + 1 == kernels) {
        std::fill_n(entry, levels, own);
      } else {
        // Restricted pointers: these loops are for the vector unit.
        const double *__restrict stay =
            &suffix[((kernel + 1) * width + cu) * levels];
        const double *__restrict leave = &least[(kernel + 1) * levels];
        double *__restrict into = entry;
        into[0] = own + stay[0];
        for (size_t level = 1; level < levels; ++level) {
          double left = change + leave[level - 1];
          into[level] = own + (stay[level] < left ? stay[level] : left);
        }
      }
      for (size_t level = 0; level < levels; ++level)
        best[level] = entry[level] < best[level] ? entry[level] : best[level];
    }
  }
  size_t level = levels - 1;
  uint8_t cu = set.front();
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
      cu = *llvm::find_if(set.drop_back(), [&](uint8_t at) {
        return entry(at, level) == best;
      });
    }
    picks[kernel] = cu;
  }
  return least[levels - 1];
}

Point Worker::point(const std::vector<uint8_t> &picks) const {
  Point result;
  result.shape.assign(entries(), 0);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    size_t cu = picks[kernel];
    const Kernel &k = at(kernel, cu);
    for (size_t q = 0; q < quantities.all(); ++q)
      result.shape[q * width + cu] += k.shape[q];
    result.time += k.time;
    result.energy += k.energy;
    result.counts |= uint32_t(1) << cu;
  }
  result.switches = countSwitches(picks);
  result.time += static_cast<double>(result.switches) * switchTime;
  result.energy += static_cast<double>(result.switches) * switchEnergy;
  return result;
}

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
