//===- MixBound.cpp - lower bounds for the joint solver -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixBound.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

static constexpr double infinite = std::numeric_limits<double>::infinity();

void mix::boundIntervals(Model &model, const Form &form, Box &box) {
  auto least = [&](size_t i, double sign) {
    double sum = 0;
    for (auto [w, worker] : llvm::enumerate(model.workers)) {
      Prices prices;
      for (double value : form.directions[i].of[w])
        prices.shape.push_back(sign * value);
      sum += worker.scan(prices, ~0u);
    }
    return sum - 1e-12 * (std::abs(sum) + 1);
  };
  box.low.clear();
  box.high.clear();
  for (size_t i = 0; i < form.falling; ++i) {
    box.low.push_back(least(i, 1));
    box.high.push_back(std::max(box.low[i], -least(i, -1)));
  }
}

Bounder::Bounder(Model &model, const Form &form, Box &box, const Dual &dual,
                 const Weights &weights, Columns &columns, double cutoff)
    : model(model), form(form), box(box), columns(columns), weights(weights),
      cutoff(cutoff), now(dual), bestDual(dual) {
  best.value = -infinite;
  choice.resize(model.workers.size());
  for (size_t w = 0; w < choice.size(); ++w)
    allowed.push_back(model.allowedCounts(w, box.masks));
}

Weights Bounder::fullWeights() const {
  Weights full = weights;
  full.time += now.time;
  full.extra = now.limit;
  return full;
}

//===----------------------------------------------------------------------===//
// The bound
//===----------------------------------------------------------------------===//

/// The squares bound what times weigh up to scale * form.timeWeights. For the
/// rest, what others do is at least form.least.
void Bounder::linearize(Linear &into) const {
  size_t count = model.workers.size();
  into.constant = 0;
  if (now.time > 0)
    into.constant -= now.time * box.timeHigh;
  into.prices.resize(count);
  for (size_t w = 0; w < count; ++w) {
    const Worker &worker = model.workers[w];
    Prices &prices = into.prices[w];
    prices.time = timeWeights[w];
    prices.energy = weights.energy;
    prices.change = timeWeights[w] * worker.switchTime +
                    weights.energy * worker.switchEnergy + now.switches[w];
    prices.shape.assign(worker.entries(), 0);
    double rest = timeWeights[w] - scale * form.timeWeights[w];
    for (size_t f = 0; f < worker.exposures(); ++f)
      prices.shape[f] = rest * form.least[w][f];
    into.constant -= now.switches[w] * static_cast<double>(worker.levels - 1);
    if (auto limit = model.relativeLimit(w))
      into.constant -= now.limit[w] * *limit;
  }
  for (auto [i, direction] : llvm::enumerate(form.directions)) {
    double curvature = scale * direction.curvature, slope;
    if (i < form.falling) {
      double multiplier = now.interval[i];
      slope = curvature / 2 * (box.low[i] + box.high[i]) + multiplier;
      into.constant -= curvature / 2 * box.low[i] * box.high[i] +
                       multiplier * (multiplier > 0 ? box.high[i] : box.low[i]);
    } else {
      slope = curvature * now.tangent[i];
      into.constant -= curvature / 2 * now.tangent[i] * now.tangent[i];
    }
    for (size_t w = 0; w < count; ++w)
      for (size_t f = 0; f < direction.of[w].size(); ++f)
        into.prices[w].shape[f] += slope * direction.of[w][f];
  }
}

double Bounder::evaluate() {
  linearize(linear);
  linear.value = linear.constant;
  for (auto [w, worker] : llvm::enumerate(model.workers)) {
    model.programs += worker.keepsSwitches() ? 2 : 1;
    linear.value += worker.bound(linear.prices[w], allowed[w], choice[w]);
    addColumn(w);
  }
  return linear.value;
}

void Bounder::addColumn(size_t w) {
  Column column;
  column.point = model.workers[w].point(choice[w]);
  for (const Column &known : columns[w])
    if (known.point == column.point)
      return;
  for (size_t i = 0; i < form.directions.size(); ++i)
    column.along.push_back(form.along(i, w, column.point.shape));
  columns[w].push_back(std::move(column));
}

//===----------------------------------------------------------------------===//
// The mixture
//===----------------------------------------------------------------------===//

/// Of a column, what doesn't change with the mixture.
double Bounder::basePrice(size_t w, const Column &column) const {
  const Point &point = column.point;
  double rest = timeWeights[w] - scale * form.timeWeights[w];
  double price = timeWeights[w] * point.time + weights.energy * point.energy;
  for (size_t f = 0; f < form.least[w].size(); ++f)
    price += rest * form.least[w][f] * point.shape[f];
  for (size_t i = 0, n = 0; i < column.along.size(); ++i) {
    if (n < active.size() && active[n] == i)
      ++n;
    else
      price += passiveSlope(i) * column.along[i];
  }
  return price;
}

/// Slope of a direction by the dual.
double Bounder::passiveSlope(size_t i) const {
  double curvature = scale * form.directions[i].curvature;
  return i < form.falling
             ? curvature / 2 * (box.low[i] + box.high[i]) + now.interval[i]
             : curvature * now.tangent[i];
}

/// Those along which the known columns differ enough to matter.
void Bounder::chooseActive() {
  active.clear();
  for (size_t i = 0; i < form.directions.size(); ++i) {
    double range = 0;
    for (const auto &known : columns) {
      double low = infinite, high = -infinite;
      for (const Column &column : known) {
        low = std::min(low, column.along[i]);
        high = std::max(high, column.along[i]);
      }
      range += high - low;
    }
    double loss =
        scale * std::abs(form.directions[i].curvature) / 8 * range * range;
    if (loss > 1e-5 * std::abs(cutoff))
      active.push_back(i);
  }
  alongActive.assign(columns.size(), {});
  for (size_t w = 0; w < columns.size(); ++w)
    for (const Column &column : columns[w])
      for (size_t i : active)
        alongActive[w].push_back(column.along[i]);
}

/// Slope of the relaxed objective along each active direction, at the mixture,
/// with multipliers and penalty of the intervals.
void Bounder::setSlopes() {
  for (size_t n = 0; n < active.size(); ++n) {
    size_t i = active[n];
    double curvature = scale * form.directions[i].curvature;
    if (i >= form.falling) {
      slopes[n] = curvature * along[i];
      continue;
    }
    double above = now.interval[i] + penalty[n] * (along[i] - box.high[i]);
    double below = now.interval[i] + penalty[n] * (along[i] - box.low[i]);
    slopes[n] =
        curvature / 2 * (box.low[i] + box.high[i]) + (above > 0   ? above
                                                      : below < 0 ? below
                                                                  : 0);
  }
}

/// Starts with each worker's best column by the inherited dual.
void Bounder::startMixture() {
  size_t count = columns.size();
  along.assign(form.directions.size(), 0);
  switches.assign(count, 0);
  shares.assign(count, {});
  for (size_t w = 0; w < count; ++w) {
    size_t best = 0;
    double least = infinite;
    for (auto [c, column] : llvm::enumerate(columns[w])) {
      if (base[w][c] == infinite)
        continue;
      double price = base[w][c] + now.switches[w] * static_cast<double>(
                                                        column.point.switches);
      for (size_t i : active)
        price += passiveSlope(i) * column.along[i];
      if (price < least) {
        least = price;
        best = c;
      }
    }
    shares[w].assign(columns[w].size(), 0);
    shares[w][best] = 1;
    const Column &column = columns[w][best];
    for (size_t i = 0; i < along.size(); ++i)
      along[i] += column.along[i];
    switches[w] = static_cast<double>(column.point.switches);
  }
}

/// Moves share from a worker's dearest column to its cheapest, as far as pays.
bool Bounder::exchange(size_t w) {
  setSlopes();
  const Worker &worker = model.workers[w];
  double forSwitches = worker.keepsSwitches() ? 0 : 1e-4 * cutoff;
  double change =
      std::max(0.0, now.switches[w] +
                        forSwitches * (switches[w] -
                                       static_cast<double>(worker.levels - 1)));
  size_t to = 0, from = 0;
  double least = infinite, most = -infinite;
  for (size_t c = 0; c < columns[w].size(); ++c) {
    if (base[w][c] == infinite)
      continue;
    double price =
        base[w][c] + change * static_cast<double>(columns[w][c].point.switches);
    const double *values = &alongActive[w][c * active.size()];
    for (size_t n = 0; n < active.size(); ++n)
      price += slopes[n] * values[n];
    if (price < least) {
      least = price;
      to = c;
    }
    if (shares[w][c] > 0 && price > most) {
      most = price;
      from = c;
    }
  }
  if (to == from || most - least < 1e-5 * std::abs(cutoff))
    return false;
  const Column &x = columns[w][to], &y = columns[w][from];
  double more = static_cast<double>(x.point.switches) -
                static_cast<double>(y.point.switches);
  double curvature = forSwitches * more * more;
  for (size_t n = 0; n < active.size(); ++n) {
    size_t i = active[n];
    double step = x.along[i] - y.along[i];
    curvature +=
        step * step *
        (i < form.falling ? penalty[n] : scale * form.directions[i].curvature);
  }
  double share = shares[w][from];
  if (curvature * share > most - least)
    share = (most - least) / curvature;
  shares[w][to] += share;
  shares[w][from] = std::max(0.0, shares[w][from] - share);
  switches[w] += share * more;
  for (size_t i = 0; i < along.size(); ++i)
    along[i] += share * (x.along[i] - y.along[i]);
  return true;
}

/// The augmented Lagrangian's step. False once the limits hold well enough.
bool Bounder::raiseMultipliers() {
  double worst = 0;
  for (size_t w = 0; w < columns.size(); ++w) {
    const Worker &worker = model.workers[w];
    if (worker.keepsSwitches())
      continue;
    double over = switches[w] - static_cast<double>(worker.levels - 1);
    now.switches[w] = std::max(0.0, now.switches[w] + 1e-4 * cutoff * over);
    worst = std::max(worst, over * 0.01);
  }
  for (size_t n = 0; n < active.size() && active[n] < form.falling; ++n) {
    size_t i = active[n];
    double over = along[i] - box.high[i], under = along[i] - box.low[i];
    double above = now.interval[i] + penalty[n] * over;
    double below = now.interval[i] + penalty[n] * under;
    now.interval[i] = above > 0 ? above : below < 0 ? below : 0;
    worst = std::max(worst, std::max(over, -under) /
                                (box.high[i] - box.low[i] + 1e-9));
  }
  return worst > 1e-3;
}

double Bounder::mixtureValue() const {
  double value = now.time > 0 ? -now.time * box.timeHigh : 0;
  for (size_t w = 0; w < columns.size(); ++w) {
    if (auto limit = model.relativeLimit(w))
      value -= now.limit[w] * *limit;
    for (size_t c = 0; c < shares[w].size(); ++c)
      if (shares[w][c] > 0)
        value += shares[w][c] * base[w][c];
  }
  for (size_t i = 0, n = 0; i < along.size(); ++i) {
    double half = scale * form.directions[i].curvature / 2;
    bool isActive = n < active.size() && active[n] == i;
    n += isActive;
    if (i < form.falling) {
      value -= half * box.low[i] * box.high[i];
      if (isActive)
        value += half * (box.low[i] + box.high[i]) * along[i];
      else
        value -=
            now.interval[i] * (now.interval[i] > 0 ? box.high[i] : box.low[i]);
    } else {
      value += isActive ? half * along[i] * along[i]
                        : -half * now.tangent[i] * now.tangent[i];
    }
  }
  return value;
}

/// The best mixture of the usable columns, by exchanges within an augmented
/// Lagrangian.
void Bounder::mix() {
  chooseActive();
  base.assign(columns.size(), {});
  for (size_t w = 0; w < columns.size(); ++w) {
    for (const Column &column : columns[w])
      base[w].push_back(usable(w, column) ? basePrice(w, column) : infinite);
    if (!shares.empty())
      shares[w].resize(columns[w].size());
  }
  if (shares.empty())
    startMixture();
  penalty.assign(active.size(), 0);
  slopes = penalty;
  for (size_t n = 0; n < active.size() && active[n] < form.falling; ++n) {
    double width = box.high[active[n]] - box.low[active[n]];
    penalty[n] = -2 * scale * form.directions[active[n]].curvature +
                 1e-3 / (width * width + 1e-9);
  }
  size_t exchanges = 0;
  for (int round = 0; round < 5; ++round) {
    for (int i = 0; i < 25; ++i) {
      bool moved = false;
      for (size_t w = 0; w < columns.size(); ++w) {
        moved |= exchange(w);
        ++exchanges;
      }
      if (!moved)
        break;
    }
    if (!raiseMultipliers())
      break;
  }
  model.programs += exchanges / 16;
  for (size_t i : active)
    if (i >= form.falling)
      now.tangent[i] = along[i];
  mixed = mixtureValue();
}

/// Multipliers of the limits on times, by how far the mixture misses them.
void Bounder::climbLimits(double value) {
  std::vector<Point> means(columns.size());
  for (size_t w = 0; w < columns.size(); ++w) {
    means[w].shape.assign(model.workers[w].entries(), 0);
    for (size_t c = 0; c < shares[w].size(); ++c) {
      const Point &point = columns[w][c].point;
      means[w].time += shares[w][c] * point.time;
      for (size_t f = 0; f < point.shape.size(); ++f)
        means[w].shape[f] += shares[w][c] * point.shape[f];
    }
  }
  // Polyak's step, within a part of what the multiplier is.
  auto climb = [&](double &multiplier, double excess) {
    double least = 1e-4 * std::abs(cutoff);
    double most = 0.3 * (multiplier + 0.1 * (weights.time + weights.energy));
    double length = 0.3 * pace * std::max(least, std::abs(cutoff - value)) /
                    std::max(1e-9, std::abs(excess));
    length = std::min(length, most);
    multiplier = std::max(0.0, multiplier + (excess > 0 ? length : -length));
  };
  settled = true;
  auto settle = [&](double &multiplier, double time, double limit) {
    settled &= std::abs(time - limit) < 2e-3 * limit ||
               (multiplier == 0 && time < limit);
    climb(multiplier, time - limit);
  };
  double total = 0;
  for (auto [w, time] : llvm::enumerate(model.times(means))) {
    total += time;
    if (auto limit = model.relativeLimit(w))
      settle(now.limit[w], time, *limit);
  }
  if (box.timeHigh < 1e9)
    settle(now.time, total, box.timeHigh);
}

double Bounder::worth() const {
  Weights full = fullWeights();
  double value = model.weighted(model.pointsOf(choice), full);
  if (now.time > 0)
    value -= now.time * box.timeHigh;
  for (size_t w = 0; w < choice.size(); ++w)
    if (auto limit = model.relativeLimit(w))
      value -= now.limit[w] * *limit;
  return value;
}

double Bounder::step() {
  timeWeights = model.timeWeightsOf(fullWeights());
  scale = infinite;
  for (size_t w = 0; w < timeWeights.size(); ++w)
    scale = std::min(scale, timeWeights[w] / form.timeWeights[w]);
  bool known = true;
  for (size_t w = 0; w < columns.size(); ++w)
    known &= llvm::any_of(columns[w], [&, w = w](const Column &column) {
      return usable(w, column);
    });
  if (known)
    mix();
  double value = evaluate();
  pace = value > best.value ? std::min(1.0, pace * 1.05) : pace * 0.8;
  if (value > best.value) {
    best = linear;
    bestDual = now;
  }
  if (known && limited())
    climbLimits(value);
  return value;
}

bool Bounder::limited() const {
  return box.timeHigh < 1e9 ||
         llvm::any_of(model.problem.workers, [](const MixWorker &worker) {
           return worker.timeLimitNs.has_value();
         });
}

bool Bounder::converged() const {
  return !shares.empty() && settled &&
         mixed - best.value <
             std::max(0.05 * (cutoff - mixed), 1e-5 * std::abs(cutoff));
}

//===----------------------------------------------------------------------===//
// Intervals
//===----------------------------------------------------------------------===//

/// Least of sign * d_i'x where the bound is at most the cutoff, at a price.
double Bounder::leastAlong(size_t i, double sign, double price) {
  double value = price * (best.constant - cutoff);
  double terms = std::abs(price * best.constant) + std::abs(price * cutoff);
  for (auto [w, worker] : llvm::enumerate(model.workers)) {
    Prices prices = best.prices[w];
    prices.time *= price;
    prices.energy *= price;
    prices.change *= price;
    for (size_t f = 0; f < prices.shape.size(); ++f)
      prices.shape[f] =
          price * prices.shape[f] + sign * form.directions[i].of[w][f];
    ++model.programs;
    double least = worker.scan(prices, allowed[w]);
    value += least;
    terms += std::abs(least);
  }
  return value - 1e-9 * (1 + terms);
}

void Bounder::tighten(size_t i) {
  double width = box.high[i] - box.low[i];
  double slack = std::max(cutoff - best.value, 1e-4 * std::abs(cutoff));
  for (double part : {0.2, 0.45, 1.0}) {
    double price = part * width / slack;
    box.low[i] = std::max(box.low[i], leastAlong(i, 1, price));
    box.high[i] = std::min(box.high[i], -leastAlong(i, -1, price));
  }
  box.high[i] = std::max(box.high[i], box.low[i]);
}

llvm::SmallVector<size_t, 8> Bounder::worstDirections() const {
  llvm::SmallVector<size_t, 8> order;
  auto loss = [&](size_t i) {
    double at = cutAt(i);
    return -scale * form.directions[i].curvature / 2 * (box.high[i] - at) *
           (at - box.low[i]);
  };
  for (size_t i = 0; i < form.falling; ++i)
    if (loss(i) > 1e-10 * std::abs(cutoff))
      order.push_back(i);
  llvm::stable_sort(order,
                    [&](size_t x, size_t y) { return loss(x) > loss(y); });
  return order;
}

double Bounder::cutAt(size_t i) const {
  double width = box.high[i] - box.low[i];
  double at = along.empty() ? (box.low[i] + box.high[i]) / 2 : along[i];
  return std::clamp(at, box.low[i] + 0.2 * width, box.high[i] - 0.2 * width);
}

uint64_t Bounder::masksUsed() const {
  uint64_t used = 0;
  for (size_t w = 0; w < shares.size(); ++w)
    for (size_t c = 0; c < shares[w].size(); ++c)
      for (size_t cu = 0; cu < model.workers[w].width; ++cu)
        if (shares[w][c] > 1e-6 && columns[w][c].point.counts >> cu & 1)
          used |= uint64_t(1) << model.exact.worker(w).masks[cu];
  for (size_t w = 0; w < choice.size(); ++w)
    for (uint8_t cu : choice[w])
      used |= uint64_t(1) << model.exact.worker(w).masks[cu];
  return used;
}
