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

/// The first ONNX node name in a location, or an empty string.
static std::string nodeName(Location loc) {
  std::string name;
  loc->walk([&](Location inner) {
    auto nameLoc = dyn_cast<NameLoc>(inner);
    if (!nameLoc)
      return WalkResult::advance();
    name = nameLoc.getName().str();
    return WalkResult::interrupt();
  });
  return name;
}

eclip::UserDiagnostics::UserDiagnostics(MLIRContext &context, std::string file)
    : ScopedDiagnosticHandler(&context) {
  setHandler([file = std::move(file)](Diagnostic &diagnostic) {
    if (diagnostic.getSeverity() != DiagnosticSeverity::Error)
      return success();
    std::string message = diagnostic.str();
    std::string node = nodeName(diagnostic.getLocation());
    llvm::errs() << "eclip-compile: error: ";
    if (!StringRef(message).starts_with(file))
      llvm::errs() << file << ": ";
    if (!node.empty() && message.find("'" + node + "'") == std::string::npos)
      llvm::errs() << "node '" << node << "': ";
    llvm::errs() << message << "\n";
    return success();
  });
}
