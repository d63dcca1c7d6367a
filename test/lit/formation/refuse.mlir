// RUN: eclip-opt --eclip-form-kernels %s --split-input-file --verify-diagnostics

module {
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@below {{'tensor.generate' cannot be formed into a kernel: no rule for it}}
  %g = tensor.generate {
  ^bb0(%i: index):
    %v = arith.constant 1.0 : f32
    tensor.yield %v : f32
  } : tensor<4xf32>
  return %g : tensor<4xf32>
}
}

// -----

module {
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  // expected-error@below {{'tensor.extract_slice' cannot be formed into a kernel: its result 'tensor<0xf32>' is not a non-empty tensor of static shape}}
  %s = tensor.extract_slice %x[0] [0] [1] : tensor<4xf32> to tensor<0xf32>
  %c = tensor.concat dim(0) %x, %s : (tensor<4xf32>, tensor<0xf32>) -> tensor<4xf32>
  return %c : tensor<4xf32>
}
}

// -----

module {
// expected-error@below {{input 'tensor<?xf32>' is not a non-empty tensor of static shape}}
func.func @main(%x: tensor<?xf32>) -> tensor<?xf32> {
  return %x : tensor<?xf32>
}
}

// -----

module {
// expected-error@below {{@main has no output}}
func.func @main(%x: tensor<4xf32>) {
  return
}
}

// -----

// expected-error@below {{no func.func @main to form kernels from}}
module {
func.func @other(%x: tensor<4xf32>) -> tensor<4xf32> {
  return %x : tensor<4xf32>
}
}

// -----

module {
func.func @main(%x: tensor<4x4xf32>, %i: tensor<i64>) -> tensor<1x4xf32> {
  // expected-error@below {{'tensor.extract' cannot be formed into a kernel: no rule for it}}
  %v = tensor.extract %i[] : tensor<i64>
  %k = arith.index_cast %v : i64 to index
  %s = tensor.extract_slice %x[%k, 0] [1, 4] [1, 1] : tensor<4x4xf32> to tensor<1x4xf32>
  return %s : tensor<1x4xf32>
}
}
