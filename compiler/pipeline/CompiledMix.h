//===- CompiledMix.h - what a run of the compiler leaves --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One model, or several that were compiled jointly, after the last pass and
// before files are written. All modules are of one context, which outlives this.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_PIPELINE_COMPILEDMIX_H
#define ECLIP_COMPILER_PIPELINE_COMPILEDMIX_H

#include "compiler/kernels/codegen/Compile.h"
#include "compiler/schedule/MixClustering.h"

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
};

} // namespace eclip

#endif // ECLIP_COMPILER_PIPELINE_COMPILEDMIX_H
