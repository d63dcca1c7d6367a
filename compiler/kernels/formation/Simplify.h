//===- Simplify.h - fewer operations in a kernel's body ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_FORMATION_SIMPLIFY_H
#define ECLIP_COMPILER_KERNELS_FORMATION_SIMPLIFY_H

#include "mlir/IR/Block.h"

namespace eclip {

/// Merges each elementwise generic that has one reader, also an elementwise
/// generic, into it; drops pads and slices that change nothing. Contractions
/// and reductions keep their bodies.
void simplifyBody(mlir::Block &body);

/// Erases operations without effect that nobody reads.
void eraseDead(mlir::Block &body);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_FORMATION_SIMPLIFY_H
