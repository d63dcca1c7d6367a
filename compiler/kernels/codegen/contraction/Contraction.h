//===- Contraction.h - matrix products and convolutions ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_CONTRACTION_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_CONTRACTION_H

#include "compiler/kernels/codegen/Generator.h"

namespace eclip {

/// Kernels of kind "contraction": one linalg op whose scalar body multiplies
/// two inputs and adds the product to a f32 accumulator, with a prologue that
/// feeds it and a one-to-one tail (elementwise, reshapes, permutations) that
/// follows it.
///
/// The loop nest is read as out[b, m, n] += A[b, m, k] * B[b, k, n], each of
/// b, m, n, k standing for any number of loops: convolution, with groups or
/// without, is thereby an implicit matrix product. Adds the discardable
/// attribute `eclip.tile` to the kernel, which says the choice that was made.
GeneratorFn generateContraction;

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_CONTRACTION_H
