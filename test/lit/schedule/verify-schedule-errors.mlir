// Labels V1 to V7 of docs/scheduling.md.
// RUN: eclip-opt --eclip-verify-schedule %s --split-input-file --verify-diagnostics

// V1: a dispatch without a group
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-error@+1 {{has no group; run eclip-cluster first}}
  %y = eclip.dispatch @k(%x) at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V1: a group without a queue
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  // expected-error@+1 {{has no queue; run eclip-assign-queues first}}
  eclip.group @a cus 15
  %y = eclip.dispatch @k(%x) in @a at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V2: no offsets
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-error@+1 {{has no offsets; run eclip-plan-memory first}}
  %y = eclip.dispatch @k(%x) in @c : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V2: no arena
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
// expected-error@+1 {{has no arena size; run eclip-plan-memory first}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %y = eclip.dispatch @k(%x) in @c at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V3: a barrier is missing
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-note@+1 {{dispatch #0 of @k on queue @q60 is here}}
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{race, read after write: dispatch #1 of @k on queue @q15 reads bytes 0 to 256 of the arena, which dispatch #0 of @k on queue @q60 writes; no order from queue @q60 to queue @q15}}
  %y = eclip.dispatch @k(%0) in @a at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V3: the barrier is in the wrong queue
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-note@+1 {{dispatch #0 of @k on queue @q60 is here}}
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @b waits(%0 : tensor<64xf32>)
  // expected-error@+1 {{race, read after write: dispatch #1 of @k on queue @q15}}
  %y = eclip.dispatch @k(%0) in @a at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V3: the barrier comes too late
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-note@+1 {{dispatch #0 of @k on queue @q60 is here}}
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{race, read after write: dispatch #1 of @k on queue @q15}}
  %1 = eclip.dispatch @k(%0) in @a at [256] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @a waits(%0 : tensor<64xf32>)
  %y = eclip.dispatch @k(%1) in @a at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V3: an output read in another queue
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-note@+1 {{dispatch #0 of @k on queue @q60 is here}}
  %y = eclip.dispatch @k(%x) in @c at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{race, read after write: dispatch #1 of @k on queue @q15 reads bytes 0 to 256 of output 0, which dispatch #0 of @k on queue @q60 writes}}
  %z = eclip.dispatch @k(%y) in @a at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y, %z : tensor<64xf32>, tensor<64xf32>
}

// -----

// V4: bytes are reused while another queue may still read them
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.barrier in @a waits(%0 : tensor<64xf32>)
  // expected-note@+1 {{dispatch #1 of @k on queue @q15 is here}}
  %z = eclip.dispatch @k(%0) in @a at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{race, write after read: dispatch #2 of @k on queue @q60 writes bytes 0 to 256 of the arena, which dispatch #1 of @k on queue @q15 reads; no order from queue @q15 to queue @q60}}
  %1 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%1) in @c at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y, %z : tensor<64xf32>, tensor<64xf32>
}

// -----

// V5: two queues write the same bytes
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-note@+1 {{dispatch #0 of @k on queue @q60 is here}}
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{race, write after write: dispatch #1 of @k on queue @q15 writes bytes 0 to 256 of the arena, which dispatch #0 of @k on queue @q60 writes; no order from queue @q60 to queue @q15}}
  %1 = eclip.dispatch @k(%x) in @a at [0] : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%x) in @c at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V6: a dispatch writes what it reads
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{dispatch #1 of @k on queue @q60 accesses bytes 0 to 256 of the arena through two values, of which one is written}}
  %1 = eclip.dispatch @k(%0) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  %y = eclip.dispatch @k(%1) in @c at [-1] : (tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}

// -----

// V7: a value is overwritten before it is read, all in one queue
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.kernel @k2 {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
^bb0(%x: tensor<64xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %0 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-note@+1 {{dispatch #1 of @k on queue @q60 is here}}
  %1 = eclip.dispatch @k(%x) in @c at [0] : (tensor<64xf32>) -> tensor<64xf32>
  // expected-error@+1 {{dispatch #2 of @k2 on queue @q60 reads bytes 0 to 256 of the arena from dispatch #0 of @k on queue @q60, but dispatch #1 of @k on queue @q60 overwrites them in between}}
  %y = eclip.dispatch @k2(%0, %1) in @c at [-1] : (tensor<64xf32>, tensor<64xf32>) -> tensor<64xf32>
  eclip.yield %y : tensor<64xf32>
}
