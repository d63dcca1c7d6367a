//===- Object.h - from the LLVM dialect to machine code ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_OBJECT_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_OBJECT_H

#include "compiler/kernels/codegen/Generator.h"

#include <map>

namespace eclip {

enum class OutputKind {
  Object,   ///< ELF relocatable
  Assembly, ///< text
  LlvmIr    ///< text, after optimization
};

/// Sets up LLVM's AMDGPU target. Safe to call from any thread, any number of
/// times.
void initializeTarget();

/// What the machine code may assume of a kernel's arguments.
struct KernelInterface {
  /// Bytes of each buffer, arguments first.
  llvm::SmallVector<int64_t> bufferBytes;
  /// What the address of each is a multiple of, in bytes.
  llvm::SmallVector<int64_t> alignments;
  /// How many of the buffers are arguments (read, never written).
  unsigned argumentCount = 0;
  LaunchShape launch;
};

/// Optimizes and compiles the LLVM dialect in `module`, which defines the one
/// kernel `interface` describes. Bytes or text of `kind`; bytes depend on no
/// name but the function's. On failure an error
/// has been emitted at `module`. Threads may call it at once for different
/// modules of one context.
mlir::FailureOr<llvm::SmallVector<char, 0>>
compileToObject(mlir::gpu::GPUModuleOp module, const KernelInterface &interface,
                const KernelTarget &target, OutputKind kind);

/// `object` with the kernel kKernelSymbol, its descriptor and its metadata under
/// `name`. `error` gets the reason of a failure. Safe from any thread.
mlir::FailureOr<llvm::SmallVector<char, 0>>
renameKernel(llvm::ArrayRef<char> object, llvm::StringRef name,
             std::string &error);

/// Links relocatable objects into one code object. `error` gets the linker's
/// words on failure. Uses files in a temporary folder, which it removes. One
/// call at a time: lld keeps global state, so a lock inside makes others wait.
/// lld also resets LLVM's global command-line options to their defaults.
mlir::FailureOr<llvm::SmallVector<char, 0>>
linkCodeObject(llvm::ArrayRef<llvm::SmallVector<char, 0>> objects,
               std::string &error);

/// Resources of a kernel as the code object's metadata states them.
struct KernelResources {
  int64_t ldsBytes = 0, scratchBytes = 0, kernargBytes = 0;
  int64_t vgprs = 0, sgprs = 0, vgprSpills = 0, sgprSpills = 0;
};

/// Resources by kernel name. Fails, with the reason in `error`, if the code
/// object can't be read.
mlir::FailureOr<std::map<std::string, KernelResources>>
readResources(llvm::ArrayRef<char> codeObject, std::string &error);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_OBJECT_H
