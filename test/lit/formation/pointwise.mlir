// RUN: eclip-opt --eclip-form-kernels %s --split-input-file --mlir-print-local-scope | FileCheck %s

#id2 = affine_map<(a, b) -> (a, b)>

// Movement and arithmetic become one kernel: concatenation, shuffle, slice. The
// shuffle is a concatenation along a new dimension.
// CHECK-LABEL: eclip.kernel @relu
// CHECK-SAME: "pointwise"
// CHECK: tensor.expand_shape
// CHECK: tensor.expand_shape
// CHECK: tensor.concat dim(2)
// CHECK: tensor.collapse_shape
// CHECK: tensor.extract_slice
// CHECK: arith.maximumf
// CHECK-NOT: eclip.kernel
// CHECK-LABEL: eclip.schedule
// CHECK: eclip.dispatch @relu({{.*}}) {eclip.nodes = ["concat", "shuffle", "slice", "relu"]}
module {
func.func @main(%a: tensor<3x4xf32>, %b: tensor<3x4xf32>) -> tensor<3x5xf32> {
  %zero = arith.constant 0.0 : f32
  %c = tensor.concat dim(1) %a, %b : (tensor<3x4xf32>, tensor<3x4xf32>) -> tensor<3x8xf32> loc("concat")
  %x = tensor.expand_shape %c [[0], [1, 2]] output_shape [3, 2, 4] : tensor<3x8xf32> into tensor<3x2x4xf32> loc("shuffle")
  %et = tensor.empty() : tensor<3x4x2xf32>
  %t = linalg.transpose ins(%x : tensor<3x2x4xf32>) outs(%et : tensor<3x4x2xf32>) permutation = [0, 2, 1] loc("shuffle")
  %y = tensor.collapse_shape %t [[0], [1, 2]] : tensor<3x4x2xf32> into tensor<3x8xf32> loc("shuffle")
  %s = tensor.extract_slice %y[0, 2] [3, 5] [1, 1] : tensor<3x8xf32> to tensor<3x5xf32> loc("slice")
  %e = tensor.empty() : tensor<3x5xf32>
  %r = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%s : tensor<3x5xf32>) outs(%e : tensor<3x5xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.maximumf %in, %zero : f32
    linalg.yield %v : f32
  } -> tensor<3x5xf32> loc("relu")
  return %r : tensor<3x5xf32>
}
}

// -----

// Costly arithmetic that two readers need is in memory; one ReLU is not.
// CHECK: eclip.kernel @exp
// CHECK: eclip.schedule
// CHECK: %[[E:.*]] = eclip.dispatch @exp(%{{.*}}) {eclip.nodes = ["relu", "exp"]}
// CHECK: %[[N:.*]] = eclip.dispatch @neg(%[[E]])
// CHECK: %[[T:.*]] = eclip.dispatch @transpose(%[[E]])
// CHECK: eclip.yield %[[N]], %[[T]]
#id2 = affine_map<(a, b) -> (a, b)>
module {
func.func @main(%a: tensor<3x4xf32>) -> (tensor<3x4xf32>, tensor<4x3xf32>) {
  %zero = arith.constant 0.0 : f32
  %e = tensor.empty() : tensor<3x4xf32>
  %r = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%a : tensor<3x4xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.maximumf %in, %zero : f32
    linalg.yield %v : f32
  } -> tensor<3x4xf32> loc("relu")
  %x = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%r : tensor<3x4xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = math.exp %in : f32
    linalg.yield %v : f32
  } -> tensor<3x4xf32> loc("exp")
  %n = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%x : tensor<3x4xf32>) outs(%e : tensor<3x4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.negf %in : f32
    linalg.yield %v : f32
  } -> tensor<3x4xf32> loc("neg")
  %et = tensor.empty() : tensor<4x3xf32>
  %t = linalg.transpose ins(%x : tensor<3x4xf32>) outs(%et : tensor<4x3xf32>) permutation = [1, 0] loc("transpose")
  return %n, %t : tensor<3x4xf32>, tensor<4x3xf32>
}
}

// -----

// Each output is a dispatch's result of its own: an input passed through, a
// constant, a splat, a value that is returned twice, one that is also read.
// Equal kernels are one.
// CHECK: eclip.kernel @neg
// CHECK: eclip.kernel @copy
// CHECK-NOT: eclip.kernel @copy_0
// CHECK-LABEL: eclip.schedule @main inputs ["x"] outputs ["output0", "output1", "output2", "twice", "output4"]
// CHECK: ^bb0(%[[X:.*]]: tensor<4xf32>)
// CHECK: %[[N:.*]] = eclip.dispatch @neg(%[[X]])
// CHECK: %[[A:.*]] = eclip.dispatch @copy(%[[X]])
// CHECK: %[[B:.*]] = eclip.dispatch @copy(%{{.*}})
// CHECK: %[[D:.*]] = eclip.dispatch @copy(%[[N]])
// CHECK: eclip.yield %[[A]], %[[B]], %[[N]], %[[D]], %[[S:.*]] :
#id1 = affine_map<(a) -> (a)>
module {
func.func @main(%x: tensor<4xf32> {eclip.name = "x"}) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32> {eclip.name = "twice"}, tensor<2xf32>) {
  %c = arith.constant dense<[1.0, 2.0, 3.0, 4.0]> : tensor<4xf32>
  %s = arith.constant dense<1.0> : tensor<2xf32>
  %e = tensor.empty() : tensor<4xf32>
  %n = linalg.generic {indexing_maps = [#id1, #id1], iterator_types = ["parallel"]} ins(%x : tensor<4xf32>) outs(%e : tensor<4xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.negf %in : f32
    linalg.yield %v : f32
  } -> tensor<4xf32> loc("neg")
  return %x, %c, %n, %n, %s : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<2xf32>
}
}

// -----

// Two values of one reduction: each is the result of a kernel.
// CHECK: eclip.kernel @argmax
// CHECK-SAME: "reduction"
// CHECK: eclip.kernel @argmax_0
// CHECK-SAME: "reduction"
// CHECK: eclip.schedule
module {
func.func @main(%x: tensor<4x9xf32>) -> (tensor<4xf32>, tensor<4xi64>) {
  %ninf = arith.constant 0xFF800000 : f32
  %zero = arith.constant 0 : i64
  %e = tensor.empty() : tensor<4xf32>
  %ei = tensor.empty() : tensor<4xi64>
  %f = linalg.fill ins(%ninf : f32) outs(%e : tensor<4xf32>) -> tensor<4xf32>
  %fi = linalg.fill ins(%zero : i64) outs(%ei : tensor<4xi64>) -> tensor<4xi64>
  %v, %i = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a, b)>, affine_map<(a, b) -> (a)>, affine_map<(a, b) -> (a)>], iterator_types = ["parallel", "reduction"]} ins(%x : tensor<4x9xf32>) outs(%f, %fi : tensor<4xf32>, tensor<4xi64>) {
  ^bb0(%in: f32, %m: f32, %j: i64):
    %k = linalg.index 1 : index
    %ki = arith.index_cast %k : index to i64
    %g = arith.cmpf ogt, %in, %m : f32
    %sv = arith.select %g, %in, %m : f32
    %si = arith.select %g, %ki, %j : i64
    linalg.yield %sv, %si : f32, i64
  } -> (tensor<4xf32>, tensor<4xi64>) loc("argmax")
  return %v, %i : tensor<4xf32>, tensor<4xi64>
}
}

// -----

// A gather reads its table from memory, at indices computed in the kernel.
// CHECK-LABEL: eclip.kernel @gather
// CHECK: ^bb0(%{{.*}}: tensor<5xi64>, %{{.*}}: tensor<100x8xf32>):
// CHECK: tensor.extract
// CHECK: arith.negf
// CHECK-NOT: eclip.kernel
// CHECK: eclip.schedule
#id2 = affine_map<(a, b) -> (a, b)>
module {
func.func @main(%ids: tensor<5xi64>, %table: tensor<100x8xf32>) -> tensor<5x8xf32> {
  %e = tensor.empty() : tensor<5x8xf32>
  %g = linalg.generic {indexing_maps = [affine_map<(a, b) -> (a)>, #id2], iterator_types = ["parallel", "parallel"]} ins(%ids : tensor<5xi64>) outs(%e : tensor<5x8xf32>) {
  ^bb0(%in: i64, %out: f32):
    %i = arith.index_cast %in : i64 to index
    %j = linalg.index 1 : index
    %v = tensor.extract %table[%i, %j] : tensor<100x8xf32>
    linalg.yield %v : f32
  } -> tensor<5x8xf32> loc("gather")
  %n = linalg.generic {indexing_maps = [#id2, #id2], iterator_types = ["parallel", "parallel"]} ins(%g : tensor<5x8xf32>) outs(%e : tensor<5x8xf32>) {
  ^bb0(%in: f32, %out: f32):
    %v = arith.negf %in : f32
    linalg.yield %v : f32
  } -> tensor<5x8xf32> loc("gather")
  return %n : tensor<5x8xf32>
}
}
