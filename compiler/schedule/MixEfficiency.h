//===- MixEfficiency.h - energy of work times its time ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver. With R the sum of the workers' rates, each
// relative to the worker alone, and P the board's power, Objective::Efficiency
// is P / R^2. Where P would be above the board's limit L, the clocks fall such
// that it is L, and R with the root of the power above idle I: P / R^2 becomes
// L (P - I) / (L - I) / R^2. That is no bilinear form, so it has no branch and
// bound: choices follow its slope, and are scored exactly.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXEFFICIENCY_H
#define ECLIP_COMPILER_SCHEDULE_MIXEFFICIENCY_H

#include "compiler/schedule/MixModel.h"

namespace eclip {
namespace mix {

/// Time of each worker beside the others, and its energy above idle, relative
/// to the worker alone on all CUs.
struct Shared {
  Vector times, energies;

  Shared(Vector times, Vector energies)
      : times(std::move(times)), energies(std::move(energies)) {}
  Shared(const Model &model, llvm::ArrayRef<Point> points);
  void blend(const Shared &other, double share);
};

/// P / R^2 in W.
double efficiency(const Model &model, const Shared &shared);

/// What time and energy of each worker weigh in it, scaled so that the times
/// weigh 1 on average. A worker whose work takes more than twice the energy of
/// the mean would gain by being slowed down; its time weighs a little instead,
/// and moves of runs find what there is to gain.
Weights efficiencySlope(const Model &model, const Shared &shared);

/// A value that no choice is below, in 1e-9 W: no worker is faster than on the
/// best of its CU counts alone, and none draws less energy than on the most
/// frugal. Says little.
WideInt efficiencyBound(const MixProblem &problem);

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXEFFICIENCY_H
