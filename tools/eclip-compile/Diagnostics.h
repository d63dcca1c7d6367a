//===- Diagnostics.h - one clear line for a user's mistake ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_COMPILE_DIAGNOSTICS_H
#define ECLIP_TOOLS_ECLIP_COMPILE_DIAGNOSTICS_H

#include "mlir/IR/Diagnostics.h"

#include <string>

namespace eclip {

/// While alive, prints each error and warning of the context as
/// `eclip-compile: error: FILE: node 'NAME': MESSAGE`, where the operation's
/// location names an ONNX node. Notes and remarks are not printed.
class UserDiagnostics : public mlir::ScopedDiagnosticHandler {
public:
  UserDiagnostics(mlir::MLIRContext &context, std::string file);

  /// Whose errors come next; empty: those of no one file. Not while passes run.
  void setFile(std::string path) { file = std::move(path); }

private:
  std::string file;
};

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_COMPILE_DIAGNOSTICS_H
