// RUN: eclip-opt --eclip-insert-barriers %s --split-input-file --verify-diagnostics

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{has no group; run eclip-cluster first}}
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{has no queue; run eclip-assign-queues first}}
  eclip.group @a cus 15
  %y = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@+1 {{already has barriers}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @c waits(%0 : tensor<64xf32>)
  %y = eclip.dispatch @k(%0) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
