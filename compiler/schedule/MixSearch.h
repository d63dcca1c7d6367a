//===- MixSearch.h - branch and bound of the joint solver -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver: the best choice so far, and a search for the
// least weighted sum of all times and energies. A product of the two is
// searched in slices of the time, each with the weights that are tangent to the
// best product in its middle.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXSEARCH_H
#define ECLIP_COMPILER_SCHEDULE_MIXSEARCH_H

#include "compiler/schedule/MixBound.h"

#include <memory>
#include <queue>

namespace eclip {
namespace mix {

/// The best choice so far, and what else is known to be possible.
class Incumbent {
public:
  Incumbent(Model &model, const MixSolverOptions &options);

  void offer(const Picks &picks);
  /// Offers the choice, its local optimum for the weights, and that with
  /// leaning on broken limits. The weights of Efficiency are its slope.
  void offerImproved(Picks picks, const Weights &weights, uint64_t masks);
  /// Offers uniform choices, and the best of them improved.
  void start(const Weights &weights, uint64_t masks);
  void moveRuns(uint64_t masks);

  /// The multiplier of a limit on all times at which the known choices' least
  /// energy plus its price is most.
  double priceOfTime(double limit) const;

  bool found = false; ///< a choice that keeps the limits
  Picks best;
  /// Objective, and least sums of times and energies of choices that keep the
  /// limits; where none is found, what no choice exceeds.
  double value = 0, time = 0, energy = 0;
  double unit = 1e-12; ///< of value, in that of the problem

private:
  double broken(llvm::ArrayRef<Point> points) const;
  void approachFloor(Picks picks, Weights lean, double broken, uint64_t masks);
  void followSlope(Picks picks, uint64_t masks);
  uint64_t busiestMasks(const Picks &picks) const;
  void lean(const MixTotals &totals, double more, Weights &weights) const;

  Model &model;
  const MixSolverOptions &options;
  Score bestScore;
  std::vector<std::pair<double, double>> sums; ///< times, energies
};

/// What a search looks for: the least weighted sum.
struct Goal {
  enum class Of { Objective, Time, Energy };
  Of of = Of::Objective;
  Weights weights;
  /// Of a product: a slice of all times.
  bool product = false;
  double timeLow = 0, timeHigh = 0;
};

class Search {
public:
  Search(Model &model, Incumbent &incumbent, const Form &form, Columns &columns,
         const Goal &goal, double gap);

  /// Bounds the whole, from multipliers that may be those of another search.
  void root(const Dual &start, uint64_t masks, double timeHigh);
  /// Takes the node of the least bound. False if none is open.
  bool step();

  /// Of the goal's value (a product's, of the product), and infinite if
  /// nothing that keeps the limits can be worth as little as is known.
  double bound() const;
  bool done() const { return open.empty(); }
  const Dual &rootDual() const { return atRoot; }

private:
  struct Node {
    Box box;
    Dual dual;
    double bound = 0;
  };
  struct Later {
    bool operator()(const std::unique_ptr<Node> &x,
                    const std::unique_ptr<Node> &y) const {
      return x->bound > y->bound;
    }
  };

  double cutoff() const;
  double valueOf(double bound) const;
  double known() const;
  bool closes(double bound);
  bool raise(Node &node, Bounder &bounder, size_t steps);
  void cut(const Node &node, const Bounder &bounder);
  void cutMasks(const Node &node, uint64_t used);
  void push(const Node &parent, Box box);
  void forget();

  Model &model;
  Incumbent &incumbent;
  const Form &form;
  Columns &columns;
  Goal goal;
  double gap;
  Dual atRoot;
  double closed; ///< least bound of what is not searched further
  std::priority_queue<std::unique_ptr<Node>, std::vector<std::unique_ptr<Node>>,
                      Later>
      open;
};

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXSEARCH_H
