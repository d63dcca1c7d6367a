// RUN: eclip-opt --pass-pipeline="builtin.module(func.func(eclip-merge-contractions,eclip-fold-constants))" %s --split-input-file --mlir-print-local-scope | FileCheck %s

// Query, key and value are one product. Their biases follow it; the scale of the
// queries alone becomes a factor for each column, 1 for keys and values. Readers
// take slices.
// CHECK-LABEL: func.func @main
// CHECK-SAME: %[[X:.*]]: tensor<4x8xf32>
// CHECK: linalg.matmul ins(%[[X]], %{{.*}} : tensor<4x8xf32>, tensor<8x48xf32>)
// CHECK-NOT: linalg.matmul
// CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<48xf32>, tensor<4x48xf32>)
// CHECK: arith.addf
// CHECK: %[[ALL:.*]] = linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<4x48xf32>, tensor<48xf32>)
// CHECK: arith.mulf
// CHECK-DAG: tensor.extract_slice %[[ALL]][0, 0] [4, 16] [1, 1]
// CHECK-DAG: tensor.extract_slice %[[ALL]][0, 16] [4, 16] [1, 1]
// CHECK-DAG: tensor.extract_slice %[[ALL]][0, 32] [4, 16] [1, 1]
// CHECK-NOT: linalg.generic
// CHECK: return
module {
func.func @main(%x: tensor<4x8xf32>) -> tensor<2x4x8xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<8x16xf32>
  %b0 = arith.constant dense<0.5> : tensor<16xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x16xf32>
  %b1 = arith.constant dense<1.5> : tensor<16xf32>
  %w2 = arith.constant dense<3.0> : tensor<8x16xf32>
  %b2 = arith.constant dense<2.5> : tensor<16xf32>
  %q = linalg.matmul ins(%x, %w0 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("query")
  %qb = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%b0, %q : tensor<16xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%i0: f32, %i1: f32, %out: f32):
    %v = arith.addf %i0, %i1 : f32
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  %k = linalg.matmul ins(%x, %w1 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("key")
  %kb = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%b1, %k : tensor<16xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%i0: f32, %i1: f32, %out: f32):
    %v = arith.addf %i0, %i1 : f32
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  %vv = linalg.matmul ins(%x, %w2 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32> loc("value")
  %vb = linalg.generic {indexing_maps = [affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%b2, %vv : tensor<16xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%i0: f32, %i1: f32, %out: f32):
    %v = arith.addf %i0, %i1 : f32
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  %qh = tensor.expand_shape %qb [[0], [1, 2]] output_shape [4, 2, 8] : tensor<4x16xf32> into tensor<4x2x8xf32>
  %qe = tensor.empty() : tensor<2x4x8xf32>
  %qt = linalg.transpose ins(%qh : tensor<4x2x8xf32>) outs(%qe : tensor<2x4x8xf32>) permutation = [1, 0, 2]
  %eh = tensor.empty() : tensor<2x4x8xf32>
  %c = arith.constant 0.25 : f32
  %qs = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>], iterator_types = ["parallel", "parallel", "parallel"]} ins(%qt : tensor<2x4x8xf32>) outs(%eh : tensor<2x4x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.mulf %in, %c : f32
    linalg.yield %v : f32
  } -> tensor<2x4x8xf32> loc("scale")
  %kh = tensor.expand_shape %kb [[0], [1, 2]] output_shape [4, 2, 8] : tensor<4x16xf32> into tensor<4x2x8xf32>
  %ke = tensor.empty() : tensor<2x4x8xf32>
  %kt = linalg.transpose ins(%kh : tensor<4x2x8xf32>) outs(%ke : tensor<2x4x8xf32>) permutation = [1, 0, 2]
  %vh = tensor.expand_shape %vb [[0], [1, 2]] output_shape [4, 2, 8] : tensor<4x16xf32> into tensor<4x2x8xf32>
  %ve = tensor.empty() : tensor<2x4x8xf32>
  %vt = linalg.transpose ins(%vh : tensor<4x2x8xf32>) outs(%ve : tensor<2x4x8xf32>) permutation = [1, 0, 2]
  %es = tensor.empty() : tensor<2x4x4xf32>
  %fs = linalg.fill ins(%zero : f32) outs(%es : tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  %s = linalg.batch_matmul indexing_maps = [affine_map<(b, m, n, k) -> (b, m, k)>, affine_map<(b, m, n, k) -> (b, n, k)>, affine_map<(b, m, n, k) -> (b, m, n)>] ins(%qs, %kt : tensor<2x4x8xf32>, tensor<2x4x8xf32>) outs(%fs : tensor<2x4x4xf32>) -> tensor<2x4x4xf32>
  %eo = tensor.empty() : tensor<2x4x8xf32>
  %fo = linalg.fill ins(%zero : f32) outs(%eo : tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  %o = linalg.batch_matmul ins(%s, %vt : tensor<2x4x4xf32>, tensor<2x4x8xf32>) outs(%fo : tensor<2x4x8xf32>) -> tensor<2x4x8xf32>
  return %o : tensor<2x4x8xf32>
}
}

// -----

// Arithmetic of both belongs to one of them.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-2: linalg.matmul
// CHECK: return
module {
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<8x16xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x16xf32>
  %a = linalg.matmul ins(%x, %w0 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %b = linalg.matmul ins(%x, %w1 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%a, %b : tensor<4x16xf32>, tensor<4x16xf32>) outs(%e : tensor<4x16xf32>) {
  ^bb0(%i0: f32, %i1: f32, %out: f32):
    %v = arith.mulf %i0, %i1 : f32
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}
}

// -----

// Outputs are written where they are returned.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-2: linalg.matmul
// CHECK: return
module {
func.func @main(%x: tensor<4x8xf32>) -> (tensor<4x16xf32>, tensor<4x16xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<8x16xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x16xf32>
  %a = linalg.matmul ins(%x, %w0 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %b = linalg.matmul ins(%x, %w1 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %a, %b : tensor<4x16xf32>, tensor<4x16xf32>
}
}

// -----

// Pieces of a concatenation are written in place.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-2: linalg.matmul
// CHECK: return
module {
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x32xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<8x16xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x16xf32>
  %a = linalg.matmul ins(%x, %w0 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %b = linalg.matmul ins(%x, %w1 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %j = tensor.concat dim(1) %a, %b : (tensor<4x16xf32>, tensor<4x16xf32>) -> tensor<4x32xf32>
  return %j : tensor<4x32xf32>
}
}

// -----

// Arithmetic that adds to what its result held before is not widened.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-4: linalg.matmul
// CHECK: return
module {
func.func @main(%x: tensor<4x8xf32>, %old: tensor<4x16xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<8x16xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x16xf32>
  %u = arith.constant dense<3.0> : tensor<16x16xf32>
  %a = linalg.matmul ins(%x, %w0 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %b = linalg.matmul ins(%x, %w1 : tensor<4x8xf32>, tensor<8x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %as = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<4x16xf32>) outs(%old : tensor<4x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.addf %in, %out : f32
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  %bs = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]} ins(%b : tensor<4x16xf32>) outs(%old : tensor<4x16xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.addf %in, %out : f32
    linalg.yield %v : f32
  } -> tensor<4x16xf32>
  %p = linalg.matmul ins(%as, %u : tensor<4x16xf32>, tensor<16x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %r = linalg.matmul ins(%bs, %u : tensor<4x16xf32>, tensor<16x16xf32>) outs(%p : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}
}

// -----

// Slices of 24 bytes would keep loads from being wide.
// CHECK-LABEL: func.func @main
// CHECK-COUNT-4: linalg.matmul
// CHECK: return
module {
func.func @main(%x: tensor<4x8xf32>) -> tensor<4x16xf32> {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<4x16xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<4x16xf32>) -> tensor<4x16xf32>
  %w0 = arith.constant dense<1.0> : tensor<8x6xf32>
  %w1 = arith.constant dense<2.0> : tensor<8x6xf32>
  %u = arith.constant dense<3.0> : tensor<6x16xf32>
  %e6 = tensor.empty() : tensor<4x6xf32>
  %f6 = linalg.fill ins(%zero : f32) outs(%e6 : tensor<4x6xf32>) -> tensor<4x6xf32>
  %a = linalg.matmul ins(%x, %w0 : tensor<4x8xf32>, tensor<8x6xf32>) outs(%f6 : tensor<4x6xf32>) -> tensor<4x6xf32>
  %b = linalg.matmul ins(%x, %w1 : tensor<4x8xf32>, tensor<8x6xf32>) outs(%f6 : tensor<4x6xf32>) -> tensor<4x6xf32>
  %p = linalg.matmul ins(%a, %u : tensor<4x6xf32>, tensor<6x16xf32>) outs(%f : tensor<4x16xf32>) -> tensor<4x16xf32>
  %r = linalg.matmul ins(%b, %u : tensor<4x6xf32>, tensor<6x16xf32>) outs(%p : tensor<4x16xf32>) -> tensor<4x16xf32>
  return %r : tensor<4x16xf32>
}
}
