// RUN: eclip-opt --eclip-plan-memory %s --split-input-file --verify-diagnostics

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
