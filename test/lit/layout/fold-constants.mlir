// RUN: eclip-opt --eclip-fold-constants %s --split-input-file --mlir-print-local-scope | FileCheck %s
// RUN: eclip-opt --eclip-fold-constants="max-elements=4" %s --split-input-file | FileCheck %s --check-prefix=LIMIT

// Movement of a constant gives a constant; the original goes.
// CHECK-LABEL: func @movement
func.func @movement() -> (tensor<3x2xf32>, tensor<6xf32>, tensor<1x2xf32>, tensor<2x5xf32>, tensor<4x3xf32>, tensor<2x2x3xf32>) {
  // CHECK-DAG: %[[T:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 4.000000e+00], [2.000000e+00, 5.000000e+00], [3.000000e+00, 6.000000e+00]]> : tensor<3x2xf32>
  // CHECK-DAG: %[[R:.*]] = arith.constant dense<[1.000000e+00, 2.000000e+00, 3.000000e+00, 4.000000e+00, 5.000000e+00, 6.000000e+00]> : tensor<6xf32>
  // CHECK-DAG: %[[S:.*]] = arith.constant dense<{{\[\[}}4.000000e+00, 6.000000e+00]]> : tensor<1x2xf32>
  // CHECK-DAG: %[[P:.*]] = arith.constant dense<{{\[\[}}9.000000e+00, 1.000000e+00, 2.000000e+00, 3.000000e+00, 9.000000e+00], [9.000000e+00, 4.000000e+00, 5.000000e+00, 6.000000e+00, 9.000000e+00]]> : tensor<2x5xf32>
  // CHECK-DAG: %[[C:.*]] = arith.constant dense<{{\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00], [7.000000e+00, 7.000000e+00, 7.000000e+00], [7.000000e+00, 7.000000e+00, 7.000000e+00]]> : tensor<4x3xf32>
  // CHECK-DAG: %[[B:.*]] = arith.constant dense<{{\[\[\[}}1.000000e+00, 2.000000e+00, 3.000000e+00], [1.000000e+00, 2.000000e+00, 3.000000e+00]], {{\[\[}}4.000000e+00, 5.000000e+00, 6.000000e+00], [4.000000e+00, 5.000000e+00, 6.000000e+00]]]> : tensor<2x2x3xf32>
  // CHECK-NOT: linalg
  // CHECK-NOT: tensor.
  // CHECK: return %[[T]], %[[R]], %[[S]], %[[P]], %[[C]], %[[B]]
  %c = arith.constant dense<[[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]]> : tensor<2x3xf32>
  %seven = arith.constant dense<7.0> : tensor<2x3xf32>
  %nine = arith.constant 9.0 : f32
  %e = tensor.empty() : tensor<3x2xf32>
  %t = linalg.transpose ins(%c : tensor<2x3xf32>) outs(%e : tensor<3x2xf32>) permutation = [1, 0]
  %r = tensor.collapse_shape %c [[0, 1]] : tensor<2x3xf32> into tensor<6xf32>
  %s = tensor.extract_slice %c[1, 0] [1, 2] [1, 2] : tensor<2x3xf32> to tensor<1x2xf32>
  %p = tensor.pad %c low[0, 1] high[0, 1] {
  ^bb0(%i: index, %j: index):
    tensor.yield %nine : f32
  } : tensor<2x3xf32> to tensor<2x5xf32>
  %k = tensor.concat dim(0) %c, %seven : (tensor<2x3xf32>, tensor<2x3xf32>) -> tensor<4x3xf32>
  %eb = tensor.empty() : tensor<2x2x3xf32>
  %b = linalg.broadcast ins(%c : tensor<2x3xf32>) outs(%eb : tensor<2x2x3xf32>) dimensions = [1]
  return %t, %r, %s, %p, %k, %b : tensor<3x2xf32>, tensor<6xf32>, tensor<1x2xf32>, tensor<2x5xf32>, tensor<4x3xf32>, tensor<2x2x3xf32>
}

// -----

// A splat stays one, whatever moves it.
// CHECK-LABEL: func @splat
func.func @splat() -> tensor<7x5xf32> {
  // CHECK-NEXT: %[[C:.*]] = arith.constant dense<2.000000e+00> : tensor<7x5xf32>
  // CHECK-NEXT: return %[[C]]
  %c = arith.constant dense<2.0> : tensor<5x7xf32>
  %e = tensor.empty() : tensor<7x5xf32>
  %t = linalg.transpose ins(%c : tensor<5x7xf32>) outs(%e : tensor<7x5xf32>) permutation = [1, 0]
  return %t : tensor<7x5xf32>
}

// -----

// Arithmetic at the element type's own width: 1 / sqrt(v + 1e-3) * g. The limit
// on elements leaves it alone.
// CHECK-LABEL: func @scale
// LIMIT-LABEL: func @scale
func.func @scale() -> tensor<5xf32> {
  // CHECK: %[[C:.*]] = arith.constant dense<[2.000000e+00, 1.500000e+00, 4.000000e+00, -5.000000e-01, 1.000000e+01]> : tensor<5xf32>
  // CHECK-NEXT: return %[[C]]
  // LIMIT: linalg.generic
  %v = arith.constant dense<[1.0, 4.0, 0.25, 16.0, 0.01]> : tensor<5xf32>
  %g = arith.constant dense<[2.0, 3.0, 2.0, -2.0, 1.0]> : tensor<5xf32>
  %e = tensor.empty() : tensor<5xf32>
  %r = linalg.generic {indexing_maps = [affine_map<(a) -> (a)>, affine_map<(a) -> (a)>, affine_map<(a) -> (a)>], iterator_types = ["parallel"]}
      ins(%v, %g : tensor<5xf32>, tensor<5xf32>) outs(%e : tensor<5xf32>) {
  ^bb0(%a: f32, %b: f32, %o: f32):
    %s = math.sqrt %a : f32
    %d = arith.divf %b, %s : f32
    linalg.yield %d : f32
  } -> tensor<5xf32>
  return %r : tensor<5xf32>
}

// -----

// Integers, comparison, selection, casts; two operands in two layouts.
// CHECK-LABEL: func @integers
func.func @integers() -> (tensor<2x2xi64>, tensor<2x2xi1>) {
  // CHECK-DAG: arith.constant dense<{{\[\[}}-3, 7], [5, -3]]> : tensor<2x2xi64>
  // CHECK-DAG: arith.constant dense<{{\[\[}}false, true], [true, false]]> : tensor<2x2xi1>
  %a = arith.constant dense<[[-3, 7], [5, -9]]> : tensor<2x2xi64>
  %b = arith.constant dense<[[0, 4], [1, -3]]> : tensor<2x2xi32>
  %e = tensor.empty() : tensor<2x2xi64>
  %m = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (j, i)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%a, %b : tensor<2x2xi64>, tensor<2x2xi32>) outs(%e : tensor<2x2xi64>) {
  ^bb0(%x: i64, %y: i32, %o: i64):
    %w = arith.extsi %y : i32 to i64
    %c = arith.cmpi sgt, %x, %w : i64
    %z = arith.constant -3 : i64
    %s = arith.select %c, %x, %z : i64
    linalg.yield %s : i64
  } -> tensor<2x2xi64>
  %e1 = tensor.empty() : tensor<2x2xi1>
  %zero = arith.constant 0 : i64
  %c = linalg.generic {indexing_maps = [affine_map<(i, j) -> (i, j)>, affine_map<(i, j) -> (i, j)>], iterator_types = ["parallel", "parallel"]}
      ins(%a : tensor<2x2xi64>) outs(%e1 : tensor<2x2xi1>) {
  ^bb0(%x: i64, %o: i1):
    %k = arith.constant 0 : i64
    %g = arith.cmpi sgt, %x, %k : i64
    linalg.yield %g : i1
  } -> tensor<2x2xi1>
  return %m, %c : tensor<2x2xi64>, tensor<2x2xi1>
}
