//===- Compile.h - kernels to one code object -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_COMPILE_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_COMPILE_H

#include "compiler/kernels/codegen/Generator.h"

#include <functional>
#include <string>

namespace eclip {

/// What kernels are written as before they are machine code.
enum class KernelText {
  Gpu,     ///< MLIR as the generators made it
  Rocdl,   ///< MLIR in the LLVM and ROCDL dialects
  LlvmIr,  ///< LLVM IR after optimization
  Assembly ///< gfx9 assembly
};

/// What compiling did besides its results.
struct CompileReport {
  size_t kernels = 0;       ///< distinct kernels of the module
  size_t fromCache = 0;     ///< of which the cache had this many
  std::string cacheProblem; ///< why the cache is of no use; empty if it is
};

struct CompileOptions {
  KernelTarget target;
  /// Directory of the kernel cache; empty: compile everything. A cache that
  /// can't be read or written never makes compiling fail.
  std::string cacheDirectory;
  uint64_t cacheBytes = 0; ///< size limit of the cache; 0: none
  /// JSON file of measured tiles (mma/MmaTable.h), consulted ahead of the one
  /// built in; empty: none.
  std::string tileFile;
  /// NVIDIA, where kernels have variants: leave the code object as text for
  /// eclip-drop-kernels to assemble, once it is known which ones are used.
  /// Assembling takes a tenth of a second a kernel, on one thread.
  bool assembleLater = false;
  /// Called with the number of kernels done, those of the cache first; possibly
  /// from several threads, never at once.
  std::function<void(size_t done, size_t total)> progress;
  /// Called once at the end, if compiling succeeded.
  std::function<void(const CompileReport &)> report;
};

/// Fills in `target` from the name of a chip. Fails for one we don't know.
mlir::FailureOr<KernelTarget> targetFor(llvm::StringRef chip);

/// Compiles every eclip.kernel of `module`: sets each kernel's `launch`, and on
/// the module `eclip.code_object` (a tensor<Nxi8> resource with the linked
/// code object) and `eclip.isa`. On failure errors have been emitted at the
/// kernels, and `module` is unchanged. MLIR's thread pool does the work, so it
/// is parallel where the context is.
mlir::LogicalResult compileKernels(mlir::ModuleOp module,
                                   const CompileOptions &options);

/// Sets the module's `eclip.code_object` and `eclip.isa`.
void storeCodeObject(mlir::ModuleOp module,
                     const llvm::SmallVector<char, 0> &code,
                     const KernelTarget &target);

/// Sets the registers in each kernel's `launch` to what an assembled code object
/// of NVIDIA kernels says.
void setRegisters(mlir::ModuleOp module, llvm::ArrayRef<char> code);

/// Prints kernel `name` of `module`, or every kernel if `name` is empty, as
/// `text` to `out`. Changes nothing in `module`.
mlir::LogicalResult printKernels(mlir::ModuleOp module, KernelText text,
                                 llvm::StringRef name,
                                 const CompileOptions &options,
                                 llvm::raw_ostream &out);

/// The dialects that compiling makes. A pass or tool that calls the functions
/// above must have loaded them.
void registerCodegenDialects(mlir::DialectRegistry &registry);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_COMPILE_H
