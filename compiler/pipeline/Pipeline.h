//===- Pipeline.h - from an ONNX file to a .eclip file ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_PIPELINE_PIPELINE_H
#define ECLIP_COMPILER_PIPELINE_PIPELINE_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Support/LLVM.h"
#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <functional>
#include <optional>
#include <string>

namespace eclip {

struct CompileReport;

/// Points of the pipeline at which its IR can be printed, in order.
enum class Stage { Import, Kernels, Llvm, Asm, Plans, Groups, Schedule };

/// A stage by its name in `--emit`; none if there is no such stage.
std::optional<Stage> stageByName(llvm::StringRef name);

struct PipelineOptions {
  std::string target = "gfx906";
  std::string precision = "f32"; ///< of tensors between kernels: f32 or f16
  std::string device = "mi50"; ///< a built-in description or a JSON file
  std::string profile;         ///< of eclip-profile; empty: the model alone
  std::string objective;       ///< empty: the clustering's default
  int64_t maxSwitches = 14;    ///< switches of CU count per request
  double sloMs = 0;            ///< limit on the time of a request; 0: none
  double throughputFloor = 0;  ///< 0 to 1; 0: the objective's default
  int64_t neighbours = 3;      ///< most unknown ones to make plans for
  bool eachCus = false;        ///< plans for measuring: one a mask size
  int64_t mixWorkers = 0;      ///< of the mix that the model is in; 0: none
  int64_t mixChoice = 0;       ///< of the mix, by `efficiency`; 0: the best
  int64_t cus = 0;             ///< of every kernel; 0: as clustering decides
  std::string end = "either";  ///< with `cus`: near, far or either
  int64_t priority = 0;        ///< with `cus`: of its queues, 0 to 2
  std::string cacheDirectory;  ///< of the kernel cache; empty: none
  uint64_t cacheBytes = 0;     ///< size limit of the cache; 0: none
  std::string tileFile;        ///< measured tiles; empty: those built in
  /// Told how many kernels are compiled, and at the end how many the cache had.
  std::function<void(size_t done, size_t total)> onKernel;
  std::function<void(const CompileReport &)> onCompiled;
  /// Told the name of each pass before it runs.
  std::function<void(llvm::StringRef)> onPass;
};

/// Runs the passes up to and including `last` on an imported module. For Llvm
/// and Asm the text is written to `text`; the module is then not usable for
/// later stages.
mlir::LogicalResult runPipeline(mlir::ModuleOp module, Stage last,
                                const PipelineOptions &options,
                                std::string &text);

/// Goes on after the stage `done`, with the same options.
mlir::LogicalResult continuePipeline(mlir::ModuleOp module, Stage done,
                                     Stage last,
                                     const PipelineOptions &options);

} // namespace eclip

#endif // ECLIP_COMPILER_PIPELINE_PIPELINE_H
