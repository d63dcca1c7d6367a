//===- HalfConstants.h - constants in half precision ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_PRECISION_HALFCONSTANTS_H
#define ECLIP_COMPILER_KERNELS_PRECISION_HALFCONSTANTS_H

#include "mlir/IR/BuiltinAttributes.h"

#include <cstdint>
#include <optional>

namespace eclip {

/// The f16 nearest to the f32 with these bits, ties to even; beyond 65520
/// infinity; a NaN stays one.
uint16_t halfFromSingle(uint32_t bits);

/// The largest magnitude of the finite elements of the f32 constant `value`;
/// nothing if it is no f32 constant with data.
std::optional<float> largestMagnitude(mlir::Attribute value);

/// The f32 constant `value`, which has data, in f16.
mlir::TypedAttr toHalf(mlir::Attribute value);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_PRECISION_HALFCONSTANTS_H
