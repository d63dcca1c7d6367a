// A mix of two, and the joint solver beside the oracle.
//
// RUN: eclip-opt --eclip-solve-clustering=solver=mix %s | FileCheck %s --check-prefix=LATENCY
// RUN: eclip-opt --eclip-solve-clustering=solver=mix-exhaustive %s | FileCheck %s --check-prefix=LATENCY
// RUN: eclip-opt --eclip-solve-clustering="solver=mix objective=energy" %s | FileCheck %s --check-prefix=ENERGY
// RUN: eclip-opt --eclip-solve-clustering="solver=mix-exhaustive objective=energy" %s | FileCheck %s --check-prefix=ENERGY
// RUN: eclip-opt --eclip-solve-clustering="solver=mix objective=paper" %s | FileCheck %s --check-prefix=PAPER
// RUN: eclip-opt --eclip-solve-clustering="solver=mix-exhaustive objective=paper" %s | FileCheck %s --check-prefix=PAPER
// RUN: eclip-opt --eclip-solve-clustering="solver=mix objective=efficiency" %s | FileCheck %s --check-prefix=EFFICIENCY
// RUN: eclip-opt --eclip-solve-clustering="solver=mix-exhaustive objective=efficiency" %s | FileCheck %s --check-prefix=EFFICIENCY
// RUN: eclip-opt --eclip-solve-clustering=solver=mix --eclip-verify-clustering %s -o /dev/null
// RUN: sed 's/"latency"/"efficiency"/' %s | eclip-opt --eclip-solve-clustering=solver=mix --eclip-verify-clustering -o /dev/null

// RUN: sed 's/max_switches = 1/max_queues = 1/' %s | eclip-opt --eclip-solve-clustering=solver=mix --eclip-verify-clustering -o /dev/null
// RUN: sed 's/max_switches = 1/max_queues = 0/' %s | not eclip-opt --eclip-solve-clustering=solver=mix 2>&1 | FileCheck %s --check-prefix=NONE
// NONE: worker 'wide': max_queues is 0, needs at least 1

// The first worker scales with CUs, the second makes use of 15: together they
// fit beside each other.
// LATENCY: cu_counts = [array<i64: 45, 45>, array<i64: 15, 15>]
// LATENCY-SAME: time_ns = array<i64: 2800, 2000>
// ENERGY: cu_counts = [
// ENERGY-SAME: objective_value = "[[E:[0-9]+]]"
// Rates of 2200 / 2800 and 1; 20 W, 424 uJ in 2.8 us and 80 uJ in 2 us: 211.4 W.
// EFFICIENCY: cu_counts = [array<i64: 45, 45>, array<i64: 15, 15>]
// EFFICIENCY-SAME: objective_value = "66303999999"
// PAPER: cu_counts = [
// PAPER-SAME: optimal = true
module attributes {eclip.clustering_problem = {
  objective = "latency", cus = 60 : i64, shader_engines = 4 : i64, max_masked_queues = 7 : i64,
  idle_mw = 20000 : i64,
  workers = [{
    name = "wide", cu_counts = array<i64: 15, 30, 45, 60>, max_switches = 1 : i64, switch_cost_ns = 50 : i64,
    time_ns = dense<[[4000, 2000, 1400, 1100], [4000, 2000, 1400, 1100]]> : tensor<2x4xi64>,
    energy_nj = dense<[[300000, 250000, 240000, 230000], [300000, 250000, 240000, 230000]]> : tensor<2x4xi64>
  }, {
    name = "narrow", cu_counts = array<i64: 15, 30, 45, 60>, max_switches = 1 : i64, switch_cost_ns = 50 : i64,
    time_ns = dense<[[1000, 1000, 1000, 1000], [1000, 1000, 1000, 1000]]> : tensor<2x4xi64>,
    energy_nj = dense<[[60000, 80000, 100000, 120000], [60000, 80000, 100000, 120000]]> : tensor<2x4xi64>
  }]}} {
}
