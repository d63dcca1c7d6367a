// Products over flattened feature maps: the constant takes the order of memory.
// RUN: eclip-opt %s --eclip-reorder-products | FileCheck %s
// RUN: eclip-opt %s --eclip-reorder-products --eclip-fold-constants | FileCheck %s --check-prefix=FOLD

// CHECK-LABEL: func @classifier(
// CHECK-SAME: %[[X:.*]]: tensor<2x2x3x2xf32>
// CHECK: %[[W:.*]] = arith.constant
// CHECK: %[[E:.*]] = tensor.expand_shape %[[W]] {{\[}}[0], [1, 2, 3]]
// CHECK-SAME: tensor<1x12xf32> into tensor<1x2x2x3xf32>
// CHECK: %[[T:.*]] = linalg.transpose ins(%[[E]] : tensor<1x2x2x3xf32>) outs(%{{.*}} : tensor<1x2x3x2xf32>) permutation = [0, 2, 3, 1]
// CHECK: %[[K:.*]] = tensor.collapse_shape %[[T]]
// CHECK: %[[A:.*]] = tensor.collapse_shape %[[X]] {{\[}}[0], [1, 2, 3]]
// CHECK: linalg.matmul {{.*}} ins(%[[A]], %[[K]]
// Channel c of pixel p: 6 c + p before, 2 p + c now.
// FOLD-LABEL: func @classifier(
// FOLD: dense<{{\[}}[0.000000e+00, 6.000000e+00, 1.000000e+00, 7.000000e+00, 2.000000e+00, 8.000000e+00, 3.000000e+00, 9.000000e+00, 4.000000e+00, 1.000000e+01, 5.000000e+00, 1.100000e+01]]>
// FOLD-NOT: linalg.transpose
// FOLD-LABEL: func @shared(
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#bt = affine_map<(d0, d1, d2) -> (d1, d2)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
func.func @classifier(%x: tensor<2x2x3x2xf32>, %init: tensor<2x1xf32>) -> tensor<2x1xf32> {
  %w = arith.constant dense<[[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0, 11.0]]> : tensor<1x12xf32>
  %e = tensor.empty() : tensor<2x2x2x3xf32>
  %t = linalg.transpose ins(%x : tensor<2x2x3x2xf32>) outs(%e : tensor<2x2x2x3xf32>) permutation = [0, 3, 1, 2]
  %f = tensor.collapse_shape %t [[0], [1, 2, 3]] : tensor<2x2x2x3xf32> into tensor<2x12xf32>
  %r = linalg.matmul indexing_maps = [#a, #bt, #c] ins(%f, %w : tensor<2x12xf32>, tensor<1x12xf32>) outs(%init : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// The constant has another user: it would exist twice.
// CHECK-LABEL: func @shared(
// CHECK: %[[F:.*]] = tensor.collapse_shape %transposed
// CHECK: linalg.matmul {{.*}} ins(%[[F]], %cst
func.func @shared(%x: tensor<2x2x3x2xf32>, %init: tensor<2x1xf32>) -> (tensor<2x1xf32>, tensor<1x12xf32>) {
  %w = arith.constant dense<1.0> : tensor<1x12xf32>
  %e = tensor.empty() : tensor<2x2x2x3xf32>
  %t = linalg.transpose ins(%x : tensor<2x2x3x2xf32>) outs(%e : tensor<2x2x2x3xf32>) permutation = [0, 3, 1, 2]
  %f = tensor.collapse_shape %t [[0], [1, 2, 3]] : tensor<2x2x2x3xf32> into tensor<2x12xf32>
  %r = linalg.matmul indexing_maps = [#a, #bt, #c] ins(%f, %w : tensor<2x12xf32>, tensor<1x12xf32>) outs(%init : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %r, %w : tensor<2x1xf32>, tensor<1x12xf32>
}

// The other factor is computed.
// CHECK-LABEL: func @computed(
// CHECK: %[[F:.*]] = tensor.collapse_shape %transposed
// CHECK: linalg.matmul {{.*}} ins(%[[F]], %arg1
func.func @computed(%x: tensor<2x2x3x2xf32>, %w: tensor<1x12xf32>, %init: tensor<2x1xf32>) -> tensor<2x1xf32> {
  %e = tensor.empty() : tensor<2x2x2x3xf32>
  %t = linalg.transpose ins(%x : tensor<2x2x3x2xf32>) outs(%e : tensor<2x2x2x3xf32>) permutation = [0, 3, 1, 2]
  %f = tensor.collapse_shape %t [[0], [1, 2, 3]] : tensor<2x2x2x3xf32> into tensor<2x12xf32>
  %r = linalg.matmul indexing_maps = [#a, #bt, #c] ins(%f, %w : tensor<2x12xf32>, tensor<1x12xf32>) outs(%init : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// The transpose moves the rows too.
// CHECK-LABEL: func @rows(
// CHECK: %[[F:.*]] = tensor.collapse_shape %transposed
// CHECK: linalg.matmul {{.*}} ins(%[[F]], %cst
func.func @rows(%x: tensor<2x3x2x2xf32>, %init: tensor<2x1xf32>) -> tensor<2x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x12xf32>
  %e = tensor.empty() : tensor<2x2x2x3xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x2x2xf32>) outs(%e : tensor<2x2x2x3xf32>) permutation = [3, 0, 2, 1]
  %f = tensor.collapse_shape %t [[0], [1, 2, 3]] : tensor<2x2x2x3xf32> into tensor<2x12xf32>
  %r = linalg.matmul indexing_maps = [#a, #bt, #c] ins(%f, %w : tensor<2x12xf32>, tensor<1x12xf32>) outs(%init : tensor<2x1xf32>) -> tensor<2x1xf32>
  return %r : tensor<2x1xf32>
}

// The map is summed over only in part: its channels are rows.
// CHECK-LABEL: func @parallel(
// CHECK: %[[F:.*]] = tensor.collapse_shape %transposed
// CHECK: linalg.matmul {{.*}} ins(%[[F]], %cst
func.func @parallel(%x: tensor<2x3x2x4xf32>, %init: tensor<12x1xf32>) -> tensor<12x1xf32> {
  %w = arith.constant dense<1.0> : tensor<1x4xf32>
  %e = tensor.empty() : tensor<3x2x2x4xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x2x4xf32>) outs(%e : tensor<3x2x2x4xf32>) permutation = [1, 2, 0, 3]
  %f = tensor.collapse_shape %t [[0, 1, 2], [3]] : tensor<3x2x2x4xf32> into tensor<12x4xf32>
  %r = linalg.matmul indexing_maps = [#a, #bt, #c] ins(%f, %w : tensor<12x4xf32>, tensor<1x4xf32>) outs(%init : tensor<12x1xf32>) -> tensor<12x1xf32>
  return %r : tensor<12x1xf32>
}
