// Every operation and attribute prints what it parses.
// RUN: eclip-opt %s | eclip-opt | FileCheck %s
// RUN: eclip-opt --mlir-print-op-generic %s | eclip-opt | FileCheck %s
// RUN: eclip-opt --emit-bytecode %s | eclip-opt | FileCheck %s

// CHECK-LABEL: eclip.kernel @copy {
eclip.kernel @copy {
^bb0(%a: tensor<16xf32>):
  // CHECK: eclip.yield %{{.*}} : tensor<16xf32>
  eclip.yield %a : tensor<16xf32>
}

// CHECK: eclip.kernel @two launch <grid = [4, 2, 1], workgroup = [64, 1, 1], lds_bytes = 1024, scratch_bytes = 0, kernarg_bytes = 32, vgprs = 24, sgprs = 16> attributes {eclip.kind = "pointwise"} {
eclip.kernel @two launch <grid = [4, 2, 1], workgroup = [64, 1, 1], lds_bytes = 1024, scratch_bytes = 0, kernarg_bytes = 32, vgprs = 24, sgprs = 16>
    attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<16xf32>, %b: tensor<16xf32>):
  // CHECK: eclip.yield %{{.*}}, %{{.*}} : tensor<16xf32>, tensor<16xf32>
  eclip.yield %a, %b : tensor<16xf32>, tensor<16xf32>
}

// CHECK: eclip.schedule @main inputs ["x"] outputs ["y", "z"] device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> arena 512 {
eclip.schedule @main inputs ["x"] outputs ["y", "z"]
    device <name = "mi50", target = "gfx906", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
    arena 512 {
^bb0(%x: tensor<16xf32>):
  // CHECK: eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  eclip.queue @q15 mask <cus = 60, words = [286331153, 17895697]>
  // CHECK: eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  eclip.queue @q60 mask <cus = 60, words = [4294967295, 268435455]>
  // CHECK: eclip.group @g0 cus 15 on @q15 cost <cus = [15, 60], time_ns = [7, 5], energy_nj = [0, 9], source = "profile">
  eclip.group @g0 cus 15 on @q15 cost <cus = [15, 60], time_ns = [7, 5], energy_nj = [0, 9], source = "profile">
  // CHECK: eclip.group @g1 cus 60 on @q60
  eclip.group @g1 cus 60 on @q60
  // CHECK: eclip.group @free cus 30{{$}}
  eclip.group @free cus 30
  // CHECK: %[[C:.*]] = arith.constant dense<1.000000e+00> : tensor<16xf32>
  %c = arith.constant dense<1.0> : tensor<16xf32>
  // CHECK: %[[A:.*]] = eclip.dispatch @copy(%{{.*}}) in @g0 at [0] cost <cus = [15, 30, 45, 60], time_ns = [4, 3, 2, 1], energy_nj = [1, 1, 1, 1], source = "model"> : (tensor<16xf32>) -> tensor<16xf32>
  %a = eclip.dispatch @copy(%x) in @g0 at [0] cost <cus = [15, 30, 45, 60], time_ns = [4, 3, 2, 1], energy_nj = [1, 1, 1, 1], source = "model"> : (tensor<16xf32>) -> tensor<16xf32>
  // CHECK: eclip.barrier in @g1 waits(%[[A]] : tensor<16xf32>)
  eclip.barrier in @g1 waits(%a : tensor<16xf32>)
  // CHECK: %[[B:.*]]:2 = eclip.dispatch @two(%[[A]], %[[C]]) in @g1 at [-1, -1] : (tensor<16xf32>, tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
  %b:2 = eclip.dispatch @two(%a, %c) in @g1 at [-1, -1] : (tensor<16xf32>, tensor<16xf32>) -> (tensor<16xf32>, tensor<16xf32>)
  // CHECK: eclip.dispatch @copy(%[[C]]) : (tensor<16xf32>) -> tensor<16xf32>
  %unplaced = eclip.dispatch @copy(%c) : (tensor<16xf32>) -> tensor<16xf32>
  // CHECK: eclip.yield %[[B]]#0, %[[B]]#1 : tensor<16xf32>, tensor<16xf32>
  eclip.yield %b#0, %b#1 : tensor<16xf32>, tensor<16xf32>
}
