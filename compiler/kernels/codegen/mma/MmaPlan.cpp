//===- MmaPlan.cpp - a contraction on tensor cores ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaPlan.h"
#include "compiler/kernels/codegen/mma/Warpgroup.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

using llvm::divideCeil;

std::string MmaTile::name() const {
  std::string warp =
      warpgroups ? "" : llvm::formatv("{0}x{1} ", warpM, warpN).str();
  return llvm::formatv("{0} {1}x{2}x{3} {4}s{5}{6}",
                       warpgroups ? "wgmma" : "mma", m, n, k, warp, stages,
                       split == 1 ? "" : " k" + std::to_string(split));
}

/// Workgroups that every GPU with clusters can run together.
static constexpr int64_t kMaxSplit = 8;

static bool isPowerOfTwo(int64_t value, int64_t least) {
  return value >= least && llvm::isPowerOf2_64(value);
}

std::optional<MmaTile> MmaTile::parse(StringRef name) {
  MmaTile tile{};
  tile.warpgroups = name.consume_front("wg");
  auto consume = [&](StringRef before, int64_t &number) {
    return name.consume_front(before) && !name.consumeInteger(10, number);
  };
  if (!consume("mma ", tile.m) || !consume("x", tile.n) || !consume("x", tile.k))
    return std::nullopt;
  if (tile.warpgroups)
    std::tie(tile.warpM, tile.warpN) = std::make_pair(16, tile.n);
  else if (!consume(" ", tile.warpM) || !consume("x", tile.warpN))
    return std::nullopt;
  if (!consume(" s", tile.stages))
    return std::nullopt;
  if (name.consume_front(" k") &&
      (name.consumeInteger(10, tile.split) || tile.split < 2))
    return std::nullopt;
  // Fragments' addresses rely on powers of two; a row of shared memory has at
  // least two chunks, an asynchronous pipeline at least two stages.
  bool whole = isPowerOfTwo(tile.warpM, 16) && isPowerOfTwo(tile.warpN, 16) &&
               isPowerOfTwo(tile.k, 16) && isPowerOfTwo(tile.m, tile.warpM) &&
               isPowerOfTwo(tile.n, tile.warpN) && isPowerOfTwo(tile.split, 1);
  // A warpgroup's products find their operands themselves.
  if (tile.warpgroups)
    whole = isPowerOfTwo(tile.k, 16) && isPowerOfTwo(tile.m, 64) &&
            tile.n > 0 && tile.n % 64 == 0 && isPowerOfTwo(tile.split, 1);
  if (!name.empty() || !whole || tile.stages < 2 || tile.stages > 16 ||
      tile.m > 512 || tile.n > 512 || tile.k > 512 || tile.threads() > 1024 ||
      tile.split > kMaxSplit)
    return std::nullopt;
  // A warpgroup has 64 rows, and at most 256 columns in one instruction.
  if (tile.warpgroups &&
      (tile.m % 64 != 0 || tile.n > 256 || tile.k != 64 || tile.stages < 3))
    return std::nullopt;
  return tile;
}

// clang-format off
/// Tiles that were the fastest for some layer of ResNet-152 at batch 1, 8 or 32
/// in half precision, or of a transformer's products, on an H100 (2026-11-22,
/// 23 candidates, median of 7 graphs of 20 launches). Warps' extents are powers
/// of two: fragments' addresses rely on it.
static constexpr MmaTile kTiles[] = {
    {128, 128, 32, 64, 32, 4}, {128, 128, 64, 64, 32, 3},
    {128,  64, 32, 64, 32, 4}, {128,  64, 64, 32, 32, 4},
    { 64, 128, 64, 32, 32, 4}, { 64,  64, 32, 32, 32, 6},
    { 64,  64, 64, 32, 32, 4}, { 64,  32, 64, 16, 32, 6},
    { 64,  32,128, 16, 16, 4}, { 32,  64, 64, 16, 32, 6},
    { 32,  64,128, 16, 16, 4}, { 32,  32, 64, 16, 16, 6},
    { 32,  32,128, 16, 16, 5}, { 16,  64, 64, 16, 16, 6},
    { 16,  64,128, 16, 16, 5}, {128, 256, 32, 64, 64, 4},
    { 64,  32, 32, 16, 32, 6}, { 64,  16, 64, 16, 16, 6},
    {128,  32, 32, 32, 32, 5}, {128,  16, 32, 32, 16, 5},
    // Of warpgroups.
    { 64,  64, 64, 16,  64, 4, 1, true}, { 64,  64, 64, 16,  64, 6, 1, true},
    { 64, 128, 64, 16, 128, 4, 1, true}, { 64, 128, 64, 16, 128, 6, 1, true},
    {128,  64, 64, 16,  64, 4, 1, true}, {128,  64, 64, 16,  64, 6, 1, true},
    {128, 128, 64, 16, 128, 4, 1, true}, {128, 128, 64, 16, 128, 6, 1, true},
    {128, 256, 64, 16, 256, 4, 1, true}, {256, 128, 64, 16, 128, 4, 1, true},
    { 64, 256, 64, 16, 256, 4, 1, true}, {128, 192, 64, 16, 192, 4, 1, true},
    { 64, 192, 64, 16, 192, 4, 1, true}, { 64, 192, 64, 16, 192, 6, 1, true}};
// clang-format on

bool eclip::suitsMma(const ContractionProblem &problem) {
  // Without a loop of its own on either side (depthwise convolution) there is
  // nothing to share, and tiles gain nothing.
  bool direct = problem.batch > 1 && (problem.m == 1 || problem.n == 1);
  return (problem.halves || problem.tf32) && !direct;
}

/// Runs of `chunk` elements of `operand` along `loop` are whole, aligned, and
/// inside or outside of the padding as one.
static bool hasRuns(const ContractionProblem &problem,
                    const ContractionOperand &operand, unsigned loop,
                    int64_t chunk) {
  if (!operand.view || operand.factor != operand.scalar ||
      problem.loopSizes[loop] % chunk != 0)
    return false;
  const LinearForm &offset = operand.view->offset;
  if (offset.coefficients[loop] != 1 || offset.constant % chunk != 0)
    return false;
  for (auto [other, coefficient] : llvm::enumerate(offset.coefficients))
    if (other != loop && problem.loopSizes[other] != 1 &&
        coefficient % chunk != 0)
      return false;
  return llvm::none_of(operand.view->checks, [&](const auto &check) {
    return check.index.coefficients[loop] != 0;
  });
}

bool eclip::hasChunks(const ContractionProblem &problem,
                      const ContractionOperand &operand, unsigned loop) {
  return hasRuns(problem, operand, loop, kChunkBytes / problem.factorBytes());
}

/// Elements that a copy along the last of `loops` moves, 0 if none can.
static int64_t pieceAlong(const ContractionProblem &problem,
                          const ContractionOperand &operand,
                          ArrayRef<unsigned> loops) {
  constexpr int64_t kLeastBytes = 4; // of cp.async
  if (loops.empty())
    return 0;
  for (int64_t bytes = kChunkBytes; bytes >= kLeastBytes; bytes /= 2)
    if (hasRuns(problem, operand, loops.back(), bytes / problem.factorBytes()))
      return bytes / problem.factorBytes();
  return 0;
}

/// Along which loop an operand that is no view runs.
static bool runsAlong(const ContractionOperand &operand, unsigned loop) {
  if (operand.view)
    return operand.view->offset.coefficients[loop] == 1;
  AffineExpr last = operand.map.getNumResults()
                        ? operand.map.getResults().back()
                        : AffineExpr();
  return last && last.isFunctionOfDim(loop);
}

/// Loads of a whole row of an unrolled operand at most: each is code.
static constexpr int64_t kMaxUnrolled = 512;
/// Elements from one row to the next at most, so that a warp's loads meet few
/// lines of memory.
static constexpr int64_t kMaxRowStride = 16;

/// True for an operand that is gathered (first convolutions: the channels of a
/// tap do not fill a chunk, or do not even lie side by side).
static bool isUnrolled(const ContractionProblem &problem,
                       const ContractionOperand &operand,
                       ArrayRef<unsigned> rowLoops, const KWalk &walk,
                       int64_t tileRows, const MmaTile &tile) {
  if (!operand.view || rowLoops.empty() || problem.kLoops.empty() ||
      tile.split > 1 || walk.tiles * tile.k > kMaxUnrolled)
    return false;
  Type type = cast<RankedTensorType>(operand.view->base.getType())
                  .getElementType();
  if (!type.isF32() && !type.isF16())
    return false;
  const LinearForm &offset = operand.view->offset;
  int64_t stride = offset.coefficients[rowLoops.back()];
  // What lies along k is better read in vectors.
  if (offset.coefficients[problem.kLoops.back()] == 1 || stride < 1 ||
      stride > kMaxRowStride)
    return false;
  // A warp's threads have the same k.
  return tileRows % 32 == 0 && (tile.threads() % tileRows == 0 ||
                                tileRows % tile.threads() == 0);
}

static MmaStage planStage(const ContractionProblem &problem,
                          const ContractionOperand &operand,
                          ArrayRef<unsigned> rowLoops, const KWalk &walk,
                          int64_t tileRows, const MmaTile &tile) {
  MmaStage stage;
  stage.chunk = kChunkBytes / problem.factorBytes();
  int64_t alongK = pieceAlong(problem, operand, walk.inner);
  int64_t alongRows = pieceAlong(problem, operand, rowLoops);
  stage.async = alongK || alongRows;
  stage.piece = stage.async ? std::max(alongK, alongRows) : stage.chunk;
  stage.unrolled =
      !stage.async &&
      isUnrolled(problem, operand, rowLoops, walk, tileRows, tile);
  if (stage.async)
    stage.alongK = alongK == stage.piece;
  else if (!stage.unrolled)
    stage.alongK = rowLoops.empty() || !runsAlong(operand, rowLoops.back());
  stage.blocked = tile.warpgroups && !stage.alongK;
  stage.rows = stage.alongK ? tileRows : tile.k;
  stage.chunksPerRow = (stage.alongK ? tile.k : tileRows) / stage.chunk;
  stage.slots = stage.rows * stage.chunksPerRow / tile.threads();
  return stage;
}

namespace {
// Clock cycles (1.755 GHz) of one SM of an H100, fitted to the times of 454
// kernels of ResNet-152, VGG-19, ResNeXt-101 and a transformer (2026-11-23).
/// Multiply-adds in a cycle, of warps and of warpgroups.
constexpr double kMultiplyAdds = 720, kWarpgroupMultiplyAdds = 2000;
/// Warps that it takes to reach that.
constexpr double kBusyWarps = 2;
/// Bytes of shared memory, and of the whole device's memory, in a cycle.
constexpr double kSharedBytes = 118, kMemoryBytes = 2100;
/// What one SM can have under way at most (docs/measurements-h100.md, 114 GB/s).
constexpr double kMemoryBytesOfSm = 65;
/// To issue the copy of one chunk.
constexpr double kChunkIssue = 0.07;
/// From issuing a copy until its bytes can be read; what a kernel takes beside
/// its workgroups, a workgroup beside its loop, a cluster to begin and to wait.
constexpr double kLatency = 1640, kLaunch = 2450, kFirst = 630, kCluster = 3600;
/// Of the sums' way through shared memory, for each byte.
constexpr double kSumByte = 2.2 / kSharedBytes;
/// A computed element instead of a copied one, and one of an unrolled operand.
constexpr double kComputedElement = 0.19, kUnrolledElement = 0.06;
constexpr int64_t kThreadsPerSm = 2048, kRegistersPerSm = 65536;
} // namespace

/// Bytes that memory has to give and take at least.
static double leastBytes(const ContractionProblem &problem) {
  auto bytes = [](Value tensor) {
    return double(tensorBytes(cast<RankedTensorType>(tensor.getType())));
  };
  double sum = double(problem.batch) * problem.m * problem.n * 2;
  for (const ContractionOperand *operand : {&problem.a, &problem.b})
    sum += operand->view ? bytes(operand->view->base) : bytes(operand->value);
  return sum;
}

/// Workgroups that an SM has at once.
static int64_t residentGroups(const MmaPlan &plan, int64_t groups,
                              const KernelTarget &target) {
  const MmaTile &tile = plan.tile;
  int64_t accumulators = tile.m * tile.n / tile.threads();
  int64_t registers = llvm::alignTo(56 + accumulators * 6 / 5, 8);
  int64_t resident = std::min({target.ldsBytes / (plan.sharedBytes + 1024),
                               kThreadsPerSm / tile.threads(),
                               kRegistersPerSm / (registers * tile.threads())});
  return std::clamp<int64_t>(resident, 1, divideCeil(groups, target.cuCount));
}

/// Cycles of one workgroup's tile of k, if it has the SM alone.
static double tileCycles(const MmaPlan &plan, int64_t bytes,
                         int64_t resident) {
  const MmaTile &tile = plan.tile;
  double filled = double(tile.m + tile.n) * tile.k * bytes;
  double read = tile.warpgroups ? filled
                                : double(tile.warpsM()) * tile.warpsN() *
                                      (tile.warpM + tile.warpN) * tile.k * bytes;
  auto perElement = [](const MmaStage &stage) {
    return stage.async ? 0
                       : stage.unrolled ? kUnrolledElement : kComputedElement;
  };
  double computed = double(tile.m) * tile.k * perElement(plan.a) +
                    double(tile.n) * tile.k * perElement(plan.b);
  double copies = (double(tile.m) * plan.a.pieces() +
                   double(tile.n) * plan.b.pieces()) *
                  tile.k * bytes / kChunkBytes;
  double rate = tile.warpgroups ? kWarpgroupMultiplyAdds : kMultiplyAdds;
  double warps = double(tile.threads()) / 32 * resident;
  // Floats at half the rate of halves.
  double multiplying = double(tile.m) * tile.n * tile.k * bytes / (2 * rate) /
                       std::min(1.0, warps / kBusyWarps);
  return std::max(multiplying, (read + filled) / kSharedBytes) +
         computed + copies * kChunkIssue;
}

double eclip::mmaCycles(const ContractionProblem &problem, const MmaPlan &plan,
                        const KernelTarget &target) {
  const MmaTile &tile = plan.tile;
  int64_t groups = divideCeil(problem.m, tile.m) *
                   divideCeil(problem.n, tile.n) * problem.batch * tile.split;
  int64_t resident = residentGroups(plan, groups, target);
  // Copies of as many tiles as go ahead are under way at once.
  double perTile = std::max(tileCycles(plan, problem.factorBytes(), resident) *
                                resident,
                            kLatency / tile.ahead());
  // Few rounds of workgroups are whole ones; of many, ends overlap beginnings.
  double rounds = double(groups) / (target.cuCount * resident);
  if (rounds <= 4)
    rounds = std::ceil(rounds);
  double tail = resident * double(tile.m) * tile.n * 8 * kSumByte;
  if (tile.split > 1)
    tail += kCluster;
  double tiles = divideCeil(plan.walk.tiles, tile.split);
  double cycles = rounds * (kFirst + tiles * perTile + tail);
  double memory = leastBytes(problem) /
                  std::min(kMemoryBytes, kMemoryBytesOfSm * target.cuCount);
  return kLaunch + std::max(cycles, memory) + 0.2 * std::min(cycles, memory);
}

std::optional<MmaPlan> eclip::planMma(const ContractionProblem &problem,
                                      const MmaTile &tile,
                                      const KernelTarget &target) {
  MmaPlan plan;
  plan.tile = tile;
  plan.walk = planWalk(problem, tile.k);
  plan.a = planStage(problem, problem.a, problem.mLoops, plan.walk, tile.m, tile);
  plan.b = planStage(problem, problem.b, problem.nLoops, plan.walk, tile.n, tile);
  for (const MmaStage *stage : {&plan.a, &plan.b})
    if (stage->slots * tile.threads() != stage->rows * stage->chunksPerRow)
      return std::nullopt;
  if (tile.warpgroups && (!problem.halves || !target.hasWarpgroupProducts() ||
                          !suitsWarpgroups(tile, plan.a, plan.b)))
    return std::nullopt;
  // Around a loop that might make no trip the back end could copy sums that a
  // warpgroup's product still writes.
  if (tile.warpgroups && plan.walk.tiles % tile.split != 0)
    return std::nullopt;
  // The tail's threads have equally many runs of eight columns, or one each.
  int64_t runs = tile.m * tile.n / 8 / tile.split;
  if (runs > tile.threads() && runs % tile.threads() != 0)
    return std::nullopt;
  // Each workgroup of a cluster fills its pipeline once at least.
  if (tile.split > 1 && (!target.hasClusters() ||
                         plan.walk.tiles / tile.split < tile.ahead()))
    return std::nullopt;
  plan.sharedBytes =
      std::max((plan.a.elements() + plan.b.elements()) * tile.stages *
                   problem.factorBytes(),
               tile.m * tile.sumStride() * 4);
  if (plan.sharedBytes > target.ldsBytes)
    return std::nullopt;
  plan.cycles = mmaCycles(problem, plan, target);
  return plan;
}

std::vector<MmaPlan> eclip::mmaPlans(const ContractionProblem &problem,
                                     const KernelTarget &target) {
  std::vector<MmaPlan> plans;
  for (MmaTile tile : kTiles)
    for (tile.split = 1; tile.split <= kMaxSplit; tile.split *= 2)
      if (std::optional<MmaPlan> plan = planMma(problem, tile, target))
        plans.push_back(std::move(*plan));
  llvm::sort(plans, [](const MmaPlan &lhs, const MmaPlan &rhs) {
    return std::make_pair(lhs.cycles, lhs.tile.name()) <
           std::make_pair(rhs.cycles, rhs.tile.name());
  });
  return plans;
}

MmaPlan eclip::chooseMma(const ContractionProblem &problem,
                         const KernelTarget &target) {
  return mmaPlans(problem, target).front(); // 32x64x64 fits every target
}
