//===- Passes.td - the report as a pass ------------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_EXPLAIN_PASSES
#define ECLIP_EXPLAIN_PASSES

include "mlir/Pass/PassBase.td"

def ExplainSchedule : Pass<"eclip-explain", "::mlir::ModuleOp"> {
  let summary = "Print the report of a finished schedule to standard output";
  let description = [{
    What eclip-compile prints with --explain, for a module that is already
    scheduled: with device, costs, groups, queues, barriers and offsets. Several
    schedules of one module are plans of one model. Changes nothing.
  }];
  let options = [
    Option<"format", "format", "std::string", "\"text\"",
           "text, json or html">,
    Option<"device", "device", "std::string", "\"\"",
           "Device description for what bounds each kernel: a built-in name or "
           "the path of a .json file. Default: the built-in one that the "
           "schedule names; where there is none, bounds are left out">
  ];
}

#endif // ECLIP_EXPLAIN_PASSES
