// Only what crosses queues and is not implied already gets a wait.
// RUN: eclip-opt --eclip-insert-barriers %s | FileCheck %s

eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}

// CHECK-LABEL: eclip.schedule @chain
// CHECK-SAME: eclip.barrier_waits = 0
eclip.schedule @chain inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK-NOT: eclip.barrier
  %0 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%0) in @c : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%1) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// A diamond over two queues: one wait on the way out, one on the way back, and
// none for the branch that stays.
// CHECK-LABEL: eclip.schedule @diamond
// CHECK-SAME: eclip.barrier_waits = 2
eclip.schedule @diamond inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: %[[X:.*]] = eclip.dispatch @k(%{{.*}}) in @c
  %0 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: eclip.barrier in @a waits(%[[X]] : tensor<64xf32>)
  // CHECK-NEXT: %[[SIDE:.*]] = eclip.dispatch @k(%[[X]]) in @a
  %1 = eclip.dispatch @k(%0) in @a : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: %[[MAIN:.*]] = eclip.dispatch @k(%[[X]]) in @c
  %2 = eclip.dispatch @k(%0) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: eclip.barrier in @c waits(%[[SIDE]] : tensor<64xf32>)
  // CHECK-NEXT: eclip.dispatch @k2(%[[MAIN]], %[[SIDE]]) in @c
  %y = eclip.dispatch @k2(%2, %1) in @c : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// An earlier barrier of the queue covers later packets, and everything before
// what it waited for.
// CHECK-LABEL: eclip.schedule @covered
// CHECK-SAME: eclip.barrier_waits = 1
eclip.schedule @covered inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: eclip.dispatch
  // CHECK-NEXT: %[[ONE:.*]] = eclip.dispatch
  %1 = eclip.dispatch @k(%0) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: eclip.barrier in @a waits(%[[ONE]] : tensor<64xf32>)
  %2 = eclip.dispatch @k(%1) in @a : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: eclip.dispatch
  // CHECK-NEXT: eclip.dispatch @k2
  // CHECK-NEXT: eclip.yield
  %y = eclip.dispatch @k2(%2, %0) in @a : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// Over a third queue: its wait implies the producer's.
// CHECK-LABEL: eclip.schedule @transitive
// CHECK-SAME: eclip.barrier_waits = 2
eclip.schedule @transitive inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: %[[X:.*]] = eclip.dispatch @k(%{{.*}}) in @c
  %0 = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: eclip.barrier in @b waits(%[[X]]
  // CHECK-NEXT: %[[Y:.*]] = eclip.dispatch @k(%[[X]]) in @b
  %1 = eclip.dispatch @k(%0) in @b : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK-NEXT: eclip.barrier in @a waits(%[[Y]] : tensor<64xf32>)
  // CHECK-NEXT: eclip.dispatch @k2(%[[X]], %[[Y]]) in @a
  %y = eclip.dispatch @k2(%0, %1) in @a : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// Of several producers in one queue the last is enough; two queues are two
// waits of one barrier.
// CHECK-LABEL: eclip.schedule @join
// CHECK-SAME: eclip.barrier_waits = 2
eclip.schedule @join inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @a : (tensor<64xf32>) -> tensor<64xf32>
  %1 = eclip.dispatch @k(%x) in @b : (tensor<64xf32>) -> tensor<64xf32>
  // CHECK: %[[A:.*]] = eclip.dispatch @k(%{{.*}}) in @a
  // CHECK-NEXT: %[[B:.*]] = eclip.dispatch @k(%{{.*}}) in @b
  // CHECK-NEXT: eclip.barrier in @c waits(%[[A]], %[[B]] : tensor<64xf32>, tensor<64xf32>)
  // CHECK-NEXT: eclip.dispatch @k2
  %y = eclip.dispatch @k2(%0, %1) in @c : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
