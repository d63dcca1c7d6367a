// RUN: eclip-opt --eclip-channels-last %s --split-input-file --mlir-print-local-scope | FileCheck %s

// One transpose at each border; padding and the elementwise operations between
// the convolutions run channels-last.
// CHECK-LABEL: func @two_convs
// CHECK-SAME: %[[X:.*]]: tensor<1x3x8x8xf32>
func.func @two_convs(%x: tensor<1x3x8x8xf32>) -> tensor<1x8x6x6xf32> {
  // CHECK: %[[T:.*]] = linalg.transpose ins(%[[X]] {{.*}} permutation = [0, 2, 3, 1]
  // CHECK: %[[W1:.*]] = linalg.transpose ins({{.*}} : tensor<4x3x3x3xf32>) outs({{.*}}) permutation = [2, 3, 1, 0]
  // CHECK: %[[C1:.*]] = linalg.conv_2d_nhwc_hwcf {{.*}} ins(%[[T]], %[[W1]]
  // CHECK-NOT: linalg.transpose
  // CHECK: %[[R:.*]] = linalg.generic
  // CHECK-SAME: ins(%[[C1]] : tensor<1x6x6x4xf32>)
  // CHECK: tensor.pad %[[R]] low[0, 1, 1, 0] high[0, 1, 1, 0]
  // CHECK: linalg.conv_2d_nhwc_hwcf
  // CHECK-SAME: tensor<1x8x8x4xf32>
  // CHECK: linalg.generic
  // CHECK: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
  // CHECK-NEXT: return
  %zero = arith.constant 0.0 : f32
  %w1 = arith.constant dense_resource<w1> : tensor<4x3x3x3xf32>
  %w2 = arith.constant dense_resource<w2> : tensor<8x4x3x3xf32>
  %b = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0]> : tensor<8xf32>
  %e1 = tensor.empty() : tensor<1x4x6x6xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %c1 = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%x, %w1 : tensor<1x3x8x8xf32>, tensor<4x3x3x3xf32>) outs(%f1 : tensor<1x4x6x6xf32>) -> tensor<1x4x6x6xf32>
  %r1 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (a, b, c, d)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1 : tensor<1x4x6x6xf32>) outs(%e1 : tensor<1x4x6x6xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x4x6x6xf32>
  %p = tensor.pad %r1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<1x4x6x6xf32> to tensor<1x4x8x8xf32>
  %e2 = tensor.empty() : tensor<1x8x6x6xf32>
  %f2 = linalg.fill ins(%zero : f32) outs(%e2 : tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %c2 = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%p, %w2 : tensor<1x4x8x8xf32>, tensor<8x4x3x3xf32>) outs(%f2 : tensor<1x8x6x6xf32>) -> tensor<1x8x6x6xf32>
  %r2 = linalg.generic {indexing_maps = [affine_map<(a, b, c, d) -> (a, b, c, d)>, affine_map<(a, b, c, d) -> (b)>, affine_map<(a, b, c, d) -> (a, b, c, d)>],
      iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c2, %b : tensor<1x8x6x6xf32>, tensor<8xf32>) outs(%e2 : tensor<1x8x6x6xf32>) {
  ^bb0(%in: f32, %bias: f32, %out: f32):
    %m = arith.addf %in, %bias : f32
    linalg.yield %m : f32
  } -> tensor<1x8x6x6xf32>
  return %r2 : tensor<1x8x6x6xf32>
}

// -----

// Global pooling and flattening: no transpose after the border, only reshapes.
// CHECK-LABEL: func @pool_flatten
func.func @pool_flatten(%x: tensor<1x3x8x8xf32>) -> tensor<1x3xf32> {
  // CHECK: linalg.transpose
  // CHECK: linalg.pooling_nhwc_sum
  // CHECK-NOT: linalg.transpose
  // CHECK: tensor.collapse_shape {{.*}} tensor<1x1x1x3xf32> into tensor<1x3xf32>
  // CHECK-NEXT: return
  %zero = arith.constant 0.0 : f32
  %win = tensor.empty() : tensor<8x8xf32>
  %e = tensor.empty() : tensor<1x3x1x1xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  %p = linalg.pooling_nchw_sum {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%x, %win : tensor<1x3x8x8xf32>, tensor<8x8xf32>) outs(%f : tensor<1x3x1x1xf32>) -> tensor<1x3x1x1xf32>
  %c = tensor.collapse_shape %p [[0], [1, 2, 3]] : tensor<1x3x1x1xf32> into tensor<1x3xf32>
  return %c : tensor<1x3xf32>
}

// -----

// Depthwise: the group is the channel, nothing of size one is left.
// CHECK-LABEL: func @depthwise
func.func @depthwise(%x: tensor<1x6x9x9xf32>, %w: tensor<6x1x1x3x3xf32>) -> tensor<1x6x4x4xf32> {
  // CHECK: linalg.generic {indexing_maps = [affine_map<(d0, d1, d2, d3, d4, d5) -> (d0, d1 * 2 + d4, d2 * 2 + d5, d3)>, affine_map<(d0, d1, d2, d3, d4, d5) -> (d4, d5, d3)>, {{.*}}], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction"]}
  // CHECK-SAME: tensor<1x9x9x6xf32>, tensor<3x3x6xf32>
  // CHECK: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
  %zero = arith.constant 0.0 : f32
  %xg = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [1, 6, 1, 9, 9] : tensor<1x6x9x9xf32> into tensor<1x6x1x9x9xf32>
  %e = tensor.empty() : tensor<1x6x1x4x4xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x6x1x4x4xf32>) -> tensor<1x6x1x4x4xf32>
  %c = linalg.conv_2d_ngchw_gfchw {strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%xg, %w : tensor<1x6x1x9x9xf32>, tensor<6x1x1x3x3xf32>) outs(%f : tensor<1x6x1x4x4xf32>) -> tensor<1x6x1x4x4xf32>
  %r = tensor.collapse_shape %c [[0], [1, 2], [3], [4]] : tensor<1x6x1x4x4xf32> into tensor<1x6x4x4xf32>
  return %r : tensor<1x6x4x4xf32>
}

// -----

// Grouped with a channel shuffle after it: the shuffle is a transpose of the
// two innermost dimensions, and the channels stay last up to the border.
// CHECK-LABEL: func @grouped_shuffle
func.func @grouped_shuffle(%x: tensor<1x6x5x5xf32>, %w: tensor<2x4x3x1x1xf32>) -> tensor<1x8x5x5xf32> {
  // CHECK: linalg.transpose ins(%{{.*}} : tensor<1x2x3x5x5xf32>) {{.*}} permutation = [0, 3, 4, 1, 2]
  // CHECK: linalg.generic
  // CHECK-SAME: ins({{.*}} : tensor<1x5x5x2x3xf32>, tensor<2x1x1x3x4xf32>)
  // CHECK: linalg.transpose ins({{.*}} : tensor<1x5x5x2x4xf32>) {{.*}} permutation = [0, 1, 2, 4, 3]
  // CHECK-NEXT: tensor.collapse_shape {{.*}} into tensor<1x5x5x8xf32>
  // CHECK: linalg.transpose {{.*}} permutation = [0, 3, 1, 2]
  // CHECK-NEXT: return
  %zero = arith.constant 0.0 : f32
  %xg = tensor.expand_shape %x [[0], [1, 2], [3], [4]] output_shape [1, 2, 3, 5, 5] : tensor<1x6x5x5xf32> into tensor<1x2x3x5x5xf32>
  %e = tensor.empty() : tensor<1x2x4x5x5xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x2x4x5x5xf32>) -> tensor<1x2x4x5x5xf32>
  %c = linalg.conv_2d_ngchw_gfchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%xg, %w : tensor<1x2x3x5x5xf32>, tensor<2x4x3x1x1xf32>) outs(%f : tensor<1x2x4x5x5xf32>) -> tensor<1x2x4x5x5xf32>
  %t = tensor.empty() : tensor<1x4x2x5x5xf32>
  %s = linalg.transpose ins(%c : tensor<1x2x4x5x5xf32>) outs(%t : tensor<1x4x2x5x5xf32>) permutation = [0, 2, 1, 3, 4]
  %r = tensor.collapse_shape %s [[0], [1, 2], [3], [4]] : tensor<1x4x2x5x5xf32> into tensor<1x8x5x5xf32>
  return %r : tensor<1x8x5x5xf32>
}

// -----

// Two transposes that undo each other, with arithmetic, a slice and a
// concatenation between.
// CHECK-LABEL: func @cancel
func.func @cancel(%x: tensor<2x3x4xf32>) -> tensor<2x3x6xf32> {
  // CHECK-NOT: linalg.transpose
  // CHECK: linalg.generic
  // CHECK-NOT: linalg.transpose
  // CHECK: tensor.extract_slice {{.*}}[0, 0, 1] [2, 3, 2]
  // CHECK-NOT: linalg.transpose
  // CHECK: tensor.concat dim(2)
  // CHECK-NOT: linalg.transpose
  // CHECK: return
  %e = tensor.empty() : tensor<4x2x3xf32>
  %t = linalg.transpose ins(%x : tensor<2x3x4xf32>) outs(%e : tensor<4x2x3xf32>) permutation = [2, 0, 1]
  %n = linalg.generic {indexing_maps = [affine_map<(a, b, c) -> (a, b, c)>, affine_map<(a, b, c) -> (a, b, c)>],
      iterator_types = ["parallel", "parallel", "parallel"]}
      ins(%t : tensor<4x2x3xf32>) outs(%e : tensor<4x2x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.negf %in : f32
    linalg.yield %m : f32
  } -> tensor<4x2x3xf32>
  %s = tensor.extract_slice %n[1, 0, 0] [2, 2, 3] [1, 1, 1] : tensor<4x2x3xf32> to tensor<2x2x3xf32>
  %c = tensor.concat dim(0) %n, %s : (tensor<4x2x3xf32>, tensor<2x2x3xf32>) -> tensor<6x2x3xf32>
  %o = tensor.empty() : tensor<2x3x6xf32>
  %r = linalg.transpose ins(%c : tensor<6x2x3xf32>) outs(%o : tensor<2x3x6xf32>) permutation = [1, 2, 0]
  return %r : tensor<2x3x6xf32>
}
