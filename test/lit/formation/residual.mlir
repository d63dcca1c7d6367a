// RUN: eclip-opt --eclip-channels-last --eclip-fold-constants --eclip-form-kernels %s --mlir-print-local-scope | FileCheck %s

// A small residual network: one kernel for each convolution with its padding,
// bias, residual and ReLU, one for each pooling, one for the classifier. The
// border transpose is part of the first convolution.

// CHECK-LABEL: eclip.kernel @conv1
// CHECK-SAME: eclip.kind = "contraction"
// CHECK: ^bb0(%[[X:.*]]: tensor<1x3x8x8xf32>, %{{.*}}: tensor<3x3x3x4xf32>
// CHECK: tensor.pad
// CHECK: linalg.fill
// CHECK: iterator_types = ["parallel", "parallel", "parallel", "parallel", "reduction", "reduction", "reduction"]
// CHECK: arith.maximumf
// CHECK: eclip.yield %{{.*}} : tensor<1x8x8x4xf32>
// CHECK: eclip.kernel @pool1
// CHECK-SAME: eclip.kind = "reduction"
// CHECK: eclip.kernel @conv2
// CHECK-SAME: eclip.kind = "contraction"
// CHECK: ^bb0(%{{[^,]*}}: tensor<1x4x4x4xf32>, %{{.*}}: tensor<3x3x4x4xf32>, %{{.*}}: tensor<4xf32>)
// CHECK-NOT: eclip.kernel @conv2_
// CHECK: eclip.kernel @gap
// CHECK: eclip.kernel @fc
// CHECK: eclip.schedule @main inputs ["image"] outputs ["scores"]
// CHECK: ^bb0(%[[IN:.*]]: tensor<1x3x8x8xf32>)
// CHECK-DAG: %[[W1:.*]] = arith.constant dense_resource<{{.*}}> : tensor<3x3x3x4xf32>
// CHECK: %[[C1:.*]] = eclip.dispatch @conv1(%[[IN]], %[[W1]], %{{.*}}) {eclip.nodes = ["conv1", "relu1"]}
// CHECK: %[[P1:.*]] = eclip.dispatch @pool1(%[[C1]]) {eclip.nodes = ["pool1"]}
// CHECK: %[[C2:.*]] = eclip.dispatch @conv2(%[[P1]], %{{.*}}, %{{.*}}) {eclip.nodes = ["conv2", "add", "relu2"]}
// CHECK: %[[G:.*]] = eclip.dispatch @gap(%[[C2]]) {eclip.nodes = ["gap"]}
// CHECK: %[[F:.*]] = eclip.dispatch @fc(%[[G]], %{{.*}}, %{{.*}}) {eclip.nodes = ["flatten", "fc"]}
// CHECK: eclip.yield %[[F]]

#id4 = affine_map<(a, b, c, d) -> (a, b, c, d)>
#ch4 = affine_map<(a, b, c, d) -> (b)>
module {
func.func @main(%x: tensor<1x3x8x8xf32> {eclip.name = "image"}) -> (tensor<1x10xf32> {eclip.name = "scores"}) {
  %zero = arith.constant 0.0 : f32
  %ninf = arith.constant 0xFF800000 : f32
  %w1 = arith.constant dense_resource<w1> : tensor<4x3x3x3xf32>
  %w2 = arith.constant dense_resource<w2> : tensor<4x4x3x3xf32>
  %w3 = arith.constant dense_resource<w3> : tensor<10x4xf32>
  %b1 = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %b3 = arith.constant dense<[1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0, 10.0]> : tensor<10xf32>

  %p1 = tensor.pad %x low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<1x3x8x8xf32> to tensor<1x3x10x10xf32> loc("conv1")
  %e1 = tensor.empty() : tensor<1x4x8x8xf32>
  %f1 = linalg.fill ins(%zero : f32) outs(%e1 : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32>
  %c1 = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%p1, %w1 : tensor<1x3x10x10xf32>, tensor<4x3x3x3xf32>) outs(%f1 : tensor<1x4x8x8xf32>) -> tensor<1x4x8x8xf32> loc("conv1")
  %a1 = linalg.generic {indexing_maps = [#id4, #ch4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c1, %b1 : tensor<1x4x8x8xf32>, tensor<4xf32>) outs(%e1 : tensor<1x4x8x8xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %m = arith.addf %in, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x4x8x8xf32> loc("conv1")
  %r1 = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%a1 : tensor<1x4x8x8xf32>) outs(%e1 : tensor<1x4x8x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x4x8x8xf32> loc("relu1")

  %pp = tensor.pad %r1 low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %ninf : f32
  } : tensor<1x4x8x8xf32> to tensor<1x4x10x10xf32> loc("pool1")
  %win = tensor.empty() : tensor<3x3xf32>
  %ep = tensor.empty() : tensor<1x4x4x4xf32>
  %fp = linalg.fill ins(%ninf : f32) outs(%ep : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %pool = linalg.pooling_nchw_max {strides = dense<2> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%pp, %win : tensor<1x4x10x10xf32>, tensor<3x3xf32>) outs(%fp : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> loc("pool1")

  %p2 = tensor.pad %pool low[0, 0, 1, 1] high[0, 0, 1, 1] {
  ^bb0(%i: index, %j: index, %k: index, %l: index):
    tensor.yield %zero : f32
  } : tensor<1x4x4x4xf32> to tensor<1x4x6x6xf32> loc("conv2")
  %f2 = linalg.fill ins(%zero : f32) outs(%ep : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32>
  %c2 = linalg.conv_2d_nchw_fchw {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%p2, %w2 : tensor<1x4x6x6xf32>, tensor<4x4x3x3xf32>) outs(%f2 : tensor<1x4x4x4xf32>) -> tensor<1x4x4x4xf32> loc("conv2")
  %a2 = linalg.generic {indexing_maps = [#id4, #ch4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%c2, %b1 : tensor<1x4x4x4xf32>, tensor<4xf32>) outs(%ep : tensor<1x4x4x4xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %m = arith.addf %in, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x4x4x4xf32> loc("conv2")
  %s2 = linalg.generic {indexing_maps = [#id4, #id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%a2, %pool : tensor<1x4x4x4xf32>, tensor<1x4x4x4xf32>) outs(%ep : tensor<1x4x4x4xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %m = arith.addf %in, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x4x4x4xf32> loc("add")
  %r2 = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%s2 : tensor<1x4x4x4xf32>) outs(%ep : tensor<1x4x4x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.maximumf %in, %zero : f32
    linalg.yield %m : f32
  } -> tensor<1x4x4x4xf32> loc("relu2")

  %win2 = tensor.empty() : tensor<4x4xf32>
  %eg = tensor.empty() : tensor<1x4x1x1xf32>
  %fg = linalg.fill ins(%zero : f32) outs(%eg : tensor<1x4x1x1xf32>) -> tensor<1x4x1x1xf32>
  %g = linalg.pooling_nchw_sum {strides = dense<1> : vector<2xi64>, dilations = dense<1> : vector<2xi64>}
    ins(%r2, %win2 : tensor<1x4x4x4xf32>, tensor<4x4xf32>) outs(%fg : tensor<1x4x1x1xf32>) -> tensor<1x4x1x1xf32> loc("gap")
  %sixteen = arith.constant 16.0 : f32
  %gd = linalg.generic {indexing_maps = [#id4, #id4], iterator_types = ["parallel", "parallel", "parallel", "parallel"]}
      ins(%g : tensor<1x4x1x1xf32>) outs(%eg : tensor<1x4x1x1xf32>) {
  ^bb0(%in: f32, %out: f32):
    %m = arith.divf %in, %sixteen : f32
    linalg.yield %m : f32
  } -> tensor<1x4x1x1xf32> loc("gap")
  %flat = tensor.collapse_shape %gd [[0], [1, 2, 3]] : tensor<1x4x1x1xf32> into tensor<1x4xf32> loc("flatten")
  %em = tensor.empty() : tensor<1x10xf32>
  %fm = linalg.fill ins(%zero : f32) outs(%em : tensor<1x10xf32>) -> tensor<1x10xf32>
  %mm = linalg.matmul indexing_maps = [affine_map<(m, n, k) -> (m, k)>, affine_map<(m, n, k) -> (n, k)>, affine_map<(m, n, k) -> (m, n)>]
    ins(%flat, %w3 : tensor<1x4xf32>, tensor<10x4xf32>) outs(%fm : tensor<1x10xf32>) -> tensor<1x10xf32> loc("fc")
  %o = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (b)>, affine_map<(a, b) -> (a, b)>], iterator_types = ["parallel", "parallel"]}
      ins(%mm, %b3 : tensor<1x10xf32>, tensor<10xf32>) outs(%em : tensor<1x10xf32>) {
  ^bb0(%in: f32, %b: f32, %out: f32):
    %m = arith.addf %in, %b : f32
    linalg.yield %m : f32
  } -> tensor<1x10xf32> loc("fc")
  return %o : tensor<1x10xf32>
}
}

{-#
  dialect_resources: {
    builtin: {
      w1: "0x40000000000040c0000030c0000020c0000010c0000000c00000e0bf0000c0bf0000a0bf000080bf000040bf000000bf000080be000000000000803e0000003f0000403f0000803f0000a03f0000c03f0000e03f0000004000001040000020400000304000004040000050400000604000007040000080400000884000009040000098400000a0400000a8400000b0400000b8400000c0400000c8400000d0400000d8400000e0400000e8400000f0400000f84000000041000004410000084100000c4100001041000014410000184100001c4100002041000024410000284100002c4100003041000034410000384100003c4100004041000044410000484100004c4100005041000054410000584100005c4100006041000064410000684100006c4100007041000074410000784100007c41000080410000824100008441000086410000884100008a4100008c4100008e41000090410000924100009441000096410000984100009a4100009c4100009e410000a0410000a2410000a4410000a6410000a8410000aa410000ac410000ae410000b0410000b2410000b4410000b6410000b8410000ba410000bc410000be41",
      w2: "0x40000000000040c0000030c0000020c0000010c0000000c00000e0bf0000c0bf0000a0bf000080bf000040bf000000bf000080be000000000000803e0000003f0000403f0000803f0000a03f0000c03f0000e03f0000004000001040000020400000304000004040000050400000604000007040000080400000884000009040000098400000a0400000a8400000b0400000b8400000c0400000c8400000d0400000d8400000e0400000e8400000f0400000f84000000041000004410000084100000c4100001041000014410000184100001c4100002041000024410000284100002c4100003041000034410000384100003c4100004041000044410000484100004c4100005041000054410000584100005c4100006041000064410000684100006c4100007041000074410000784100007c41000080410000824100008441000086410000884100008a4100008c4100008e41000090410000924100009441000096410000984100009a4100009c4100009e410000a0410000a2410000a4410000a6410000a8410000aa410000ac410000ae410000b0410000b2410000b4410000b6410000b8410000ba410000bc410000be410000c0410000c2410000c4410000c6410000c8410000ca410000cc410000ce410000d0410000d2410000d4410000d6410000d8410000da410000dc410000de410000e0410000e2410000e4410000e6410000e8410000ea410000ec410000ee410000f0410000f2410000f4410000f6410000f8410000fa410000fc410000fe4100000042000001420000024200000342",
      w3: "0x40000000000040c0000030c0000020c0000010c0000000c00000e0bf0000c0bf0000a0bf000080bf000040bf000000bf000080be000000000000803e0000003f0000403f0000803f0000a03f0000c03f0000e03f0000004000001040000020400000304000004040000050400000604000007040000080400000884000009040000098400000a0400000a8400000b0400000b8400000c0400000c8400000d0400000d840"
    }
  }
#-}
