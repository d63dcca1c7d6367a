// Constraints A10 to A12, K4, S6, U1, U2 and D5 to D10 of dialect/.
// RUN: eclip-opt %s --split-input-file --verify-diagnostics

// A10: static shape
// expected-error@+1 {{a window's buffer must have a static shape of at least one dimension with integers or floats}}
eclip.kernel @k windows [#eclip.window<tensor<?x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// A11
// expected-error@+1 {{a window's alignment must be a power of two up to 256, is 96}}
eclip.kernel @k windows [#eclip.window<tensor<4x32xf32>, align = 96>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// A12: one length
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{a box needs as many offsets as sizes, at least 1; has 2 and 1}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// A12: signs
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{a box needs offsets that are not negative and positive sizes}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 0]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// K4: one entry a result
// expected-error@+1 {{yields 1 values but has 2 windows}}
eclip.kernel @k windows [unit, unit] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// K4: kinds
// expected-error@+1 {{window 0 is neither unit nor a window}}
eclip.kernel @k windows ["left"] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// K4: rank
// expected-error@+1 {{result 0 of type 'tensor<4x16xf32>' is no window of a 'tensor<64xf32>'}}
eclip.kernel @k windows [#eclip.window<tensor<64xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// K4: elements
// expected-error@+1 {{result 0 of type 'tensor<4x16xf32>' is no window of a 'tensor<4x32xf16>'}}
eclip.kernel @k windows [#eclip.window<tensor<4x32xf16>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// K4: size
// expected-error@+1 {{result 0 of type 'tensor<4x16xf32>' is no window of a 'tensor<4x8xf32>'}}
eclip.kernel @k windows [#eclip.window<tensor<4x8xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// -----

// S6: not the last value
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
// expected-error@+1 {{output 0 lies in an eclip.buffer and is not the last of its values, or not all of it is written}}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  eclip.yield %b0 : tensor<4x32xf32>
}

// -----

// S6: not written whole
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
// expected-error@+1 {{output 0 lies in an eclip.buffer and is not the last of its values, or not all of it is written}}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  eclip.yield %b0 : tensor<4x32xf32>
}

// -----

// U1
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  // expected-error@+1 {{must have a static shape and elements of integers or floats}}
  %b = eclip.buffer : tensor<?x32xf32>
  %d = eclip.buffer : tensor<4x32xf32>
  %y = eclip.dispatch @copy(%d) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// U2: an output
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  // expected-error@+1 {{buffer must have offset -1 exactly if it is an output}}
  %b = eclip.buffer at 0 : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  eclip.yield %b1 : tensor<4x32xf32>
}

// -----

// U2: no output
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  // expected-error@+1 {{buffer must have offset -1 exactly if it is an output}}
  %b = eclip.buffer at -1 : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// U2: alignment
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  // expected-error@+1 {{offset 64 is not a multiple of 256}}
  %b = eclip.buffer at 64 : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// U2: the arena
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] arena 512 {
^bb0(%x: tensor<4x16xf32>):
  // expected-error@+1 {{buffer of 512 bytes at offset 256 ends beyond the arena of 512 bytes}}
  %b = eclip.buffer at 256 : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D5: one entry a result
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{has 1 results but 2 boxes}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>, unit] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D5: kinds
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{box 0 is neither unit nor a box}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [3] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D5: as many as dests
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{has 0 boxes for 1 dests}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [unit] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D5: types
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x48xf32>
  // expected-error@+1 {{result 0 has another type than its dest}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D6: inside
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{box #eclip.box<[0, 24], [4, 16]> does not lie within}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 24], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D6: rank
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{box #eclip.box<[0], [16]> does not lie within}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0], [16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D7: a buffer
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %p = eclip.buffer : tensor<4x32xf32>
  %b = eclip.dispatch @copy(%p) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  // expected-error@+1 {{dest of result 0 is neither an eclip.buffer nor a result with a box}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D7: one dest
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{dest of result 0 is the dest of another result too}}
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D8
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  // expected-error@+1 {{box #eclip.box<[0, 8], [4, 16]> overlaps the box #eclip.box<[0, 0], [4, 16]> that @part writes}}
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 8], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D9: a window
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{result 0 has a box, but no window in @copy}}
  %b1 = eclip.dispatch @copy(%b) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 32]>] : (tensor<4x32xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D9: a box
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{result 0 has no box, but a window in @part}}
  %p = eclip.dispatch @part(%x) : (tensor<4x16xf32>) -> tensor<4x16xf32>
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D9: sizes
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{box #eclip.box<[0, 0], [4, 8]> of result 0 does not suit the window of 'tensor<4x16xf32>' in 'tensor<4x32xf32>' at multiples of 64 bytes in @part}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 8]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D9: alignment
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer : tensor<4x32xf32>
  // expected-error@+1 {{box #eclip.box<[0, 8], [4, 16]> of result 0 does not suit the window}}
  %b1 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 8], [4, 16]>] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}

// -----

// D10
eclip.kernel @part windows [#eclip.window<tensor<4x32xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}
eclip.kernel @copy {
^bb0(%a: tensor<4x32xf32>):
  eclip.yield %a : tensor<4x32xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4x16xf32>):
  %b = eclip.buffer at 0 : tensor<4x32xf32>
  // expected-error@+1 {{result 0 has offset 256, the buffer that it lies in 0}}
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x32xf32>) [#eclip.box<[0, 0], [4, 16]>] at [256] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %b1 = eclip.dispatch @part(%x) into (%b0 : tensor<4x32xf32>) [#eclip.box<[0, 16], [4, 16]>] at [0] : (tensor<4x16xf32>) -> tensor<4x32xf32>
  %y = eclip.dispatch @copy(%b1) : (tensor<4x32xf32>) -> tensor<4x32xf32>
  eclip.yield %y : tensor<4x32xf32>
}
