//===- CompiledMix.h - what a run of the compiler leaves --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One model, or several that are compiled jointly. All modules are of one
// context, which outlives this.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_PIPELINE_COMPILEDMIX_H
#define ECLIP_COMPILER_PIPELINE_COMPILEDMIX_H

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/schedule/PlanClustering.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/OwningOpRef.h"

#include <optional>
#include <string>
#include <vector>

namespace eclip {

/// One model and its file.
struct CompiledWorker {
  std::string name;   ///< of the worker in its mix: NAME of NAME.eclip
  std::string source; ///< path of the ONNX file
  std::string output; ///< path of the .eclip file
  /// One eclip.schedule for each plan, in the file's order; their attributes
  /// are in compiler/schedule/Plans.h.
  mlir::OwningOpRef<mlir::ModuleOp> module;
  CompileReport report; ///< of its kernels
};

struct CompiledMix {
  std::vector<CompiledWorker> workers;
  /// What the plans "mix" were decided by; worker i of the problem is workers[i].
  /// Absent for one model. The problem's costs are those of the modules.
  std::optional<MixProblem> problem;
  std::optional<MixSolution> solution;
  MixPlay play;
};

/// Runs the whole pipeline on imported modules, with one entry of `options` a
/// worker, and clusters the plans "mix" of several jointly. `onWorker` is told
/// whose module is worked on next, and before the joint clustering the number
/// of workers.
mlir::LogicalResult
runMixPipeline(CompiledMix &mix, llvm::ArrayRef<PipelineOptions> options,
               llvm::function_ref<void(size_t)> onWorker);

} // namespace eclip

#endif // ECLIP_COMPILER_PIPELINE_COMPILEDMIX_H
