// RUN: eclip-opt --eclip-assign-queues %s --split-input-file --verify-diagnostics

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@+1 {{needs 2 masked queues, device 'mi50' runs 1 without oversubscription}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 1, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.group @a cus 15
  eclip.group @b cus 60
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
  eclip.group @a cus 15
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@+1 {{already has queues}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q mask <cus = 60, words = [1, 0]>
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// M3
// expected-error@+1 {{needs 2 masked queues, device 'mi50' lets one request switch among 1}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    attributes {eclip.device_limits = {board_mw = 1 : i64, hbm_bytes_per_s = 1 : i64, idle_mw = 1 : i64, launch_ns = 1 : i64, request_queues = 1 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @a cus 15
  eclip.group @b cus 60
  %y = eclip.dispatch @k(%x) : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
