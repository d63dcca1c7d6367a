//===- Ranges.h - what f16 may not hold -------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_PRECISION_RANGES_H
#define ECLIP_COMPILER_KERNELS_PRECISION_RANGES_H

#include "dialect/Eclip.h"

#include "llvm/ADT/DenseMap.h"

#include <optional>

namespace eclip {

/// Largest finite number and smallest normal number of f16.
constexpr float kHalfMax = 65504.0f, kHalfMinNormal = 0x1p-14f;

/// What is known of the values of a float.
struct ValueRange16 {
  /// Finite constants beyond f16, or integers of more than 16 bits, may have
  /// gone into it (H3, H4).
  bool huge = false;
  /// A sum over a reduced dimension that nothing has scaled (H5).
  bool sum = false;
  /// It is this one number everywhere.
  std::optional<float> constant;

  bool fits() const { return !huge && !sum; }
};

using Ranges = llvm::DenseMap<mlir::Value, ValueRange16>;

/// The ranges of all tensors and scalars in the body of `kernel`, given those
/// of its arguments.
Ranges analyzeRanges(KernelOp kernel, llvm::ArrayRef<ValueRange16> arguments);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_PRECISION_RANGES_H
