// Why a switch is there when a plan without it would take less energy: it would
// take too long. And when nothing is lost without it.
// RUN: eclip-opt --eclip-explain --split-input-file %s -o /dev/null | FileCheck %s

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// The second kernel on 15 CUs: 200 - 100 - 10 ns and 30 - 40 - 5 nJ, but 300 ns
// are over the limit of 220. The first one on 60: 90 - 100 - 10 ns, 40 - 30 - 5.
// CHECK: 15 -> 60  1 launch on 15  +90 ns  -15 nJ  -20.000 %  breaks a limit
// CHECK:           1 launch on 60  -20 ns   +5 nJ   +6.667 %  keeps the time limit
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]> arena 256 attributes {
    eclip.switch_cost_ns = 10 : i64, eclip.switch_cost_nj = 5 : i64,
    eclip.clustering = {objective = "energy", optimal = true, time_limit_ns = 220 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a at [0] cost <cus = [15, 60], time_ns = [100, 90], energy_nj = [30, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @b waits(%0 : tensor<64xf32>)
  %1 = eclip.dispatch @k(%0) in @b at [-1] cost <cus = [15, 60], time_ns = [200, 100], energy_nj = [30, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %1 : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// For latency the switch of this schedule only costs.
// CHECK: --- plan alone: objective latency, within 25.00 % of the best
// CHECK: 15 -> 60  1 launch on 15  -10 ns  -5 nJ  -4.762 %  none: the solver stopped short of it
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 60]> arena 256 attributes {
    eclip.switch_cost_ns = 10 : i64, eclip.switch_cost_nj = 5 : i64,
    eclip.clustering = {objective = "latency", optimal = false, gap_parts_per_million = 250000 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a at [0] cost <cus = [15, 60], time_ns = [100, 100], energy_nj = [30, 30], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @b waits(%0 : tensor<64xf32>)
  %1 = eclip.dispatch @k(%0) in @b at [-1] cost <cus = [15, 60], time_ns = [100, 100], energy_nj = [30, 30], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %1 : tensor<64xf32>
}
