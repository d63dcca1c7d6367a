//===- Passes.td - scheduling passes ---------------------------*- tablegen -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_SCHEDULE_PASSES
#define ECLIP_SCHEDULE_PASSES

include "mlir/Pass/PassBase.td"

def AnnotateCost : Pass<"eclip-annotate-cost", "::mlir::ModuleOp"> {
  let summary = "Predict time and energy of each dispatch at each CU count";
  let description = [{
    Counts the operations and bytes of each kernel, estimates its time and
    energy on the device and puts them on every dispatch as `cost`, and what it
    asks of the memory and the board as `eclip.demand`. Sets the schedule's
    `device`, `eclip.device_limits`, `eclip.mask_topology` where the device
    alone doesn't say it, and, as `eclip.switch_cost_ns` and
    `eclip.switch_cost_nj`, what going on in another queue costs. A kernel
    with a `launch` is estimated from its real grid and resources, one without
    from the usual tile of its kind.

    With `profile`, kernels that were measured at every CU count of the device
    get the measured times; `cost` says so in `source`, and `eclip.profile` on
    the schedule how many dispatches that are.

    Refuses kernels of another ISA than the device's. With
    `allow-isa-mismatch` it predicts from their grids and resources all the
    same, which is a guess: other ISAs get other code.
  }];
  let options = [
    Option<"device", "device", "std::string", "\"mi50\"",
           "Device description: a built-in name or the path of a .json file">,
    Option<"profile", "profile", "std::string", "\"\"",
           "Measurements by eclip-profile, used in place of the model">,
    Option<"profileMustCover", "profile-must-cover", "bool", "false",
           "Refuse kernels that the profile lacks">,
    Option<"allowIsaMismatch", "allow-isa-mismatch", "bool", "false",
           "Predict from kernels that are compiled for another ISA">
  ];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def Cluster : Pass<"eclip-cluster", "::mlir::ModuleOp"> {
  let summary = "Choose a CU count for each dispatch";
  let description = [{
    Solves the clustering problem of docs/scheduling.md on the costs of the
    dispatches, verifies the solution against the definition, and makes one
    `eclip.group` of each run of dispatches with one CU count. The schedule gets
    `eclip.clustering` with what was decided and what all CUs would cost.
  }];
  let options = [
    Option<"maxSwitches", "max-switches", "int64_t", "14",
           "Most changes of the CU count in one request">,
    Option<"objective", "objective", "std::string", "\"energy\"",
           "latency, energy, edp or paper">,
    Option<"timeSlackPercent", "time-slack-percent", "double", "10.0",
           "Objective energy only: predicted time allowed above all CUs, in "
           "percent">,
    Option<"sloMs", "slo-ms", "double", "0.0",
           "Most predicted time of a request, in milliseconds; 0: no limit. In "
           "place of time-slack-percent">,
    Option<"solver", "solver", "std::string", "\"dp\"",
           "dp (dynamic program) or exhaustive (small instances only)">
  ];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def SolveClustering : Pass<"eclip-solve-clustering", "::mlir::ModuleOp"> {
  let summary = "Solve clustering problems that are written as attributes";
  let description = [{
    For tests and experiments: each module with `eclip.clustering_problem` gets
    `eclip.clustering_solution`, so that one file runs every solver on the same
    instance. docs/scheduling.md has the fields.
  }];
  let options = [
    Option<"solver", "solver", "std::string", "\"dp\"",
           "For one worker alone: dp or exhaustive. For a mix: mix or "
           "mix-exhaustive">,
    Option<"objective", "objective", "std::string", "\"\"",
           "In place of the instance's own">,
    Option<"integerProgram", "integer-program", "std::string", "\"\"",
           "Write one worker's instance to this file, in LP format, instead">
  ];
}

def VerifyClustering : Pass<"eclip-verify-clustering", "::mlir::ModuleOp"> {
  let summary = "Verify clustering solutions that are written as attributes";
  let description = [{
    Proves each `eclip.clustering_solution` against the
    `eclip.clustering_problem` beside it: choices, limits and every total that
    the solution claims. Changes nothing.
  }];
}

def AssignQueues : Pass<"eclip-assign-queues", "::mlir::ModuleOp"> {
  let summary = "Turn CU counts into masks aligned to shader engines";
  let description = [{
    Groups with one CU count share a queue. Its mask takes whole shader engines
    from one end of the device, so that a second worker that starts from the
    other end overlaps least.
  }];
  let options = [
    Option<"worker", "worker", "unsigned", "0",
           "Index of this model in its mix: even ones start at the low end">,
    Option<"workerEnd", "worker-end", "std::string", "\"auto\"",
           "Shader engines to start from: low, high, or auto (by worker)">
  ];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def InsertBarriers : Pass<"eclip-insert-barriers", "::mlir::ModuleOp"> {
  let summary = "Order dependencies that cross queues, and no others";
  let description = [{
    A dispatch waits for the producer of an operand exactly where the producer
    is on another queue and neither queue order nor an earlier barrier implies
    the order already. A barrier has at most five waits; more are chained.
  }];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def PlanMemory : Pass<"eclip-plan-memory", "::mlir::ModuleOp"> {
  let summary = "Place every result in the arena";
  let description = [{
    Two results share bytes only if all accesses of one happen before the first
    write of the other, whatever the queues do. The schedule gets its arena's
    size and `eclip.arena_lower_bound`, which no placement can be below.
  }];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def VerifySchedule : Pass<"eclip-verify-schedule", "::mlir::ModuleOp"> {
  let summary = "Prove that all conflicting accesses of a schedule are ordered";
  let description = [{
    Takes only queue order and barriers as order, and checks every two accesses
    to common bytes of which one is a write. Uses nothing of the passes that
    made the schedule. Changes nothing.
  }];
}

#endif // ECLIP_SCHEDULE_PASSES
