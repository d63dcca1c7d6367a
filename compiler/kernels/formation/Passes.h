//===- Passes.h - kernel formation ------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_FORMATION_PASSES_H
#define ECLIP_COMPILER_KERNELS_FORMATION_PASSES_H

#include "dialect/Eclip.h"

#include "mlir/Pass/Pass.h"

namespace eclip {

#define GEN_PASS_DECL
#include "compiler/kernels/formation/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/kernels/formation/Passes.h.inc"

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_FORMATION_PASSES_H
