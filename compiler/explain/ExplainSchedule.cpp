//===- ExplainSchedule.cpp - the report as a pass -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Explain.h"
#include "compiler/explain/Passes.h"
#include "compiler/explain/Write.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_EXPLAINSCHEDULE
#include "compiler/explain/Passes.h.inc"
} // namespace eclip

namespace {

struct ExplainSchedule : eclip::impl::ExplainScheduleBase<ExplainSchedule> {
  using Base::Base;

  void runOnOperation() override {
    std::optional<ReportFormat> wanted = parseReportFormat(format);
    if (!wanted) {
      getOperation().emitError() << "unknown format '" << format
                                 << "'; known are text, json, html";
      return signalPassFailure();
    }
    std::optional<DeviceDescription> description;
    if (failed(load(description)))
      return signalPassFailure();
    ExplainOptions options;
    options.device = description ? &*description : nullptr;
    auto name =
        getOperation()->getAttrOfType<StringAttr>("eclip.model_name");
    auto report = explain(
        {{name ? name.str() : std::string("model"), getOperation()}}, options);
    if (failed(report))
      return signalPassFailure();
    writeReport(*report, *wanted, llvm::outs());
  }

  LogicalResult load(std::optional<DeviceDescription> &description);
};

} // namespace

LogicalResult
ExplainSchedule::load(std::optional<DeviceDescription> &description) {
  std::string name = device;
  auto schedules = getOperation().getOps<ScheduleOp>();
  if (name.empty() && !schedules.empty())
    if (DeviceAttr attr = (*schedules.begin()).getDeviceAttr();
        attr && llvm::is_contained(builtinDeviceNames(), attr.getName()))
      name = attr.getName().str();
  if (name.empty())
    return success();
  auto loaded = loadDeviceDescription(name);
  if (!loaded)
    return getOperation().emitError() << llvm::toString(loaded.takeError());
  description = std::move(*loaded);
  return success();
}
