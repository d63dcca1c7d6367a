//===- ScheduleFile.h - a schedule as a FlatBuffer --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EMIT_SCHEDULEFILE_H
#define ECLIP_COMPILER_EMIT_SCHEDULEFILE_H

#include "compiler/emit/Constants.h"
#include "compiler/emit/Emit.h"
#include "dialect/Eclip.h"

#include "llvm/ADT/SmallVector.h"

namespace eclip {

/// The payload of a file and the constants that its arguments point into.
struct ScheduleFile {
  llvm::SmallVector<char, 0> payload;
  ConstantTable constants;
};

/// Builds both from the one schedule of `module`.
mlir::LogicalResult buildScheduleFile(mlir::ModuleOp module,
                                      const Provenance &provenance,
                                      ScheduleFile &file);

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_SCHEDULEFILE_H
