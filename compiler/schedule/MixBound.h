//===- MixBound.h - lower bounds for the joint solver -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver. What the workers cost each other is z'B p, with
// z all exposures, p all features and B of the overlaps. With the singular
// values s, u, v of B and any a > 0 it is a sum of squares,
//
//   z'B p = sum of s/4 (plus^2 - minus^2),   plus  = a u'z + v'p / a
//                                            minus = a u'z - v'p / a
//
// A tangent bounds plus^2 from below, and over an interval of minus its chord
// bounds -minus^2. Both are linear in z and p, so one dynamic program a worker
// gives the least value of the whole. The bound is off by s/16 times the square
// of the interval at most: a few directions with large s have to be cut, the
// others never. (Cutting the features themselves, with McCormick's planes, has
// as many directions as there are CU counts, and was too weak.)
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXBOUND_H
#define ECLIP_COMPILER_SCHEDULE_MIXBOUND_H

#include "compiler/schedule/MixModel.h"

namespace eclip {
namespace mix {

/// One singular direction: weights of plus and minus on each worker's exposure
/// and features.
struct Direction {
  double strength = 0;          ///< s / 4
  std::vector<Vector> exposure; ///< a u
  std::vector<Vector> feature;  ///< v / a
};

/// The form for given weights of the workers' times.
class Form {
public:
  Form(Model &model, Vector timeWeights);

  double plus(size_t i, llvm::ArrayRef<Vector> exposures,
              llvm::ArrayRef<Vector> features) const;
  double minus(size_t i, llvm::ArrayRef<Vector> exposures,
               llvm::ArrayRef<Vector> features) const;

  Vector timeWeights;
  std::vector<Direction> directions;
  std::vector<Vector> least; ///< of E_w, whatever the others choose
};

/// A set of choices: those whose minus lie in intervals.
struct Box {
  Vector low, high;                 ///< of each direction's minus
  uint64_t masks = 0, required = 0; ///< that may be used; that count as used
  double timeLow = 0, timeHigh = 0; ///< relative time of all workers together
};

/// What makes a bound tight; a box inherits it from the one it was cut from.
/// Whatever it is, the bound holds.
struct Dual {
  Vector tangent;  ///< where plus^2 is linearized
  Vector interval; ///< multipliers of the box: > 0 of high, < 0 of low
  double time = 0; ///< of timeHigh
  Vector limit;    ///< of each worker's time limit
};

/// A weighted sum of times and energies that choices may be worth at most.
struct Cut {
  Weights weights;
  double most = 0;
};

/// Intervals of minus over all choices that keep to the cuts. Rescales each
/// direction to the narrowest.
void boundIntervals(Model &model, Form &form, llvm::ArrayRef<Cut> cuts,
                    Box &box);

/// The bound of one box, in the making.
class Bounder {
public:
  Bounder(Model &model, const Form &form, const Box &box, Dual dual,
          Weights weights);

  /// One evaluation and one step of the dual. The value is for
  /// weights.time * time + weights.energy * energy, of any choice in the box.
  double step(double target);

  const Picks &picks() const { return choice; }
  const Dual &dual() const { return bestDual; }

  /// Direction to cut at, and where; false if the box is a point.
  bool chooseCut(size_t &direction, double &value) const;

private:
  double evaluate();
  void climb(double value, double target);
  void climbLimits(double value, double target);

  Model &model;
  const Form &form;
  const Box &box;
  Dual now, bestDual;
  Weights weights;
  Picks choice;
  std::vector<Vector> exposures, features; ///< of the choice
  Vector meanMinus;                        ///< over the steps, late ones more
  size_t steps = 0;
  double pace = 1, best;
};

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXBOUND_H
