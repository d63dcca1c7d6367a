//===- MixForm.h - what workers cost each other, as squares -----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Internal to the joint solver. With x the shapes of all workers, what they
// cost each other is x'Sx / 2, S of the overlaps and the weights of times.
// Where R R' is about the spread of good shapes, and R'SR = V L V',
//
//   x'Sx / 2 = sum of L_i / 2 (d_i'x)^2,   d_i = column i of R^-T V
//
// The spread matters. Of the 48 numbers of three workers on four CU counts good
// choices move along seven or so: in their metric a handful of the L_i is not
// small. In that of the numbers themselves (R = 1, or singular values of the
// part between exposures and features) there are dozens, and the bound is so
// loose that no branching mends it.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_MIXFORM_H
#define ECLIP_COMPILER_SCHEDULE_MIXFORM_H

#include "compiler/schedule/MixModel.h"

namespace eclip {
namespace mix {

/// One d_i, by worker, and L_i.
struct Direction {
  double curvature = 0;
  std::vector<Vector> of;
};

class Form {
public:
  /// For the spread of the shapes that the model has seen.
  Form(const Model &model, Vector timeWeights);

  /// The part of worker `w` in d_i'x.
  double along(size_t i, size_t w, const Vector &shape) const;

  Vector timeWeights;
  /// Falling ones (curvature < 0) first.
  std::vector<Direction> directions;
  size_t falling = 0;
  /// Of each entry of what others do to a worker's exposures, whatever they
  /// choose.
  std::vector<Vector> least;
};

} // namespace mix
} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_MIXFORM_H
