// RUN: eclip-opt --eclip-fold-constants %s | FileCheck %s

// A resource is moved to a new one; a reshape shares its blob.
// CHECK-LABEL: func @resources
func.func @resources() -> (tensor<2x3x4xi16>, tensor<4x6xi16>) {
  // CHECK-DAG: arith.constant dense_resource<numbers> : tensor<2x3x4xi16>
  // CHECK-DAG: arith.constant dense_resource<folded> : tensor<4x6xi16>
  // CHECK: folded: "0x4000000001000500090
  %c = arith.constant dense_resource<numbers> : tensor<6x4xi16>
  %r = tensor.collapse_shape %c [[0, 1]] : tensor<6x4xi16> into tensor<24xi16>
  %x = tensor.expand_shape %r [[0, 1, 2]] output_shape [2, 3, 4] : tensor<24xi16> into tensor<2x3x4xi16>
  %e = tensor.empty() : tensor<4x6xi16>
  %t = linalg.transpose ins(%c : tensor<6x4xi16>) outs(%e : tensor<4x6xi16>) permutation = [1, 0]
  return %x, %t : tensor<2x3x4xi16>, tensor<4x6xi16>
}

{-#
  dialect_resources: {
    builtin: {
      numbers: "0x400000000100020003000400050006000700080009000A000B000C000D000E000F00100011001200130014001500160017001800"
    }
  }
#-}
