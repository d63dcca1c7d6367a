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
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <optional>
#include <string>
#include <vector>

namespace eclip {

/// Where a file came from; empty strings are left out.
struct Provenance {
  std::string compilerVersion;
  std::string profileHash;
};

/// One module and the path of its file.
struct EmitFile {
  mlir::ModuleOp module;
  std::string path;
};

/// The mix that several files make, by the names of its workers.
struct EmitMix {
  std::string name;
  std::vector<std::string> workers;
};

/// Writes each module, whose schedules are its plans, to its path: all of them
/// or none. Each goes to a temporary file in the same folder; when all are there
/// they are renamed, and if that fails halfway, the files that were there before
/// come back. Schedules must be complete: device, groups with queues, offsets,
/// compiled kernels and the module's code object. What is missing is an error at
/// the operation that lacks it. With `mix`, file i is its worker i.
mlir::LogicalResult emitSchedules(llvm::ArrayRef<EmitFile> files,
                                  const std::optional<EmitMix> &mix,
                                  const Provenance &provenance);

/// The same for one file.
mlir::LogicalResult emitSchedule(mlir::ModuleOp module, llvm::StringRef path,
                                 const Provenance &provenance);

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_EMIT_H
