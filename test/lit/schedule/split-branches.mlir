// Two branches of a fork that take as long on half of the device run side by
// side. Costs: 1000 ns on 15 CUs, 600 on 30 and more; a switch takes 50 ns.
// RUN: eclip-opt %s --eclip-split-branches -split-input-file | FileCheck %s
// RUN: eclip-opt %s --eclip-split-branches --eclip-assign-queues --eclip-insert-barriers \
// RUN:   --eclip-plan-memory --eclip-verify-schedule -split-input-file | FileCheck %s --check-prefix=QUEUES
// RUN: eclip-opt %s --eclip-split-branches --eclip-assign-queues=worker-end=high -split-input-file \
// RUN:   | FileCheck %s --check-prefix=HIGH

#cost = #eclip.cost<cus = [15, 30, 45, 60], time_ns = [1000, 600, 600, 600], energy_nj = [30000, 24000, 27000, 30000], source = "model">

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @join {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// 600 for the fork, 50 for the switch to both branches, 1200 for two dispatches,
// 50, 600 for the join. Above idle (20 W) six dispatches draw 2 * 18000 and
// 4 * 12000 nJ, idle power takes 50000.
// CHECK-LABEL: eclip.schedule @main
// CHECK-SAME: eclip.branches = {arena_bytes = 1280 : i64, energy_nj = 134000 : i64, regions = 1 : i64,
// CHECK-SAME: sequence_arena_bytes = 768 : i64, sequence_energy_nj = 180000 : i64, sequence_switches = 0 : i64, sequence_time_ns = 3600 : i64,
// CHECK-SAME: split = 1 : i64, switches = 3 : i64, time_ns = 2500 : i64}
// CHECK: eclip.group @all cus 60 cost <cus = [15, 30, 45, 60], time_ns = [2000, 1200, 1200, 1200], energy_nj = [60000, 48000, 54000, 60000], source = "model">
// CHECK-NEXT: eclip.group @branch cus 30 cost <cus = [15, 30, 45, 60], time_ns = [2000, 1200, 1200, 1200], energy_nj = [60000, 48000, 54000, 60000], source = "model">
// CHECK-NEXT: eclip.group @branch_0 cus 30 cost {{.*}} {eclip.far_end}
// CHECK: eclip.dispatch @k({{.*}}) in @all
// CHECK: eclip.dispatch @k({{.*}}) in @branch_0
// CHECK: eclip.dispatch @k({{.*}}) in @branch_0
// CHECK: eclip.dispatch @k({{.*}}) in @branch cost
// CHECK: eclip.dispatch @k({{.*}}) in @branch cost
// CHECK: eclip.dispatch @join({{.*}}) in @all

// 0x33333333, 0x03333333 and behind it 0xcccccccc, 0x0ccccccc
// QUEUES-LABEL: eclip.schedule @main
// QUEUES: eclip.queue @queue30 mask <cus = 60, words = [858993459, 53687091]> {eclip.far_mask = #eclip.cu_mask<cus = 60, words = [3435973836, 214748364]>}
// QUEUES-NEXT: eclip.queue @queue30_far mask <cus = 60, words = [3435973836, 214748364]> {eclip.far_mask = #eclip.cu_mask<cus = 60, words = [858993459, 53687091]>}
// QUEUES-NEXT: eclip.queue @queue60 mask <cus = 60, words = [4294967295, 268435455]>
// QUEUES: %[[FORK:.*]] = eclip.dispatch @k(%{{.*}}) in @all
// QUEUES: eclip.barrier in @branch_0 waits(%[[FORK]]
// QUEUES: eclip.barrier in @branch waits(%[[FORK]]
// QUEUES: eclip.barrier in @all waits(%{{.*}}, %{{.*}} :

// HIGH: eclip.queue @queue30 mask <cus = 60, words = [3435973836, 214748364]>
// HIGH-NEXT: eclip.queue @queue30_far mask <cus = 60, words = [858993459, 53687091]>
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.switch_cost_ns = 50 : i64, eclip.switch_cost_nj = 1000 : i64,
      eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 0 : i64, idle_mw = 20000 : i64, launch_ns = 0 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @all cus 60
  %f = eclip.dispatch @k(%x) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %a0 = eclip.dispatch @k(%f) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %a1 = eclip.dispatch @k(%a0) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %b0 = eclip.dispatch @k(%f) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %b1 = eclip.dispatch @k(%b0) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @join(%a1, %b1) in @all cost #cost : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

#cost = #eclip.cost<cus = [15, 30, 45, 60], time_ns = [600, 600, 600, 600], energy_nj = [24000, 24000, 27000, 30000], source = "model">

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @join {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// A worker of a mix has neighbours, and all CUs there: it takes some from both
// ends, the high one first, which is its own.
// CHECK-LABEL: eclip.schedule @worker
// CHECK-SAME: regions = 1 : i64, {{.*}} split = 1 : i64, switches = 3 : i64, time_ns = 2500 : i64}
// CHECK: eclip.group @all cus 60 cost
// CHECK-NEXT: eclip.group @branch cus 15 cost
// CHECK-NOT: eclip.far_end
// CHECK: eclip.group @branch_0 cus 15 cost {{.*}} {eclip.far_end}
// QUEUES-LABEL: eclip.schedule @worker
// 0x88888888, 0x08888888 and 0x11111111, 0x01111111
// QUEUES: eclip.queue @queue15 mask <cus = 60, words = [2290649224, 143165576]>
// QUEUES: eclip.queue @queue15_far mask <cus = 60, words = [286331153, 17895697]>
// QUEUES: eclip.queue @queue60 mask
eclip.schedule @worker inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.switch_cost_ns = 50 : i64, eclip.switch_cost_nj = 1000 : i64, eclip.worker_end = "high",
      eclip.clustering = {mix = ["worker", "other"], mix_queues = 3 : i64, objective = "latency"},
      eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 0 : i64, idle_mw = 20000 : i64, launch_ns = 0 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @all cus 60
  %f = eclip.dispatch @k(%x) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %a0 = eclip.dispatch @k(%f) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %a1 = eclip.dispatch @k(%a0) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %b0 = eclip.dispatch @k(%f) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %b1 = eclip.dispatch @k(%b0) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @join(%a1, %b1) in @all cost #cost : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

#cost = #eclip.cost<cus = [15, 30, 45, 60], time_ns = [600, 600, 600, 600], energy_nj = [24000, 24000, 27000, 30000], source = "model">

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @join {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// The branches meet in %y and in %z, and hand on to both: they have no common
// join before the end, but begin apart. The one that stays on the CUs that the
// clustering gave it needs no barrier.
// CHECK-LABEL: eclip.schedule @twice
// CHECK-SAME: split = 1 : i64, switches = 2 : i64, time_ns = 3700 : i64}
// CHECK: eclip.group @all cus 15 cost
// CHECK-NEXT: eclip.group @branch cus 15 cost {{.*}} {eclip.far_end}
// CHECK-NOT: eclip.group
// CHECK: eclip.dispatch @k({{.*}}) in @all
// CHECK: eclip.dispatch @k({{.*}}) in @[[LANE:all|branch]]
// CHECK: eclip.dispatch @k({{.*}}) in @[[LANE]]
// CHECK: eclip.dispatch @k({{.*}}) in
// CHECK: eclip.dispatch @k({{.*}}) in
// CHECK: eclip.dispatch @join({{.*}}) in @all
// CHECK: eclip.dispatch @join({{.*}}) in @all
// CHECK: eclip.dispatch @join({{.*}}) in @all
eclip.schedule @twice inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.switch_cost_ns = 50 : i64, eclip.switch_cost_nj = 1000 : i64,
      eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 0 : i64, idle_mw = 20000 : i64, launch_ns = 0 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @all cus 15
  %f = eclip.dispatch @k(%x) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %a0 = eclip.dispatch @k(%f) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %a1 = eclip.dispatch @k(%a0) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %b0 = eclip.dispatch @k(%f) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %b1 = eclip.dispatch @k(%b0) in @all cost #cost : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @join(%a1, %b1) in @all cost #cost : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %z = eclip.dispatch @join(%a0, %y) in @all cost #cost : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  %w = eclip.dispatch @join(%b0, %z) in @all cost #cost : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %w : tensor<64xf32>
}
