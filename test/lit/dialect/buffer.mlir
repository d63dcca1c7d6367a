// A buffer that two dispatches fill: buffer, boxes and windows print what they
// parse.
// RUN: eclip-opt %s | eclip-opt | FileCheck %s
// RUN: eclip-opt --mlir-print-op-generic %s | eclip-opt | FileCheck %s
// RUN: eclip-opt --emit-bytecode %s | eclip-opt | FileCheck %s

// CHECK: eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 64>] {
eclip.kernel @part windows [#eclip.window<tensor<4x48xf32>, align = 64>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a : tensor<4x16xf32>
}

// CHECK: eclip.kernel @both windows [unit, #eclip.window<tensor<4x48xf32>, align = 4>] {
eclip.kernel @both windows [unit, #eclip.window<tensor<4x48xf32>, align = 4>] {
^bb0(%a: tensor<4x16xf32>):
  eclip.yield %a, %a : tensor<4x16xf32>, tensor<4x16xf32>
}

eclip.kernel @sum {
^bb0(%a: tensor<4x48xf32>, %b: tensor<4x16xf32>):
  %s = tensor.extract_slice %a[0, 16] [4, 32] [1, 1] : tensor<4x48xf32> to tensor<4x32xf32>
  eclip.yield %s : tensor<4x32xf32>
}

eclip.schedule @main inputs ["x"] outputs ["y", "z"] arena 1024 {
^bb0(%x: tensor<4x16xf32>):
  // CHECK: %[[B:.*]] = eclip.buffer at -1 : tensor<4x48xf32>
  %b = eclip.buffer at -1 : tensor<4x48xf32>
  // CHECK: %[[B0:.*]] = eclip.dispatch @part(%{{.*}}) into(%[[B]] : tensor<4x48xf32>) [#eclip.box<[0, 32], [4, 16]>] at [-1] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  %b0 = eclip.dispatch @part(%x) into (%b : tensor<4x48xf32>) [#eclip.box<[0, 32], [4, 16]>] at [-1] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // CHECK: %[[B1:.*]]:2 = eclip.dispatch @both(%{{.*}}) into(%[[B0]] : tensor<4x48xf32>) [unit, #eclip.box<[0, 16], [4, 16]>] at [0, -1]
  %b1:2 = eclip.dispatch @both(%x) into (%b0 : tensor<4x48xf32>) [unit, #eclip.box<[0, 16], [4, 16]>] at [0, -1] : (tensor<4x16xf32>) -> (tensor<4x16xf32>, tensor<4x48xf32>)
  %y = eclip.dispatch @sum(%b1#1, %b1#0) at [-1] : (tensor<4x48xf32>, tensor<4x16xf32>) -> tensor<4x32xf32>
  %b2 = eclip.dispatch @part(%x) into (%b1#1 : tensor<4x48xf32>) [#eclip.box<[0, 0], [4, 16]>] at [-1] : (tensor<4x16xf32>) -> tensor<4x48xf32>
  // CHECK: eclip.yield %{{.*}}, %{{.*}} : tensor<4x32xf32>, tensor<4x48xf32>
  eclip.yield %y, %b2 : tensor<4x32xf32>, tensor<4x48xf32>
}
