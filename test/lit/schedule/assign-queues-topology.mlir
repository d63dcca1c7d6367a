// RUN: eclip-opt --eclip-assign-queues %s | FileCheck %s --check-prefixes=CHECK,LOW
// RUN: eclip-opt --eclip-assign-queues=worker-end=high %s | FileCheck %s --check-prefixes=CHECK,HIGH

eclip.kernel @k {
^bb0(%x: tensor<64xf32>):
  eclip.yield %x : tensor<64xf32>
}

// Eight dies: 16 CUs are two of each, so neighbouring bits.
// CHECK-LABEL: eclip.schedule @dies
// LOW: eclip.queue @queue16 mask <cus = 304, words = [65535, 0, 0, 0, 0, 0, 0, 0, 0, 0]>
// HIGH: eclip.queue @queue16 mask <cus = 304, words = [0, 0, 0, 0, 0, 0, 0, 0, 0, 65535]>
eclip.schedule @dies inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 304, shader_engines = 8, max_masked_queues = 7, mask_sizes = [16, 304]>
    attributes {eclip.mask_topology = {engines = 32 : i64, order = "xcd_then_shader_engine_interleaved", xcds = 8 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @g cus 16
  %y = eclip.dispatch @k(%x) in @g : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// CHECK-LABEL: eclip.schedule @sms
// LOW: eclip.queue @queue8 mask <cus = 132, words = [255, 0, 0, 0, 0]>
// HIGH: eclip.queue @queue8 mask <cus = 132, words = [0, 0, 0, 4026531840, 15]>
eclip.schedule @sms inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 132, shader_engines = 66, max_masked_queues = 7, mask_sizes = [8, 132]>
    attributes {eclip.mask_topology = {engines = 66 : i64, order = "sm_group", xcds = 1 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @g cus 8
  %y = eclip.dispatch @k(%x) in @g : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// SMs that come in eights, and four that are left over: 120 to 127.
// CHECK-LABEL: eclip.schedule @eights
// LOW: eclip.queue @queue8 mask <cus = 132, words = [255, 0, 0, 0, 0]> {eclip.far_mask = #eclip.cu_mask<cus = 132, words = [0, 0, 0, 4278190080, 0]>}
// HIGH: eclip.queue @queue8 mask <cus = 132, words = [0, 0, 0, 4278190080, 0]>
eclip.schedule @eights inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 132, shader_engines = 66, max_masked_queues = 7, mask_sizes = [8, 132]>
    attributes {eclip.mask_topology = {engines = 66 : i64, granule = 8 : i64, order = "sm_group", xcds = 1 : i64}} {
^bb0(%x: tensor<64xf32>):
  eclip.group @g cus 8
  %y = eclip.dispatch @k(%x) in @g : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
