//===- Emit.h - a finished schedule as a .eclip file ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EMIT_EMIT_H
#define ECLIP_COMPILER_EMIT_EMIT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace eclip {

/// Where a file came from; empty strings are left out.
struct Provenance {
  std::string compilerVersion;
  std::string profileHash;
};

/// Writes the one schedule of `module` to `path`, through a temporary file in
/// the same folder that is renamed at the end: `path` is either the old file or
/// the whole new one. The schedule must be complete: device, groups with
/// queues, offsets, compiled kernels and the module's code object. What is
/// missing is an error at the operation that lacks it.
mlir::LogicalResult emitSchedule(mlir::ModuleOp module, llvm::StringRef path,
                                 const Provenance &provenance);

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_EMIT_H
