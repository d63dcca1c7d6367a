//===- Softmax.h - softmax that operators share -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_SOFTMAX_H
#define ECLIP_COMPILER_IMPORT_SOFTMAX_H

#include "compiler/import/Reduction.h"

namespace eclip::frontend {

/// exp(x - max) / sum over `axes`, or its logarithm. `x` has elements of
/// `type`, a float.
mlir::Value softmaxOver(NodeEmitter &e, mlir::Value x, llvm::ArrayRef<int64_t> axes, DType type, bool isLog);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_SOFTMAX_H
