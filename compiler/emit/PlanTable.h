//===- PlanTable.h - one eclip.schedule as a plan of a file -----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EMIT_PLANTABLE_H
#define ECLIP_COMPILER_EMIT_PLANTABLE_H

#include "compiler/emit/Constants.h"
#include "dialect/Eclip.h"
#include "runtime/schema/schedule_generated.h"

#include "llvm/ADT/StringMap.h"

namespace eclip {

/// What the plans of a file share.
struct FileTables {
  flatbuffers::FlatBufferBuilder &fbb;
  ConstantTable &constants;
  llvm::StringMap<mlir::Operation *> kernels; ///< by name: KernelOp
  llvm::StringMap<uint32_t> kernelIndex;
  bool fromProfile = false; ///< some dispatch's cost was measured
};

/// Writes the groups, queues, packets and predictions of `schedule`. Fails with
/// an error at the operation that lacks something.
mlir::FailureOr<flatbuffers::Offset<fb::Plan>> writePlan(ScheduleOp schedule,
                                                         FileTables &file);

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_PLANTABLE_H
