//===- MmaContraction.h - matrix products on tensor cores -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACONTRACTION_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACONTRACTION_H

#include "compiler/kernels/codegen/mma/MmaPlan.h"

namespace eclip {

/// Contractions for NVIDIA GPUs: on tensor cores where suitsMma() allows, else
/// as generateContraction() makes them.
GeneratorFn generateTensorCore;

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMACONTRACTION_H
