//===- Indexing.h - reading and reducing by computed indices ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_INDEXING_H
#define ECLIP_COMPILER_IMPORT_INDEXING_H

#include "compiler/import/NodeEmitter.h"

namespace eclip::frontend {

/// A model's own index, an integer, as a position: negative ones count from
/// the end, and what is out of range is clamped, so that no kernel reads
/// elsewhere.
mlir::Value safeIndex(NodeEmitter &e, mlir::OpBuilder &b, mlir::Value index, int64_t extent);
/// The same without clamping, of the index's own type.
mlir::Value fromFront(NodeEmitter &e, mlir::OpBuilder &b, mlir::Value index, int64_t extent);

/// The loop indices of the body's linalg operation.
llvm::SmallVector<mlir::Value> loopIndices(NodeEmitter &e, mlir::OpBuilder &b, int64_t count);
/// Element `index` (of type index) of `tensor`.
mlir::Value extract(NodeEmitter &e, mlir::OpBuilder &b, mlir::Value tensor, mlir::ValueRange index);
/// A value of type index, or an integer, as an integer of `type`.
mlir::Value asInteger(NodeEmitter &e, mlir::OpBuilder &b, mlir::Value index, mlir::Type type);

/// A reduction into a tensor of shape `parallel`, over `reduced` more loops, of
/// what the body computes from all loop indices. The body combines it with the
/// accumulator, its last argument, by one operation that is commutative.
using IndexBody = llvm::function_ref<mlir::Value(mlir::OpBuilder &, mlir::ValueRange, mlir::Value)>;
mlir::Value reduceIndexed(NodeEmitter &e, llvm::ArrayRef<int64_t> parallel, llvm::ArrayRef<int64_t> reduced,
                          mlir::TypedAttr init, IndexBody body);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_INDEXING_H
