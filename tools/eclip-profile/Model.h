//===- Model.h - the kernels of a compiled model ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_MODEL_H
#define ECLIP_TOOLS_ECLIP_PROFILE_MODEL_H

#include "tools/eclip-profile/KernelSchedule.h"
#include "tools/eclip-profile/Options.h"

#include "runtime/schema/schedule_generated.h"

#include "llvm/Support/Error.h"
#include "llvm/Support/MemoryBuffer.h"

#include <memory>
#include <set>

namespace eclip::profiler {

/// A kernel with its first launch, which points into the model.
struct ModelKernel {
  std::string hash;
  KernelLaunch launch;
  /// CU counts that it is for, where the file has a plan for each; else empty,
  /// for all.
  std::set<int64_t> cuCounts;
};

/// Adds `kernel` to distinct ones, or its CU counts to the one that it is.
void addKernel(std::vector<ModelKernel> &kernels, ModelKernel kernel);

/// A verified schedule file in memory.
struct Model {
  std::unique_ptr<llvm::MemoryBuffer> file;
  const fb::Schedule *schedule = nullptr;
  const uint8_t *constants = nullptr;
  uint64_t constantsBytes = 0;
  /// Distinct by hash, in order of their first dispatch.
  std::vector<ModelKernel> kernels;
};

/// Reads a .eclip file, or compiles a .onnx file with the eclip-compile beside
/// this program (`argv0`) first, with a plan for each CU count: so all variants
/// of its kernels are there, each on the CU counts that it is for.
llvm::Expected<Model> loadModel(const Options &options, const char *argv0);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_MODEL_H
