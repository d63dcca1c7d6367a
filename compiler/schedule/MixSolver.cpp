//===- MixSolver.cpp - joint solver by branch and bound -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixBound.h"
#include "compiler/schedule/MixPaper.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <cmath>
#include <memory>
#include <queue>

using namespace eclip;
using namespace eclip::mix;

namespace {

struct Node {
  Box box;
  Dual dual;
  double bound = 0;
};

class Search {
public:
  Search(const MixProblem &problem, const MixSolverOptions &options)
      : problem(problem), options(options), model(problem) {}

  llvm::Expected<MixSolution> run();

private:
  bool edp() const { return problem.objective == Objective::Edp; }
  double unit() const { return edp() ? 1e-24 : 1e-12; }
  /// The best value so far, or one that no choice exceeds.
  double value() const { return found ? bestValue : ceiling; }

  Node makeRoot();
  void setForm(Node &root, const Weights &weights);
  void boundTimes(Node &root);
  void startFrom(uint64_t masks);
  Weights weightsFor(const Box &box) const;
  double asValue(double bound, const Box &box, const Weights &weights) const;
  double boundOf(Bounder &bounder, const Node &node, const Weights &weights,
                 size_t steps);
  void process(std::unique_ptr<Node> node);
  void cut(const Node &node, const Bounder &bounder);
  bool cutMasks(const Node &node);
  void push(const Node &parent, Box box);
  void offer(const Picks &picks);
  void offerImproved(Picks picks, const Weights &weights, uint64_t masks);
  MixSolution finish() const;

  const MixProblem &problem;
  MixSolverOptions options;
  Model model;
  std::unique_ptr<Form> form;
  Picks best;
  Score bestScore;
  bool found = false;
  double bestValue = 0, ceiling = 0, mostTime = 0;
  /// Least bound of what is not searched further.
  double closed = 0;

  struct Later {
    bool operator()(const std::unique_ptr<Node> &x,
                    const std::unique_ptr<Node> &y) const {
      return x->bound > y->bound;
    }
  };
  std::priority_queue<std::unique_ptr<Node>, std::vector<std::unique_ptr<Node>>,
                      Later>
      open;
};

} // namespace

//===----------------------------------------------------------------------===//
// Solutions
//===----------------------------------------------------------------------===//

void Search::offer(const Picks &picks) {
  Score now = score(model, picks);
  if (!best.empty() && !(now < bestScore))
    return;
  best = picks;
  bestScore = now;
  if (now.excess == 0) {
    found = true;
    bestValue = static_cast<double>(now.value) * unit();
  }
}

/// Offers the choice, its local optimum, and that with leaning on broken
/// limits.
void Search::offerImproved(Picks picks, const Weights &weights,
                           uint64_t masks) {
  Weights lean = weights;
  for (int round = 0; round < 5; ++round) {
    improve(model, lean, masks, picks);
    Score now = score(model, picks);
    offer(picks);
    if (now.excess == 0)
      return;
    double more = 0.3 * (weights.time + weights.energy) * (1 << round);
    if (problem.relativeTimeLimit())
      lean.time += more;
    MixTotals totals = model.exact.evaluate(picks);
    lean.extra.resize(picks.size());
    for (size_t w = 0; w < picks.size(); ++w)
      if (auto limit = problem.workers[w].timeLimitNs;
          limit && totals.workers[w].timeNs() >= *limit)
        lean.extra[w] += more;
  }
}

/// Starts from uniform choices: each combination of at most four CU counts a
/// worker, at most as many as the options allow.
void Search::startFrom(uint64_t masks) {
  std::vector<std::vector<uint8_t>> counts(model.workers.size());
  size_t all = 1;
  for (size_t w = 0; w < counts.size(); ++w) {
    for (size_t cu = 0; cu < model.workers[w].width; ++cu)
      if (model.allowedCounts(w, masks) >> cu & 1)
        counts[w].push_back(cu);
    while (counts[w].size() > 4)
      counts[w].erase(counts[w].begin() + 1);
    all *= counts[w].size();
  }
  size_t stride = (all - 1) / options.maxStarts + 1;
  if (stride % 2 == 0)
    ++stride; // so that it meets each count of the first worker
  for (size_t start = 0; start < all && model.programs < options.maxPrograms;
       start += stride) {
    Picks picks;
    size_t rest = start;
    for (size_t w = 0; w < counts.size(); ++w) {
      picks.emplace_back(model.workers[w].kernels,
                         counts[w][rest % counts[w].size()]);
      rest /= counts[w].size();
    }
    offer(picks);
    Box whole;
    whole.timeLow = whole.timeHigh = static_cast<double>(counts.size()) * 1.3;
    offerImproved(std::move(picks), weightsFor(whole), masks);
  }
}

//===----------------------------------------------------------------------===//
// Bounds
//===----------------------------------------------------------------------===//

/// A product is searched in slices of the time A, each with the weights that
/// are tangent to the best product in its middle.
Weights Search::weightsFor(const Box &box) const {
  switch (problem.objective) {
  case Objective::Latency:
    return {1, 0, {}};
  case Objective::Edp: {
    double middle = std::sqrt(box.timeLow * box.timeHigh);
    double energy = (found ? value() : middle * middle) / middle;
    return {1 / middle, 1 / std::max(energy, 1e-9), {}};
  }
  default:
    return {0, 1, {}};
  }
}

/// What a bound on the weighted sum says of the objective. For a product it is
/// concave along the line, and least at an end of the box's times.
double Search::asValue(double bound, const Box &box,
                       const Weights &weights) const {
  if (!edp())
    return bound;
  auto product = [&](double time) {
    return time * std::max(0.0, bound - weights.time * time) / weights.energy;
  };
  return std::min(product(box.timeLow), product(box.timeHigh));
}

double Search::boundOf(Bounder &bounder, const Node &node,
                       const Weights &weights, size_t steps) {
  double bound = node.bound;
  for (size_t i = 0; i < steps; ++i) {
    double target = edp() ? 2.0 : value();
    bound = std::max(bound, asValue(bounder.step(target), node.box, weights));
    if (bound >= value() * (1 - options.gap) && found)
      break;
    if (bound > value() * (1 + 1e-6))
      break;
    Score now = score(model, bounder.picks());
    bool promising =
        !found || static_cast<double>(now.value) * unit() < value() * 1.03;
    if (promising && (i % 3 == 0 || now < bestScore))
      offerImproved(bounder.picks(), weights, node.box.masks);
  }
  return bound;
}

Node Search::makeRoot() {
  Node root;
  size_t count = model.workers.size();
  Box &box = root.box;
  box.masks = model.maskCount == 64 ? ~uint64_t(0)
                                    : (uint64_t(1) << model.maskCount) - 1;
  box.timeHigh = 1e18;
  if (auto limit = problem.relativeTimeLimit())
    box.timeHigh = static_cast<double>(*limit) * 1e-12;
  root.dual.limit.assign(count, 0);
  // Each kernel at its worst, every worker in its way.
  double allTime = 0, allEnergy = 0;
  for (const Worker &worker : model.workers) {
    double time = 0, energy = 0;
    for (size_t kernel = 0; kernel < worker.kernels; ++kernel) {
      double mostTime = 0, mostEnergy = 0;
      for (size_t cu = 0; cu < worker.width; ++cu) {
        mostTime = std::max(mostTime, worker.at(kernel, cu).time);
        mostEnergy = std::max(mostEnergy, worker.at(kernel, cu).energy);
      }
      time += mostTime * static_cast<double>(count) + worker.switchTime;
      energy += mostEnergy + worker.switchEnergy;
    }
    allTime += time;
    allEnergy += energy + worker.idle * time;
  }
  mostTime = allTime;
  ceiling = problem.objective == Objective::Latency ? allTime
            : edp()                                 ? allTime * allEnergy
                                                    : allEnergy;
  return root;
}

/// The form for the weights that the root's dual has reached.
void Search::setForm(Node &root, const Weights &weights) {
  Weights full = weights;
  full.time += root.dual.time;
  full.extra = root.dual.limit;
  Vector times;
  for (size_t w = 0; w < model.workers.size(); ++w)
    times.push_back(model.timeWeight(w, full) + 1e-12);
  form = std::make_unique<Form>(model, std::move(times));
  // Only choices that keep the limits and beat the best matter.
  std::vector<Cut> cuts;
  if (root.box.timeHigh < 1e9)
    cuts.push_back({{1, 0, {}}, root.box.timeHigh});
  if (found && !edp())
    cuts.push_back({weightsFor(root.box), value()});
  else if (found && root.box.timeLow > 0)
    cuts.push_back({{0, 1, {}}, value() / root.box.timeLow});
  boundIntervals(model, *form, cuts, root.box);
  std::vector<Vector> exposures, features;
  for (size_t w = 0; w < best.size(); ++w) {
    exposures.push_back(model.workers[w].exposure(best[w]));
    features.push_back(model.workers[w].features(best[w]));
  }
  root.dual.interval.assign(form->directions.size(), 0);
  root.dual.tangent.clear();
  for (size_t i = 0; i < form->directions.size(); ++i)
    root.dual.tangent.push_back(form->plus(i, exposures, features));
}

//===----------------------------------------------------------------------===//
// Branch and bound
//===----------------------------------------------------------------------===//

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

/// Where more masks may be used than there are queues: with and without one.
bool Search::cutMasks(const Node &node) {
  const Box &box = node.box;
  if (llvm::popcount(box.masks) <= problem.maxQueues)
    return false;
  if (llvm::popcount(box.required) >= problem.maxQueues) {
    Box only = box;
    only.masks = box.required;
    push(node, std::move(only));
    return true;
  }
  // Required first: the mask that offers the most CUs.
  uint64_t bit = llvm::bit_floor(box.masks & ~box.required);
  Box with = box, without = box;
  with.required |= bit;
  without.masks &= ~bit;
  push(node, std::move(with));
  push(node, std::move(without));
  return true;
}

void Search::cut(const Node &node, const Bounder &bounder) {
  if (cutMasks(node))
    return;
  const Box &box = node.box;
  if (edp() && box.timeHigh > box.timeLow * 1.05) {
    Box early = node.box, late = node.box;
    early.timeHigh = late.timeLow = std::sqrt(box.timeLow * box.timeHigh);
    push(node, std::move(early));
    push(node, std::move(late));
    return;
  }
  size_t direction;
  double value;
  if (!bounder.chooseCut(direction, value)) {
    closed = std::min(closed, node.bound);
    return;
  }
  Box less = node.box, more = node.box;
  less.high[direction] = more.low[direction] = value;
  push(node, std::move(less));
  push(node, std::move(more));
}

void Search::process(std::unique_ptr<Node> node) {
  if (found && node->bound >= value() * (1 - options.gap)) {
    closed = std::min(closed, node->bound);
    return;
  }
  Weights weights = weightsFor(node->box);
  Bounder bounder(model, *form, node->box, node->dual, weights);
  node->bound = boundOf(bounder, *node, weights, 3);
  if (node->bound > value() * (1 + 1e-6))
    return; // nothing in the box is as good, or keeps the limits
  if (found && node->bound >= value() * (1 - options.gap)) {
    closed = std::min(closed, node->bound);
    return;
  }
  node->dual = bounder.dual();
  cut(*node, bounder);
}

/// For a product: the least time, and the time at which even the least energy
/// is not enough to win.
void Search::boundTimes(Node &root) {
  auto least = [&](Weights weights, double target) {
    // Each kernel alone at its best: not 0, as times are not.
    double bound = 0;
    for (const Worker &worker : model.workers) {
      Vector table;
      for (const Kernel &k : worker.table)
        table.push_back(weights.time * k.time +
                        weights.energy * (k.energy + worker.idle * k.time));
      bound += worker.minimizeFreely(table) * (1 - 1e-9);
    }
    setForm(root, weights);
    Bounder bounder(model, *form, root.box, root.dual, std::move(weights));
    for (int i = 0; i < 40; ++i)
      bound = std::max(bound, bounder.step(target));
    return bound;
  };
  MixTotals totals = model.exact.evaluate(best);
  root.box.timeLow =
      least({1, 0, {}}, static_cast<double>(totals.relativeTime) * 1e-12) *
      (1 - 1e-9);
  double energy =
      least({0, 1, {}}, static_cast<double>(totals.relativeEnergy) * 1e-12);
  root.box.timeHigh = std::min(root.box.timeHigh, mostTime);
  if (energy > 0)
    root.box.timeHigh =
        std::min(root.box.timeHigh, value() / energy * (1 + 1e-9));
  root.box.timeHigh = std::max(root.box.timeHigh, root.box.timeLow);
}

MixSolution Search::finish() const {
  MixSolution solution;
  for (auto [worker, picks] : llvm::zip(problem.workers, best)) {
    solution.cuCounts.emplace_back();
    for (uint8_t pick : picks)
      solution.cuCounts.back().push_back(worker.cuCounts[pick]);
  }
  solution.totals = problem.evaluate(solution.cuCounts);
  WideInt value = problem.objectiveValue(solution.totals);
  double bound = std::min(closed, bestValue);
  if (!open.empty())
    bound = std::min(bound, open.top()->bound);
  // The model's doubles ignore that E_w is rounded to 1e-9, and round
  // themselves.
  bound = bound / unit() * (1 - 1e-8) - 16 / (edp() ? 1e-12 : 1);
  solution.lowerBound =
      std::min(value, bound > 0 ? static_cast<WideInt>(bound) : WideInt(0));
  solution.optimal = solution.lowerBound == value;
  return solution;
}

llvm::Expected<MixSolution> Search::run() {
  Node root = makeRoot();
  closed = ceiling * 2 + 1;
  startFrom(root.box.masks);
  moveRuns(model, root.box.masks, options.maxMoves, best);
  offer(Picks(best));
  if (edp()) {
    startFrom(root.box.masks);
    boundTimes(root);
  }
  Weights weights = weightsFor(root.box);
  // The limits' multipliers settle while the form follows them.
  bool limited = root.box.timeHigh < 1e9 ||
                 llvm::any_of(problem.workers, [](const MixWorker &worker) {
                   return worker.timeLimitNs.has_value();
                 });
  for (int round = 0; round < (limited ? 4 : 1); ++round) {
    setForm(root, weights);
    Bounder bounder(model, *form, root.box, root.dual, weights);
    root.bound = boundOf(bounder, root, weights, 40);
    root.dual = bounder.dual();
    if (root.bound > value() * (1 + 1e-6))
      break;
  }
  open.push(std::make_unique<Node>(std::move(root)));
  for (size_t nodes = 0; !open.empty() && nodes < options.maxNodes &&
                         model.programs < options.maxPrograms;
       ++nodes) {
    auto &top = const_cast<std::unique_ptr<Node> &>(open.top());
    std::unique_ptr<Node> node = std::move(top);
    open.pop();
    process(std::move(node));
  }
  if (found) {
    Picks moved = best;
    moveRuns(model, ~uint64_t(0), options.maxMoves, moved);
    offer(moved);
    return finish();
  }
  if (open.empty() && closed > ceiling)
    return llvm::createStringError("no choice of CU counts keeps the limits");
  return llvm::createStringError(
      "found no choice of CU counts that keeps the limits, nor a proof that "
      "there is none");
}

llvm::Expected<MixSolution> eclip::solveMix(const MixProblem &problem,
                                            const MixSolverOptions &options) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  size_t counts = 0;
  for (const MixWorker &worker : problem.workers)
    counts += worker.cuCounts.size();
  if (counts > 128 || MixEvaluator(problem).maskCount() > 64)
    return llvm::createStringError(
        "the joint solver takes at most 64 masks and 128 CU counts, the "
        "workers have " +
        llvm::Twine(MixEvaluator(problem).maskCount()) + " and " +
        llvm::Twine(counts));
  if (problem.objective == Objective::Paper)
    return solveMixPaper(problem);
  Search search(problem, options);
  return search.run();
}
