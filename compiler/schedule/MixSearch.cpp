//===- MixSearch.cpp - branch and bound of the joint solver ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixSearch.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cmath>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

static constexpr double infinite = std::numeric_limits<double>::infinity();

Search::Search(Model &model, Incumbent &incumbent, const Form &form,
               Columns &columns, const Goal &goal, double gap)
    : model(model), incumbent(incumbent), form(form), columns(columns),
      goal(goal), gap(gap), closed(infinite) {}

/// The goal's value of the best choice so far.
double Search::known() const {
  switch (goal.of) {
  case Goal::Of::Time:
    return incumbent.time;
  case Goal::Of::Energy:
    return incumbent.energy;
  case Goal::Of::Objective:
    return incumbent.value;
  }
  return incumbent.value;
}

/// The weighted sum above which nothing is worth less than what is known. On
/// the line to a product it is most at an end of the slice.
double Search::cutoff() const {
  if (!goal.product)
    return known();
  auto sum = [&](double time) {
    return goal.weights.time * time + goal.weights.energy * known() / time;
  };
  return std::max(sum(goal.timeLow), sum(goal.timeHigh));
}

/// What a bound on the weighted sum says of the goal. A product is concave
/// along the line, and least at an end of the slice.
double Search::valueOf(double bound) const {
  if (!goal.product || bound == infinite)
    return bound;
  auto product = [&](double time) {
    return time * std::max(0.0, bound - goal.weights.time * time) /
           goal.weights.energy;
  };
  return std::min(product(goal.timeLow), product(goal.timeHigh));
}

double Search::bound() const {
  return valueOf(open.empty() ? closed : std::min(closed, open.top()->bound));
}

/// Whether a box of this bound needs no further search.
bool Search::closes(double bound) {
  if (valueOf(bound) > known() * (1 + 1e-6))
    return true; // nothing in the box is as good, or keeps the limits
  if (!incumbent.found || valueOf(bound) < known() * (1 - gap))
    return false;
  closed = std::min(closed, bound);
  return true;
}

/// Raises the node's bound, and offers what its programs find.
bool Search::raise(Node &node, Bounder &bounder, size_t steps) {
  for (size_t i = 0; i < steps; ++i) {
    node.bound = std::max(node.bound, bounder.step());
    // Leaning on limits takes many responses: once a node.
    bool often = !bounder.limited() || i == 0;
    if (!incumbent.found || (often && bounder.worth() < cutoff() * 1.02))
      incumbent.offerImproved(bounder.picks(), bounder.fullWeights(),
                              node.box.masks);
    if (closes(node.bound))
      return true;
    if (bounder.converged())
      break;
  }
  return false;
}

void Search::root(const Dual &start, uint64_t masks, double timeHigh) {
  auto node = std::make_unique<Node>();
  Box &box = node->box;
  box.masks = masks;
  box.timeHigh = timeHigh;
  boundIntervals(model, form, box);
  node->dual = start;
  node->dual.interval.assign(form.falling, 0);
  node->dual.tangent.assign(form.directions.size(), 0);
  std::vector<Point> points = model.pointsOf(incumbent.best);
  for (size_t i = 0; i < form.directions.size(); ++i)
    for (size_t w = 0; w < points.size(); ++w)
      node->dual.tangent[i] += form.along(i, w, points[w].shape);
  node->bound = -infinite;
  Bounder bounder(model, form, box, node->dual, goal.weights, columns,
                  cutoff());
  for (int round = 0; round < 5; ++round) {
    double before = node->bound;
    if (raise(*node, bounder, 30))
      return;
    if (round > 0 && node->bound < before + 0.02 * (cutoff() - before))
      break;
    for (size_t i : bounder.worstDirections())
      bounder.tighten(i);
  }
  atRoot = node->dual = bounder.dual();
  open.push(std::move(node));
}

void Search::push(const Node &parent, Box box) {
  for (size_t w = 0; w < model.workers.size(); ++w)
    if (model.allowedCounts(w, box.masks) == 0)
      return;
  auto node = std::make_unique<Node>();
  node->box = std::move(box);
  node->dual = parent.dual;
  node->bound = parent.bound;
  open.push(std::move(node));
}

/// Where more masks are used than there are queues: with and without one.
void Search::cutMasks(const Node &node, uint64_t used) {
  const Box &box = node.box;
  if (llvm::popcount(box.required) >= model.problem.maxQueues) {
    Box only = box;
    only.masks = box.required;
    push(node, std::move(only));
    return;
  }
  // Required first: the mask that offers the most CUs.
  uint64_t bit = llvm::bit_floor(used & ~box.required);
  Box with = box, without = box;
  with.required |= bit;
  without.masks &= ~bit;
  push(node, std::move(with));
  push(node, std::move(without));
}

void Search::cut(const Node &node, const Bounder &bounder) {
  uint64_t used = bounder.masksUsed();
  auto order = bounder.worstDirections();
  if (llvm::popcount(used) > model.problem.maxQueues ||
      (order.empty() &&
       llvm::popcount(node.box.masks) > model.problem.maxQueues)) {
    cutMasks(node, llvm::popcount(used) > model.problem.maxQueues
                       ? used
                       : node.box.masks);
    return;
  }
  if (order.empty()) {
    closed = std::min(closed, node.bound);
    return;
  }
  size_t i = order.front();
  Box less = node.box, more = node.box;
  less.high[i] = more.low[i] = bounder.cutAt(i);
  push(node, std::move(less));
  push(node, std::move(more));
}

/// Keeps the columns few: the first and the latest.
void Search::forget() {
  for (auto &known : columns)
    if (known.size() > 60)
      known.erase(known.begin() + 1, known.begin() + 31);
}

bool Search::step() {
  if (open.empty())
    return false;
  auto &top = const_cast<std::unique_ptr<Node> &>(open.top());
  std::unique_ptr<Node> node = std::move(top);
  open.pop();
  if (closes(node->bound))
    return true;
  forget();
  Bounder bounder(model, form, node->box, node->dual, goal.weights, columns,
                  cutoff());
  if (raise(*node, bounder, bounder.limited() ? 3 : 4))
    return true;
  auto order = bounder.worstDirections();
  for (size_t i = 0; i < std::min<size_t>(6, order.size()); ++i)
    bounder.tighten(order[i]);
  node->dual = bounder.dual();
  cut(*node, bounder);
  return true;
}
