//===- AttentionProblem.h - what an attention kernel computes ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A kernel of kind "attention" is a contraction of queries and keys (the
// scores), elementwise operations on them (scale, mask), a softmax over keys,
// and a contraction of that with values, with the tail that any contraction may
// have.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONPROBLEM_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONPROBLEM_H

#include "compiler/kernels/codegen/contraction/Problem.h"

namespace eclip {

struct AttentionProblem {
  /// m are queries, n keys, k the features of both. Its tail ends with `logits`.
  ContractionProblem scores;
  /// m are queries, n the features of values, k keys. A is the softmax.
  ContractionProblem output;
  /// What the softmax is taken of.
  mlir::Value logits;

  int64_t batch() const { return scores.batch; }
  int64_t queries() const { return scores.m; }
  int64_t keys() const { return scores.n; }
  int64_t features() const { return scores.k; }
  int64_t width() const { return output.n; }
};

/// Recognizes the body of `kernel`. On failure it has emitted an error at the
/// kernel that says what tensor cores can't do of it: factors are f16, views of
/// arguments, with features side by side in multiples of 8 and up to 128.
mlir::FailureOr<AttentionProblem> analyzeAttention(KernelOp kernel);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_ATTENTION_ATTENTIONPROBLEM_H
