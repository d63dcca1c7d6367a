//===- Registration.cpp - every dialect and pass of ours ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Registration.h"

#if __has_include("compiler/kernels/codegen/Passes.h")
#include "compiler/kernels/codegen/Passes.h"
#define HAVE_CODEGEN 1
#endif
#if __has_include("compiler/kernels/formation/Passes.h")
#include "compiler/kernels/formation/Passes.h"
#define HAVE_FORMATION 1
#endif
#if __has_include("compiler/kernels/layout/Passes.h")
#include "compiler/kernels/layout/Passes.h"
#define HAVE_LAYOUT 1
#endif
#if __has_include("compiler/schedule/Passes.h")
#include "compiler/schedule/Passes.h"
#define HAVE_SCHEDULE 1
#endif
#include "dialect/Eclip.h"

#include "mlir/InitAllDialects.h"
#include "mlir/Transforms/Passes.h"

void eclip::registerDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  registry.insert<EclipDialect>();
}

void eclip::registerPasses() {
  mlir::registerTransformsPasses();
#ifdef HAVE_LAYOUT
  registerEclipLayoutPasses();
#endif
#ifdef HAVE_FORMATION
  registerEclipFormationPasses();
#endif
#ifdef HAVE_CODEGEN
  registerEclipCodegenPasses();
#endif
#ifdef HAVE_SCHEDULE
  registerEclipSchedulePasses();
#endif
}
