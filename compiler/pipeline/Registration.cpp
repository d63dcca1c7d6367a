//===- Registration.cpp - every dialect and pass of ours ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Registration.h"

#include "compiler/explain/Passes.h"
#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"
#include "compiler/kernels/formation/Passes.h"
#include "compiler/kernels/layout/Passes.h"
#include "compiler/kernels/precision/Passes.h"
#include "compiler/schedule/Passes.h"
#include "dialect/Eclip.h"

#include "mlir/InitAllDialects.h"
#include "mlir/Transforms/Passes.h"

void eclip::registerDialects(mlir::DialectRegistry &registry) {
  mlir::registerAllDialects(registry);
  registry.insert<EclipDialect>();
  registerCodegenDialects(registry);
}

void eclip::registerPasses() {
  mlir::registerTransformsPasses();
  registerEclipLayoutPasses();
  registerEclipFormationPasses();
  registerEclipPrecisionPasses();
  registerEclipCodegenPasses();
  registerEclipSchedulePasses();
  registerEclipExplainPasses();
}
