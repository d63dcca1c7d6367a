//===- Lowering.h - from GPU functions to the LLVM dialect ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_LOWERING_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_LOWERING_H

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/DialectRegistry.h"
#include "mlir/IR/PatternMatch.h"
#include "mlir/Pass/PassManager.h"

namespace mlir {
class LLVMTypeConverter;
}

namespace eclip {

/// On a gpu.module: the kernel and ONNX nodes that it was made from, as text
/// for diagnostics.
inline constexpr llvm::StringLiteral kOriginAttr = "eclip.origin";

/// Adds to `pm` (anchored on gpu.module) what takes the generators' functions
/// to the LLVM and ROCDL dialects for `chip`.
void buildKernelLowering(mlir::OpPassManager &pm, llvm::StringRef chip);

/// Math operations become arithmetic and the operations that the AMDGPU
/// back end expands inline: never a call of a device library. Fails with an
/// error at the first operation that has no such form.
std::unique_ptr<mlir::Pass> createExpandMathPass();

/// gpu, memref, vector, arith, cf -> LLVM and ROCDL. Addresses in global memory
/// become a scalar base and an unsigned 32-bit byte offset where every buffer
/// of the function is smaller than 2 GiB.
std::unique_ptr<mlir::Pass> createLowerToROCDLPass(llvm::StringRef chip);

/// Loads and stores of elements of static, row-major buffers; ahead of upstream's
/// general patterns, which use wrapping signed indices.
void populateElementAccessPatterns(const mlir::LLVMTypeConverter &converter,
                                   mlir::RewritePatternSet &patterns);

/// Bits of an index: 32 unless a buffer of the module's functions is so large
/// that a byte offset needs more.
unsigned indexBitwidth(mlir::gpu::GPUModuleOp module);

/// x^y of f32 or f64 with the logarithm carried in two floats, so that the error
/// stays near one unit in the last place for large y * log2(x).
void populatePowerExpansion(mlir::RewritePatternSet &patterns);

/// sin, cos and atan of f32 or f64.
void populateTrigonometryExpansion(mlir::RewritePatternSet &patterns);

/// exp, exp2, expm1, log, log2, log10, erf and erfc of f64.
void populateDoubleExpansion(mlir::RewritePatternSet &patterns);

/// Functions of f32 or f64 that are made of the ones above: tan, the inverse
/// and hyperbolic functions, cbrt, rsqrt, powers of whole numbers.
void populateComposedExpansion(mlir::RewritePatternSet &patterns);

/// Functions of f16 and bf16, in f32.
void populateNarrowExpansion(mlir::RewritePatternSet &patterns);

/// Dialects that the lowering makes, and their translations to LLVM IR.
void registerLoweringDialects(mlir::DialectRegistry &registry);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_LOWERING_H
