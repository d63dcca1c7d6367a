//===- Passes.h - the report as a pass --------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_PASSES_H
#define ECLIP_COMPILER_EXPLAIN_PASSES_H

#include "mlir/Pass/Pass.h"

#include <memory>
#include <string>

namespace eclip {

#define GEN_PASS_DECL
#include "compiler/explain/Passes.h.inc"

#define GEN_PASS_REGISTRATION
#include "compiler/explain/Passes.h.inc"

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_PASSES_H
