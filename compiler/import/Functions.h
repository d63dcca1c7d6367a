//===- Functions.h - a model's own functions --------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_FUNCTIONS_H
#define ECLIP_COMPILER_IMPORT_FUNCTIONS_H

#include "llvm/Support/Error.h"

namespace onnx {
class ModelProto;
}

namespace eclip::frontend {

/// Replaces every node that calls one of the model's functions by the
/// function's nodes, under names that begin with the call's: "CALL/NODE". The
/// message has no functions afterwards. Errors name the calling node.
llvm::Error inlineFunctions(onnx::ModelProto &model);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_FUNCTIONS_H
