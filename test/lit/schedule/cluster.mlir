// One instance, every objective and solver: two kernels that scale with CUs,
// two that don't, then one that does.
// RUN: eclip-opt --eclip-cluster %s | FileCheck %s --check-prefixes=CHECK,ENERGY
// RUN: eclip-opt --eclip-cluster=solver=exhaustive %s | FileCheck %s --check-prefixes=CHECK,ENERGY
// RUN: eclip-opt --eclip-cluster=time-slack-percent=0 %s | FileCheck %s --check-prefixes=CHECK,NOSLACK
// RUN: eclip-opt --eclip-cluster="time-slack-percent=0 solver=exhaustive" %s | FileCheck %s --check-prefixes=CHECK,NOSLACK
// RUN: eclip-opt --eclip-cluster=max-switches=1 %s | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: eclip-opt --eclip-cluster="max-switches=1 solver=exhaustive" %s | FileCheck %s --check-prefixes=CHECK,ONE
// RUN: eclip-opt --eclip-cluster=objective=latency %s | FileCheck %s --check-prefixes=CHECK,LATENCY
// RUN: eclip-opt --eclip-cluster="objective=latency solver=exhaustive" %s | FileCheck %s --check-prefix=CHECK
// RUN: eclip-opt --eclip-cluster=objective=edp %s | FileCheck %s --check-prefixes=CHECK,EDP
// RUN: eclip-opt --eclip-cluster="objective=edp solver=exhaustive" %s | FileCheck %s --check-prefixes=CHECK,EDP
// RUN: eclip-opt --eclip-cluster=objective=paper %s | FileCheck %s --check-prefixes=CHECK,PAPER
// RUN: eclip-opt --eclip-cluster="objective=paper solver=exhaustive" %s | FileCheck %s --check-prefixes=CHECK,PAPER

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// CHECK-LABEL: eclip.schedule @main
// ENERGY-SAME: eclip.clustering = {all_cus_energy_nj = 200 : i64, all_cus_time_ns = 500 : i64, energy_nj = 142 : i64, objective = "energy", optimal = true, queues = 2 : i64, switches = 2 : i64, time_limit_ns = 550 : i64, time_ns = 510 : i64}
// NOSLACK-SAME: energy_nj = 200 : i64, objective = "energy", optimal = true, queues = 1 : i64, switches = 0 : i64, time_limit_ns = 500 : i64, time_ns = 500 : i64
// ONE-SAME: energy_nj = 186 : i64, objective = "energy", optimal = true, queues = 2 : i64, switches = 1 : i64, time_limit_ns = 550 : i64, time_ns = 545 : i64
// LATENCY-SAME: objective = "latency", optimal = true, queues = 1 : i64, switches = 0 : i64, time_ns = 500 : i64
// EDP-SAME: energy_nj = 142 : i64, objective = "edp", optimal = true, queues = 2 : i64, switches = 2 : i64, time_ns = 510 : i64
// PAPER-SAME: objective = "paper", optimal = true, queues = 2 : i64, switches = 2 : i64
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.switch_cost_ns = 5 : i64, eclip.switch_cost_nj = 1 : i64} {
^bb0(%x: tensor<64xf32>):
  // ENERGY: eclip.group @group cus 60 cost <cus = [15, 30, 45, 60], time_ns = [800, 400, 280, 200], energy_nj = [120, 100, 90, 80], source = "model">
  // ENERGY-NEXT: eclip.group @group_0 cus 15 cost <cus = [15, 30, 45, 60], time_ns = [200, 200, 200, 200], energy_nj = [20, 40, 60, 80], source = "model">
  // ENERGY-NEXT: eclip.group @group_1 cus 60
  // LATENCY: eclip.group @group cus 60
  // LATENCY-NOT: eclip.group
  // CHECK: eclip.dispatch @k(%{{.*}}) in @group cost
  %0 = eclip.dispatch @k(%x) cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 140, 100], energy_nj = [60, 50, 45, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  // ENERGY: eclip.dispatch @k(%{{.*}}) in @group cost
  %1 = eclip.dispatch @k(%0) cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 140, 100], energy_nj = [60, 50, 45, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  // ENERGY: eclip.dispatch @k(%{{.*}}) in @group_0 cost
  %2 = eclip.dispatch @k(%1) cost <cus = [15, 30, 45, 60], time_ns = [100, 100, 100, 100], energy_nj = [10, 20, 30, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  // ENERGY: eclip.dispatch @k(%{{.*}}) in @group_0 cost
  %3 = eclip.dispatch @k(%2) cost <cus = [15, 30, 45, 60], time_ns = [100, 100, 100, 100], energy_nj = [10, 20, 30, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  // ENERGY: eclip.dispatch @k(%{{.*}}) in @group_1 cost
  %y = eclip.dispatch @k(%3) cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 140, 100], energy_nj = [60, 50, 45, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
