//===- AttentionTile.h - how a workgroup computes attention -----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONTILE_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONTILE_H

#include "compiler/kernels/codegen/Generator.h"
#include "compiler/kernels/codegen/attention/AttentionProblem.h"

namespace eclip {

/// Queries of one workgroup, 16 for each warp, and keys that are multiplied
/// between two barriers.
struct AttentionTile {
  int64_t queries, keys;
  /// Blocks of keys and values that shared memory holds.
  int64_t stages;

  int64_t warps() const { return queries / 16; }
  int64_t threads() const { return warps() * 32; }
  /// As in `eclip.tile`: "attention 64x64 s2".
  std::string name() const;
  /// The tile of that name, whatever it may be good for.
  static std::optional<AttentionTile> parse(llvm::StringRef name);
};

/// Elements from one row of features in shared memory to the next: whole steps
/// of the instruction, and an odd number of 16-byte chunks, so that eight rows
/// of one column lie in different banks.
int64_t attentionRowStride(int64_t features);

/// Bytes of shared memory.
int64_t attentionBytes(const AttentionProblem &problem,
                       const AttentionTile &tile);

bool fitsAttention(const AttentionProblem &problem, const AttentionTile &tile,
                   const KernelTarget &target);

/// A tile that fits.
AttentionTile chooseAttention(const AttentionProblem &problem,
                              const KernelTarget &target);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONTILE_H
