//===- Explain.h - the report of finished schedules -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_EXPLAIN_H
#define ECLIP_COMPILER_EXPLAIN_EXPLAIN_H

#include "compiler/cost/DeviceDescription.h"
#include "compiler/explain/Report.h"
#include "compiler/schedule/MixClustering.h"
#include "dialect/Eclip.h"

namespace eclip {

/// One model, with one `eclip.schedule` for each of its plans.
struct ExplainedWorker {
  std::string name;
  mlir::ModuleOp module;
};

struct ExplainOptions {
  std::string compilerVersion;
  /// For what bounds each kernel; without it the report leaves that out.
  const DeviceDescription *device = nullptr;
  /// What the plans of a mix were decided by; worker i is that of explain(). Both
  /// or none.
  const MixProblem *mix = nullptr;
  const MixSolution *solution = nullptr;
};

/// The report of schedules that have passed eclip-verify-schedule. Changes
/// nothing. Refuses, at the operation, what lacks a cost, a group or a place.
mlir::FailureOr<Report> explain(llvm::ArrayRef<ExplainedWorker> workers,
                                const ExplainOptions &options);

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_EXPLAIN_H
