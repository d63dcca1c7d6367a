//===- AttentionTile.cpp - how a workgroup computes attention -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/attention/AttentionTile.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

using llvm::alignTo;
using llvm::divideCeil;

/// Keys of a block at most: with more, scores of a thread leave no registers.
static constexpr int64_t kMaxKeys = 64;
static constexpr int64_t kMaxWarps = 8;

std::string AttentionTile::name() const {
  return llvm::formatv("attention {0}x{1} s{2}", queries, keys, stages);
}

std::optional<AttentionTile> AttentionTile::parse(StringRef name) {
  AttentionTile tile;
  if (!name.consume_front("attention ") ||
      name.consumeInteger(10, tile.queries) || !name.consume_front("x") ||
      name.consumeInteger(10, tile.keys) || !name.consume_front(" s") ||
      name.getAsInteger(10, tile.stages))
    return std::nullopt;
  return tile;
}

int64_t eclip::attentionRowStride(int64_t features) {
  return alignTo(features, 16) + 8;
}

/// Of a row of values' sums on their way to the result (MmaTile::sumStride()).
static int64_t sumBytes(const AttentionProblem &problem) {
  return (int64_t(alignTo(problem.width(), 16)) + 8) * 4;
}

int64_t eclip::attentionBytes(const AttentionProblem &problem,
                              const AttentionTile &tile) {
  int64_t features = attentionRowStride(problem.features());
  int64_t width = attentionRowStride(problem.width());
  int64_t elements = tile.queries * features +
                     tile.stages * tile.keys * (features + width);
  return std::max(elements * 2, tile.queries * sumBytes(problem));
}

bool eclip::fitsAttention(const AttentionProblem &problem,
                          const AttentionTile &tile,
                          const KernelTarget &target) {
  return tile.queries >= 16 && tile.queries % 16 == 0 &&
         tile.warps() <= kMaxWarps && tile.keys >= 16 && tile.keys % 16 == 0 &&
         tile.keys <= 2 * kMaxKeys && tile.stages >= 1 && tile.stages <= 8 &&
         // One stage can't be filled while it is read.
         (tile.stages > 1 || problem.keys() <= tile.keys) &&
         attentionBytes(problem, tile) <= target.ldsBytes;
}

AttentionTile eclip::chooseAttention(const AttentionProblem &problem,
                                     const KernelTarget &target) {
  AttentionTile tile;
  tile.keys = std::min<int64_t>(kMaxKeys, alignTo(problem.keys(), 16));
  // Keys are read once for each block of queries, but every SM should have a
  // workgroup. On an H100, 12 heads of 64, 128 queries and keys (2026-11-23, us):
  // batch 8 with 128 / 64 / 32 queries 5.98 / 5.90 / 6.62, batch 32
  // 13.85 / 14.59 / 19.02; all 128 keys at once 6.34 / 6.27 / 6.97 and
  // 13.68 / 14.89 / 21.41.
  tile.queries = kMaxWarps * 16;
  auto groups = [&] {
    return problem.batch() * int64_t(divideCeil(problem.queries(), tile.queries));
  };
  while (tile.queries > 32 && groups() < target.cuCount)
    tile.queries /= 2;
  while (tile.queries > 16 && tile.queries / 2 >= problem.queries())
    tile.queries /= 2;
  // All of few keys, else two blocks ahead where they leave room for a second
  // workgroup.
  tile.stages = std::min<int64_t>(divideCeil(problem.keys(), tile.keys), 3);
  while (tile.stages > 2 &&
         attentionBytes(problem, tile) > target.ldsBytes / 2)
    --tile.stages;
  return tile;
}
