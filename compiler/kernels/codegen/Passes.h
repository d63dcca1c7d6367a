//===- Passes.h - passes of code generation ---------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_PASSES_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_PASSES_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Pass/Pass.h"

namespace eclip {

#define GEN_PASS_DECL
#include "compiler/kernels/codegen/Passes.h.inc"

/// eclip-compile-kernels for `options`, callbacks included.
struct CompileOptions;
std::unique_ptr<mlir::Pass> createCompileKernelsPass(CompileOptions options);

#define GEN_PASS_REGISTRATION
#include "compiler/kernels/codegen/Passes.h.inc"

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_PASSES_H
