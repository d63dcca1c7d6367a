//===- ClusteringLabels.cpp - exact search under a time limit -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Least energy, or least energy times time, within a time limit: a constrained
// shortest path. The segment of the hull that crosses the limit gives a
// feasible solution and the Lagrangian bound; Pareto labels over the states of
// the dynamic program close what is left between them.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringProgram.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/Twine.h"

#include <tuple>

using namespace eclip;
using namespace eclip::clustering;

namespace {

WideInt ceilDivide(WideInt a, WideInt b) {
  return a >= 0 ? (a + b - 1) / b : -((-a) / b);
}

/// The objective of a completed choice.
WideInt valueOf(const Program &program, WideInt a, WideInt b) {
  return program.problem.objective == Objective::Edp ? a * b : b;
}

/// Nothing with A from `least` to `limit` and p A + q B of at least `total` has
/// a smaller objective. A (total - p A) / q is concave in A, so a product is
/// least at one of the two ends.
WideInt boundOf(const Program &program, const Weights &weights, WideInt total,
                WideInt least, WideInt limit) {
  auto atLeast = [&](WideInt a) {
    return std::max<WideInt>(0, ceilDivide(total - weights.a * a, weights.b));
  };
  // Floors at the ends: the concave function itself is not below them.
  auto floorProduct = [&](WideInt a) {
    WideInt rest = std::max<WideInt>(0, total - weights.a * a);
    return a * (rest / weights.b);
  };
  if (program.problem.objective == Objective::Edp)
    return std::min(floorProduct(least), floorProduct(limit));
  return atLeast(limit);
}

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
  void offer(const Label &label, size_t kernel, size_t left, WideInt a,
             WideInt b, const Weights &from, llvm::ArrayRef<Key> table);
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
                        WideInt a, WideInt b, const Weights &from,
                        llvm::ArrayRef<Key> table) {
  WideInt value = valueOf(program, label.a + a, label.b + b);
  if (value >= incumbent)
    return;
  incumbent = value;
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
  offer(label, kernel, left, fastA, fastest[index].tie - program.costB[own],
        fastestWeights, fastest);
  WideInt cheap = cheapest[index].value -
                  program.kernelKey(weights, kernel, label.cu).value;
  WideInt cheapA = cheapest[index].tie - program.costA[own];
  if (label.a + cheapA <= limit)
    offer(label, kernel, left, cheapA, (cheap - weights.a * cheapA) / weights.b,
          weights, cheapest);
  WideInt total = weights.a * label.a + weights.b * label.b + cheap;
  return boundOf(program, weights, total, label.a + fastA, limit) < incumbent;
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

llvm::Expected<ClusteringSolution>
clustering::solveLimited(const Program &program, WideInt limit,
                         size_t maxLabels) {
  Point first = program.minimize({1, 0, 0, 1});
  if (first.a > limit)
    return llvm::createStringError("no choice of CU counts takes at most " +
                                   llvm::Twine(static_cast<int64_t>(limit)) +
                                   " ns; the fastest takes " +
                                   llvm::Twine(first.totals.timeNs) + " ns");
  Point left = first, right = program.minimize({0, 1, 1, 0});
  if (right.a <= limit) {
    if (program.problem.objective == Objective::Edp)
      right = leastProductBetween(program, first, right);
    return finish(right, true, valueOf(program, right.a, right.b));
  }
  // Narrow a segment of the hull around the limit.
  Weights weights;
  while (true) {
    weights = {left.b - right.b, right.a - left.a, 1, 0};
    Point middle = program.minimize(weights);
    if (weights.a * middle.a + weights.b * middle.b >=
        weights.a * left.a + weights.b * left.b)
      break;
    (middle.a <= limit ? left : right) = std::move(middle);
  }
  WideInt total = weights.a * left.a + weights.b * left.b;
  WideInt bound = boundOf(program, weights, total, left.a, limit);
  // Of a product, a vertex further left may be better still; the hull left of
  // the segment has no better point than the best vertex.
  if (program.problem.objective == Objective::Edp)
    left = leastProductBetween(program, first, left);
  WideInt value = valueOf(program, left.a, left.b);
  bound = std::min(bound, value);
  if (bound >= value)
    return finish(left, true, value);
  LabelSearch search(program, weights, limit, value, maxLabels);
  bool complete = search.run();
  if (!search.best().empty())
    left = program.makePoint(search.best().vec());
  value = valueOf(program, left.a, left.b);
  return finish(left, complete, complete ? value : std::min(bound, value));
}
