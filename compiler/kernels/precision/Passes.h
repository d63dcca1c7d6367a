//===- Passes.h - precision passes ------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_PRECISION_PASSES_H
#define ECLIP_COMPILER_KERNELS_PRECISION_PASSES_H

#include "dialect/Eclip.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/Pass/Pass.h"

namespace eclip {

#define GEN_PASS_DECL
#include "compiler/kernels/precision/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/kernels/precision/Passes.h.inc"

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_PRECISION_PASSES_H
