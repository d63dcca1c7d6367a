//===- Diagnostics.cpp - one clear line for a user's mistake --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-compile/Diagnostics.h"

#include "mlir/IR/BuiltinAttributes.h"
#include "mlir/IR/Location.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;

/// The first ONNX node of a location as "'NAME' (Operator)", or an empty string.
/// The importer names a node by a NameLoc whose child names its operator.
static std::string nodeText(Location loc) {
  std::string text;
  loc->walk([&](Location inner) {
    auto node = dyn_cast<NameLoc>(inner);
    if (!node)
      return WalkResult::advance();
    text = "'" + node.getName().str() + "'";
    if (auto op = dyn_cast<NameLoc>(node.getChildLoc()))
      text += " (" + op.getName().str() + ")";
    return WalkResult::interrupt();
  });
  return text;
}

eclip::UserDiagnostics::UserDiagnostics(MLIRContext &context, std::string path)
    : ScopedDiagnosticHandler(&context), file(std::move(path)) {
  setHandler([this](Diagnostic &diagnostic) {
    bool isError = diagnostic.getSeverity() == DiagnosticSeverity::Error;
    if (!isError && diagnostic.getSeverity() != DiagnosticSeverity::Warning)
      return success();
    std::string message = diagnostic.str();
    std::string node = nodeText(diagnostic.getLocation());
    llvm::errs() << "eclip-compile: " << (isError ? "error: " : "warning: ");
    if (!file.empty() && !StringRef(message).starts_with(file))
      llvm::errs() << file << ": ";
    if (!file.empty() && !node.empty() && node != "'" + file + "'" &&
        message.find(node) == std::string::npos)
      llvm::errs() << "node " << node << ": ";
    llvm::errs() << message << "\n";
    return success();
  });
}
