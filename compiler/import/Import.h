//===- Import.h - ONNX to linalg on tensors ---------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_IMPORT_H
#define ECLIP_COMPILER_IMPORT_IMPORT_H

#include "mlir/IR/BuiltinOps.h"
#include "mlir/IR/MLIRContext.h"
#include "mlir/IR/OwningOpRef.h"
#include "llvm/ADT/StringMap.h"
#include "llvm/ADT/StringRef.h"

#include <cstdint>
#include <optional>

namespace eclip {

struct ImportOptions {
  /// Binds the leading dynamic dimension of the inputs: the name that the
  /// first input with one gives it, wherever that name occurs, and leading
  /// dimensions without a name.
  std::optional<int64_t> batch;
  /// Binds dynamic dimensions by name.
  llvm::StringMap<int64_t> dims;
};

/// Reads an ONNX model and returns a module with one function,
///
///   func.func @main(%x: tensor<..> {eclip.name = "x"})
///       -> (tensor<..> {eclip.name = "y"})
///
/// whose body is linalg, tensor, arith and math on statically shaped tensors.
/// Every operation's location is the name of its ONNX node. Constant subgraphs
/// are evaluated, Identity and Dropout dropped, and a batch normalization after
/// a convolution folded into it. Weights are dense_resource constants that
/// point into the mapped weights file or the parsed model; the context keeps
/// these alive, and the files must not be truncated meanwhile. The module has
/// the attributes eclip.model_name (the file's stem) and eclip.model_hash
/// (SHA-256, hexadecimal).
///
/// Loads the dialects that it uses. On failure returns null after exactly one
/// error diagnostic, a line that begins with the model's path and names the
/// node and the operator, attribute, input or dimension at fault.
mlir::OwningOpRef<mlir::ModuleOp> importOnnx(mlir::MLIRContext &context, llvm::StringRef path,
                                             const ImportOptions &options = {});

} // namespace eclip

#endif // ECLIP_COMPILER_IMPORT_IMPORT_H
