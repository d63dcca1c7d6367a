// What split-branches leaves as it is, each time for one reason; the same
// schedule is split where nothing forbids it.
// RUN: eclip-opt %s --eclip-split-branches | FileCheck %s --check-prefix=SPLIT
// RUN: eclip-opt %s --eclip-split-branches=max-switches=2 | FileCheck %s --check-prefix=WHOLE
// RUN: eclip-opt %s --eclip-split-branches=objective=paper | FileCheck %s --check-prefix=WHOLE
// RUN: eclip-opt %s --eclip-split-branches=max-arena-growth-percent=66 | FileCheck %s --check-prefix=WHOLE
// RUN: sed 's/max_masked_queues = 7/max_masked_queues = 2/' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE
// RUN: sed 's/launch_ns = 0/launch_ns = 0 : i64, request_queues = 2/' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE
// RUN: sed 's/launch_ns = 0/launch_ns = 0 : i64, request_queues = 3/' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=SPLIT
// A switch of 1200 ns takes as much as the branches gain:
// RUN: sed 's/switch_cost_ns = 50/switch_cost_ns = 600/; s/switch_cost_nj = 1000/switch_cost_nj = 12000/' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE
// Each dispatch alone takes all of the memory's bandwidth:
// RUN: sed 's/hbm_bytes_per_s = 0/hbm_bytes_per_s = 1000/' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE
// A worker with neighbours that has 45 CUs there does not take the others:
// RUN: sed 's/eclip.group @all cus 60/eclip.group @all cus 45/; s/attributes {/attributes {eclip.clustering = {mix = ["a", "b"], mix_queues = 2 : i64, objective = "latency"}, /' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE
// RUN: sed 's/eclip.group @all cus 60/eclip.group @all cus 45/; s/attributes {/attributes {eclip.plan_name = "1 neighbour", eclip.plan_neighbours = 1 : i64, /' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE
// Nor does one whose CUs the user chose, even if these are all:
// RUN: sed 's/attributes {/attributes {eclip.clustering = {pinned_cus = 60 : i64}, /' %s | eclip-opt --eclip-split-branches | FileCheck %s --check-prefix=WHOLE

#cost = #eclip.cost<cus = [15, 30, 45, 60], time_ns = [600, 600, 600, 600], energy_nj = [24000, 24000, 24000, 24000], source = "model">

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @join {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// SPLIT: eclip.branches = {{.*}} regions = 1 : i64, {{.*}} split = 1 : i64
// SPLIT: eclip.group @branch
// WHOLE: eclip.schedule @main
// WHOLE-NOT: eclip.branches
// WHOLE-SAME: eclip.branch_regions = 1 : i64
// WHOLE: eclip.group @all
// WHOLE-NOT: eclip.group
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.switch_cost_ns = 50 : i64, eclip.switch_cost_nj = 1000 : i64,
      eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 0 : i64, idle_mw = 20000 : i64, launch_ns = 0 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @all cus 60
  %f = eclip.dispatch @k(%x) in @all cost #cost {eclip.demand = {busy_mw = array<i64: 0, 0, 0, 0>, hbm_bytes_per_s = array<i64: 1000, 1000, 1000, 1000>, memory_ns = array<i64: 600, 600, 600, 600>}} : (tensor<64xf32>) -> tensor<64xf32>
  %a0 = eclip.dispatch @k(%f) in @all cost #cost {eclip.demand = {busy_mw = array<i64: 0, 0, 0, 0>, hbm_bytes_per_s = array<i64: 1000, 1000, 1000, 1000>, memory_ns = array<i64: 600, 600, 600, 600>}} : (tensor<64xf32>) -> tensor<64xf32>
  %a1 = eclip.dispatch @k(%a0) in @all cost #cost {eclip.demand = {busy_mw = array<i64: 0, 0, 0, 0>, hbm_bytes_per_s = array<i64: 1000, 1000, 1000, 1000>, memory_ns = array<i64: 600, 600, 600, 600>}} : (tensor<64xf32>) -> tensor<64xf32>
  %b0 = eclip.dispatch @k(%f) in @all cost #cost {eclip.demand = {busy_mw = array<i64: 0, 0, 0, 0>, hbm_bytes_per_s = array<i64: 1000, 1000, 1000, 1000>, memory_ns = array<i64: 600, 600, 600, 600>}} : (tensor<64xf32>) -> tensor<64xf32>
  %b1 = eclip.dispatch @k(%b0) in @all cost #cost {eclip.demand = {busy_mw = array<i64: 0, 0, 0, 0>, hbm_bytes_per_s = array<i64: 1000, 1000, 1000, 1000>, memory_ns = array<i64: 600, 600, 600, 600>}} : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @join(%a1, %b1) in @all cost #cost {eclip.demand = {busy_mw = array<i64: 0, 0, 0, 0>, hbm_bytes_per_s = array<i64: 1000, 1000, 1000, 1000>, memory_ns = array<i64: 600, 600, 600, 600>}} : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
