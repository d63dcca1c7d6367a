//===- Compile.h - models to finished schedules -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_COMPILE_COMPILE_H
#define ECLIP_TOOLS_ECLIP_COMPILE_COMPILE_H

#include "compiler/pipeline/CompiledMix.h"
#include "tools/eclip-compile/Diagnostics.h"
#include "tools/eclip-compile/Options.h"

#include <chrono>

namespace eclip {

using TimePoint = std::chrono::steady_clock::time_point;

/// Seconds since `start`.
double secondsSince(TimePoint start);

/// Imports and compiles every model of `options`. False after an error has been
/// printed. Shows progress where standard error is a terminal.
bool compileModels(mlir::MLIRContext &context, UserDiagnostics &diagnostics,
                   const Options &options, TimePoint start, CompiledMix &mix);

/// Prints the one stage of the one model that --emit asks for, whole or not at
/// all. Returns the exit code.
int emitStage(mlir::MLIRContext &context, const Options &options,
              TimePoint start);

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_COMPILE_COMPILE_H
