// One file, every solver on the same instance.
//
// RUN: eclip-opt --eclip-solve-clustering %s | FileCheck %s --check-prefixes=ALONE,ENERGY
// RUN: eclip-opt --eclip-solve-clustering=solver=exhaustive %s | FileCheck %s --check-prefixes=ALONE,ENERGY
// RUN: eclip-opt --eclip-solve-clustering=objective=paper %s | FileCheck %s --check-prefix=PAPER
// RUN: eclip-opt --eclip-solve-clustering="solver=exhaustive objective=paper" %s | FileCheck %s --check-prefix=PAPER
// RUN: eclip-opt --eclip-solve-clustering=objective=edp %s | FileCheck %s --check-prefix=EDP
// RUN: eclip-opt --eclip-solve-clustering="solver=exhaustive objective=edp" %s | FileCheck %s --check-prefix=EDP
// RUN: eclip-opt --eclip-solve-clustering=objective=latency %s | FileCheck %s --check-prefix=LATENCY
// RUN: eclip-opt --eclip-solve-clustering="solver=exhaustive objective=latency" %s | FileCheck %s --check-prefix=LATENCY
//
// What they write is proven without them.
// RUN: eclip-opt --eclip-solve-clustering --eclip-verify-clustering %s -o /dev/null
// RUN: eclip-opt --eclip-solve-clustering=solver=exhaustive --eclip-verify-clustering %s -o /dev/null
//
// An outside solver gets the same instance.
// RUN: eclip-opt --eclip-solve-clustering="objective=paper integer-program=%t.lp" %s -o /dev/null
// RUN: FileCheck %s --check-prefix=LP < %t.lp

// Two kernels that scale with CUs, two that don't, then one that does.
// ALONE-LABEL: module attributes
// ENERGY-SAME: cu_counts = [array<i64: 60, 60, 15, 15, 60>]
// ENERGY-SAME: energy_nj = array<i64: 142>
// ENERGY-SAME: objective_value = "142", optimal = true, problem = "alone", switches = array<i64: 2>, time_ns = array<i64: 510>
// PAPER: cu_counts = [array<i64: 60, 60, 15, 15, 60>]
// PAPER-SAME: objective_value = "255000000", optimal = true
// EDP: objective_value = "72420", optimal = true
// LATENCY: cu_counts = [array<i64: 60, 60, 60, 60, 60>]
// LATENCY-SAME: objective_value = "500", optimal = true
// LP: Minimize
// LP-NEXT: obj: + 375000 a_75 + 390000 a_90
// LP: one_0: + x_0_15 + x_0_30 + x_0_45 + x_0_60 = 1
// LP: switches: + d_1 + d_2 + d_3 + d_4 <= 2
// LP: Binaries
module attributes {eclip.clustering_problem = {
  objective = "energy", cus = 60 : i64, shader_engines = 4 : i64, max_masked_queues = 7 : i64,
  workers = [{
    cu_counts = array<i64: 15, 30, 45, 60>, max_switches = 2 : i64,
    switch_cost_ns = 5 : i64, switch_cost_nj = 1 : i64, time_limit_ns = 0 : i64,
    time_ns = dense<[[400, 200, 140, 100], [400, 200, 140, 100], [100, 100, 100, 100],
                     [100, 100, 100, 100], [400, 200, 140, 100]]> : tensor<5x4xi64>,
    energy_nj = dense<[[60, 50, 45, 40], [60, 50, 45, 40], [10, 20, 30, 40],
                       [10, 20, 30, 40], [60, 50, 45, 40]]> : tensor<5x4xi64>
  }]}} {
}
