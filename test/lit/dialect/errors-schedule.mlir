// Constraints S1 to S5, Q1, Q2, G1, G2, D1 to D4 and B1 to B4 of
// dialect/EclipOps.td.
// RUN: eclip-opt %s --split-input-file --verify-diagnostics

// S1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{has 1 inputs but 2 names for them}}
eclip.schedule @main inputs ["x", "z"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// S1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{has 1 outputs but 0 names for them}}
eclip.schedule @main inputs ["x"] outputs [] {
^bb0(%x: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// S1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{has two inputs named 'x'}}
eclip.schedule @main inputs ["x", "x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>, %z: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// S1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{has two outputs named 'y'}}
eclip.schedule @main inputs ["x"] outputs ["y", "y"] {
^bb0(%x: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  %z = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y, %z : tensor<16xf32>, tensor<16xf32>
}

// -----

// S2
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{may not stand in an eclip.schedule}}
  %e = tensor.empty() : tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// S3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{output 0 is not the result of a dispatch}}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  eclip.yield %x : tensor<16xf32>
}

// -----

// S3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{output 0 is not the result of a dispatch}}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  %y = arith.constant dense<0.0> : tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// S3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{output 1 is yielded twice}}
eclip.schedule @main inputs ["x"] outputs ["y", "z"] {
^bb0(%x: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y, %y : tensor<16xf32>, tensor<16xf32>
}

// -----

// S4
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{has 2 queues, device 'd' runs 1 masked queues without oversubscription}}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// S5
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{arena size must not be negative}}
eclip.schedule @main inputs ["x"] outputs ["y"] arena -1 {
^bb0(%x: tensor<16xf32>):
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// A schedule ends with a yield.
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
// expected-error@+1 {{must end with eclip.yield}}
eclip.schedule @main inputs ["x"] outputs [] {
^bb0(%x: tensor<16xf32>):
  llvm.unreachable
}

// -----

// Q1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{has a mask for 16 CUs, device 'd' has 8}}
  eclip.queue @q mask <cus = 16, words = [1]>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// Q2
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  // expected-error@+1 {{has the same mask as queue @q0}}
  eclip.queue @q1 mask <cus = 8, words = [15]>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// G1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{needs 5 CUs, which is no mask size of device 'd'}}
  eclip.group @g cus 5
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// G2
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{names no queue of this schedule: @q}}
  eclip.group @g cus 4 on @q
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// G2
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q mask <cus = 8, words = [255]>
  // expected-error@+1 {{needs 4 CUs, queue @q has 8}}
  eclip.group @g cus 4 on @q
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{names no kernel of this module: @none}}
  %y = eclip.dispatch @none(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{operand types differ from the arguments of @copy}}
  %y = eclip.dispatch @copy(%x, %x) : (tensor<16xf32>, tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{result types differ from what @copy yields}}
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<4xf32>
  eclip.yield %y : tensor<4xf32>
}

// -----

// D2
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{names no group of this schedule: @g}}
  %y = eclip.dispatch @copy(%x) in @g : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{has 1 results but 2 offsets}}
  %y = eclip.dispatch @copy(%x) at [-1, -1] : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{result 0 must have offset -1 exactly if it is an output}}
  %y = eclip.dispatch @copy(%x) at [0] : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{result 0 must have offset -1 exactly if it is an output}}
  %z = eclip.dispatch @copy(%x) at [-1] : (tensor<16xf32>) -> tensor<16xf32>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{offset 100 is not a multiple of 256}}
  %z = eclip.dispatch @copy(%x) at [100] : (tensor<16xf32>) -> tensor<16xf32>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{offset -256 is not a multiple of 256}}
  %z = eclip.dispatch @copy(%x) at [-256] : (tensor<16xf32>) -> tensor<16xf32>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] arena 300 {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{result 0 of 64 bytes at offset 256 ends beyond the arena of 300 bytes}}
  %z = eclip.dispatch @copy(%x) at [256] : (tensor<16xf32>) -> tensor<16xf32>
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// D4
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  // expected-error@+1 {{has a cost for other CU counts than the mask sizes of device 'd'}}
  %y = eclip.dispatch @copy(%x) cost <cus = [8], time_ns = [1], energy_nj = [1], source = "model"> : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  // expected-error@+1 {{waits for 0 dispatches; a barrier-AND packet takes one to five}}
  "eclip.barrier"() <{group = @g1}> : () -> ()
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  %0 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %1 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %2 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %3 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %4 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %5 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{waits for 6 dispatches; a barrier-AND packet takes one to five}}
  eclip.barrier in @g1 waits(%0, %1, %2, %3, %4, %5 : tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>, tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B1
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  %0 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %1 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %2 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %3 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %4 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %5 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{waits for the same dispatch twice}}
  eclip.barrier in @g1 waits(%0, %0 : tensor<16xf32>, tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B2
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  // expected-error@+1 {{may wait only for results of dispatches}}
  eclip.barrier in @g1 waits(%x : tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B3
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  %0 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %1 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %2 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %3 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %4 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %5 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{waits for a dispatch of its own queue @q0, which queue order already guarantees}}
  eclip.barrier in @g0 waits(%0 : tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B4
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  %0 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %1 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %2 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %3 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %4 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %5 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{names no group with a queue: @none}}
  eclip.barrier in @none waits(%0 : tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B4
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  %0 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %1 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %2 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %3 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %4 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  %5 = eclip.dispatch @copy(%x) in @g0 : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{names no group with a queue: @free}}
  eclip.barrier in @free waits(%0 : tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}

// -----

// B3: a wait for a dispatch on no queue yet
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  eclip.yield %a : tensor<16xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] device <name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 2, mask_sizes = [4, 8]> {
^bb0(%x: tensor<16xf32>):
  eclip.queue @q0 mask <cus = 8, words = [15]>
  eclip.queue @q1 mask <cus = 8, words = [255]>
  eclip.group @g0 cus 4 on @q0
  eclip.group @g1 cus 8 on @q1
  eclip.group @free cus 8
  %0 = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  // expected-error@+1 {{waits for a dispatch that is on no queue}}
  eclip.barrier in @g1 waits(%0 : tensor<16xf32>)
  %y = eclip.dispatch @copy(%x) : (tensor<16xf32>) -> tensor<16xf32>
  eclip.yield %y : tensor<16xf32>
}
