//===- Registration.h - every dialect and pass of ours ----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_PIPELINE_REGISTRATION_H
#define ECLIP_COMPILER_PIPELINE_REGISTRATION_H

namespace mlir {
class DialectRegistry;
} // namespace mlir

namespace eclip {

/// Dialects that any stage of the pipeline reads or makes, and the external
/// interface models that the passes rely on.
void registerDialects(mlir::DialectRegistry &registry);

/// Every pass of ours, for eclip-opt. Call once.
void registerPasses();

} // namespace eclip

#endif // ECLIP_COMPILER_PIPELINE_REGISTRATION_H
