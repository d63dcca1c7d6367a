// RUN: eclip-opt %s --eclip-split-branches -split-input-file -verify-diagnostics
// RUN: not eclip-opt %s --eclip-split-branches=objective=speed -split-input-file 2>&1 | FileCheck %s --check-prefix=OBJECTIVE
// RUN: not eclip-opt %s --eclip-split-branches=max-arena-growth-percent=-1 -split-input-file 2>&1 | FileCheck %s --check-prefix=GROWTH
// OBJECTIVE: unknown objective 'speed'; known are latency, energy, edp, paper, efficiency
// GROWTH: arena growth of -1{{.*}} % is not in 0 to 1000000

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// The one without a mistake.
eclip.schedule @right inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  eclip.group @all cus 60
  %y = eclip.dispatch @k(%x) in @all cost <cus = [60], time_ns = [600], energy_nj = [30000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error @below {{has no device; run eclip-annotate-cost first}}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<64xf32>):
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error @below {{has no group; run eclip-cluster first}}
  %y = eclip.dispatch @k(%x) cost <cus = [60], time_ns = [600], energy_nj = [30000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  eclip.group @all cus 60
  // expected-error @below {{has no cost; run eclip-annotate-cost first}}
  %y = eclip.dispatch @k(%x) in @all : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error @below {{already has queues}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @all cus 60 on @q
  %y = eclip.dispatch @k(%x) in @all cost <cus = [60], time_ns = [600], energy_nj = [30000], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
