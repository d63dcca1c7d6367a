// Bytes are shared along the order, never against it. A tensor here takes 256.
// RUN: eclip-opt --eclip-plan-memory %s | FileCheck %s

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// A chain in one queue alternates between two places; the output has its own.
// CHECK-LABEL: eclip.schedule @chain
// CHECK-SAME: arena 512 attributes {eclip.arena_lower_bound = 512 : i64}
eclip.schedule @chain inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: in @c at [0]
  %0 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: in @c at [256]
  %1 = eclip.dispatch @k(%0) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: in @c at [0]
  %2 = eclip.dispatch @k(%1) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: in @c at [256]
  %3 = eclip.dispatch @k(%2) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: in @c at [-1]
  %y = eclip.dispatch @k(%3) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// The first queue's last value is read in the second only at the end, so the
// chains share nothing although their order in the text would allow it.
// CHECK-LABEL: eclip.schedule @unordered
// CHECK-SAME: arena 1024 attributes {eclip.arena_lower_bound = 1024 : i64}
eclip.schedule @unordered inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: in @a at [[[A:.*]]]
  %0 = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: in @a at [[[B:.*]]]
  %1 = eclip.dispatch @k(%0) in @a : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NOT: at [[[A]]]
  // CHECK-NOT: at [[[B]]]
  // CHECK: in @c at [[[C:.*]]]
  %2 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NOT: at [[[A]]]
  // CHECK-NOT: at [[[B]]]
  // CHECK: in @c at
  %3 = eclip.dispatch @k(%2) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @c waits(%1 : tensor<64xf32>)
  // CHECK: eclip.barrier
  // CHECK: at [-1]
  %y = eclip.dispatch @k2(%3, %1) in @c : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// A barrier orders them: the second chain reuses the first one's bytes.
// CHECK-LABEL: eclip.schedule @ordered
// CHECK-SAME: arena 512 attributes {eclip.arena_lower_bound = 512 : i64}
eclip.schedule @ordered inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%0) in @a : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @c waits(%1 : tensor<64xf32>)
  %2 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k2(%1, %2) in @c : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// A value that nothing reads still needs its place while it is written.
// CHECK-LABEL: eclip.schedule @dead
// CHECK-SAME: arena 256
eclip.schedule @dead inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%1) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// An output may be read by later dispatches and takes nothing of the arena.
// CHECK-LABEL: eclip.schedule @output
// CHECK-SAME: arena 0
eclip.schedule @output inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %y = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %z = eclip.dispatch @k(%y) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y, %z : tensor<64xf32>, tensor<64xf32>
}
