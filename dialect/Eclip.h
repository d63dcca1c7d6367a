//===- Eclip.h - the eclip dialect ------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_DIALECT_ECLIP_H
#define ECLIP_DIALECT_ECLIP_H

#include "mlir/Bytecode/BytecodeOpInterface.h"
#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"
#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/Dialect.h"
#include "mlir/IR/OpImplementation.h"
#include "mlir/IR/SymbolTable.h"
#include "mlir/Interfaces/ControlFlowInterfaces.h"
#include "mlir/Interfaces/SideEffectInterfaces.h"

#include "dialect/EclipDialect.h.inc"

#define GET_ATTRDEF_CLASSES
#include "dialect/EclipAttrs.h.inc"

#define GET_OP_CLASSES
#include "dialect/EclipOps.h.inc"

namespace eclip {

/// Bytes of a statically shaped tensor, elements at their natural width
/// (i1 takes one byte). This is the size that buffers, kernels and files use.
int64_t tensorBytes(mlir::RankedTensorType type);

/// The `eclip.buffer` whose bytes `value` lies in; null if it has its own.
BufferOp bufferOf(mlir::Value value);
/// The last of the values that share the buffer of `value`; `value` itself if it
/// has its own.
mlir::Value lastInBuffer(mlir::Value value);

/// First byte of `box` in a row-major tensor of `type`, and bytes from there to
/// the end of its last element.
int64_t boxOffset(BoxAttr box, mlir::RankedTensorType type);
int64_t boxSpan(BoxAttr box, mlir::RankedTensorType type);

/// Alignment of every buffer in the arena and in the constants, in bytes.
constexpr int64_t kBufferAlignment = 256;

} // namespace eclip

#endif // ECLIP_DIALECT_ECLIP_H
