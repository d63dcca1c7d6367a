//===- Generator.h - from a kernel's tensors to a GPU function --*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A generator fills a GPU function with the computation of one eclip.kernel.
// The code generation pass makes the function, picks the generator by the
// kernel's `eclip.kind`, and lowers what it made.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_GENERATOR_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_GENERATOR_H

#include "dialect/Eclip.h"

#include "mlir/Dialect/GPU/IR/GPUDialect.h"
#include "mlir/IR/Builders.h"

#include <array>
#include <string>

namespace eclip {

/// What a generator may know of the machine. The numbers are those of gfx906
/// on an MI50 (AMD "Vega 7nm" ISA document and product page).
struct KernelTarget {
  std::string chip = "gfx906";
  /// Compute units of the whole device: how much parallelism is worth making.
  int64_t cuCount = 60;
  /// Lanes of a wavefront.
  int64_t waveSize = 64;
  /// LDS that one workgroup may use, in bytes.
  int64_t ldsBytes = 65536;
  int64_t maxWorkgroupSize = 1024;
  int64_t maxVgprs = 256;
  /// Vector memory access of one lane, in bytes (global_load_dwordx4).
  int64_t vectorBytes = 16;

  bool isNvidia() const { return llvm::StringRef(chip).starts_with("sm_"); }
  /// Workgroups can read one another's shared memory.
  bool hasClusters() const { return chip == "sm_90"; }
  /// Four warps multiply together, out of shared memory.
  bool hasWarpgroupProducts() const { return chip == "sm_90"; }
};

/// Launch geometry that a generator decided: `grid` counts workgroups,
/// `workgroup` counts work-items; x, y, z.
struct LaunchShape {
  std::array<int64_t, 3> grid = {1, 1, 1};
  std::array<int64_t, 3> workgroup = {64, 1, 1};
};

/// A generator. On entry `func` has an empty entry block (no terminator) and
/// one argument for each argument of `kernel`, then one for each yielded
/// value: memrefs of the tensors' static shapes in the global address space,
/// row major, contiguous, 256-byte aligned, never overlapping one another.
/// Elements have the tensors' types, but i1 is stored as i8 (0 or 1).
/// `builder` stands at the start of the entry block.
///
/// On success the entry block ends with gpu.return and the launch geometry is
/// returned; the caller sets `known_block_size` from it. LDS is taken with
/// `func.addWorkgroupAttribution` as memrefs in the workgroup address space.
/// gpu.thread_id and gpu.block_id may be used; gpu.block_dim and gpu.grid_dim
/// may not (they would need hidden kernel arguments): use constants.
///
/// On failure the generator has emitted an error at `kernel` with the reason;
/// what `func` holds is then discarded.
///
/// Generators run one at a time.
using GeneratorFn = mlir::FailureOr<LaunchShape>(KernelOp kernel,
                                                 mlir::gpu::GPUFuncOp func,
                                                 mlir::OpBuilder &builder,
                                                 const KernelTarget &target);

/// Elementwise and data movement, any number of results of one shape: a
/// thread makes one element or four neighbours.
GeneratorFn generatePointwise;

/// Kernels with reductions and no contraction: windows and small reductions in
/// loops of one thread, reductions of rows by a wavefront or a workgroup.
GeneratorFn generateReduction;

// generateContraction is declared in contraction/Contraction.h.

/// True of the types that buffers have elements of: i1, i8 to i64, f16, bf16,
/// f32 and f64. Inside of a kernel others may come up.
bool isStorable(mlir::Type element);

/// Type of the buffer of a tensor, as in a generator's function arguments.
mlir::MemRefType bufferType(mlir::RankedTensorType type);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_GENERATOR_H
