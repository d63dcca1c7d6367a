// Values that share a buffer's bytes become f16 together, or none does.
// RUN: eclip-opt %s --eclip-lower-precision=to=f16 | FileCheck %s

#map = affine_map<(d0, d1) -> (d0, d1)>
module {
  // The window's buffer has halves, and its alignment is what boxes of halves
  // give: two forms of one kernel.
  // CHECK-LABEL: eclip.kernel @fill_f16 windows [#eclip.window<tensor<4x12xf16>, align = 16>]
  // CHECK: eclip.yield %{{.*}} : tensor<4x4xf16>
  // CHECK-LABEL: eclip.kernel @fill_f16_0 windows [#eclip.window<tensor<4x12xf16>, align = 8>]
  // CHECK-LABEL: eclip.kernel @fill windows [#eclip.window<tensor<4x12xf32>, align = 16>]
  eclip.kernel @fill windows [#eclip.window<tensor<4x12xf32>, align = 16>] attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<4x4xf32>):
    %empty = tensor.empty() : tensor<4x4xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %s = arith.addf %in, %in : f32
      linalg.yield %s : f32
    } -> tensor<4x4xf32>
    eclip.yield %r : tensor<4x4xf32>
  }
  // CHECK-LABEL: eclip.kernel @huge windows [#eclip.window<tensor<4x12xf32>, align = 16>]
  eclip.kernel @huge windows [#eclip.window<tensor<4x12xf32>, align = 16>] attributes {eclip.kind = "pointwise"} {
  ^bb0(%x: tensor<4x4xf32>):
    %empty = tensor.empty() : tensor<4x4xf32>
    %r = linalg.generic {indexing_maps = [#map, #map], iterator_types = ["parallel", "parallel"]}
        ins(%x : tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
    ^bb0(%in: f32, %out: f32):
      %c = arith.constant 1.0e+30 : f32
      %s = arith.mulf %in, %c : f32
      linalg.yield %s : f32
    } -> tensor<4x4xf32>
    eclip.yield %r : tensor<4x4xf32>
  }
  // A slice of the buffer stays a slice: what a kernel reads of it is known.
  // CHECK-LABEL: eclip.kernel @slice_f16
  // CHECK-NEXT: ^bb0(%[[A:.*]]: tensor<4x12xf16>, %{{.*}}: tensor<4x12xf32>):
  // CHECK: tensor.extract_slice %[[A]][0, 0] [4, 4] [1, 1] : tensor<4x12xf16> to tensor<4x4xf16>
  eclip.kernel @slice attributes {eclip.kind = "pointwise"} {
  ^bb0(%a: tensor<4x12xf32>, %b: tensor<4x12xf32>):
    %part = tensor.extract_slice %a[0, 0] [4, 4] [1, 1] : tensor<4x12xf32> to tensor<4x4xf32>
    %other = tensor.extract_slice %b[0, 0] [4, 4] [1, 1] : tensor<4x12xf32> to tensor<4x4xf32>
    %empty = tensor.empty() : tensor<4x4xf32>
    %r = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel", "parallel"]}
        ins(%part, %other : tensor<4x4xf32>, tensor<4x4xf32>) outs(%empty : tensor<4x4xf32>) {
    ^bb0(%l: f32, %m: f32, %out: f32):
      %s = arith.addf %l, %m : f32
      linalg.yield %s : f32
    } -> tensor<4x4xf32>
    eclip.yield %r : tensor<4x4xf32>
  }
  // CHECK-LABEL: eclip.schedule @main
  // CHECK: %[[B:.*]] = eclip.buffer : tensor<4x12xf16>
  // CHECK: %[[B1:.*]] = eclip.dispatch @fill_f16(%{{.*}}) into(%[[B]] : tensor<4x12xf16>) {{.*}} -> tensor<4x12xf16>
  // CHECK: eclip.dispatch @fill_f16_0(%{{.*}}) into(%[[B1]] : tensor<4x12xf16>) {{.*}} -> tensor<4x12xf16>
  // CHECK: %[[C:.*]] = eclip.buffer : tensor<4x12xf32>
  // CHECK: %[[C1:.*]] = eclip.dispatch @fill(%{{.*}}) into(%[[C]] : tensor<4x12xf32>) {{.*}} -> tensor<4x12xf32>
  // CHECK: eclip.dispatch @huge(%{{.*}}) into(%[[C1]] : tensor<4x12xf32>) {{.*}} -> tensor<4x12xf32>
  // CHECK: eclip.dispatch @slice_f16({{.*}}) : (tensor<4x12xf16>, tensor<4x12xf32>) -> tensor<4x4xf32>
  eclip.schedule @main inputs ["x"] outputs ["y"] {
  ^bb0(%x: tensor<4x4xf32>):
    %b = eclip.buffer : tensor<4x12xf32>
    %b1 = eclip.dispatch @fill(%x) into (%b : tensor<4x12xf32>) [#eclip.box<[0, 0], [4, 4]>] : (tensor<4x4xf32>) -> tensor<4x12xf32>
    %b2 = eclip.dispatch @fill(%x) into (%b1 : tensor<4x12xf32>) [#eclip.box<[0, 4], [4, 4]>] : (tensor<4x4xf32>) -> tensor<4x12xf32>
    %c = eclip.buffer : tensor<4x12xf32>
    %c1 = eclip.dispatch @fill(%x) into (%c : tensor<4x12xf32>) [#eclip.box<[0, 0], [4, 4]>] : (tensor<4x4xf32>) -> tensor<4x12xf32>
    %c2 = eclip.dispatch @huge(%x) into (%c1 : tensor<4x12xf32>) [#eclip.box<[0, 4], [4, 4]>] : (tensor<4x4xf32>) -> tensor<4x12xf32>
    %y = eclip.dispatch @slice(%b2, %c2) : (tensor<4x12xf32>, tensor<4x12xf32>) -> tensor<4x4xf32>
    eclip.yield %y : tensor<4x4xf32>
  }
}
