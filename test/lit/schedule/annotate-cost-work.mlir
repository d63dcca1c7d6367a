// Operations and bytes that are counted, against sums by hand. Where one thing
// alone takes time, its count is time times rate.
// RUN: eclip-opt --eclip-annotate-cost %s | FileCheck %s

#in = affine_map<(n, h, w, o, kh, kw, c) -> (n, h + kh, w + kw, c)>
#f = affine_map<(n, h, w, o, kh, kw, c) -> (kh, kw, c, o)>
#out = affine_map<(n, h, w, o, kh, kw, c) -> (n, h, w, o)>
#id = affine_map<(i) -> (i)>

// 3 x 3 convolution, 64 channels to 64, 120 x 128 results, on 240 workgroups of
// 64 results by 64 channels: 2 * 120 * 128 * 64 * 576 = 1132462080 operations.
// Each CU has 4 workgroups of 4 wavefronts at once, so runs at its full rate:
// 1132462080 / (13300 * 0.6) = 141913 ns.
eclip.kernel @conv launch <grid = [240, 1, 1], workgroup = [256, 1, 1], lds_bytes = 16384, scratch_bytes = 0, kernarg_bytes = 24, vgprs = 64, sgprs = 32>
    attributes {eclip.kind = "contraction"} {
^bb0(%x: tensor<1x122x130x64xf32>, %w: tensor<3x3x64x64xf32>):
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<1x120x128x64xf32>
  %init = linalg.fill ins(%zero : f32) outs(%e : tensor<1x120x128x64xf32>) -> tensor<1x120x128x64xf32>
  %r = linalg.generic {indexing_maps = [#in, #f, #out], iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]} ins(%x, %w : tensor<1x122x130x64xf32>, tensor<3x3x64x64xf32>) outs(%init : tensor<1x120x128x64xf32>) {
  ^bb1(%p: f32, %q: f32, %s: f32):
    %m = arith.mulf %p, %q : f32
    %t = arith.addf %s, %m : f32
    linalg.yield %t : f32
  } -> tensor<1x120x128x64xf32>
  eclip.yield %r : tensor<1x120x128x64xf32>
}

// 3 reads and 1 write of 2^22 halves: 33554432 bytes at 819.2 a ns are 40960 ns.
// Of arithmetic there are a multiplication and an addition each, in f16.
eclip.kernel @fma attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<4194304xf16>, %y: tensor<4194304xf16>, %z: tensor<4194304xf16>):
  %e = tensor.empty() : tensor<4194304xf16>
  %r = linalg.generic {indexing_maps = [#id, #id, #id, #id], iterator_types = ["parallel"]} ins(%x, %y, %z : tensor<4194304xf16>, tensor<4194304xf16>, tensor<4194304xf16>) outs(%e : tensor<4194304xf16>) {
  ^bb1(%a: f16, %b: f16, %c: f16, %s: f16):
    %m = arith.mulf %a, %b : f16
    %t = arith.addf %m, %c : f16
    linalg.yield %t : f16
  } -> tensor<4194304xf16>
  eclip.yield %r : tensor<4194304xf16>
}

// A slice of a tensor: 1024 of 1048576 elements, read and written: 8192 bytes.
// 4 workgroups of 4 wavefronts have 32768 bytes in flight: 150 ns.
eclip.kernel @slice attributes {eclip.kind = "pointwise"} {
^bb0(%x: tensor<1048576xf32>):
  %s = tensor.extract_slice %x[2048] [1024] [1] : tensor<1048576xf32> to tensor<1024xf32>
  eclip.yield %s : tensor<1024xf32>
}

eclip.schedule @main inputs ["x", "w", "a", "b", "c", "s"] outputs ["p", "q", "r"] {
^bb0(%x: tensor<1x122x130x64xf32>, %w: tensor<3x3x64x64xf32>, %a: tensor<4194304xf16>, %b: tensor<4194304xf16>, %c: tensor<4194304xf16>, %s: tensor<1048576xf32>):
  // 4060160 + 147456 + 3932160 bytes at 819.2 a ns: 9937 ns.
  // CHECK: eclip.dispatch @conv
  // CHECK-SAME: time_ns = [570651, {{[0-9]+}}, {{[0-9]+}}, 144913]
  // CHECK-SAME: memory_ns = array<i64: {{[0-9]+, [0-9]+, [0-9]+}}, 9937>
  %p = eclip.dispatch @conv(%x, %w) : (tensor<1x122x130x64xf32>, tensor<3x3x64x64xf32>) -> tensor<1x120x128x64xf32>
  // CHECK: eclip.dispatch @fma
  // CHECK-SAME: time_ns = [84920, 43960, 43960, 43960]
  // CHECK-SAME: memory_ns = array<i64: 81920, 40960, 40960, 40960>
  %q = eclip.dispatch @fma(%a, %b, %c) : (tensor<4194304xf16>, tensor<4194304xf16>, tensor<4194304xf16>) -> tensor<4194304xf16>
  // CHECK: eclip.dispatch @slice
  // CHECK-SAME: time_ns = [3150, 3150, 3150, 3150]
  %r = eclip.dispatch @slice(%s) : (tensor<1048576xf32>) -> tensor<1024xf32>
  eclip.yield %p, %q, %r : tensor<1x120x128x64xf32>, tensor<4194304xf16>, tensor<1024xf32>
}
