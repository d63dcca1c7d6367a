//===- Attention.h - attention on tensor cores ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// softmax(scale * Q K^T + mask) V as one kernel: a workgroup has a block of
// queries and walks over blocks of keys, so that scores stay in registers. The
// softmax is made as the blocks come: each row's sum so far is scaled where a
// larger score turns up (Milakov, Gimelshein: Online normalizer calculation for
// softmax, 2018; Dao et al.: FlashAttention, 2022).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTION_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTION_H

#include "compiler/kernels/codegen/Generator.h"

namespace eclip {

/// Kernels of kind "attention", for NVIDIA GPUs. `eclip.tile` may name the tile.
GeneratorFn generateAttention;

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTION_H
