// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=rocdl | FileCheck %s
// RUN: eclip-opt %s --eclip-compile-kernels -o %t

// Buffers below 2 GiB: byte offsets are 32-bit and unsigned.

// CHECK-LABEL: llvm.func @small
// CHECK:         llvm.mul %{{.*}} overflow<nsw, nuw> : i32
// CHECK:         %[[WIDE:.*]] = llvm.zext %{{.*}} : i32 to i64
// CHECK-NEXT:    llvm.getelementptr inbounds|nuw %{{.*}}[%[[WIDE]]] : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
eclip.kernel @small attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<20x30xf32>):
  %r = tensor.collapse_shape %a [[0, 1]] : tensor<20x30xf32> into tensor<600xf32>
  eclip.yield %r : tensor<600xf32>
}

// One larger buffer: all index arithmetic of the kernel is 64-bit.

// CHECK-LABEL: llvm.func @large
// CHECK-NOT:     llvm.zext
// CHECK:         llvm.mul %{{.*}} overflow<nsw, nuw> : i64
// CHECK:         llvm.getelementptr inbounds|nuw %{{.*}} : (!llvm.ptr<1>, i64) -> !llvm.ptr<1>, i8
eclip.kernel @large attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<600000x1000xf32>):
  %r = tensor.extract_slice %a[599000, 0] [1000, 1000] [1, 1] : tensor<600000x1000xf32> to tensor<1000x1000xf32>
  eclip.yield %r : tensor<1000x1000xf32>
}
