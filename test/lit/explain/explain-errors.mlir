// RUN: eclip-opt --eclip-explain --split-input-file --verify-diagnostics %s -o /dev/null
// RUN: not eclip-opt --eclip-explain=format=pdf --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=FORMAT
// RUN: not eclip-opt --eclip-explain=device=mi25 --split-input-file %s -o /dev/null 2>&1 | FileCheck %s --check-prefix=DEVICE
// FORMAT: unknown format 'pdf'; known are text, json, html
// DEVICE: mi25

// expected-error@below {{holds no eclip.schedule}}
module {}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@below {{has no device; run eclip-annotate-cost first}}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<64xf32>):
  %0 = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %0 : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@below {{has no group; run eclip-cluster first}}
  %0 = eclip.dispatch @k(%x) cost <cus = [60], time_ns = [1], energy_nj = [1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %0 : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  // expected-error@below {{has no queue; run eclip-assign-queues first}}
  eclip.group @a cus 60
  %0 = eclip.dispatch @k(%x) in @a cost <cus = [60], time_ns = [1], energy_nj = [1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %0 : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 60 on @q60
  // expected-error@below {{has no cost; run eclip-annotate-cost first}}
  %0 = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %0 : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@below {{has no memory plan; run eclip-plan-memory first}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a cost <cus = [60], time_ns = [1], energy_nj = [1], source = "model"> : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %0 : tensor<64xf32>
}
