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

//===----------------------------------------------------------------------===//
// The form
//===----------------------------------------------------------------------===//

static double dot(llvm::ArrayRef<Vector> x, llvm::ArrayRef<Vector> y) {
  double sum = 0;
  for (auto [a, b] : llvm::zip(x, y))
    for (auto [c, d] : llvm::zip(a, b))
      sum += c * d;
  return sum;
}

double Form::plus(size_t i, llvm::ArrayRef<Vector> exposures,
                  llvm::ArrayRef<Vector> features) const {
  return dot(directions[i].exposure, exposures) +
         dot(directions[i].feature, features);
}

double Form::minus(size_t i, llvm::ArrayRef<Vector> exposures,
                   llvm::ArrayRef<Vector> features) const {
  return dot(directions[i].exposure, exposures) -
         dot(directions[i].feature, features);
}

/// One-sided Jacobi (Hestenes): rotates columns of `a` until they are
/// orthogonal. Then column j is s_j u_j, and column j of `v` is v_j.
static void orthogonalize(std::vector<Vector> &a, std::vector<Vector> &v) {
  size_t n = a.size();
  auto rotate = [](Vector &x, Vector &y, double cosine, double sine) {
    for (size_t i = 0; i < x.size(); ++i) {
      double old = x[i];
      x[i] = cosine * old - sine * y[i];
      y[i] = sine * old + cosine * y[i];
    }
  };
  for (int sweep = 0; sweep < 30; ++sweep) {
    bool changed = false;
    for (size_t p = 0; p < n; ++p)
      for (size_t q = p + 1; q < n; ++q) {
        double pp = dot(a[p], a[p]), qq = dot(a[q], a[q]), pq = dot(a[p], a[q]);
        if (std::abs(pq) <= 1e-13 * std::sqrt(pp * qq) || pq == 0)
          continue;
        changed = true;
        double zeta = (qq - pp) / (2 * pq);
        double tangent = (zeta >= 0 ? 1 : -1) /
                         (std::abs(zeta) + std::sqrt(1 + zeta * zeta));
        double cosine = 1 / std::sqrt(1 + tangent * tangent);
        rotate(a[p], a[q], cosine, cosine * tangent);
        rotate(v[p], v[q], cosine, cosine * tangent);
      }
    if (!changed)
      break;
  }
}

static std::vector<Vector> split(const Model &model, const Vector &all,
                                 double factor) {
  std::vector<Vector> parts;
  auto next = all.begin();
  for (const Worker &worker : model.workers) {
    parts.emplace_back(next, next + 2 * worker.width);
    next += 2 * worker.width;
    for (double &value : parts.back())
      value *= factor;
  }
  return parts;
}

/// Least of `sign` times minus over all choices; without the limit on switches
/// it is faster and not above.
static double leastMinus(Model &model, const Direction &direction, double sign,
                         bool switches) {
  double sum = 0;
  std::vector<uint8_t> picks;
  for (auto [w, worker] : llvm::enumerate(model.workers)) {
    const Vector &z = direction.exposure[w], &p = direction.feature[w];
    Vector table(worker.table.size());
    for (size_t at = 0; at < table.size(); ++at) {
      size_t cu = at % worker.width, other = worker.width + cu;
      const Kernel &k = worker.table[at];
      table[at] = sign * (k.busy * z[cu] + k.memory * z[other] -
                          k.presence * p[cu] - k.demand * p[other]);
    }
    sum += switches ? worker.minimize(table, 0, ~0u, picks)
                    : worker.minimizeFreely(table);
  }
  return sum;
}

/// Least of each entry of E_w, by itself.
static Vector leastEnvironment(const Model &model, size_t w) {
  size_t width = model.workers[w].width;
  Vector result(2 * width);
  for (size_t f = 0; f < result.size(); ++f)
    for (size_t v = 0; v < model.workers.size(); ++v) {
      if (v == w)
        continue;
      const Worker &other = model.workers[v];
      Vector table(other.table.size());
      for (size_t at = 0; at < table.size(); ++at) {
        double shared = model.overlap(w, f % width, v, at % other.width);
        table[at] = f < width ? shared * other.table[at].presence
                              : (1 - shared) * other.table[at].demand;
      }
      result[f] += other.minimizeFreely(table) * (1 - 1e-12);
    }
  return result;
}

Form::Form(Model &model, Vector weights) : timeWeights(std::move(weights)) {
  size_t total = 0;
  std::vector<size_t> first;
  for (const Worker &worker : model.workers) {
    first.push_back(total);
    total += 2 * worker.width;
  }
  for (size_t w = 0; w < model.workers.size(); ++w)
    least.push_back(leastEnvironment(model, w));
  // Columns of B: what each feature of v costs each exposure of w.
  std::vector<Vector> columns(total, Vector(total)), right = columns;
  for (size_t v = 0; v < model.workers.size(); ++v)
    for (size_t w = 0; w < model.workers.size(); ++w)
      for (size_t i = 0; v != w && i < model.workers[w].width; ++i)
        for (size_t j = 0, n = model.workers[v].width; j < n; ++j) {
          double shared = model.overlap(w, i, v, j);
          columns[first[v] + j][first[w] + i] = timeWeights[w] * shared;
          columns[first[v] + n + j][first[w] + model.workers[w].width + i] =
              timeWeights[w] * (1 - shared);
        }
  for (size_t j = 0; j < total; ++j)
    right[j][j] = 1;
  orthogonalize(columns, right);
  double most = 0;
  for (const Vector &column : columns)
    most = std::max(most, std::sqrt(dot(column, column)));
  for (size_t j = 0; j < total; ++j) {
    double strength = std::sqrt(dot(columns[j], columns[j]));
    if (strength <= 1e-13 * most)
      continue; // far below what the solver takes off its bound
    Direction direction;
    direction.strength = strength / 4;
    direction.exposure = split(model, columns[j], 1 / strength);
    direction.feature = split(model, right[j], 1);
    // The scale with the least interval of minus to cut.
    Direction narrowest;
    double least = std::numeric_limits<double>::max();
    for (double a :
         {0.25, 0.32, 0.4, 0.5, 0.6, 0.7, 0.85, 1.0, 1.2, 1.5, 2.0}) {
      direction.exposure = split(model, columns[j], a / strength);
      direction.feature = split(model, right[j], 1 / a);
      double width = -leastMinus(model, direction, 1, false) -
                     leastMinus(model, direction, -1, false);
      if (width < least) {
        least = width;
        narrowest = direction;
      }
    }
    directions.push_back(std::move(narrowest));
  }
}

/// Weights of each kernel and CU count in a sum that leaves out what workers
/// cost each other beyond the least, so that kernels are apart.
static std::vector<Vector> apartTables(const Model &model, const Form &form,
                                       const Weights &weights) {
  std::vector<Vector> tables;
  for (auto [w, worker] : llvm::enumerate(model.workers)) {
    double time = model.timeWeight(w, weights);
    Vector &table = tables.emplace_back();
    for (size_t at = 0; at < worker.table.size(); ++at) {
      size_t cu = at % worker.width, other = worker.width + cu;
      const Kernel &k = worker.table[at];
      table.push_back(time * (k.time + k.busy * form.least[w][cu] +
                              k.memory * form.least[w][other]) +
                      weights.energy * k.energy);
    }
  }
  return tables;
}

/// With price m and M the least of minus + m * sum: where the sum is at most
/// `most`, minus is at least M - m * most.
static void narrow(const Model &model, const Direction &direction,
                   llvm::ArrayRef<Vector> sums, double most, double &low,
                   double &high) {
  auto least = [&](double sign, double price) {
    double total = -price * most;
    for (auto [w, worker] : llvm::enumerate(model.workers)) {
      const Vector &z = direction.exposure[w], &p = direction.feature[w];
      Vector table(worker.table.size());
      for (size_t at = 0, cu = 0; at < table.size(); ++at) {
        size_t other = worker.width + cu;
        const Kernel &k = worker.table[at];
        table[at] = price * sums[w][at] +
                    sign * (k.busy * z[cu] + k.memory * z[other] -
                            k.presence * p[cu] - k.demand * p[other]);
        cu = cu + 1 == worker.width ? 0 : cu + 1;
      }
      total += worker.minimizeFreely(table);
    }
    return total;
  };
  for (double part : {0.1, 0.3, 0.7, 1.5, 4.0}) {
    double price = part * (high - low) / most;
    double margin = 1e-9 * (1 + price * most);
    low = std::max(low, least(1, price) - margin);
    high = std::max(low, std::min(high, margin - least(-1, price)));
  }
}

static void scale(Direction &direction, double factor) {
  for (Vector &part : direction.exposure)
    for (double &value : part)
      value *= factor;
  for (Vector &part : direction.feature)
    for (double &value : part)
      value /= factor;
}

void mix::boundIntervals(Model &model, Form &form, llvm::ArrayRef<Cut> cuts,
                         Box &box) {
  box.low.assign(form.directions.size(), 0);
  box.high = box.low;
  std::vector<std::vector<Vector>> sums;
  for (const Cut &cut : cuts)
    sums.push_back(apartTables(model, form, cut.weights));
  for (auto [i, direction] : llvm::enumerate(form.directions)) {
    Direction best;
    double least = std::numeric_limits<double>::infinity();
    for (double factor : {1.0, 0.6, 0.8, 1.25, 1.6}) {
      Direction scaled = direction;
      scale(scaled, factor);
      double low = leastMinus(model, scaled, 1, true);
      double high = -leastMinus(model, scaled, -1, true);
      double margin = 1e-12 * (std::abs(low) + std::abs(high) + 1);
      low -= margin;
      high += margin;
      for (auto [cut, table] : llvm::zip(cuts, sums))
        narrow(model, scaled, table, cut.most, low, high);
      if (high - low < least) {
        least = high - low;
        box.low[i] = low;
        box.high[i] = high;
        best = std::move(scaled);
      }
    }
    direction = std::move(best);
  }
}

//===----------------------------------------------------------------------===//
// The bound
//===----------------------------------------------------------------------===//

Bounder::Bounder(Model &model, const Form &form, const Box &box, Dual dual,
                 Weights weights)
    : model(model), form(form), box(box), now(std::move(dual)),
      weights(std::move(weights)),
      best(-std::numeric_limits<double>::infinity()) {
  bestDual = now;
  choice.resize(model.workers.size());
  exposures.resize(choice.size());
  features.resize(choice.size());
  meanMinus.resize(form.directions.size());
}

/// Linearizes, minimizes, and adds up. The squares bound a part of z'B p: not
/// more than fits into the weights that the times have with the multipliers of
/// their limits. For the rest, E_w is at least form.least.
double Bounder::evaluate() {
  size_t count = model.workers.size();
  Weights full = weights;
  full.time += now.time;
  full.extra = now.limit;
  double scale = std::numeric_limits<double>::infinity();
  for (size_t w = 0; w < count; ++w)
    scale = std::min(scale, model.timeWeight(w, full) / form.timeWeights[w]);
  double value = -now.time * box.timeHigh;
  std::vector<Vector> z(count), p(count);
  for (size_t w = 0; w < count; ++w) {
    z[w].assign(2 * model.workers[w].width, 0);
    p[w] = z[w];
  }
  for (auto [i, direction] : llvm::enumerate(form.directions)) {
    double strength = scale * direction.strength;
    double middle = box.low[i] + box.high[i], tangent = now.tangent[i];
    double multiplier = now.interval[i];
    value += strength * (box.low[i] * box.high[i] - tangent * tangent) -
             multiplier * (multiplier > 0 ? box.high[i] : box.low[i]);
    double ofZ = strength * (2 * tangent - middle) + multiplier;
    double ofP = strength * (2 * tangent + middle) - multiplier;
    for (size_t w = 0; w < count; ++w)
      for (size_t f = 0; f < z[w].size(); ++f) {
        z[w][f] += ofZ * direction.exposure[w][f];
        p[w][f] += ofP * direction.feature[w][f];
      }
  }
  for (size_t w = 0; w < count; ++w) {
    Worker &worker = model.workers[w];
    double time = model.timeWeight(w, full);
    if (auto limit = model.problem.workers[w].timeLimitNs)
      value -= now.limit[w] * static_cast<double>(*limit) *
               static_cast<double>(model.exact.worker(w).timeWeight) * 1e-15;
    double rest = time - scale * form.timeWeights[w];
    for (size_t f = 0; f < z[w].size(); ++f)
      z[w][f] += rest * form.least[w][f];
    Vector table(worker.table.size());
    for (size_t at = 0, cu = 0; at < table.size(); ++at) {
      size_t other = worker.width + cu;
      const Kernel &k = worker.table[at];
      table[at] = time * k.time + weights.energy * k.energy +
                  k.busy * z[w][cu] + k.memory * z[w][other] +
                  k.presence * p[w][cu] + k.demand * p[w][other];
      cu = cu + 1 == worker.width ? 0 : cu + 1;
    }
    ++model.programs;
    double change =
        time * worker.switchTime + weights.energy * worker.switchEnergy;
    uint32_t allowed = model.allowedCounts(w, box.masks);
    value += worker.minimize(table, change, allowed, choice[w]);
    exposures[w] = worker.exposure(choice[w]);
    features[w] = worker.features(choice[w]);
  }
  return value;
}

/// Multipliers of the limits on times, by how far the choice misses them.
void Bounder::climbLimits(double value, double target) {
  double total = 0;
  double rate =
      0.3 * pace * (std::min(std::abs(target - value), target) + 0.01 * target);
  for (size_t w = 0; w < choice.size(); ++w) {
    const Worker &worker = model.workers[w];
    Vector environment = model.environment(w, features);
    double time = 0;
    for (size_t f = 0; f < environment.size(); ++f)
      time += exposures[w][f] * environment[f];
    for (size_t kernel = 0; kernel < worker.kernels; ++kernel) {
      time += worker.at(kernel, choice[w][kernel]).time;
      if (kernel > 0 && choice[w][kernel - 1] != choice[w][kernel])
        time += worker.switchTime;
    }
    total += time;
    if (auto limit = model.problem.workers[w].timeLimitNs) {
      double relative = static_cast<double>(*limit) *
                        static_cast<double>(model.exact.worker(w).timeWeight) *
                        1e-15;
      now.limit[w] = std::max(0.0, now.limit[w] + rate * (time / relative - 1));
    }
  }
  if (box.timeHigh < 1e9)
    now.time = std::max(0.0, now.time + rate * (total / box.timeHigh - 1));
}

void Bounder::climb(double value, double target) {
  ++steps;
  double square = 0;
  Vector excess(form.directions.size());
  for (size_t i = 0; i < excess.size(); ++i) {
    double minus = form.minus(i, exposures, features);
    double plus = form.plus(i, exposures, features);
    now.tangent[i] += 0.35 * pace * (plus - now.tangent[i]);
    meanMinus[i] += (minus - meanMinus[i]) * 2 / static_cast<double>(steps + 1);
    if (minus > box.high[i] || now.interval[i] > 0)
      excess[i] = minus - box.high[i];
    else if (minus < box.low[i] || now.interval[i] < 0)
      excess[i] = minus - box.low[i];
    square += excess[i] * excess[i];
  }
  if (square > 1e-18) {
    double length =
        0.7 * pace * std::max(target - value, 1e-3 * std::abs(target)) / square;
    for (size_t i = 0; i < excess.size(); ++i) {
      double next = now.interval[i] + length * excess[i];
      now.interval[i] = now.interval[i] * next < 0 ? 0 : next;
    }
  }
  climbLimits(value, target);
}

double Bounder::step(double target) {
  double value = evaluate();
  if (value > best + 1e-7 * std::abs(best))
    pace = std::min(1.0, pace * 1.05);
  else
    pace *= 0.8;
  if (value > best) {
    best = value;
    bestDual = now;
  }
  climb(value, target);
  return value;
}

bool Bounder::chooseCut(size_t &direction, double &value) const {
  double most = 1e-9;
  bool found = false;
  for (size_t i = 0; i < form.directions.size(); ++i) {
    double width = box.high[i] - box.low[i];
    double at = std::clamp(meanMinus[i], box.low[i] + 0.2 * width,
                           box.high[i] - 0.2 * width);
    double loss =
        form.directions[i].strength * (box.high[i] - at) * (at - box.low[i]);
    if (loss <= most)
      continue;
    most = loss;
    found = true;
    direction = i;
    value = at;
  }
  return found;
}
