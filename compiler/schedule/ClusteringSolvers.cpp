//===- ClusteringSolvers.cpp - dynamic program and oracle -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every objective is a function of two sums over the sequence, A and B:
//
//   latency  A = time                 least A
//   energy   A = time, B = energy     least B with A within the time limit
//   edp      A = time, B = energy     least A * B
//   paper    A = kernel time, B = CUs least A * (constant + B)
//
// and a linear weighting p A + q B is minimized exactly by a dynamic program
// over (kernel, CU count, switches left). What remains is to find weights, and
// for energy to close the gap that weights leave.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Clustering.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <tuple>

using namespace eclip;

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

namespace {

/// A weighted sum and, to break ties, the sum that the caller prefers small.
struct Key {
  WideInt value = 0, tie = 0;
  Key operator+(const Key &other) const {
    return {value + other.value, tie + other.tie};
  }
  bool operator<(const Key &other) const {
    return value != other.value ? value < other.value : tie < other.tie;
  }
};

struct Weights {
  WideInt a = 0, b = 0;       ///< of A and B
  WideInt tieA = 0, tieB = 0; ///< of A and B among equals
};

/// One choice of CU counts and its two sums.
struct Point {
  std::vector<int64_t> choice;
  ClusteringTotals totals;
  WideInt a = 0, b = 0;
};

/// The dynamic program for one instance on some of its CU counts.
class Program {
public:
  Program(const ClusteringProblem &problem, llvm::ArrayRef<int64_t> cus)
      : problem(problem), cus(cus.begin(), cus.end()),
        kernels(problem.kernelCount), width(cus.size()),
        levels(std::min<int64_t>(problem.maxSwitches,
                                 std::max<int64_t>(0, int64_t(kernels) - 1)) +
               1) {
    bool paper = problem.objective == Objective::Paper;
    switchA = paper ? 0 : problem.switchCost.timeNs;
    switchB = paper ? 0 : problem.switchCost.energyNj;
    for (size_t kernel = 0; kernel < kernels; ++kernel)
      for (int64_t cuCount : cus) {
        KernelCost cost = problem.cost(kernel, cuCount);
        costA.push_back(cost.timeNs);
        costB.push_back(paper ? cuCount : cost.energyNj);
      }
  }

  Point minimize(const Weights &weights) const;
  void follow(const Weights &weights, llvm::ArrayRef<Key> table, size_t kernel,
              size_t cu, size_t level, std::vector<int64_t> &choice) const;
  std::vector<Key> suffixTable(const Weights &weights) const;

  /// Index of kernel, CU count and switches in a suffix table.
  size_t at(size_t kernel, size_t cu, size_t level) const {
    return (kernel * width + cu) * levels + level;
  }
  Key kernelKey(const Weights &w, size_t kernel, size_t cu) const {
    WideInt a = costA[kernel * width + cu], b = costB[kernel * width + cu];
    return {w.a * a + w.b * b, w.tieA * a + w.tieB * b};
  }
  Key switchKey(const Weights &w) const {
    return {w.a * switchA + w.b * switchB, w.tieA * switchA + w.tieB * switchB};
  }
  Point makePoint(std::vector<int64_t> choice) const;

  const ClusteringProblem &problem;
  llvm::SmallVector<int64_t, 4> cus;
  size_t kernels, width, levels;
  std::vector<int64_t> costA, costB;
  int64_t switchA = 0, switchB = 0;
};

} // namespace

Point Program::makePoint(std::vector<int64_t> choice) const {
  Point point;
  point.totals = problem.evaluate(choice);
  point.choice = std::move(choice);
  bool paper = problem.objective == Objective::Paper;
  point.a = paper ? point.totals.kernelNs : point.totals.timeNs;
  point.b = paper ? point.totals.cuSum : point.totals.energyNj;
  return point;
}

/// Entry (k, c, s): least weight of kernels k.. with k on c and at most s
/// switches among them.
std::vector<Key> Program::suffixTable(const Weights &weights) const {
  std::vector<Key> table(kernels * width * levels);
  Key change = switchKey(weights);
  for (size_t kernel = kernels; kernel-- > 0;)
    for (size_t cu = 0; cu < width; ++cu) {
      Key own = kernelKey(weights, kernel, cu);
      for (size_t level = 0; level < levels; ++level) {
        Key &entry = table[at(kernel, cu, level)];
        entry = own;
        if (kernel + 1 == kernels)
          continue;
        Key best = table[at(kernel + 1, cu, level)];
        for (size_t next = 0; level > 0 && next < width; ++next)
          if (next != cu)
            best =
                std::min(best, change + table[at(kernel + 1, next, level - 1)]);
        entry = own + best;
      }
    }
  return table;
}

/// Appends the CU counts of kernels after `kernel` that make up its entry.
void Program::follow(const Weights &weights, llvm::ArrayRef<Key> table,
                     size_t kernel, size_t cu, size_t level,
                     std::vector<int64_t> &choice) const {
  Key change = switchKey(weights);
  while (++kernel < kernels) {
    size_t best = cu;
    Key least = table[at(kernel, cu, level)];
    for (size_t next = 0; level > 0 && next < width; ++next) {
      if (next == cu)
        continue;
      Key key = change + table[at(kernel, next, level - 1)];
      if (key < least) {
        least = key;
        best = next;
      }
    }
    level -= best != cu;
    cu = best;
    choice.push_back(cus[cu]);
  }
}

Point Program::minimize(const Weights &weights) const {
  std::vector<Key> table = suffixTable(weights);
  size_t first = 0;
  for (size_t cu = 1; cu < width; ++cu)
    if (table[at(0, cu, levels - 1)] < table[at(0, first, levels - 1)])
      first = cu;
  std::vector<int64_t> choice = {cus[first]};
  choice.reserve(kernels);
  follow(weights, table, 0, first, levels - 1, choice);
  return makePoint(std::move(choice));
}

//===----------------------------------------------------------------------===//
// Products: edp and paper
//===----------------------------------------------------------------------===//

namespace {

struct Search {
  const Program &program;
  Point best;
  WideInt bestValue;

  void offer(const Point &point) {
    WideInt value = program.problem.objectiveValue(point.totals);
    if (value < bestValue) {
      bestValue = value;
      best = point;
    }
  }

  /// Vertices of the hull strictly between `left` (less A) and `right` (less
  /// B). No point between them has less A than `left` or less B than `right`,
  /// which bounds the product from below and ends most branches.
  void between(const Point &left, const Point &right) {
    ClusteringTotals corner = left.totals;
    corner.energyNj = right.totals.energyNj;
    corner.cuSum = right.totals.cuSum;
    if (program.problem.objectiveValue(corner) >= bestValue)
      return;
    Weights weights{left.b - right.b, right.a - left.a, 1, 0};
    if (weights.a <= 0 || weights.b <= 0)
      return;
    Point middle = program.minimize(weights);
    WideInt value = weights.a * middle.a + weights.b * middle.b;
    if (value >= weights.a * left.a + weights.b * left.b)
      return; // the segment itself is on the hull
    offer(middle);
    between(left, middle);
    between(middle, right);
  }
};

} // namespace

static ClusteringSolution finish(const Point &point, bool optimal,
                                 WideInt lowerBound) {
  return {point.choice, point.totals, optimal, lowerBound};
}

static ClusteringSolution solveProduct(const Program &program) {
  Point left = program.minimize({1, 0, 0, 1});
  Point right = program.minimize({0, 1, 1, 0});
  Search search{program, left, program.problem.objectiveValue(left.totals)};
  search.offer(right);
  search.between(left, right);
  return finish(search.best, true, search.bestValue);
}

//===----------------------------------------------------------------------===//
// Energy under a time limit
//===----------------------------------------------------------------------===//

namespace {

/// A way to reach a kernel: its sums so far and the label it continues.
struct Label {
  WideInt a = 0, b = 0;
  int32_t parent = -1;
  uint16_t cu = 0;
};

/// Sums (A, B), A ascending and B descending: nothing of it is worse in both.
using Front = std::vector<std::pair<WideInt, WideInt>>;

/// Labels of Pareto-optimal prefixes, layer by layer.
class LabelSearch {
public:
  LabelSearch(const Program &program, const Weights &weights, WideInt limit,
              WideInt incumbent, size_t maxLabels)
      : program(program), weights(weights), limit(limit), incumbent(incumbent),
        maxLabels(maxLabels), fastest(program.suffixTable(fastestWeights)),
        cheapest(program.suffixTable(weights)) {}

  /// True if the labels sufficed: then no solution is better than best(), or
  /// than the incumbent if that is empty.
  bool run();
  llvm::ArrayRef<int64_t> best() const { return bestChoice; }

private:
  static constexpr Weights fastestWeights{1, 0, 0, 1};

  bool promising(const Label &label, size_t kernel, size_t left);
  void offer(const Label &label, size_t kernel, size_t left, WideInt energy,
             const Weights &from, llvm::ArrayRef<Key> table);
  void advance(size_t kernel, std::vector<std::vector<int32_t>> &layer);
  std::vector<Label> extend(size_t kernel, size_t cu, size_t used,
                            llvm::ArrayRef<std::vector<int32_t>> layer);

  const Program &program;
  Weights weights;
  WideInt limit, incumbent;
  size_t maxLabels;
  std::vector<Key> fastest, cheapest;
  std::vector<Label> labels;
  std::vector<int64_t> bestChoice;
};

} // namespace

/// The completion of a label by one of the tables is a solution: keeps it if it
/// beats the incumbent.
void LabelSearch::offer(const Label &label, size_t kernel, size_t left,
                        WideInt energy, const Weights &from,
                        llvm::ArrayRef<Key> table) {
  if (label.b + energy >= incumbent)
    return;
  incumbent = label.b + energy;
  bestChoice = {program.cus[label.cu]};
  for (int32_t at = label.parent; at >= 0; at = labels[at].parent)
    bestChoice.push_back(program.cus[labels[at].cu]);
  std::reverse(bestChoice.begin(), bestChoice.end());
  program.follow(from, table, kernel, label.cu, left, bestChoice);
}

/// False if no completion keeps the limit and beats the incumbent: for any of
/// them, p A + q B is at least the label's part plus the cheapest rest, and
/// A is at most the limit. Offers the fastest and the cheapest completion.
bool LabelSearch::promising(const Label &label, size_t kernel, size_t left) {
  size_t index = program.at(kernel, label.cu, left);
  size_t own = kernel * program.width + label.cu;
  // Of the fastest rest A and, by the tie, B; of the cheapest p A + q B and,
  // by the tie, A. The tables include the label's own kernel.
  WideInt fastA = fastest[index].value - program.costA[own];
  if (label.a + fastA > limit)
    return false;
  offer(label, kernel, left, fastest[index].tie - program.costB[own],
        fastestWeights, fastest);
  WideInt cheap = cheapest[index].value -
                  program.kernelKey(weights, kernel, label.cu).value;
  WideInt cheapA = cheapest[index].tie - program.costA[own];
  if (label.a + cheapA <= limit)
    offer(label, kernel, left, (cheap - weights.a * cheapA) / weights.b,
          weights, cheapest);
  WideInt total = weights.a * label.a + weights.b * label.b + cheap;
  return total - weights.a * limit < weights.b * incumbent;
}

/// Sorts labels by A and drops each that is no better in B than a label or a
/// point of `front` with no more A. `front` becomes the front of both.
static void keepPareto(std::vector<Label> &candidates, Front &front) {
  llvm::sort(candidates, [](const Label &x, const Label &y) {
    return std::tie(x.a, x.b, x.parent) < std::tie(y.a, y.b, y.parent);
  });
  Front merged;
  std::vector<Label> kept;
  size_t next = 0;
  auto push = [&](WideInt a, WideInt b) {
    if (!merged.empty() && merged.back().second <= b)
      return false;
    merged.emplace_back(a, b);
    return true;
  };
  for (const Label &label : candidates) {
    for (; next < front.size() && front[next].first <= label.a; ++next)
      push(front[next].first, front[next].second);
    if (push(label.a, label.b))
      kept.push_back(label);
  }
  for (; next < front.size(); ++next)
    push(front[next].first, front[next].second);
  front = std::move(merged);
  candidates = std::move(kept);
}

static Front mergeFronts(const Front &x, const Front &y, WideInt moreA,
                         WideInt moreB) {
  Front all = x, result;
  for (auto [a, b] : y)
    all.emplace_back(a + moreA, b + moreB);
  llvm::sort(all);
  for (const auto &point : all)
    if (result.empty() || point.second < result.back().second)
      result.push_back(point);
  return result;
}

/// Labels of `kernel` on CU count `cu` with `used` switches, from the layer of
/// the kernel before.
std::vector<Label>
LabelSearch::extend(size_t kernel, size_t cu, size_t used,
                    llvm::ArrayRef<std::vector<int32_t>> layer) {
  std::vector<Label> candidates;
  size_t own = kernel * program.width + cu;
  for (size_t from = 0; from < program.width; ++from) {
    bool change = from != cu;
    if (change && used == 0)
      continue;
    for (int32_t parent : layer[from * program.levels + used - change]) {
      Label label{labels[parent].a + program.costA[own] +
                      (change ? program.switchA : 0),
                  labels[parent].b + program.costB[own] +
                      (change ? program.switchB : 0),
                  parent, static_cast<uint16_t>(cu)};
      if (promising(label, kernel, program.levels - 1 - used))
        candidates.push_back(label);
    }
  }
  return candidates;
}

/// Replaces the labels of the kernel before `kernel` by those of `kernel`. A
/// layer has one list for each CU count and number of switches. A label is
/// dominated by one of the same CU count with no more switches, and by one of
/// any CU count that is still no worse after one more switch.
void LabelSearch::advance(size_t kernel,
                          std::vector<std::vector<int32_t>> &layer) {
  size_t width = program.width, levels = program.levels;
  std::vector<std::vector<int32_t>> next(width * levels);
  std::vector<Front> fronts(width);
  Front others; // of all CU counts with fewer switches, and one switch more
  for (size_t used = 0; used < levels; ++used) {
    for (size_t cu = 0; cu < width; ++cu) {
      std::vector<Label> candidates = extend(kernel, cu, used, layer);
      fronts[cu] = mergeFronts(fronts[cu], others, 0, 0);
      keepPareto(candidates, fronts[cu]);
      for (const Label &label : candidates) {
        next[cu * levels + used].push_back(labels.size());
        labels.push_back(label);
      }
    }
    for (size_t cu = 0; cu < width; ++cu)
      others =
          mergeFronts(others, fronts[cu], program.switchA, program.switchB);
  }
  layer = std::move(next);
}

bool LabelSearch::run() {
  size_t width = program.width, levels = program.levels;
  std::vector<std::vector<int32_t>> layer(width * levels);
  for (size_t cu = 0; cu < width; ++cu) {
    Label label{program.costA[cu], program.costB[cu], -1,
                static_cast<uint16_t>(cu)};
    if (!promising(label, 0, levels - 1))
      continue;
    layer[cu * levels].push_back(labels.size());
    labels.push_back(label);
  }
  for (size_t kernel = 1; kernel < program.kernels; ++kernel) {
    advance(kernel, layer);
    if (labels.size() > maxLabels)
      return false;
  }
  return true;
}

static WideInt ceilDivide(WideInt a, WideInt b) {
  return a >= 0 ? (a + b - 1) / b : -((-a) / b);
}

/// Narrows a segment of the hull around the limit, from which come a feasible
/// point and the Lagrangian bound; then labels close what is left between them.
static llvm::Expected<ClusteringSolution>
solveLimited(const Program &program, WideInt limit, size_t maxLabels) {
  Point left = program.minimize({1, 0, 0, 1});
  if (left.a > limit)
    return error("no choice of CU counts takes at most " +
                 llvm::Twine(static_cast<int64_t>(limit)) +
                 " ns; the fastest takes " + llvm::Twine(left.totals.timeNs) +
                 " ns");
  Point right = program.minimize({0, 1, 1, 0});
  if (right.a <= limit)
    return finish(right, true, right.b);
  Weights weights;
  while (true) {
    weights = {left.b - right.b, right.a - left.a, 1, 0};
    Point middle = program.minimize(weights);
    if (weights.a * middle.a + weights.b * middle.b >=
        weights.a * left.a + weights.b * left.b)
      break;
    (middle.a <= limit ? left : right) = std::move(middle);
  }
  WideInt bound = ceilDivide(
      weights.a * left.a + weights.b * left.b - weights.a * limit, weights.b);
  if (bound >= left.b)
    return finish(left, true, left.b);
  LabelSearch search(program, weights, limit, left.b, maxLabels);
  bool complete = search.run();
  if (!search.best().empty())
    left = program.makePoint(search.best().vec());
  return finish(left, complete, complete ? left.b : bound);
}

//===----------------------------------------------------------------------===//
// Entry points
//===----------------------------------------------------------------------===//

static llvm::Expected<ClusteringSolution>
solveOn(const ClusteringProblem &problem, llvm::ArrayRef<int64_t> cus,
        size_t maxLabels) {
  Program program(problem, cus);
  switch (problem.objective) {
  case Objective::Edp:
  case Objective::Paper:
    return solveProduct(program);
  case Objective::Energy:
    if (problem.timeLimitNs)
      return solveLimited(program, *problem.timeLimitNs, maxLabels);
    break;
  case Objective::Latency:
    break;
  }
  bool latency = problem.objective == Objective::Latency;
  Point point =
      program.minimize(latency ? Weights{1, 0, 0, 1} : Weights{0, 1, 1, 0});
  if (problem.timeLimitNs && point.totals.timeNs > *problem.timeLimitNs)
    return error("no choice of CU counts takes at most " +
                 llvm::Twine(*problem.timeLimitNs) + " ns; the fastest takes " +
                 llvm::Twine(point.totals.timeNs) + " ns");
  return finish(point, true, problem.objectiveValue(point.totals));
}

static ClusteringSolution emptySolution(const ClusteringProblem &problem) {
  ClusteringTotals totals = problem.evaluate({});
  return {{}, totals, true, problem.objectiveValue(totals)};
}

llvm::Expected<ClusteringSolution>
eclip::solveDynamicProgram(const ClusteringProblem &problem, size_t maxLabels) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  if (problem.kernelCount == 0)
    return emptySolution(problem);
  size_t size = problem.cuCounts.size();
  size_t most = std::min<size_t>(size, problem.maxQueues);
  // C3: every set of as many CU counts as there may be queues. Solutions with
  // fewer are in each.
  std::vector<bool> member(size, false);
  std::fill(member.begin(), member.begin() + most, true);
  std::optional<ClusteringSolution> best;
  llvm::Error lastError = llvm::Error::success();
  WideInt bound = 0;
  bool optimal = true;
  size_t sets = 0;
  do {
    if (++sets > 5000) {
      llvm::consumeError(std::move(lastError));
      return error("more than 5000 ways to choose " + llvm::Twine(most) +
                   " of " + llvm::Twine(size) + " CU counts");
    }
    llvm::SmallVector<int64_t, 4> cus;
    for (size_t i = 0; i < size; ++i)
      if (member[i])
        cus.push_back(problem.cuCounts[i]);
    auto solution = solveOn(problem, cus, maxLabels);
    if (!solution) {
      llvm::consumeError(std::move(lastError));
      lastError = solution.takeError();
      continue;
    }
    bound = best ? std::min(bound, solution->lowerBound) : solution->lowerBound;
    optimal &= solution->optimal;
    if (!best || problem.objectiveValue(solution->totals) <
                     problem.objectiveValue(best->totals))
      best = std::move(*solution);
  } while (std::prev_permutation(member.begin(), member.end()));
  if (!best)
    return std::move(lastError);
  llvm::consumeError(std::move(lastError));
  WideInt value = problem.objectiveValue(best->totals);
  best->optimal = optimal || bound == value;
  best->lowerBound = best->optimal ? value : bound;
  return std::move(*best);
}

llvm::Expected<ClusteringSolution>
eclip::solveExhaustive(const ClusteringProblem &problem) {
  if (llvm::Error invalid = problem.check())
    return std::move(invalid);
  if (problem.kernelCount == 0)
    return emptySolution(problem);
  double choices = 1;
  for (size_t i = 0; i < problem.kernelCount; ++i)
    choices *= static_cast<double>(problem.cuCounts.size());
  if (choices > (1 << 24))
    return error("too many choices to try each");
  std::vector<size_t> digits(problem.kernelCount, 0);
  std::vector<int64_t> choice(problem.kernelCount, problem.cuCounts.front());
  std::optional<ClusteringSolution> best;
  WideInt bestValue = 0;
  for (bool more = true; more;) {
    ClusteringTotals totals = problem.evaluate(choice);
    WideInt value = problem.objectiveValue(totals);
    if (problem.keepsLimits(totals) && (!best || value < bestValue)) {
      best = ClusteringSolution{choice, totals, true, value};
      bestValue = value;
    }
    more = false;
    for (size_t i = 0; i < digits.size() && !more; ++i) {
      digits[i] = (digits[i] + 1) % problem.cuCounts.size();
      choice[i] = problem.cuCounts[digits[i]];
      more = digits[i] != 0;
    }
  }
  if (!best)
    return error("no choice of CU counts keeps the limits");
  return std::move(*best);
}
