// A buffer that three dispatches on three queues fill: barriers follow the boxes
// that are read, the buffer has one place for as long as any of it is in use,
// and the verifier takes boxes for what they are.
// RUN: eclip-opt --eclip-insert-barriers --eclip-plan-memory --eclip-verify-schedule %s | FileCheck %s

// Writes 16 of 48 columns.
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
// Read the first, the middle and all columns.
eclip.kernel @first {
^bb0(%a: tensor<4x48xf32>):
  %s = tensor.extract_slice %a[0, 0] [4, 16] [1, 1] : tensor<4x48xf32> to tensor<4x16xf32>
  eclip.yield %s : tensor<4x16xf32>
}
eclip.kernel @middle {
^bb0(%a: tensor<4x48xf32>):
  %s = tensor.extract_slice %a[0, 16] [4, 16] [1, 1] : tensor<4x48xf32> to tensor<4x16xf32>
  eclip.yield %s : tensor<4x16xf32>
}
eclip.kernel @all {
^bb0(%a: tensor<4x48xf32>):
  eclip.yield %a : tensor<4x48xf32>
}

// No piece waits for another, and who reads one piece waits for that one.
// CHECK-LABEL: eclip.schedule @pieces
// CHECK-SAME: arena 1280 attributes {eclip.arena_lower_bound = 1280 : i64, eclip.barrier_waits = 2 : i64}
eclip.schedule @pieces inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: %[[B:.*]] = eclip.buffer at [[AT:[0-9]+]]
  %b = eclip.buffer : tensor<4x48xf32>
  // CHECK: %[[P0:.*]] = eclip.dispatch @part(%{{.*}}) into(%[[B]]{{.*}} in @a at {{\[}}[[AT]]]
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @a : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // CHECK-NEXT: %[[P1:.*]] = eclip.dispatch @part(%{{.*}}) into(%[[P0]]{{.*}} in @b at {{\[}}[[AT]]]
  %p1 = eclip.dispatch @part(%x) into (%p0 : tensor<4x48xf32>) [#eclip.box<[0, 16], [4, 16]>] in @b : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // CHECK-NEXT: eclip.barrier in @c waits(%[[P1]] : tensor<4x48xf32>)
  // CHECK-NEXT: %[[M:.*]] = eclip.dispatch @middle(%[[P1]]) in @c
  %m = eclip.dispatch @middle(%p1) in @c : (tensor<4x48xf32>) -> tensor<4x16xf32>
  // CHECK-NEXT: %[[P2:.*]] = eclip.dispatch @part(%[[M]]) into(%[[P1]]{{.*}} in @c at {{\[}}[[AT]]]
  %p2 = eclip.dispatch @part(%m) into (%p1 : tensor<4x48xf32>) [#eclip.box<[0, 32], [4, 16]>] in @c : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // CHECK-NEXT: eclip.dispatch @first(%[[P2]]) in @a
  %f = eclip.dispatch @first(%p2) in @a : (tensor<4x48xf32>) -> tensor<4x16xf32>
  // CHECK-NEXT: eclip.barrier in @a waits(%[[P2]] : tensor<4x48xf32>)
  // CHECK-NEXT: eclip.dispatch @all(%[[P2]]) in @a
  %y = eclip.dispatch @all(%p2) in @a : (tensor<4x48xf32>) -> tensor<4x48xf32>
  %z = eclip.dispatch @k(%f) in @a : (tensor<4x16xf32>) -> tensor<4x16xf32>
  eclip.yield %y, %z : tensor<4x48xf32>, tensor<4x16xf32>
}

// Two buffers that are in use one after the other share bytes.
// CHECK-LABEL: eclip.schedule @reuse
// CHECK-SAME: arena 1024 attributes {eclip.arena_lower_bound = 1024 : i64
eclip.schedule @reuse inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: eclip.buffer at [[FIRST:[0-9]+]]
  %b = eclip.buffer : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %f = eclip.dispatch @first(%p0) in @c : (tensor<4x48xf32>) -> tensor<4x16xf32>
  // CHECK: eclip.buffer at [[FIRST]]
  %d = eclip.buffer : tensor<4x48xf32>
  %q0 = eclip.dispatch @part(%f) into (%d : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %y = eclip.dispatch @first(%q0) in @c : (tensor<4x48xf32>) -> tensor<4x16xf32>
  eclip.yield %y : tensor<4x16xf32>
}

// An output is written where it is returned.
// CHECK-LABEL: eclip.schedule @output
// CHECK-SAME: arena 0
eclip.schedule @output inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // CHECK: eclip.buffer at -1
  %b = eclip.buffer : tensor<4x48xf32>
  // CHECK-COUNT-3: at [-1]
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %p1 = eclip.dispatch @part(%x) into (%p0 : tensor<4x48xf32>) [#eclip.box<[0, 16], [4, 16]>] in @c : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %p2 = eclip.dispatch @part(%x) into (%p1 : tensor<4x48xf32>) [#eclip.box<[0, 32], [4, 16]>] in @c : (tensor<4x16xf32>) -> tensor<4x48xf32>
  eclip.yield %p2 : tensor<4x48xf32>
}
