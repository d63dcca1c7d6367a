// Labels V3 to V5, V7 and V8 of docs/scheduling.md where values lie in a buffer.
// RUN: eclip-opt --eclip-verify-schedule %s --split-input-file --verify-diagnostics

// V3: the reader of a box waits for who wrote it
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  // expected-note@+1 {{is here}}
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @a at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %p1 = eclip.dispatch @part(%x) into (%p0 : tensor<4x48xf32>) [#eclip.box<[0, 16], [4, 16]>] in @b at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  eclip.barrier in @c waits(%p1 : tensor<4x48xf32>)
  // expected-error@+1 {{race, read after write: dispatch #2 of @first on queue @q60 reads bytes 0 to 640 of the arena, which dispatch #0 of @part on queue @q15 writes; no order from queue @q15 to queue @q60}}
  %y = eclip.dispatch @first(%p1) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  eclip.yield %y : tensor<4x16xf32>
}

// -----

// V3: the reader of all waits for all
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @a at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // expected-note@+1 {{is here}}
  %p1 = eclip.dispatch @part(%x) into (%p0 : tensor<4x48xf32>) [#eclip.box<[0, 16], [4, 16]>] in @b at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %p2 = eclip.dispatch @part(%x) into (%p1 : tensor<4x48xf32>) [#eclip.box<[0, 32], [4, 16]>] in @a at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  eclip.barrier in @c waits(%p2 : tensor<4x48xf32>)
  // expected-error@+1 {{race, read after write: dispatch #3 of @all on queue @q60 reads bytes 64 to 704 of the arena, which dispatch #1 of @part on queue @q30 writes}}
  %y = eclip.dispatch @all(%p2) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x48xf32>
  eclip.yield %y : tensor<4x48xf32>
}

// -----

// V4: bytes of a buffer that another value takes while they are read
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @a at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  eclip.barrier in @c waits(%p0 : tensor<4x48xf32>)
  // expected-note@+1 {{is here}}
  %y = eclip.dispatch @first(%p0) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  // expected-error@+1 {{race, write after read: dispatch #2 of @k on queue @q15 writes bytes 512 to 640 of the arena, which dispatch #1 of @first on queue @q60 reads}}
  %t = eclip.dispatch @k(%x) in @a at [512] : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %z = eclip.dispatch @k(%t) in @a at [-1] : (tensor<4x16xf32>) -> tensor<4x16xf32>
  eclip.yield %y, %z : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

// V5: a value that shares bytes with a buffer and is not ordered with a piece
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  // expected-note@+1 {{is here}}
  %t = eclip.dispatch @k(%x) in @b at [256] : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %z = eclip.dispatch @k(%t) in @b at [-1] : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  // expected-error@+1 {{race, write after write: dispatch #2 of @part on queue @q15 writes bytes 256 to 512 of the arena, which dispatch #0 of @k on queue @q30 writes}}
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @a at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %y = eclip.dispatch @first(%p0) in @a at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  eclip.yield %y, %z : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

// V7: a piece that is overwritten before it is read
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // expected-note@+1 {{is here}}
  %t = eclip.dispatch @k(%x) in @c at [256] : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %z = eclip.dispatch @k(%t) in @c at [-1] : (tensor<4x16xf32>) -> tensor<4x16xf32>
  // expected-error@+1 {{dispatch #3 of @first on queue @q60 reads bytes 256 to 512 of the arena from dispatch #0 of @part on queue @q60, but dispatch #1 of @k on queue @q60 overwrites them in between}}
  %y = eclip.dispatch @first(%p0) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  eclip.yield %y, %z : tensor<4x16xf32>, tensor<4x16xf32>
}

// -----

// V8: a box that nobody has written
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // expected-error@+1 {{dispatch #1 of @middle on queue @q60 reads the box #eclip.box<[0, 16], [4, 16]> of a 'tensor<4x48xf32>', of which 0 of 64 elements are written}}
  %y = eclip.dispatch @middle(%p0) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  eclip.yield %y : tensor<4x16xf32>
}

// -----

// V8: all of a buffer of which two thirds are written
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %p1 = eclip.dispatch @part(%x) into (%p0 : tensor<4x48xf32>) [#eclip.box<[0, 32], [4, 16]>] in @c at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // expected-error@+1 {{dispatch #2 of @all on queue @q60 reads the box #eclip.box<[0, 0], [4, 48]> of a 'tensor<4x48xf32>', of which 128 of 192 elements are written}}
  %y = eclip.dispatch @all(%p1) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x48xf32>
  eclip.yield %y : tensor<4x48xf32>
}

// -----

// A box is written later than its buffer is passed on: nothing is wrong with that.
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 16>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @k {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
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
eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 2048 {
^bb0(%x: tensor<4x16xf32>):
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q30 mask <cus = 60, words = [858993459, 53687091]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.group @a cus 15 on @q15
  eclip.group @b cus 30 on @q30
  eclip.group @c cus 60 on @q60
  %b = eclip.buffer at 0 : tensor<4x48xf32>
  %p0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] in @c at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %y = eclip.dispatch @first(%p0) in @c at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  %p1 = eclip.dispatch @part(%x) into (%p0 : tensor<4x48xf32>) [#eclip.box<[0, 16], [4, 16]>] in @a at [0] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %z = eclip.dispatch @middle(%p1) in @a at [-1] : (tensor<4x48xf32>) -> tensor<4x16xf32>
  eclip.yield %y, %z : tensor<4x16xf32>, tensor<4x16xf32>
}
