//===- CompiledKernel.h - a kernel as the cache keeps it --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_COMPILEDKERNEL_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_COMPILEDKERNEL_H

#include "compiler/kernels/cache/KernelCache.h"
#include "compiler/kernels/codegen/Generator.h"

#include <optional>

namespace eclip {

/// Symbol of a kernel in its own object, whatever its name in the model: equal
/// kernels have equal objects. Linking gives it its name.
inline constexpr llvm::StringLiteral kKernelSymbol = "eclip_kernel";

/// All that compiling one kernel makes.
struct CompiledKernel {
  LaunchShape launch;
  /// What the generator set on the kernel (`eclip.tile`), as a printed
  /// dictionary; empty for nothing.
  std::string attributes;
  llvm::SmallVector<char, 0> object; ///< relocatable, defines kKernelSymbol
};

std::string serialize(const CompiledKernel &kernel);
/// Nothing if `bytes` are not a kernel.
std::optional<CompiledKernel> deserialize(llvm::StringRef bytes);

/// Key of the code of `kernel`: its body and attributes, but neither its name,
/// the names of its ONNX nodes nor locations; every field of `target`; and the
/// identity of this build of the compiler and of LLVM. Nothing if that identity
/// can't be found out.
std::optional<CacheKey> keyOf(KernelOp kernel, const KernelTarget &target);

/// The discardable attributes that the kernel has now and that `before` has
/// not or has otherwise, printed.
std::string newAttributes(KernelOp kernel, mlir::DictionaryAttr before);
/// Sets what newAttributes returned. Fails, silently, on malformed text.
mlir::LogicalResult setAttributes(KernelOp kernel, llvm::StringRef text);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_COMPILEDKERNEL_H
