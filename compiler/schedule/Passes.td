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
    from the usual tile of its kind. On a CU count that a variant of the kernel
    is for, the variant is. Where `eclip.tile_times` says what a kernel takes, it
    takes that, and its energy follows.

    With `profile`, kernels that were measured at every CU count of the device
    (variants at those that they are for, and kernels at the others) get the
    measured times; `cost` says so in `source`, and `eclip.profile` on the
    schedule how many dispatches that are.

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

def MakePlans : Pass<"eclip-make-plans", "::mlir::ModuleOp"> {
  let summary = "Make a schedule for each number of neighbours";
  let description = [{
    Takes each annotated schedule as the plan "alone" and copies it into a plan
    for 1, 2 ... unknown neighbours, and for a mix's worker into the plan "mix".
    What a plan is for stands on it as `eclip.plan_name`, `eclip.plan_neighbours`
    and `eclip.plan_mix`; `eclip-cluster` decides each by what it is for.

    All queues of a file's plans are open while it is loaded. Where the device
    has more mask sizes than its masked queues can serve from both ends,
    `eclip.offered_cus` limits all plans to the same few, evenly spread.

    With `each-cus` the plans are for measuring instead: one for each of the
    device's mask sizes, from all CUs down, marked with `eclip.pinned_cus`, on
    which eclip-cluster puts all of it. So all variants of all kernels are used.
  }];
  let options = [
    Option<"eachCus", "each-cus", "bool", "false",
           "A plan for each mask size, in place of those for neighbours">,
    Option<"neighbours", "neighbours", "int64_t", "3",
           "Most unknown neighbours to plan for, 0 to 3">,
    Option<"mixWorkers", "mix-workers", "int64_t", "0",
           "Workers of the mix that this module belongs to, 2 to 16; 0: none">
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

    A plan for N unknown neighbours is decided beside N copies of itself, as the
    mix of docs/mixes.md whose workers all make one choice. All plans of a mix
    in the module are decided jointly, unless that has been done.
  }];
  let options = [
    Option<"maxSwitches", "max-switches", "int64_t", "14",
           "Most changes of the CU count in one request">,
    Option<"objective", "objective", "std::string", "\"energy\"",
           "latency, energy, edp, paper or efficiency; of the plan alone the "
           "latter is edp">,
    Option<"timeSlackPercent", "time-slack-percent", "double", "10.0",
           "Plan alone, objective energy only: predicted time allowed above all "
           "CUs, in percent">,
    Option<"sloMs", "slo-ms", "double", "0.0",
           "Most predicted time of a request, alone or beside a mix's other "
           "workers, in milliseconds; 0: no limit. In place of "
           "time-slack-percent">,
    Option<"throughputFloor", "throughput-floor", "double", "0.0",
           "Least throughput relative to all CUs and, in a mix, to each worker "
           "alone (their harmonic mean), 0 to 1; 0: as time-slack-percent says, "
           "and 95 % of what objective latency finds for a mix">,
    Option<"cus", "cus", "int64_t", "0",
           "Put all dispatches of the plan alone on this many CUs; 0: decide">,
    Option<"end", "end", "std::string", "\"either\"",
           "With cus: the end of the device that the mask keeps to: near, far, or "
           "either, the one that is free when the file is loaded">,
    Option<"priority", "priority", "int64_t", "0",
           "With cus: of the plan's queues, 0 (normal) to 2">,
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

def SplitBranches : Pass<"eclip-split-branches", "::mlir::ModuleOp"> {
  let summary = "Let branches of the graph run side by side where that pays";
  let description = [{
    Between a fork and a join of the dispatches' graph, branches may run at the
    same time on disjoint parts of the device, each on a queue of its own. Every
    such region is played with the costs of the dispatches, barriers and shared
    bandwidth included, and split only if the request takes no longer and is
    better by the objective that the clustering had (for `paper` none is). Keeps
    the limits of switches, masked queues and arena; a worker with neighbours
    splits only where it has all CUs.

    Branches share out the device from both ends. Those of one end get a group
    of their own, with `eclip.far_end` if it is not the worker's end.
    A schedule with split branches gets `eclip.branches`: how many regions there
    are and are split, and what a request costs with and without. One whose
    regions are all left whole gets their number, `eclip.branch_regions`.
  }];
  let options = [
    Option<"maxSwitches", "max-switches", "int64_t", "14",
           "Most barrier packets in one request, unless it has more already">,
    Option<"objective", "objective", "std::string", "\"\"",
           "latency, energy, edp, paper or efficiency (as edp); empty: the "
           "clustering's, else energy">,
    Option<"maxArenaGrowthPercent", "max-arena-growth-percent", "double",
           "100.0", "How much larger than without the arena may be, in percent">
  ];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def SelectVariants : Pass<"eclip-select-variants", "::mlir::ModuleOp"> {
  let summary = "Give each dispatch the variant of its kernel for its CU count";
  let description = [{
    A kernel may have variants for some CU counts (`eclip.variant_of`,
    `eclip.variant_cus`). Each dispatch gets the one for the CU count of its
    group, which has been in its costs all along; `eclip.variant_of` on the
    dispatch keeps the kernel's name. Then the marks of kernels are removed:
    kernels are kernels, and those that nothing dispatches are for
    eclip-drop-kernels to remove.
  }];
  let dependentDialects = ["::eclip::EclipDialect"];
}

def AssignQueues : Pass<"eclip-assign-queues", "::mlir::ModuleOp"> {
  let summary = "Turn CU counts into masks aligned to shader engines";
  let description = [{
    Groups with one CU count share a queue. Its mask takes whole shader engines
    from one end of the device, so that a second worker that starts from the
    other end overlaps least. A group with `eclip.far_end` has a mask from the
    other end. Each queue whose mask would be another from there gets that one
    as `eclip.far_mask`.
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
