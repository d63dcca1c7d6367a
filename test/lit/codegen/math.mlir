// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=llvm | FileCheck %s

// What the back end expands inline stays; everything else is arithmetic. No
// device library is called.

// CHECK-NOT: @__ocml
// CHECK-NOT: declare {{.*}}@{{[^l]}}
// CHECK-LABEL: define protected amdgpu_kernel void @functions
// CHECK:         call float @llvm.exp.f32
// CHECK-NOT:     @llvm.tanh
// CHECK-NOT:     @llvm.pow
// CHECK-NOT:     @llvm.sin
// CHECK:       ret void
// CHECK-NOT: @__ocml
#map = affine_map<(d0) -> (d0)>
eclip.kernel @functions attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<64xf32>, %b: tensor<64xf32>):
  %e = tensor.empty() : tensor<64xf32>
  %r = linalg.generic {indexing_maps = [#map, #map, #map], iterator_types = ["parallel"]}
      ins(%a, %b : tensor<64xf32>, tensor<64xf32>) outs(%e : tensor<64xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %0 = math.exp %x : f32
    %1 = math.tanh %0 : f32
    %2 = math.erf %1 : f32
    %3 = math.powf %2, %y : f32
    %4 = math.sin %3 : f32
    %5 = math.rsqrt %4 : f32
    linalg.yield %5 : f32
  } -> tensor<64xf32>
  eclip.yield %r : tensor<64xf32>
}
