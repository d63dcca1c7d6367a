// RUN: eclip-opt %s --eclip-compile-kernels=code-file=%t.hsaco -o %t.mlir
// RUN: llvm-readelf --file-header --dyn-symbols --notes %t.hsaco | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels=code-file=%t.again.hsaco --mlir-disable-threading -o %t.mlir
// RUN: cmp %t.hsaco %t.again.hsaco

// Kernels of several objects are in one code object of version 5, with their
// own names and descriptors, and no argument but the buffers.

// CHECK: OS/ABI: AMDGPU - HSA
// CHECK: ABI Version: 3
// CHECK: Type: DYN
// CHECK: Flags: {{.*}}gfx906
// CHECK-DAG: FUNC {{.*}} PROTECTED {{.*}} first{{$}}
// CHECK-DAG: OBJECT {{.*}} PROTECTED {{.*}} first.kd{{$}}
// CHECK-DAG: FUNC {{.*}} PROTECTED {{.*}} second{{$}}
// CHECK-DAG: OBJECT {{.*}} PROTECTED {{.*}} second.kd{{$}}
// CHECK-NOT: hidden_
// CHECK: .kernarg_segment_size: 16
// CHECK-NOT: hidden_
// CHECK: .kernarg_segment_size: 16
// CHECK-NOT: hidden_
eclip.kernel @first attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<4x5xf32>):
  %r = tensor.collapse_shape %a [[0, 1]] : tensor<4x5xf32> into tensor<20xf32>
  eclip.yield %r : tensor<20xf32>
}
eclip.kernel @second attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<20xi64>):
  %r = tensor.expand_shape %a [[0, 1]] output_shape [4, 5] : tensor<20xi64> into tensor<4x5xi64>
  eclip.yield %r : tensor<4x5xi64>
}
