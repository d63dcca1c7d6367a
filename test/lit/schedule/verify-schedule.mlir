// A right schedule passes and is not changed.
// RUN: eclip-opt %s -o %t.before
// RUN: eclip-opt --eclip-verify-schedule %s -o %t.after
// RUN: cmp %t.before %t.after

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @a waits(%0 : tensor<64xf32>)
  %1 = eclip.dispatch @k(%0) in @a at [256] : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%0) in @c at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @c waits(%1 : tensor<64xf32>)
  %2 = eclip.dispatch @k(%y) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  %z = eclip.dispatch @k2(%2, %1) in @c at [-1] : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y, %z : tensor<64xf32>, tensor<64xf32>
}
