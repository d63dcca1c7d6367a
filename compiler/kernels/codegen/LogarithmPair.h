//===- LogarithmPair.h - logarithms of twice the precision ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_LOGARITHMPAIR_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_LOGARITHMPAIR_H

#include "compiler/kernels/codegen/ScalarMath.h"

namespace eclip {

/// hi + lo, |lo| at most half a unit in the last place of hi.
struct FloatPair {
  mlir::Value hi, lo;
};

/// The logarithm of a positive finite number to base 2^(1 / `perOctave`): 1 for
/// log2, log(2) for the natural logarithm. The error is about 2^-31 of it in
/// single and 2^-58 in double precision.
FloatPair logarithmPair(Scalars &s, mlir::Value x, long double perOctave);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_LOGARITHMPAIR_H
