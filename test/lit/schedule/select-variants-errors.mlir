// Marks of variants that contradict one another. Labels: dialect/Variants.h.
// RUN: eclip-opt --split-input-file --verify-diagnostics --eclip-annotate-cost --eclip-select-variants %s

// (KV1)
// expected-error @below {{needs both eclip.variant_of, a symbol, and eclip.variant_cus, an array of CU counts}}
eclip.kernel @v attributes {eclip.variant_of = @k} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}

// -----

// (KV1)
// expected-error @below {{is a variant of @k, which is no kernel of the module}}
eclip.kernel @v attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64: 15>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}

// -----

// (KV1)
// expected-error @below {{is a variant of @v, which is one itself}}
eclip.kernel @v attributes {eclip.variant_of = @v, eclip.variant_cus = array<i64: 15>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}

// -----

// (KV2)
eclip.kernel @k {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
// expected-error @below {{differs in arguments, results or windows from @k, which it is a variant of}}
eclip.kernel @v attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64: 15>} {
^bb0(%x: tensor<8xf32>):
  eclip.yield %x : tensor<8xf32>
}

// -----

// (KV3)
eclip.kernel @k {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
// expected-error @below {{eclip.variant_cus must ascend strictly from at least 1}}
eclip.kernel @v attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64: 30, 15>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}

// -----

// (KV3)
eclip.kernel @k {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
eclip.kernel @v attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64: 15>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
// expected-error @below {{is for 15 CUs, as is @v}}
eclip.kernel @w attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64: 15>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}

// -----

// (KV3)
eclip.kernel @k {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
// expected-error @below {{eclip.variant_cus is empty}}
eclip.kernel @v attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}

// -----

eclip.kernel @k {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
eclip.kernel @v attributes {eclip.variant_of = @k, eclip.variant_cus = array<i64: 15>} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4xf32>):
  // expected-error @below {{has no group; run eclip-cluster first}}
  %y = eclip.dispatch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  eclip.yield %y : tensor<4xf32>
}

// -----

// expected-error @below {{eclip.tile_times needs 'cus' and 'time_ns', arrays of one length, with positive times}}
eclip.kernel @k attributes {eclip.tile_times = {cus = array<i64: 15, 60>, time_ns = array<i64: 5>}} {
^bb0(%x: tensor<4xf32>):
  eclip.yield %x : tensor<4xf32>
}
eclip.schedule @main inputs ["x"] outputs ["y"] {
^bb0(%x: tensor<4xf32>):
  %y = eclip.dispatch @k(%x) : (tensor<4xf32>) -> tensor<4xf32>
  eclip.yield %y : tensor<4xf32>
}
