//===- Evaluate.h - limits of evaluation at import --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_EVALUATE_H
#define ECLIP_COMPILER_IMPORT_EVALUATE_H

#include "compiler/import/NodeEmitter.h"

namespace eclip::frontend {

/// Constant subgraphs with larger results run on the device: evaluating them
/// here would cost more time and file size than it saves.
constexpr int64_t kMaxEvaluatedElements = int64_t(1) << 20;

/// True if a tensor of this type and shape is valid and within the limit.
bool isEvaluable(DType type, llvm::ArrayRef<int64_t> shape);

/// The axes of a Reduce node, sorted (Reduce.cpp).
mlir::FailureOr<llvm::SmallVector<int64_t>> reduceAxes(NodeEmitter &e);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_EVALUATE_H
