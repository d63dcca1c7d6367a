// RUN: eclip-opt %s --eclip-compile-kernels=stop-after=gpu | FileCheck %s

// Outside of the source, the first element is read and not used: no branch.

// CHECK-LABEL: gpu.func @pad
// CHECK-SAME:    memref<3x5xf32, #gpu.address_space<global>>
// CHECK-SAME:    memref<4x10xf32, #gpu.address_space<global>>
// CHECK-DAG:     %[[ZERO:.*]] = arith.constant 0 : index
// CHECK-DAG:     %[[LOW:.*]] = arith.constant 2 : index
// CHECK-DAG:     %[[SIZE:.*]] = arith.constant 5 : index
// CHECK-DAG:     %[[PAD:.*]] = arith.constant 1.000000e+00 : f32
// CHECK:         %[[J:.*]] = arith.subi %{{.*}}, %[[LOW]]
// CHECK:         %[[OK:.*]] = arith.cmpi ult, %[[J]], %[[SIZE]]
// CHECK:         %[[IN:.*]] = arith.andi %{{.*}}, %[[OK]]
// CHECK:         arith.select %[[OK]], %[[J]], %[[ZERO]]
// CHECK:         %[[V:.*]] = memref.load
// CHECK:         %[[R:.*]] = arith.select %[[IN]], %[[V]], %[[PAD]]
// CHECK:         memref.store %[[R]]
eclip.kernel @pad attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<3x5xf32>):
  %one = arith.constant 1.0 : f32
  %p = tensor.pad %a low[1, 2] high[0, 3] {
  ^bb0(%i: index, %j: index):
    tensor.yield %one : f32
  } : tensor<3x5xf32> to tensor<4x10xf32>
  eclip.yield %p : tensor<4x10xf32>
}

// An i1 tensor is stored as bytes.

// CHECK-LABEL: gpu.func @negate
// CHECK-SAME:    memref<7xi8, #gpu.address_space<global>>
// CHECK:         %[[BYTE:.*]] = memref.load
// CHECK:         %[[BIT:.*]] = arith.cmpi ne, %[[BYTE]]
// CHECK:         %[[NOT:.*]] = arith.xori %[[BIT]]
// CHECK:         %[[OUT:.*]] = arith.extui %[[NOT]] : i1 to i8
// CHECK:         memref.store %[[OUT]]
eclip.kernel @negate attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<7xi1>):
  %e = tensor.empty() : tensor<7xi1>
  %true = arith.constant true
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                       iterator_types = ["parallel"]}
      ins(%a : tensor<7xi1>) outs(%e : tensor<7xi1>) {
  ^bb0(%x: i1, %o: i1):
    %n = arith.xori %x, %true : i1
    linalg.yield %n : i1
  } -> tensor<7xi1>
  eclip.yield %r : tensor<7xi1>
}

// A value that two operations read is computed once.

// CHECK-LABEL: gpu.func @shared
// CHECK-COUNT-1: memref.load
// CHECK-NOT:     memref.load
// CHECK:         memref.store
eclip.kernel @shared attributes {eclip.kind = "pointwise"} {
^bb0(%a: tensor<2x3xf32>):
  %flat = tensor.collapse_shape %a [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
  %e = tensor.empty() : tensor<6xf32>
  %b = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                       iterator_types = ["parallel"]}
      ins(%flat : tensor<6xf32>) outs(%e : tensor<6xf32>) {
  ^bb0(%x: f32, %o: f32):
    %n = arith.negf %x : f32
    linalg.yield %n : f32
  } -> tensor<6xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                       iterator_types = ["parallel"]}
      ins(%flat, %b : tensor<6xf32>, tensor<6xf32>) outs(%e : tensor<6xf32>) {
  ^bb0(%x: f32, %y: f32, %o: f32):
    %n = arith.mulf %x, %y : f32
    linalg.yield %n : f32
  } -> tensor<6xf32>
  eclip.yield %r : tensor<6xf32>
}

// An index read from memory is clamped to the table.

// CHECK-LABEL: gpu.func @gather
// CHECK-DAG:     %[[LAST:.*]] = arith.constant 49 : index
// CHECK:         %[[I:.*]] = arith.index_cast
// CHECK:         %[[LOW:.*]] = arith.maxsi %[[I]]
// CHECK:         %[[HIGH:.*]] = arith.minsi %[[LOW]], %[[LAST]]
// CHECK:         memref.load %{{.*}}[%[[HIGH]]]
eclip.kernel @gather attributes {eclip.kind = "pointwise"} {
^bb0(%table: tensor<50xf32>, %where: tensor<9xi64>):
  %e = tensor.empty() : tensor<9xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(d0) -> (d0)>, affine_map<(d0) -> (d0)>],
                       iterator_types = ["parallel"]}
      ins(%where : tensor<9xi64>) outs(%e : tensor<9xf32>) {
  ^bb0(%x: i64, %o: f32):
    %i = arith.index_cast %x : i64 to index
    %v = tensor.extract %table[%i] : tensor<50xf32>
    linalg.yield %v : f32
  } -> tensor<9xf32>
  eclip.yield %r : tensor<9xf32>
}
