module {
func.func @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %g = tensor.generate {
  ^bb0(%i: index):
    %v = arith.constant 1.0 : f32
    tensor.yield %v : f32
  } : tensor<4xf32> loc("/layer1/weird")
  return %g : tensor<4xf32>
}
}
