// The passes change no value: the same program, compiled for the host, prints
// the same numbers before and after. Integers in floats keep the sums exact.
// DEFINE: %{lower} = -one-shot-bufferize=bufferize-function-boundaries -convert-linalg-to-loops -expand-strided-metadata -lower-affine -convert-scf-to-cf -finalize-memref-to-llvm -convert-math-to-llvm -convert-arith-to-llvm -convert-func-to-llvm -convert-cf-to-llvm -reconcile-unrealized-casts
// DEFINE: %{run} = -e run -entry-point-result=void -shared-libs=/usr/lib/llvm-22/lib/libmlir_c_runner_utils.so,/usr/lib/llvm-22/lib/libmlir_runner_utils.so
// RUN: eclip-opt %s | mlir-opt %{lower} | mlir-runner %{run} | sed 's|base@ = 0x[0-9a-f]*||' > %t.before
// RUN: eclip-opt --eclip-channels-last --eclip-fold-constants %s | mlir-opt %{lower} | mlir-runner %{run} | sed 's|base@ = 0x[0-9a-f]*||' > %t.after
// RUN: diff %t.before %t.after
// RUN: FileCheck %s --input-file %t.after


#id4 = affine_map<(a, b, c, d) -> (a, b, c, d)>
func.func private @printMemrefF32(%x: tensor<*xf32>)

// A tensor of small whole numbers, different in each dimension.
func.func @numbers4() -> tensor<1x4x7x6xf32> {
  %e = tensor.empty() : tensor<1x4x7x6xf32>
  %r = linalg.generic {indexing_maps = [#id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      outs(%e : tensor<1x4x7x6xf32>) {
  ^bb0(%out: f32):
    %c = linalg.index 1 : index
    %h = linalg.index 2 : index
    %w = linalg.index 3 : index
    %c5 = arith.constant 5 : index
    %c3 = arith.constant 3 : index
    %m0 = arith.muli %c, %c5 : index
    %m1 = arith.muli %h, %c3 : index
    %s0 = arith.addi %m0, %m1 : index
    %s1 = arith.addi %s0, %w : index
    %c7 = arith.constant 7 : index
    %rem = arith.remsi %s1, %c7 : index
    %i = arith.index_cast %rem : index to i32
    %f = arith.sitofp %i : i32 to f32
    linalg.yield %f : f32
  } -> tensor<1x4x7x6xf32>
  return %r : tensor<1x4x7x6xf32>
}

// Padding, convolution with strides and dilations, bias, ReLU, a residual in
// the other layout, a grouped and a depthwise convolution, pooling, a channel
// shuffle, a slice, reduction over channels, flattening.
func.func @network(%x: tensor<1x4x7x6xf32>) -> (tensor<1x4x4x3xf32>, tensor<1x4x2x1xf32>, tensor<1x2x3xf32>, tensor<1x8xf32>) {
  %zero = arith.constant 0.0 : f32
  %one = arith.constant 1.0 : f32
  %w = arith.constant dense<[[[[1.0, 2.0], [-1.0, 3.0]], [[0.0, 1.0], [2.0, -2.0]], [[1.0, 1.0], [0.0, 1.0]], [[-3.0, 0.0], [1.0, 2.0]]], [[[2.0, 1.0], [1.0, -1.0]], [[1.0, 0.0], [0.0, 3.0]], [[-1.0, 1.0], [2.0, 0.0]], [[1.0, 2.0], [0.0, -1.0]]], [[[0.0, 1.0], [1.0, 1.0]], [[2.0, 2.0], [-1.0, 0.0]], [[1.0, 0.0], [3.0, 1.0]], [[0.0, -2.0], [1.0, 1.0]]], [[[1.0, -1.0], [2.0, 0.0]], [[3.0, 1.0], [0.0, 1.0]], [[0.0, 2.0], [1.0, -1.0]], [[2.0, 0.0], [1.0, 1.0]]]]> : tensor<4x4x2x2xf32>
  %bias = arith.constant dense<[1.0, -20.0, 3.0, -4.0]> : tensor<4xf32>
  %p = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 0] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %one : f32
  } : tensor<1x4x7x6xf32> to tensor<1x4x9x7xf32>
  %e = tensor.empty() : tensor<1x4x4x3xf32>
  %f = linalg.fill ins(%zero : f32) outs(%e : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %c = linalg.conv_2d_nchw_fchw {strides = dense<2> : vector<2xi64>, dilations = dense<[2, 1]> : vector<2xi64>}
    ins(%p, %w : tensor<1x4x9x7xf32>, tensor<4x4x2x2xf32>) outs(%f : tensor<1x4x4x3xf32>) -> tensor<1x4x4x3xf32>
  %cropped = tensor.extract_slice %x[0, 0, 2, 1] [1, 4, 4, 3] [1, 1, 1, 1] : tensor<1x4x7x6xf32> to tensor<1x4x4x3xf32>
  %r = linalg.generic {indexing_maps = [#id4, affine_map<(a, b, c, d) -> (b)>, #id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c, %bias, %cropped : tensor<1x4x4x3xf32>, tensor<4xf32>, tensor<1x4x4x3xf32>) outs(%e : tensor<1x4x4x3xf32>) {
  ^bb0(%in: f32, %b: f32, %res: f32, %out: f32):
    %s = arith.addf %in, %b : f32
    %t = arith.addf %s, %res : f32
    %m = arith.maximumf %t, %zero : f32
    %col = linalg.index 3 : index
    %coli = arith.index_cast %col : index to i32
    %colf = arith.sitofp %coli : i32 to f32
    %o = arith.addf %m, %colf : f32
    linalg.yield %o : f32
  } -> tensor<1x4x4x3xf32>

  // Two groups, then shuffle, then depthwise.
  %g = tensor.expand_shape %r [[0], [1, 2], [3], [4]] output_shape [1, 2, 2, 4, 3] : tensor<1x4x4x3xf32> into tensor<1x2x2x4x3xf32>
  %wg = arith.constant dense<[[[[[1.0, 2.0]], [[3.0, -1.0]]], [[[0.0, 1.0]], [[2.0, 1.0]]]], [[[[1.0, 1.0]], [[-2.0, 1.0]]], [[[2.0, 0.0]], [[1.0, 3.0]]]]]> : tensor<2x2x2x1x2xf32>
  %eg = tensor.empty() : tensor<1x2x2x4x2xf32>
  %fg = linalg.fill ins(%zero : f32) outs(%eg : tensor<1x2x2x4x2xf32>) -> tensor<1x2x2x4x2xf32>
  %gc = linalg.conv_2d_ngchw_gfchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%g, %wg : tensor<1x2x2x4x3xf32>, tensor<2x2x2x1x2xf32>) outs(%fg : tensor<1x2x2x4x2xf32>) -> tensor<1x2x2x4x2xf32>
  %es = tensor.empty() : tensor<1x2x2x4x2xf32>
  %sh = linalg.transpose ins(%gc : tensor<1x2x2x4x2xf32>) outs(%es : tensor<1x2x2x4x2xf32>) permutation = [0, 2, 1, 3, 4]
  %shc = tensor.collapse_shape %sh [[0], [1, 2], [3], [4]] : tensor<1x2x2x4x2xf32> into tensor<1x4x4x2xf32>
  %shg = tensor.expand_shape %shc [[0], [1, 2], [3], [4]] output_shape [1, 4, 1, 4, 2] : tensor<1x4x4x2xf32> into tensor<1x4x1x4x2xf32>
  %wd = arith.constant dense<[[[[[1.0], [2.0], [1.0]]]], [[[[0.0], [1.0], [3.0]]]], [[[[2.0], [0.0], [1.0]]]], [[[[-1.0], [1.0], [1.0]]]]]> : tensor<4x1x1x3x1xf32>
  %ed = tensor.empty() : tensor<1x4x1x2x2xf32>
  %fd = linalg.fill ins(%zero : f32) outs(%ed : tensor<1x4x1x2x2xf32>) -> tensor<1x4x1x2x2xf32>
  %d = linalg.conv_2d_ngchw_gfchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%shg, %wd : tensor<1x4x1x4x2xf32>, tensor<4x1x1x3x1xf32>) outs(%fd : tensor<1x4x1x2x2xf32>) -> tensor<1x4x1x2x2xf32>
  %dc = tensor.collapse_shape %d [[0], [1, 2], [3], [4]] : tensor<1x4x1x2x2xf32> into tensor<1x4x2x2xf32>
  %win = tensor.empty() : tensor<1x2xf32>
  %ep = tensor.empty() : tensor<1x4x2x1xf32>
  %fp = linalg.fill ins(%zero : f32) outs(%ep : tensor<1x4x2x1xf32>) -> tensor<1x4x2x1xf32>
  %pool = linalg.pooling_nchw_max {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%dc, %win : tensor<1x4x2x2xf32>, tensor<1x2xf32>) outs(%fp : tensor<1x4x2x1xf32>) -> tensor<1x4x2x1xf32>

  // Sum over channels of a slice, and a flattened result.
  %sl = tensor.extract_slice %r[0, 1, 0, 0] [1, 3, 2, 3] [1, 1, 2, 1] : tensor<1x4x4x3xf32> to tensor<1x3x2x3xf32>
  %e3 = tensor.empty() : tensor<1x2x3xf32>
  %f3 = linalg.fill ins(%zero : f32) outs(%e3 : tensor<1x2x3xf32>) -> tensor<1x2x3xf32>
  %sum = linalg.generic {indexing_maps = [affine_map<(n, c, h, w) -> (n, c, h, w)>, affine_map<(n, c, h, w) -> (n, h, w)>], iterator_types = ["parallel", "reduction", "parallel", "parallel"]}
      ins(%sl : tensor<1x3x2x3xf32>) outs(%f3 : tensor<1x2x3xf32>) {
  ^bb0(%in: f32, %out: f32):
    %s = arith.addf %in, %out : f32
    linalg.yield %s : f32
  } -> tensor<1x2x3xf32>
  %flat = tensor.collapse_shape %pool [[0], [1, 2, 3]] : tensor<1x4x2x1xf32> into tensor<1x8xf32>
  return %r, %pool, %sum, %flat : tensor<1x4x4x3xf32>, tensor<1x4x2x1xf32>, tensor<1x2x3xf32>, tensor<1x8xf32>
}

// CHECK-COUNT-4: sizes = [1, {{.*}}
func.func @run() {
  %x = func.call @numbers4() : () -> tensor<1x4x7x6xf32>
  %a, %b, %c, %d = func.call @network(%x) : (tensor<1x4x7x6xf32>) -> (tensor<1x4x4x3xf32>, tensor<1x4x2x1xf32>, tensor<1x2x3xf32>, tensor<1x8xf32>)
  %ua = tensor.cast %a : tensor<1x4x4x3xf32> to tensor<*xf32>
  %ub = tensor.cast %b : tensor<1x4x2x1xf32> to tensor<*xf32>
  %uc = tensor.cast %c : tensor<1x2x3xf32> to tensor<*xf32>
  %ud = tensor.cast %d : tensor<1x8xf32> to tensor<*xf32>
  func.call @printMemrefF32(%ua) : (tensor<*xf32>) -> ()
  func.call @printMemrefF32(%ub) : (tensor<*xf32>) -> ()
  func.call @printMemrefF32(%uc) : (tensor<*xf32>) -> ()
  func.call @printMemrefF32(%ud) : (tensor<*xf32>) -> ()
  return
}
