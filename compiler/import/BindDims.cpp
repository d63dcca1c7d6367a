//===- BindDims.cpp - dynamic dimensions of the inputs --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/ImportState.h"

#include "mlir/IR/Diagnostics.h"
#include "llvm/ADT/StringExtras.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
class Binder {
public:
  Binder(MLIRContext &context, const Model &model, const ImportOptions &options)
      : context(context), model(model), options(options) {}

  FailureOr<DimBindings> bind() {
    for (const ValueInfo &input : model.inputs) {
      if (!input.hasShape)
        return error("input '" + input.name + "' has no shape");
      for (const Dim &dim : input.shape)
        if (!dim.value && !dim.param.empty() && !llvm::is_contained(names, dim.param))
          names.push_back(dim.param);
    }
    if (failed(bindNames()) || (options.batch && failed(bindBatch())) || failed(checkBound()))
      return failure();
    return std::move(result);
  }

private:
  LogicalResult error(const Twine &message) {
    return reportError(context, model.path, message);
  }

  LogicalResult bindNames() {
    // A StringMap has no order; the first error must not depend on hashing.
    SmallVector<StringRef> given(options.dims.keys());
    llvm::sort(given);
    for (StringRef name : given) {
      int64_t extent = options.dims.lookup(name);
      if (!llvm::is_contained(names, name)) {
        std::string known = names.empty() ? "has none" : "has '" + llvm::join(names, "', '") + "'";
        return error("--dim " + name + "=" + Twine(extent) + ": the model " + known + " among its inputs' dimensions");
      }
      if (extent < 1)
        return error("--dim " + name + "=" + Twine(extent) + ": must be at least 1");
      result.byName[name] = extent;
    }
    return success();
  }

  LogicalResult bindBatch() {
    int64_t batch = *options.batch;
    if (batch < 1)
      return error("--batch " + Twine(batch) + ": must be at least 1");
    std::string name;
    bool bindsUnnamed = false, fixedElsewhere = false;
    for (const ValueInfo &input : model.inputs) {
      if (input.shape.empty())
        continue;
      const Dim &lead = input.shape[0];
      if (!lead.value && lead.param.empty())
        bindsUnnamed = true;
      else if (!lead.value && name.empty())
        name = lead.param;
      fixedElsewhere |= lead.value && *lead.value != batch;
    }
    if (!name.empty()) {
      auto [it, isNew] = result.byName.try_emplace(name, batch);
      if (!isNew && it->second != batch)
        return error("--batch " + Twine(batch) + " and --dim " + name + "=" + Twine(it->second) +
                     " bind the same dimension");
    } else if (!bindsUnnamed && (fixedElsewhere || model.inputs.empty())) {
      return error("--batch " + Twine(batch) + ": no input has a dynamic leading dimension");
    }
    if (bindsUnnamed)
      result.unnamedBatch = batch;
    return success();
  }

  LogicalResult checkBound() {
    for (const ValueInfo &input : model.inputs)
      for (auto [i, dim] : llvm::enumerate(input.shape)) {
        if (dim.value)
          continue;
        std::string what = "input '" + input.name + "': dimension " + std::to_string(i);
        if (dim.param.empty()) {
          if (i != 0)
            return error(what + " is dynamic and has no name, which cannot be bound");
          if (!result.unnamedBatch)
            return error(what + " is dynamic: give it with --batch N");
        } else if (!result.byName.contains(dim.param)) {
          return error(what + " ('" + dim.param + "') is dynamic: give it with " + (i ? "" : "--batch N or ") +
                       "--dim " + dim.param + "=N");
        }
      }
    return success();
  }

  MLIRContext &context;
  const Model &model;
  const ImportOptions &options;
  SmallVector<std::string> names;
  DimBindings result;
};
} // namespace

FailureOr<DimBindings> bindDims(MLIRContext &context, const Model &model, const ImportOptions &options) {
  return Binder(context, model, options).bind();
}

} // namespace eclip::frontend
