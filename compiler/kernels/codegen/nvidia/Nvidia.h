//===- Nvidia.h - from GPU functions to PTX ---------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_NVIDIA_NVIDIA_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_NVIDIA_NVIDIA_H

#include "compiler/kernels/cache/KernelCache.h"
#include "compiler/kernels/codegen/Object.h"

#include "mlir/Pass/PassManager.h"

#include <map>
#include <string>

namespace eclip {

/// sm_80 and sm_90; failure for another chip.
mlir::FailureOr<KernelTarget> nvidiaTargetFor(llvm::StringRef chip);

/// On the GPU functions that the lowering has gone through: bytes of shared
/// memory that a launch has to ask for. All of it is dynamic: static shared
/// memory ends at 48 KiB.
inline constexpr llvm::StringLiteral kSharedBytesAttr = "eclip.shared_bytes";

/// On the generators' functions: what the address of each buffer is a multiple
/// of, in bytes.
inline constexpr llvm::StringLiteral kBufferAlignmentsAttr =
    "eclip.buffer_alignments";

/// Sets the alignment of loads and stores of buffers of functions that have
/// kBufferAlignmentsAttr. Anchored on gpu.module.
std::unique_ptr<mlir::Pass> createStateAlignmentPass();

/// Adds to `pm` (anchored on gpu.module) what takes the generators' functions
/// to the LLVM and NVVM dialects.
void buildNvidiaLowering(mlir::OpPassManager &pm);

/// Dialects that the lowering makes, and their translations to LLVM IR.
void registerNvidiaDialects(mlir::DialectRegistry &registry);

/// Optimizes the LLVM dialect in `module` and returns PTX, or LLVM IR as text.
/// On failure an error has been emitted at `module`. Threads may call it at once
/// for different modules of one context.
mlir::FailureOr<llvm::SmallVector<char, 0>>
compileToPtx(mlir::gpu::GPUModuleOp module, const KernelInterface &interface,
             const KernelTarget &target, OutputKind kind);

/// The shared memory of every kernel, brought by its launch.
inline constexpr llvm::StringLiteral kSharedSymbol = "eclip_shared";
/// What wgmma asks of the places of its operands, in bytes.
inline constexpr unsigned kSharedAlignment = 1024;

/// The name of `target` for back end and assembler: with the features that only
/// this one architecture has.
inline std::string exactChip(const KernelTarget &target) {
  return target.hasWarpgroupProducts() ? target.chip + "a" : target.chip;
}
/// compileToPtx() ends the text with this comment and the bytes of shared
/// memory: PTX has no place for what a launch needs.
inline constexpr llvm::StringLiteral kSharedBytesComment = "// shared bytes: ";

/// One module of several, which compileToPtx() made of functions named
/// kKernelSymbol; the functions get the names given. Ends with NUL, as the
/// driver reads it.
llvm::SmallVector<char, 0>
linkPtx(llvm::ArrayRef<std::pair<llvm::StringRef, llvm::StringRef>> namedTexts);

/// `ptx` of linkPtx() with those of its functions whose names are kept.
llvm::SmallVector<char, 0>
keepKernels(llvm::StringRef ptx,
            llvm::function_ref<bool(llvm::StringRef)> isKept);

/// On a module whose kernels have variants: the text that its code object was
/// assembled from, until eclip-drop-kernels.
inline constexpr llvm::StringLiteral kPtxAttr = "eclip.ptx";

/// What compileToPtx() noted. Nothing if `ptx` is not from there.
std::optional<int64_t> sharedBytesOf(llvm::StringRef ptx);

/// Machine code of `ptx` for `target` by NVIDIA's assembler, if `ptxas` is on
/// the PATH, or of `cache` if there is one that has it; else nothing. `error`
/// gets the assembler's words on failure.
mlir::FailureOr<std::optional<llvm::SmallVector<char, 0>>>
assemblePtx(llvm::ArrayRef<char> ptx, const KernelTarget &target,
            KernelCache *cache, std::string &error);

/// Registers of a thread by kernel, as the assembler noted them in machine code
/// that assemblePtx() made. Empty for PTX, and for what is not understood: they
/// inform the cost model only.
std::map<std::string, int64_t> registersOf(llvm::ArrayRef<char> code);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_NVIDIA_NVIDIA_H
