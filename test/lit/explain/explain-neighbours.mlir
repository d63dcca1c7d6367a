// Plans of one model side by side; the second is made for a copy of the model at
// the other end of the device.
// RUN: eclip-opt --eclip-explain %s -o /dev/null | FileCheck %s

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// CHECK: === model: 2 launches of 1 kernel
// CHECK: --- plan alone: objective energy, proven optimal
// CHECK: this plan                  200 ns  4.000 uJ
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [30, 60]> arena 256 attributes {
    eclip.plan_name = "alone", eclip.plan_neighbours = 0 : i64,
    eclip.switch_cost_ns = 10 : i64, eclip.switch_cost_nj = 0 : i64,
    eclip.clustering = {objective = "energy", optimal = true}} {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a at [0] cost <cus = [30, 60], time_ns = [110, 100], energy_nj = [2000, 2000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%0) in @a at [-1] cost <cus = [30, 60], time_ns = [190, 100], energy_nj = [3000, 2000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %1 : tensor<64xf32>
}

// No kernel is within 2 % on fewer CUs and launches take no time, so a kernel on
// c CUs is there with its share of the cycle, half of it. The first kernel on the
// 30 CUs shares nothing with the copy's 30, and all of its CUs with the copy's 60:
// 110 * (1 + 1/2). The second one on all 60 shares half of its CUs with the copy's
// first kernel, all with its second: 100 * (1 + 1/4 + 1/2). A switch takes 10:
// 165 + 175 + 10 = 350.
// CHECK: --- plan 1 neighbour: objective latency, within 1.00 % of the best
// CHECK: this plan                          220 ns
// CHECK: this plan, beside its neighbours   350 ns

// All on 60 CUs: every kernel meets the other copy with all of its cycle, 400 ns
// in place of 350. All on 30: no overlap, 300.
// CHECK: 30 -> 60  1 launch on 30   -50 ns
// CHECK: the others  -50 ns
// CHECK: 1 launch on 60   +50 ns
// CHECK: the others  +50 ns
eclip.schedule @main_1_neighbour inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [30, 60]> arena 256 attributes {
    eclip.plan_name = "1 neighbour", eclip.plan_neighbours = 1 : i64,
    eclip.switch_cost_ns = 10 : i64, eclip.switch_cost_nj = 0 : i64,
    eclip.clustering = {objective = "latency", optimal = false, gap_parts_per_million = 10000 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 30 on @q30
  eclip.group @b cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a at [0] cost <cus = [30, 60], time_ns = [110, 100], energy_nj = [2000, 2000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @b waits(%0 : tensor<64xf32>)
  %1 = eclip.dispatch @k(%0) in @b at [-1] cost <cus = [30, 60], time_ns = [190, 100], energy_nj = [3000, 2000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %1 : tensor<64xf32>
}
