// RUN: eclip-opt --eclip-form-kernels %s --split-input-file --mlir-print-local-scope | FileCheck %s

// Two products are written into the halves of a buffer, by one kernel; the third
// piece is an input and is copied. Who reads two pieces takes a slice.
// CHECK: eclip.kernel @[[PRODUCT:.*]] windows [#eclip.window<tensor<4x48xf32>, align = 16>] attributes {eclip.kind = "contraction"}
// CHECK: eclip.kernel @copied windows [#eclip.window<tensor<4x48xf32>, align = 16>] attributes {eclip.kind = "pointwise"}
// CHECK: eclip.kernel @rows
// CHECK: ^bb0(%[[ARG:.*]]: tensor<4x48xf32>):
// CHECK: tensor.extract_slice %[[ARG]][0, 0] [4, 32] [1, 1]
// CHECK: eclip.schedule
// CHECK: %[[B:.*]] = eclip.buffer : tensor<4x48xf32>
// CHECK-DAG: into(%{{.*}}) [#eclip.box<[0, 0], [4, 16]>]
// CHECK-DAG: into(%{{.*}}) [#eclip.box<[0, 16], [4, 16]>]
// CHECK-DAG: into(%{{.*}}) [#eclip.box<[0, 32], [4, 16]>]
// CHECK: eclip.dispatch @rows(
// CHECK: eclip.yield
module {
func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>, %y: tensor<4x8xf32>, %p: tensor<4x16xf32>) -> (tensor<4xf32>, tensor<4x48xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %a = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("first")
  %b = linalg.matmul ins(%y, %w : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("second")
  %two = tensor.concat dim(1) %a, %b : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x32xf32> loc("two")
  %three = tensor.concat dim(1) %two, %p : (tensor<4x32xf32>, tensor<4x16xf32>) -> tensor<4x48xf32> loc("copied")
  %er = tensor.empty() : tensor<4xf32>
  %fr = linalg.fill ins(%zero : f32) outs(%er : tensor<4xf32>) -> tensor<4xf32>
  %r = linalg.reduce ins(%two : tensor<4x32xf32>) outs(%fr : tensor<4xf32>) dimensions = [1]
    (%in: f32, %acc: f32) {
      %v = arith.addf %in, %acc : f32
      linalg.yield %v : f32
    } loc("rows")
  return %r, %three : tensor<4xf32>, tensor<4x48xf32>
}
}

// -----

// Two inputs and a product: two copies are more than the one kernel that copies
// all three, so the concatenation stays one.
// CHECK: eclip.kernel @joined
// CHECK: tensor.concat
// CHECK: eclip.schedule
// CHECK-NOT: eclip.buffer
// CHECK: eclip.dispatch @joined(
module {
func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>, %p: tensor<4x16xf32>) -> tensor<4x48xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %a = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("product")
  %j = tensor.concat dim(1) %p, %a, %p : (tensor<4x16xf32>, tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x48xf32> loc("joined")
  return %j : tensor<4x48xf32>
}
}

// -----

// A concatenation that is an output is written where it is returned. A piece
// that is an output too is not: it is copied.
// CHECK: eclip.kernel @first attributes
// CHECK: eclip.kernel @joined windows
// CHECK: eclip.schedule
// CHECK: %[[A:.*]] = eclip.dispatch @first(
// CHECK: %[[B0:.*]] = eclip.buffer
// CHECK: %[[B1:.*]] = eclip.dispatch @second({{.*}} into(%[[B0]]
// CHECK: %[[B2:.*]] = eclip.dispatch @joined(%[[A]]) into(%[[B1]]
// CHECK: eclip.yield %[[B2]], %[[A]]
module {
func.func @main(%x: tensor<4x8xf32>, %w: tensor<8x16xf32>, %y: tensor<4x8xf32>) -> (tensor<4x32xf32>, tensor<4x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %a = linalg.matmul ins(%x, %w : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("first")
  %b = linalg.matmul ins(%y, %w : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("second")
  %j = tensor.concat dim(1) %a, %b : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x32xf32> loc("joined")
  return %j, %a : tensor<4x32xf32>, tensor<4x16xf32>
}
}

// -----

// 2048 times tanh of 2048 elements costs more than a launch: the gate has a
// kernel of its own, although one kernel alone reads it.
// CHECK: eclip.kernel @gate
// CHECK: math.tanh
// CHECK: eclip.kernel @scale
// CHECK-NOT: math.tanh
// CHECK: eclip.schedule
module {
func.func @main(%g: tensor<2048xf32>, %x: tensor<2048x2048xf32>) -> tensor<2048x2048xf32> {
  %eg = tensor.empty() : tensor<2048xf32>
  %gate = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]} ins(%g : tensor<2048xf32>) outs(%eg : tensor<2048xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = math.tanh %in : f32
    linalg.yield %v : f32
  } -> tensor<2048xf32> loc("gate")
  %e = tensor.empty() : tensor<2048x2048xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%gate, %x : tensor<2048xf32>, tensor<2048x2048xf32>) outs(%e : tensor<2048x2048xf32>) {
  ^bb0(%in: f32, %y: f32, %out: f32):
    %v = arith.mulf %in, %y : f32
    linalg.yield %v : f32
  } -> tensor<2048x2048xf32> loc("scale")
  return %r : tensor<2048x2048xf32>
}
}
