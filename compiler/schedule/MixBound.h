//===- MixBound.h - lower bounds for the joint solver -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver. A tangent bounds a rising square of the form
// from below, and over an interval its chord bounds a falling one. Both are
// linear in the shapes, so one dynamic program a worker gives the least value
// of the whole. The bound is off by L/8 times the square of the interval at
// most: the few directions of large L have to be cut, the others never.
//
// Limits enter with multipliers: the box's intervals, on switches, on times.
// Tangents and multipliers come from the best mixture of the choices known so
// far, which is a small convex program; the dynamic programs then find further
// choices for it (column generation). Any of them gives a valid bound.
//
// What the bound leaves to the best value narrows the intervals: with price m
// on the linear bound, the least of d_i'x + m * bound less m * best is one
// dynamic program a worker again.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXBOUND_H
#define ECLIP_COMPILER_SCHEDULE_MIXBOUND_H

#include "compiler/schedule/MixForm.h"

namespace eclip {
namespace mix {

/// A set of choices: those whose falling directions lie in intervals.
struct Box {
  Vector low, high;                 ///< of d_i'x
  uint64_t masks = 0, required = 0; ///< that may be used; that count as used
  double timeHigh = 0; ///< relative time of all workers together, at most
};

/// What makes a bound tight; a box inherits it from the one it was cut from.
struct Dual {
  Vector tangent;  ///< where rising squares are linearized, by direction
  Vector interval; ///< multipliers of the box: > 0 of high, < 0 of low
  Vector switches; ///< of each worker's limit, where its program has none
  double time = 0; ///< of timeHigh
  Vector limit;    ///< of each worker's time limit
};

/// A known choice of one worker.
struct Column {
  Point point;
  Vector along; ///< its part of each d_i'x
};
using Columns = std::vector<std::vector<Column>>;

/// A bound as a function of the choice: its constant and prices.
struct Linear {
  double constant = 0, value = 0; ///< value: the least over all choices
  std::vector<Prices> prices;
};

/// Intervals of the falling directions over all choices.
void boundIntervals(Model &model, const Form &form, Box &box);

/// The bound of one box, in the making.
class Bounder {
public:
  /// Choices worth more than `cutoff` don't matter.
  Bounder(Model &model, const Form &form, Box &box, const Dual &dual,
          const Weights &weights, Columns &columns, double cutoff);

  /// One mixture and one evaluation. The value is a bound on weights.time *
  /// time + weights.energy * energy of any choice in the box.
  double step();

  /// Whether times are limited, so that multipliers take steps of their own.
  bool limited() const;

  /// Further steps would add little.
  bool converged() const;

  /// Narrows the interval of a direction to what can be worth the cutoff.
  void tighten(size_t direction);

  /// Falling directions by how much their chords lose, worst first.
  llvm::SmallVector<size_t, 8> worstDirections() const;

  const Picks &picks() const { return choice; }
  /// Of the picks, with the limits at the multipliers' prices.
  double worth() const;
  const Dual &dual() const { return bestDual; }
  Weights fullWeights() const;
  /// Masks of the mixture and of the last choice.
  uint64_t masksUsed() const;

  /// Where to cut the direction.
  double cutAt(size_t direction) const;

private:
  void linearize(Linear &linear) const;
  double evaluate();
  void addColumn(size_t w);
  void mix();
  void startMixture();
  bool exchange(size_t w);
  void setSlopes();
  void chooseActive();
  double passiveSlope(size_t i) const;
  bool raiseMultipliers();
  double mixtureValue() const;
  void climbLimits(double value);
  double leastAlong(size_t direction, double sign, double price);
  bool usable(size_t w, const Column &column) const {
    return (column.point.counts & ~allowed[w]) == 0;
  }
  double basePrice(size_t w, const Column &column) const;

  Model &model;
  const Form &form;
  Box &box;
  Columns &columns;
  Weights weights;
  double cutoff;
  Dual now, bestDual;
  std::vector<uint32_t> allowed;
  Linear linear, best;
  Picks choice;

  // The mixture: a share of each column, d_i'x and switches of the whole. Only
  // the active directions' squares are seen; the others stay linearized.
  std::vector<Vector> shares, base;
  Vector along, switches, penalty, slopes;
  llvm::SmallVector<size_t, 32> active;
  std::vector<Vector> alongActive; ///< of worker: column * active + index
  Vector timeWeights;
  double scale = 1, mixed = 0, pace = 1;
  bool settled = true; ///< the multipliers of times
};

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXBOUND_H
