// RUN: eclip-opt --eclip-form-kernels %s --split-input-file --mlir-print-local-scope | FileCheck %s

#id2 = affine_map<(a, b) -> (a, b)>
#row2 = affine_map<(a, b) -> (a)>
#col2 = affine_map<(a, b) -> (b)>

// Scale and mask follow the product in its kernel; softmax is one kernel: both
// reductions and what is between them stay within a row.
// CHECK-LABEL: eclip.kernel @scores
// CHECK-SAME: "contraction"
// CHECK: eclip.kernel @softmax
// CHECK-SAME: "reduction"
// CHECK: ^bb0(%{{.*}}: tensor<8x16xf32>):
// CHECK: arith.maximumf
// CHECK: math.exp
// CHECK: arith.addf
// CHECK: arith.divf
// CHECK: eclip.yield
// CHECK-NOT: eclip.kernel
// CHECK-LABEL: eclip.schedule
// CHECK: eclip.dispatch @scores({{.*}}) {eclip.nodes = ["scores", "scale", "mask"]}
// CHECK: eclip.dispatch @softmax({{.*}}) {eclip.nodes = ["softmax"]}
// CHECK-NEXT: eclip.yield
module {
func.func @main(%q: tensor<8x4xf32>, %k: tensor<16x4xf32>, %m: tensor<16xf32>) -> tensor<8x16xf32> {
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %half = arith.constant 0.5 : f32
  %e = tensor.empty() : tensor<8x16xf32>
  %er = tensor.empty() : tensor<8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x16xf32>) -> tensor<8x16xf32>
  %s = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%q, %k : tensor<8x4xf32>, tensor<16x4xf32>) outs(%f : tensor<8x16xf32>) -> tensor<8x16xf32> loc("scores")
  %t = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.mulf %in, %half : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("scale")
  %x = linalg.generic {indexing_maps = [#id2, #col2, #id2], iterator_types = ["parallel", "parallel"]} ins(%t, %m : tensor<8x16xf32>, tensor<16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %v = arith.addf %in, %b : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("mask")
  %fm = linalg.fill ins(%ninf : f32) outs(%er : tensor<8xf32>) -> tensor<8xf32>
  %max = linalg.generic {indexing_maps = [#id2, #row2], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x16xf32>) outs(%fm : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.maximumf %in, %out : f32
    linalg.yield %v : f32
  } -> tensor<8xf32> loc("softmax")
  %ex = linalg.generic {indexing_maps = [#id2, #row2, #id2], iterator_types = ["parallel", "parallel"]} ins(%x, %max : tensor<8x16xf32>, tensor<8xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %d = arith.subf %in, %b : f32
    %v = math.exp %d : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("softmax")
  %fs = linalg.fill ins(%zero : f32) outs(%er : tensor<8xf32>) -> tensor<8xf32>
  %sum = linalg.generic {indexing_maps = [#id2, #row2], iterator_types = ["parallel", "reduction"]} ins(%ex : tensor<8x16xf32>) outs(%fs : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.addf %in, %out : f32
    linalg.yield %v : f32
  } -> tensor<8xf32> loc("softmax")
  %y = linalg.generic {indexing_maps = [#id2, #row2, #id2], iterator_types = ["parallel", "parallel"]} ins(%ex, %sum : tensor<8x16xf32>, tensor<8xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %v = arith.divf %in, %b : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("softmax")
  return %y : tensor<8x16xf32>
}
}

// -----

#id2 = affine_map<(a, b) -> (a, b)>
#row2 = affine_map<(a, b) -> (a)>
#keep2 = affine_map<(a, b) -> (a, 0)>
#col2 = affine_map<(a, b) -> (b)>

// Layer norm with its keepdims reshapes: one kernel. x is the residual sum: it
// is used by nothing else, and so computed in the same kernel.
// CHECK-LABEL: eclip.kernel @norm
// CHECK-SAME: "reduction"
// CHECK: math.rsqrt
// CHECK: eclip.yield
// CHECK-NOT: eclip.kernel
// CHECK-LABEL: eclip.schedule
// CHECK: eclip.dispatch @norm(%{{.*}}, %{{.*}}, %{{.*}}) {eclip.nodes = ["residual", "norm"]}
// CHECK-NEXT: eclip.yield
module {
func.func @main(%a: tensor<8x16xf32>, %b: tensor<8x16xf32>, %g: tensor<16xf32>) -> tensor<8x16xf32> {
  %zero = arith.constant 0.0 : f32
  %n = arith.constant 16.0 : f32
  %eps = arith.constant 1.0e-5 : f32
  %e = tensor.empty() : tensor<8x16xf32>
  %er = tensor.empty() : tensor<8xf32>
  %x = linalg.generic {indexing_maps = [#id2, #id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<8x16xf32>, tensor<8x16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%i: f32, %j: f32, %out: f32):
    %v = arith.addf %i, %j : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("residual")
  %f = linalg.fill ins(%zero : f32) outs(%er : tensor<8xf32>) -> tensor<8xf32>
  %s = linalg.generic {indexing_maps = [#id2, #row2], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<8x16xf32>) outs(%f : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.addf %in, %out : f32
    linalg.yield %v : f32
  } -> tensor<8xf32> loc("norm")
  %sk = tensor.expand_shape %s [[0, 1]] output_shape [8, 1] : tensor<8xf32> into tensor<8x1xf32> loc("norm")
  %ek = tensor.empty() : tensor<8x1xf32>
  %mean = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%sk : tensor<8x1xf32>) outs(%ek : tensor<8x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.divf %in, %n : f32
    linalg.yield %v : f32
  } -> tensor<8x1xf32> loc("norm")
  %d = linalg.generic {indexing_maps = [#id2, #keep2, #id2], iterator_types = ["parallel", "parallel"]} ins(%x, %mean : tensor<8x16xf32>, tensor<8x1xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %m: f32, %out: f32):
    %v = arith.subf %in, %m : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("norm")
  %q = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%d : tensor<8x16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.mulf %in, %in : f32
    linalg.yield %v : f32
  } -> tensor<8x16xf32> loc("norm")
  %var = linalg.generic {indexing_maps = [#id2, #row2], iterator_types = ["parallel", "reduction"]} ins(%q : tensor<8x16xf32>) outs(%f : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.addf %in, %out : f32
    linalg.yield %v : f32
  } -> tensor<8xf32> loc("norm")
  %rs = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]} ins(%var : tensor<8xf32>) outs(%er : tensor<8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.divf %in, %n : f32
    %p = arith.addf %m, %eps : f32
    %v = math.rsqrt %p : f32
    linalg.yield %v : f32
  } -> tensor<8xf32> loc("norm")
  %y = linalg.generic {indexing_maps = [#id2, #row2, #col2, #id2], iterator_types = ["parallel", "parallel"]} ins(%d, %rs, %g : tensor<8x16xf32>, tensor<8xf32>, tensor<16xf32>) outs(%e : tensor<8x16xf32>) {
  ^bb0(%in: f32, %r: f32, %gg: f32, %out: f32):
    %v = arith.mulf %in, %r : f32
    %w = arith.mulf %v, %gg : f32
    linalg.yield %w : f32
  } -> tensor<8x16xf32> loc("norm")
  return %y : tensor<8x16xf32>
}
}

// -----

#id2 = affine_map<(a, b) -> (a, b)>

// A value that is used twice within the tail (x * sigmoid(x)) does not end it;
// the reshape that the importer writes between product and activation neither.
// CHECK-LABEL: eclip.kernel @fc
// CHECK-SAME: "contraction"
// CHECK: tensor.expand_shape
// CHECK: math.exp
// CHECK: arith.mulf
// CHECK-NOT: eclip.kernel
// CHECK: eclip.schedule
module {
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4x6xf32>) -> tensor<2x4x6xf32> {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %e = tensor.empty() : tensor<8x6xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x6xf32>) -> tensor<8x6xf32>
  %s = linalg.matmul ins(%x, %w : tensor<8x4xf32>, tensor<4x6xf32>) outs(%f : tensor<8x6xf32>) -> tensor<8x6xf32> loc("fc")
  %r = tensor.expand_shape %s [[0, 1], [2]] output_shape [2, 4, 6] : tensor<8x6xf32> into tensor<2x4x6xf32> loc("reshape")
  %er = tensor.empty() : tensor<2x4x6xf32>
  %sg = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%r : tensor<2x4x6xf32>) outs(%er : tensor<2x4x6xf32>) {
  ^bb0(%in: f32, %out: f32):
    %n = arith.negf %in : f32
    %x0 = math.exp %n : f32
    %p = arith.addf %x0, %one : f32
    %v = arith.divf %one, %p : f32
    linalg.yield %v : f32
  } -> tensor<2x4x6xf32> loc("sigmoid")
  %m = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%r, %sg : tensor<2x4x6xf32>, tensor<2x4x6xf32>) outs(%er : tensor<2x4x6xf32>) {
  ^bb0(%in: f32, %in2: f32, %out: f32):
    %v = arith.mulf %in, %in2 : f32
    linalg.yield %v : f32
  } -> tensor<2x4x6xf32> loc("swish")
  return %m : tensor<2x4x6xf32>
}
}

// -----

#id2 = affine_map<(a, b) -> (a, b)>

// The product of a value with its own transpose is no tail: an element of it
// needs two of the contraction's.
// CHECK: eclip.kernel @fc
// CHECK-SAME: "contraction"
// CHECK-NOT: arith.subf
// CHECK: eclip.kernel @skew
// CHECK-SAME: "pointwise"
module {
func.func @main(%x: tensor<8x4xf32>, %w: tensor<4x8xf32>) -> tensor<8x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<8x8xf32>) -> tensor<8x8xf32>
  %s = linalg.matmul ins(%x, %w : tensor<8x4xf32>, tensor<4x8xf32>) outs(%f : tensor<8x8xf32>) -> tensor<8x8xf32> loc("fc")
  %m = linalg.generic {indexing_maps = [#id2, affine_map<(a, b) -> (b, a)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%s, %s : tensor<8x8xf32>, tensor<8x8xf32>) outs(%e : tensor<8x8xf32>) {
  ^bb0(%in: f32, %in2: f32, %out: f32):
    %v = arith.subf %in, %in2 : f32
    linalg.yield %v : f32
  } -> tensor<8x8xf32> loc("skew")
  return %m : tensor<8x8xf32>
}
}

// -----

// The heads' outputs are written side by side, as the next product reads them.
// CHECK-LABEL: eclip.kernel @heads
// CHECK-SAME: "contraction"
// CHECK: tensor.collapse_shape
// CHECK: eclip.yield %{{.*}} : tensor<8x32xf32>
// CHECK-LABEL: eclip.kernel @dense
// CHECK-NEXT: ^bb0(%{{.*}}: tensor<8x32xf32>, %{{.*}}: tensor<32x6xf32>):
// CHECK-NOT: tensor.collapse_shape
// CHECK: eclip.schedule
module {
func.func @main(%p: tensor<4x8x16xf32>, %v: tensor<4x16x8xf32>, %w: tensor<32x6xf32>) -> tensor<8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x8x16xf32>, tensor<4x16x8xf32>) outs(%f : tensor<4x8x8xf32>) -> tensor<4x8x8xf32> loc("heads")
  %et = tensor.empty() : tensor<8x4x8xf32>
  %t = linalg.transpose ins(%o : tensor<4x8x8xf32>) outs(%et : tensor<8x4x8xf32>) permutation = [1, 0, 2]
  %c = tensor.collapse_shape %t [[0], [1, 2]] : tensor<8x4x8xf32> into tensor<8x32xf32>
  %ed = tensor.empty() : tensor<8x6xf32>
  %fd = linalg.fill ins(%zero : f32) outs(%ed : tensor<8x6xf32>) -> tensor<8x6xf32>
  %y = linalg.matmul ins(%c, %w : tensor<8x32xf32>, tensor<32x6xf32>) outs(%fd : tensor<8x6xf32>) -> tensor<8x6xf32> loc("dense")
  return %y : tensor<8x6xf32>
}
}

// -----

// Neighbours would be written apart: that is left to the reader.
// CHECK-LABEL: eclip.kernel @heads
// CHECK: eclip.yield %{{.*}} : tensor<4x8x8xf32>
// CHECK-LABEL: eclip.kernel @dense
// CHECK: eclip.schedule
module {
func.func @main(%p: tensor<4x8x16xf32>, %v: tensor<4x16x8xf32>, %w: tensor<32x6xf32>) -> tensor<8x6xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x8x8xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x8x8xf32>) -> tensor<4x8x8xf32>
  %o = linalg.batch_matmul ins(%p, %v : tensor<4x8x16xf32>, tensor<4x16x8xf32>) outs(%f : tensor<4x8x8xf32>) -> tensor<4x8x8xf32> loc("heads")
  %et = tensor.empty() : tensor<8x4x8xf32>
  %t = linalg.transpose ins(%o : tensor<4x8x8xf32>) outs(%et : tensor<8x4x8xf32>) permutation = [2, 0, 1]
  %c = tensor.collapse_shape %t [[0], [1, 2]] : tensor<8x4x8xf32> into tensor<8x32xf32>
  %ed = tensor.empty() : tensor<8x6xf32>
  %fd = linalg.fill ins(%zero : f32) outs(%ed : tensor<8x6xf32>) -> tensor<8x6xf32>
  %y = linalg.matmul ins(%c, %w : tensor<8x32xf32>, tensor<32x6xf32>) outs(%fd : tensor<8x6xf32>) -> tensor<8x6xf32> loc("dense")
  return %y : tensor<8x6xf32>
}
}
