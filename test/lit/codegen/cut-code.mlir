// RUN: eclip-opt %s --eclip-cut-kernels | FileCheck %s
// RUN: eclip-opt %s --eclip-cut-kernels --eclip-compile-kernels -o /dev/null
// RUN: not eclip-opt %s --eclip-compile-kernels 2>&1 | FileCheck %s --check-prefix=UNCUT

// UNCUT: error: no code: a thread would have to compute more than 20000 values
// UNCUT: note: in kernel 'prefix_sum', node 'CumSum_3'

// (C1) A prefix sum by doubling: every step wants its input at two places, so the
// code of 14 steps would compute 2^14 values for each element.
//
// CHECK-LABEL: eclip.kernel @prefix_sum_part
// CHECK-SAME:    eclip.kind = "pointwise", eclip.nodes = ["CumSum_3"]
// CHECK:       eclip.kernel @prefix_sum_part_
// CHECK:       eclip.kernel @prefix_sum attributes
// CHECK-NEXT:  ^bb0(%[[LAST:.*]]: tensor<16384xi32>):
#map = affine_map<(d0) -> (d0)>
eclip.kernel @prefix_sum attributes {eclip.kind = "pointwise", eclip.nodes = ["CumSum_3"]} {
^bb0(%x0: tensor<16384xi32>):
  %zero = arith.constant 0 : i32
  %e = tensor.empty() : tensor<16384xi32>
  %p0 = tensor.pad %x0 low[1] high[-1] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x1 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x0, %p0 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p1 = tensor.pad %x1 low[2] high[-2] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x2 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x1, %p1 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p2 = tensor.pad %x2 low[4] high[-4] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x3 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x2, %p2 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p3 = tensor.pad %x3 low[8] high[-8] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x4 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x3, %p3 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p4 = tensor.pad %x4 low[16] high[-16] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x5 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x4, %p4 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p5 = tensor.pad %x5 low[32] high[-32] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x6 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x5, %p5 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p6 = tensor.pad %x6 low[64] high[-64] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x7 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x6, %p6 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p7 = tensor.pad %x7 low[128] high[-128] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x8 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x7, %p7 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p8 = tensor.pad %x8 low[256] high[-256] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x9 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x8, %p8 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p9 = tensor.pad %x9 low[512] high[-512] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x10 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x9, %p9 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p10 = tensor.pad %x10 low[1024] high[-1024] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x11 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x10, %p10 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p11 = tensor.pad %x11 low[2048] high[-2048] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x12 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x11, %p11 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p12 = tensor.pad %x12 low[4096] high[-4096] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x13 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x12, %p12 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  %p13 = tensor.pad %x13 low[8192] high[-8192] {
  ^bb0(%i: index):
    tensor.yield %zero : i32
  } : tensor<16384xi32> to tensor<16384xi32>
  %x14 = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%x13, %p13 : tensor<16384xi32>, tensor<16384xi32>) outs(%e : tensor<16384xi32>) {
  ^bb0(%a: i32, %b: i32, %o: i32):
    %s = arith.addi %a, %b : i32
    linalg.yield %s : i32
  } -> tensor<16384xi32>
  eclip.yield %x14 : tensor<16384xi32>
}

// Each dispatch gets the parts before it.
//
// CHECK-LABEL: eclip.schedule @main
// CHECK:         %[[A:.*]] = eclip.dispatch @prefix_sum_part(%{{.*}}) {eclip.nodes = ["CumSum_3"]}
// CHECK:         eclip.dispatch @prefix_sum(%{{.*}})
// CHECK:         eclip.dispatch @prefix_sum_part(
// CHECK:         eclip.dispatch @prefix_sum(
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<16384xi32>):
  %0 = eclip.dispatch @prefix_sum(%x) {eclip.nodes = ["CumSum_3"]} : (tensor<16384xi32>) -> tensor<16384xi32>
  %1 = eclip.dispatch @prefix_sum(%0) {eclip.nodes = ["CumSum_3"]} : (tensor<16384xi32>) -> tensor<16384xi32>
  eclip.yield %1 : tensor<16384xi32>
}
