//===- Constants.h - layout and bytes of the constants section --*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EMIT_CONSTANTS_H
#define ECLIP_COMPILER_EMIT_CONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Operation.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/DenseMap.h"
#include "llvm/ADT/MapVector.h"

namespace eclip {

/// The constants of a schedule in file order, each aligned to
/// kBufferAlignment. Equal attributes share one place.
class ConstantTable {
public:
  /// Offset of `op`'s value in the section; `op` is constant-like. Fails, with
  /// an error at `op`, for a value whose bytes cannot be had.
  mlir::FailureOr<uint64_t> add(mlir::Operation *op);

  uint64_t bytes() const { return total; }

  /// Calls `sink` with the whole section, piece by piece in order. The pieces
  /// of mapped weights are the mapping itself.
  void write(llvm::function_ref<void(llvm::ArrayRef<char>)> sink) const;

private:
  llvm::MapVector<mlir::Attribute, uint64_t> offsets;
  uint64_t total = 0;
};

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_CONSTANTS_H
