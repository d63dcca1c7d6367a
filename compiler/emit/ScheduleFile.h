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

#include <vector>

namespace eclip {

/// The payload of a file and the constants that its arguments point into.
struct ScheduleFile {
  llvm::SmallVector<char, 0> payload;
  ConstantTable constants;
};

/// Which worker of which mix a file is.
struct MixTable {
  std::string name, id;
  std::vector<std::string> workers;
  uint32_t worker = 0;
};

/// Builds both from the schedules of `module`, its plans. `mix` may be null.
mlir::LogicalResult buildScheduleFile(mlir::ModuleOp module,
                                      const Provenance &provenance,
                                      const MixTable *mix, ScheduleFile &file);

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_SCHEDULEFILE_H
