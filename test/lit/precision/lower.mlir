// What becomes f16, and where kernels extend and truncate.
// RUN: eclip-opt %s --eclip-lower-precision=to=f16 --split-input-file | FileCheck %s

// Contractions take halves and add up in f32; the padding moves halves; the
// result is truncated once, behind the fused tail. The model's input and
// output keep their type.

#map = affine_map<(d0, d1) -> (d0, d1)>
#col = affine_map<(d0, d1) -> (d1)>
#a = affine_map<(d0, d1, d2) -> (d0, d2)>
#b = affine_map<(d0, d1, d2) -> (d2, d1)>
#c = affine_map<(d0, d1, d2) -> (d0, d1)>
module {
  // The first kernel reads the f32 input: the factor goes through f16.
  // CHECK-LABEL: eclip.kernel @dense_f16
  // CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<8x8xf32>, %{{.*}}: tensor<10x8xf16>, %[[BIAS:.*]]: tensor<8xf16>):
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %{{.*}} : tensor<8x10xf32>, tensor<10x8xf16>) outs(%{{.*}} : tensor<8x8xf32>)
  // CHECK-NEXT: ^bb0(%[[L:.*]]: f32, %[[R:.*]]: f16, %{{.*}}: f32):
  // CHECK-NEXT: %[[RX:.*]] = arith.extf %[[R]] : f16 to f32
  // CHECK-NEXT: %[[LT:.*]] = arith.truncf %[[L]] : f32 to f16
  // CHECK-NEXT: %[[LX:.*]] = arith.extf %[[LT]] : f16 to f32
  // CHECK-NEXT: arith.mulf %[[LX]], %[[RX]] : f32
  // CHECK-NEXT: arith.addf {{.*}} : f32
  // CHECK: linalg.generic {{.*}} ins(%{{.*}}, %[[BIAS]] : tensor<8x8xf32>, tensor<8xf16>)
  // CHECK-NEXT: ^bb0(%{{.*}}: f32, %[[H:.*]]: f16, %{{.*}}: f32):
  // CHECK-NEXT: arith.extf %[[H]] : f16 to f32
  // CHECK-NEXT: arith.addf {{.*}} : f32
  // CHECK: linalg.generic {{.*}} outs(%{{.*}} : tensor<8x8xf16>)
  // CHECK: arith.truncf {{.*}} : f32 to f16
  // CHECK: eclip.yield %{{.*}} : tensor<8x8xf16>

  // The second reads halves, and pads them.
  // CHECK-LABEL: eclip.kernel @dense_f16_0
  // CHECK-NEXT: ^bb0(%[[X:.*]]: tensor<8x8xf16>,
  // CHECK: %[[ZERO:.*]] = arith.constant 0.000000e+00 : f16
  // CHECK: tensor.pad %[[X]]
  // CHECK: tensor.yield %[[ZERO]] : f16
  // CHECK: : tensor<8x8xf16> to tensor<8x10xf16>
  // CHECK: ins(%{{.*}}, %{{.*}} : tensor<8x10xf16>, tensor<10x8xf16>)
  eclip.kernel @dense attributes {eclip.kind = "contraction"} {
  ^bb0(%x: tensor<8x8xf32>, %w: tensor<10x8xf32>, %bias: tensor<8xf32>):
    %zero = arith.constant 0.0 : f32
    %pad = tensor.pad %x low[0, 1] high[0, 1] {
    ^bb0(%i: index, %j: index):
      tensor.yield %zero : f32
    } : tensor<8x8xf32> to tensor<8x10xf32>
    %empty = tensor.empty() : tensor<8x8xf32>
    %init = linalg.fill ins(%zero : f32) outs(%empty : tensor<8x8xf32>) -> tensor<8x8xf32>
    %product = linalg.generic {indexing_maps = [#a, #b, #c], iterator_types = ["parallel", "parallel", "reduction"]}
        ins(%pad, %w : tensor<8x10xf32>, tensor<10x8xf32>) outs(%init : tensor<8x8xf32>) {
    ^bb0(%l: f32, %r: f32, %acc: f32):
      %p = arith.mulf %l, %r : f32
      %s = arith.addf %acc, %p : f32
      linalg.yield %s : f32
    } -> tensor<8x8xf32>
    %sum = linalg.generic {indexing_maps = [#map, #col, #map], iterator_types = ["parallel", "parallel"]}
        ins(%product, %bias : tensor<8x8xf32>, tensor<8xf32>) outs(%empty : tensor<8x8xf32>) {
    ^bb0(%l: f32, %r: f32, %o: f32):
      %s = arith.addf %l, %r : f32
      linalg.yield %s : f32
    } -> tensor<8x8xf32>
    eclip.yield %sum : tensor<8x8xf32>
  }

  // A sum within a row is f32; its input is extended where it is read.
  // CHECK-LABEL: eclip.kernel @scale_f16
  // CHECK: linalg.generic {{.*}} ins(%{{.*}} : tensor<8x8xf16>) outs(%{{.*}} : tensor<8xf32>)
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: f16, %[[OUT:.*]]: f32):
  // CHECK-NEXT: %[[EXT:.*]] = arith.extf %[[IN]] : f16 to f32
  // CHECK-NEXT: arith.addf %[[EXT]], %[[OUT]] : f32
  // CHECK: eclip.yield %{{.*}} : tensor<8x8xf32>
  eclip.kernel @scale attributes {eclip.kind = "reduction"} {
  ^bb0(%x: tensor<8x8xf32>):
    %zero = arith.constant 0.0 : f32
    %row = tensor.empty() : tensor<8xf32>
    %init = linalg.fill ins(%zero : f32) outs(%row : tensor<8xf32>) -> tensor<8xf32>
    %total = linalg.generic {indexing_maps = [#map, affine_map<(d0, d1) -> (d0)>], iterator_types = ["parallel", "reduction"]}
        ins(%x : tensor<8x8xf32>) outs(%init : tensor<8xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %out : f32
      linalg.yield %s : f32
    } -> tensor<8xf32>
    %empty = tensor.empty() : tensor<8x8xf32>
    %r = linalg.generic {indexing_maps = [#map, affine_map<(d0, d1) -> (d0)>, #map], iterator_types = ["parallel", "parallel"]}
        ins(%x, %total : tensor<8x8xf32>, tensor<8xf32>) outs(%empty : tensor<8x8xf32>) {
    ^bb0(%l: f32, %t: f32, %o: f32):
      %s = arith.divf %l, %t : f32
      linalg.yield %s : f32
    } -> tensor<8x8xf32>
    eclip.yield %r : tensor<8x8xf32>
  }

  // CHECK-LABEL: eclip.schedule @main
  // CHECK-NEXT: ^bb0(%[[IN:.*]]: tensor<8x8xf32>):
  // CHECK-DAG: %[[W:.*]] = arith.constant dense<5.000000e-01> : tensor<10x8xf16>
  // Ties go to even, subnormals of f16 keep what they can, -0 its sign.
  // CHECK-DAG: %[[BIAS:.*]] = arith.constant dense<[1.000000e+00, 1.000980e+00, -0.000000e+00, 5.960460e-08, 6.550400e+04, 0xFC00, 0x7E00, 3.332520e-01]> : tensor<8xf16>
  // CHECK: eclip.dispatch @dense_f16(%[[IN]], %[[W]], %[[BIAS]]) : (tensor<8x8xf32>, tensor<10x8xf16>, tensor<8xf16>) -> tensor<8x8xf16>
  // CHECK: eclip.dispatch @dense_f16_0({{.*}}) : (tensor<8x8xf16>, tensor<10x8xf16>, tensor<8xf16>) -> tensor<8x8xf16>
  // CHECK: eclip.dispatch @scale_f16({{.*}}) : (tensor<8x8xf16>) -> tensor<8x8xf32>
  eclip.schedule @main inputs ["x"] outputs ["y"] {
  ^bb0(%x: tensor<8x8xf32>):
    %w = arith.constant dense<0.5> : tensor<10x8xf32>
    %bias = arith.constant dense<[1.0, 0x3F801001, -0.0, 0x33800001, 0x477FDFFF, 0xFF800000, 0x7FC00001, 0x3EAAAAAB]> : tensor<8xf32>
    %1 = eclip.dispatch @dense(%x, %w, %bias) : (tensor<8x8xf32>, tensor<10x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
    %2 = eclip.dispatch @dense(%1, %w, %bias) : (tensor<8x8xf32>, tensor<10x8xf32>, tensor<8xf32>) -> tensor<8x8xf32>
    %3 = eclip.dispatch @scale(%2) : (tensor<8x8xf32>) -> tensor<8x8xf32>
    eclip.yield %3 : tensor<8x8xf32>
  }
}
