// RUN: eclip-opt --eclip-cluster %s --split-input-file --verify-diagnostics

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{has no cost; run eclip-annotate-cost first}}
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@+1 {{has no device; run eclip-annotate-cost first}}
eclip.schedule @main inputs ["x"] outputs ["y"]  {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 140, 100], energy_nj = [40, 40, 40, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@+1 {{is already clustered}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.group @g cus 60
  %y = eclip.dispatch @k(%x) cost <cus = [15, 30, 45, 60], time_ns = [400, 200, 140, 100], energy_nj = [40, 40, 40, 40], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
