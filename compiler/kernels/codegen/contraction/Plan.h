//===- Plan.h - the shape of a tiled contraction ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_PLAN_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_PLAN_H

#include "compiler/kernels/codegen/Generator.h"
#include "compiler/kernels/codegen/contraction/Problem.h"

#include <string>

namespace eclip {

/// How a workgroup divides its part of the product. Threads are numbered with
/// the n position fastest, then m, then the share of k.
struct ContractionTile {
  /// Accumulators of a thread: threadM rows by threadN columns.
  int64_t threadM, threadN;
  /// Threads along m, along n, and sharing the k range (their sums are added
  /// at the end, through LDS).
  int64_t threadsM, threadsN, threadsK;
  /// Words of k of one thread between two barriers; a multiple of 4. A word is
  /// one step of k, or `pack` of them.
  int64_t stepK;
  int64_t pack = 1;

  int64_t m() const { return threadM * threadsM; }
  int64_t n() const { return threadN * threadsN; }
  /// k steps of the workgroup between two barriers, and their words.
  int64_t k() const { return kWords() * pack; }
  int64_t kWords() const { return stepK * threadsK; }
  int64_t threads() const { return threadsM * threadsN * threadsK; }
  /// As in `eclip.tile`: "28x64x32 7x4 k4", the last being threadsK.
  std::string name() const;
};

/// How k is walked. Each tile of k is one value of the outer loops, which is
/// the same for all threads, and a range of the inner loops.
struct KWalk {
  llvm::SmallVector<unsigned> outer, inner;
  int64_t innerSize = 1;
  /// Tiles in one walk of the inner loops, and of the whole.
  int64_t innerTiles = 1, tiles = 1;
  /// The last inner tile reaches beyond the range.
  bool hasTail = false;
};

/// Walks the last loop of k alone where that wastes little: the other indices of
/// k are then the same for a whole tile of `blockK` steps. Else walks k as one.
KWalk planWalk(const ContractionProblem &problem, int64_t blockK);

/// How one operand goes from global memory through registers into LDS, in words
/// of 32 bits: a float, or two halves that are neighbours along k.
struct StagePlan {
  /// Rows of the tile: m of A, n of B.
  int64_t rows = 0;
  /// Elements that one load takes: along k, else along the rows.
  int64_t vector = 1;
  /// Bytes that every such load is aligned to.
  int64_t alignment = 4;
  bool alongK = true;
  /// Loads that make up a slot, each beginning one step of k behind the other,
  /// and the words of a slot. One load along k has whole words.
  int64_t loads = 1, slotWords = 1;
  /// LDS holds [row][k]; else [k][row]. The fragment of a thread is read four
  /// words at a time along the fast dimension.
  bool rowMajor = true;
  /// A thread's rows are neighbours in fours (for vector stores of the
  /// result), though LDS is read at the same row by all threads at once: row
  /// 4t + e of each group of rows lies at e * threads + t. Row-major only.
  bool permuted = false;
  /// LDS words from one slow index to the next, and altogether.
  int64_t stride = 0, words = 0;
  /// Slots of one thread for a tile.
  int64_t slots = 0;
  /// Some slots are beyond the tile.
  bool overhang = false;
};

struct ContractionPlan {
  ContractionTile tile;
  KWalk walk;
  StagePlan a, b;
  int64_t ldsWords = 0;
  /// Registers that the accumulators, fragments and loads in flight take.
  int64_t vgprEstimate = 0;
  /// Wave instructions of the whole kernel, and those of them that multiply and
  /// add elements inside the problem.
  double instructions = 0, useful = 0;
  /// Clock cycles, if the kernel has the whole device, or a quarter of it.
  double cycles = 0, quarterCycles = 0;
};

/// Works out everything that follows from `tile`. Nothing if the tile does not
/// fit the target.
std::optional<ContractionPlan> planTile(const ContractionProblem &problem,
                                        const ContractionTile &tile,
                                        const KernelTarget &target);

/// The cheapest plan over the target's tile table.
ContractionPlan chooseTile(const ContractionProblem &problem,
                           const KernelTarget &target);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_PLAN_H
