//===- MmaPlan.h - a contraction on tensor cores ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A workgroup computes a tile of the product. Its operands pass through shared
// memory in stages, several tiles of k ahead of the one that is multiplied;
// warps read fragments from there (ldmatrix) and multiply them (mma.sync).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAPLAN_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAPLAN_H

#include "compiler/kernels/codegen/Generator.h"
#include "compiler/kernels/codegen/contraction/Plan.h"

namespace eclip {

/// Bytes that a copy moves at once: a chunk of 8 halves or 4 floats.
inline constexpr int64_t kChunkBytes = 16;

struct MmaTile {
  /// Of the workgroup, of one of its warps, and how many tiles of k shared
  /// memory holds.
  int64_t m, n, k, warpM, warpN, stages;
  /// Workgroups of a cluster that divide k among them.
  int64_t split = 1;
  /// Four warps multiply together (Warpgroup.h): the warp's tile is then 16
  /// rows and all columns.
  bool warpgroups = false;

  int64_t warpsM() const { return m / warpM; }
  int64_t warpsN() const { return n / warpN; }
  int64_t threads() const { return warpsM() * warpsN() * 32; }
  /// Tiles of k that are copied ahead. A warpgroup's product may still read the
  /// stage before the one that is multiplied.
  int64_t ahead() const { return stages - (warpgroups ? 2 : 1); }
  /// From one row of sums in shared memory to the next, in elements.
  int64_t sumStride() const { return n + 8; }
  /// As in `eclip.tile`: "mma 128x64x32 64x32 s4", and " k4" for a split by 4;
  /// "wgmma 128x256x64 s4" for one of warpgroups.
  std::string name() const;
  /// The tile of that name; nothing for text that name() does not write, or a
  /// tile that no workgroup can compute.
  static std::optional<MmaTile> parse(llvm::StringRef name);
};

/// How an operand lies in a stage of shared memory: rows of chunks, with the
/// chunks of a row exchanged so that eight rows of one column lie in different
/// banks.
struct MmaStage {
  /// Chunks are runs of k, and rows of shared memory rows (m of A, n of B) of
  /// the tile; else the other way round.
  bool alongK = true;
  /// Copied by cp.async; else loaded or computed into registers, and stored.
  bool async = false;
  /// Rows wider than 128 bytes lie in blocks of that width, block by block.
  bool blocked = false;
  /// Loaded by lanes side by side along the rows, from places that are known
  /// but for the row: the loop over k is unrolled, and what an element's k adds
  /// to address and padding checks is a constant in the code. Always along k.
  bool unrolled = false;
  int64_t rows = 0, chunksPerRow = 0;
  /// Elements of a chunk.
  int64_t chunk = 8;
  /// Elements that a copy moves: a chunk, or a part of it where only those are
  /// aligned (58 channels).
  int64_t piece = 8;
  /// Chunks that one thread copies.
  int64_t slots = 0;

  int64_t elements() const { return rows * chunksPerRow * chunk; }
  int64_t pieces() const { return chunk / piece; }
  /// Threads that share a row of an unrolled operand, each of them its slots'
  /// chunks.
  int64_t threadsPerRow() const {
    return std::max<int64_t>(chunksPerRow / std::max<int64_t>(slots, 1), 1);
  }
};

struct MmaPlan {
  MmaTile tile;
  KWalk walk;
  MmaStage a, b;
  int64_t sharedBytes = 0;
  /// Clock cycles of the whole kernel, estimated.
  double cycles = 0;

  bool isUnrolled() const { return a.unrolled || b.unrolled; }
};

/// Runs of an operand along `loop` can be copied in chunks: they are whole,
/// aligned, and inside or outside of the padding as one.
bool hasChunks(const ContractionProblem &problem,
               const ContractionOperand &operand, unsigned loop);

/// True if the tensor cores multiply what `problem` multiplies.
bool suitsMma(const ContractionProblem &problem);

/// Works out what follows from `tile`; nothing if it does not fit.
std::optional<MmaPlan> planMma(const ContractionProblem &problem,
                               const MmaTile &tile,
                               const KernelTarget &target);

/// Clock cycles of the whole kernel on the CUs of `target`, by estimate, at
/// kMmaClockGhz.
double mmaCycles(const ContractionProblem &problem, const MmaPlan &plan,
                 const KernelTarget &target);
inline constexpr double kMmaClockGhz = 1.755;

/// The plans of all tiles that fit, the cheapest first.
std::vector<MmaPlan> mmaPlans(const ContractionProblem &problem,
                              const KernelTarget &target);

/// The first of them.
MmaPlan chooseMma(const ContractionProblem &problem,
                  const KernelTarget &target);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_MMA_MMAPLAN_H
