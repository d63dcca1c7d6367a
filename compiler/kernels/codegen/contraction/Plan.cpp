//===- Plan.cpp - the shape of a tiled contraction ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/contraction/Plan.h"
#include "compiler/kernels/codegen/contraction/TileTable.h"

#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/MathExtras.h"

using namespace mlir;
using namespace eclip;

using llvm::divideCeil;

std::string ContractionTile::name() const {
  return llvm::formatv("{0}x{1}x{2} {3}x{4} k{5}", m(), n(), k(), threadM,
                       threadN, threadsK);
}

/// Largest power of two, `most` or less, that divides `size`.
static int64_t vectorFor(int64_t size, int64_t most) {
  while (size % most != 0)
    most /= 2;
  return most;
}

//===----------------------------------------------------------------------===//
// The walk over k
//===----------------------------------------------------------------------===//

/// Walking the last k loop alone keeps the other k indices uniform, so that
/// padding is checked and addresses advance once for all elements of a load;
/// where that wastes much of the tiles, all k loops are walked as one.
KWalk eclip::planWalk(const ContractionProblem &problem, int64_t blockK) {
  KWalk walk;
  if (problem.kLoops.empty()) {
    walk.hasTail = blockK > 1;
    return walk;
  }
  int64_t last = problem.loopSizes[problem.kLoops.back()];
  int64_t outer = problem.k / last;
  int64_t lastTiles = divideCeil(last, blockK);
  int64_t allTiles = divideCeil(problem.k, blockK);
  bool split = outer == 1 || lastTiles * outer <= allTiles * 1.15;
  ArrayRef<unsigned> loops = problem.kLoops;
  if (split) {
    walk.outer.assign(loops.begin(), loops.end() - 1);
    walk.inner = {loops.back()};
    walk.innerSize = last;
    walk.innerTiles = lastTiles;
    walk.tiles = lastTiles * outer;
  } else {
    walk.inner.assign(loops.begin(), loops.end());
    walk.innerSize = problem.k;
    walk.innerTiles = walk.tiles = allTiles;
  }
  walk.hasTail = walk.innerSize % blockK != 0;
  return walk;
}

//===----------------------------------------------------------------------===//
// Operands
//===----------------------------------------------------------------------===//

namespace {
/// What of an operand decides how it is loaded.
struct OperandAccess {
  bool alongK = true;
  int64_t vector = 1, alignment = 4;
  /// Instructions beside the load itself, for each load.
  int64_t overhead = 4;
};
} // namespace

/// Elements along `loop` lie side by side in memory.
static bool isContiguous(const ContractionOperand &operand, unsigned loop) {
  if (operand.view)
    return operand.view->offset.coefficients[loop] == 1;
  AffineExpr last = operand.map.getNumResults()
                        ? operand.map.getResults().back()
                        : AffineExpr();
  return last && last.isFunctionOfDim(loop);
}

/// A padding check depends on `loop`.
static bool isChecked(const ContractionOperand &operand, unsigned loop) {
  return operand.view &&
         llvm::any_of(operand.view->checks, [&](const auto &check) {
           return check.index.coefficients[loop] != 0;
         });
}

static int64_t elementBytes(const ContractionOperand &operand) {
  Type type = getElementTypeOrSelf(operand.value.getType());
  return std::max<int64_t>(type.getIntOrFloatBitWidth() / 8, 1);
}

/// Largest power of two that divides every element number at which a load of
/// neighbours along `loop` begins, if the loop itself is walked in vectors.
static int64_t alignmentOf(const ContractionProblem &problem,
                           const ContractionOperand &operand, unsigned loop) {
  if (!operand.view)
    return 1;
  int64_t all = operand.view->offset.constant | 64;
  for (auto [other, coefficient] :
       llvm::enumerate(operand.view->offset.coefficients))
    if (other != loop && problem.loopSizes[other] != 1)
      all |= coefficient;
  return all & -all;
}

static OperandAccess accessOf(const ContractionProblem &problem,
                              const ContractionOperand &operand,
                              ArrayRef<unsigned> rowLoops, const KWalk &walk) {
  OperandAccess access;
  auto tryAlong = [&](ArrayRef<unsigned> loops, bool alongK) {
    if (loops.empty() || !isContiguous(operand, loops.back()))
      return false;
    access.alongK = alongK;
    int64_t bytes = elementBytes(operand);
    int64_t most = problem.halves && operand.view ? 16 / bytes : 4;
    if (!isChecked(operand, loops.back()))
      access.vector = vectorFor(problem.loopSizes[loops.back()], most);
    int64_t aligned = alignmentOf(problem, operand, loops.back());
    // Halves that begin in the middle of a word would be loaded one by one.
    if (bytes * aligned < 4)
      access.vector = 1;
    access.alignment = bytes * std::min(access.vector, aligned);
    return true;
  };
  if (!tryAlong(walk.inner, true) && !tryAlong(rowLoops, false))
    access.alongK = walk.innerSize > 1;
  if (operand.view)
    access.overhead += 3 * operand.view->checks.size() +
                       (operand.view->checks.empty() ? 0 : 6);
  else
    access.overhead += 16 * access.vector;
  if (walk.inner.size() > 1)
    access.overhead += 6;
  return access;
}

static StagePlan planStage(const OperandAccess &access, int64_t rows,
                           int64_t threadRows, bool permuted,
                           const ContractionTile &tile) {
  StagePlan plan;
  plan.permuted = permuted;
  plan.rows = rows;
  plan.alongK = access.alongK;
  plan.vector = access.vector;
  int64_t blockWords = tile.kWords(), threads = tile.threads();
  while ((plan.alongK ? tile.k() : rows) % plan.vector)
    plan.vector /= 2;
  // Half as many threads as there are slots of eight words: four are as good.
  if (!plan.alongK && plan.vector == 8 && rows * blockWords / 8 % threads != 0)
    plan.vector = 4;
  plan.alignment = std::min(access.alignment, access.alignment * plan.vector /
                                                  access.vector);
  bool wholeWords = plan.alongK && plan.vector >= tile.pack;
  plan.loads = wholeWords ? 1 : tile.pack;
  plan.slotWords = wholeWords ? plan.vector / tile.pack : plan.vector;
  plan.rowMajor = plan.alongK || threadRows % 4 != 0;
  int64_t count = rows * blockWords / plan.slotWords;
  plan.slots = divideCeil(count, threads);
  plan.overhang = plan.slots * threads != count;
  // Slots that overhang write behind the tile's last slow index.
  int64_t slow =
      plan.alongK
          ? divideCeil(plan.slots * threads, blockWords / plan.slotWords)
          : divideCeil(plan.slots * threads, rows / plan.slotWords);
  if (plan.rowMajor) {
    // A stride of 4 modulo 8 words: eight lanes that read 16 bytes each from
    // consecutive rows touch every bank once.
    int64_t depth = plan.alongK ? blockWords : std::max(slow, blockWords);
    plan.stride = (depth + 7) / 8 * 8 + 4;
    int64_t period = permuted ? rows / threadRows * 4 : 1;
    int64_t touched = plan.alongK ? std::max(slow, rows) : rows;
    plan.words = llvm::alignTo(touched, period) * plan.stride;
  } else {
    plan.stride = rows;
    plan.words = std::max(slow, blockWords) * plan.stride;
  }
  return plan;
}

//===----------------------------------------------------------------------===//
// Cost
//===----------------------------------------------------------------------===//

/// Issue slots of a wave in one walk over a tile of k, in wave instructions.
static double tileInstructions(const ContractionPlan &plan,
                               const OperandAccess &a, const OperandAccess &b) {
  const ContractionTile &tile = plan.tile;
  double groups = tile.stepK / 4.0;
  double fragments = groups * (tile.threadM + tile.threadN);
  auto staging = [&](const StagePlan &stage, const OperandAccess &access) {
    double writes = stage.alongK != stage.rowMajor ? stage.slotWords
                    : stage.slotWords > 4          ? 2
                                                   : 1;
    double zeroing = plan.walk.hasTail ? 2 + stage.slotWords : 0;
    double packing = stage.loads > 1 ? stage.slotWords : 0;
    return stage.slots * (stage.loads * (1 + access.overhead) + writes +
                          zeroing + packing);
  };
  return tile.threadM * tile.threadN * tile.stepK + fragments +
         staging(plan.a, a) + staging(plan.b, b) + 30;
}

/// Adding up the shares of k, and the tail with its stores.
static double endInstructions(const ContractionTile &tile) {
  double accumulators = tile.threadM * tile.threadN;
  double sharing = 0;
  for (int64_t share = 1; share < tile.threadsK; share *= 2)
    sharing += accumulators * 1.5 + 12;
  return sharing + accumulators * 3.5 + tile.threadM * 8 + 120;
}

/// Cycles of the kernel alone on `cuCount` compute units, whose every wave
/// takes `wave` instructions.
static double cyclesOn(int64_t cuCount, const ContractionPlan &plan,
                       double groups, double wave, const KernelTarget &target) {
  const ContractionTile &tile = plan.tile;
  double waves = divideCeil(tile.threads(), target.waveSize);
  // Four SIMDs issue for a CU, one wave instruction in four cycles. A SIMD
  // with few waves waits for LDS, memory and barriers: about a third as long as
  // it works with one wave, hardly with three.
  double onBusiestCu = std::max(std::ceil(groups / cuCount) * waves / 4, 0.25);
  int64_t vgprs = plan.vgprEstimate;
  if (vgprs > kTwoWavesVgprs)
    vgprs += kAheadVgprs;
  int64_t byRegisters =
      std::max<int64_t>(1, target.maxVgprs / std::max<int64_t>(vgprs, 24));
  int64_t byLds = std::max<int64_t>(1, target.ldsBytes / (plan.ldsWords * 4));
  double resident =
      std::min<double>({double(byRegisters), byLds * waves / 4, onBusiestCu});
  double waiting = 1 + 0.3 / std::max(resident * resident, 0.25);
  // Rows and columns are fetched again by each workgroup beside. The L2 has 16
  // channels of 64 bytes a cycle, the L1 of a CU gives 64 bytes a cycle.
  double bytes =
      4.0 * plan.walk.tiles * tile.kWords() * (tile.m() + tile.n()) * groups;
  double issuing = onBusiestCu * wave * 4 * waiting;
  double loading = bytes / std::min<double>(1024, 64 * cuCount);
  // They overlap, but not wholly.
  return std::max(issuing, loading) + 0.25 * std::min(issuing, loading);
}

static void estimate(const ContractionProblem &problem, ContractionPlan &plan,
                     const OperandAccess &a, const OperandAccess &b,
                     const KernelTarget &target) {
  const ContractionTile &tile = plan.tile;
  double groups = double(divideCeil(problem.m, tile.m())) *
                  divideCeil(problem.n, tile.n()) * problem.batch;
  double waves = divideCeil(tile.threads(), target.waveSize);
  double wave =
      tileInstructions(plan, a, b) * plan.walk.tiles + endInstructions(tile);
  plan.instructions = groups * waves * wave;
  plan.useful = double(problem.m) * problem.n * problem.k * problem.batch /
                (target.waveSize * problem.pack());
  plan.vgprEstimate = tile.threadM * tile.threadN + 4 * tile.threadM +
                      (plan.b.rowMajor ? 4 * tile.threadN : tile.threadN) +
                      plan.a.slots * (plan.a.slotWords + 2) +
                      plan.b.slots * (plan.b.slotWords + 1) + 16;
  plan.cycles = cyclesOn(target.cuCount, plan, groups, wave, target);
  plan.quarterCycles = cyclesOn(std::max<int64_t>(target.cuCount / 4, 1), plan,
                                groups, wave, target);
}

std::optional<ContractionPlan>
eclip::planTile(const ContractionProblem &problem, const ContractionTile &tile,
                const KernelTarget &target) {
  if (tile.threads() > target.maxWorkgroupSize)
    return std::nullopt;
  ContractionPlan plan;
  plan.tile = tile;
  plan.walk = planWalk(problem, tile.k());
  OperandAccess a = accessOf(problem, problem.a, problem.mLoops, plan.walk);
  OperandAccess b = accessOf(problem, problem.b, problem.nLoops, plan.walk);
  plan.a = planStage(a, tile.m(), tile.threadM, false, tile);
  plan.b = planStage(b, tile.n(), tile.threadN, true, tile);
  int64_t sharing = (tile.threadsK / 2) * tile.m() * tile.n();
  plan.ldsWords = std::max(plan.a.words + plan.b.words, sharing);
  if (plan.ldsWords * 4 > target.ldsBytes)
    return std::nullopt;
  estimate(problem, plan, a, b, target);
  // What the estimate leaves out: addresses and reading ahead.
  int64_t registers =
      tile.threads() > 256 ? target.maxVgprs / 2 - 16 : target.maxVgprs * 5 / 8;
  if (plan.vgprEstimate > registers)
    return std::nullopt;
  return plan;
}

ContractionPlan eclip::chooseTile(const ContractionProblem &problem,
                                  const KernelTarget &target) {
  std::optional<ContractionPlan> best;
  double bestScore = 0;
  for (const TileShape &shape : kTileShapes)
    for (int64_t threadsK : kThreadsK)
      for (int64_t stepK : kStepsK) {
        ContractionTile tile{shape.threadM,  shape.threadN, shape.threadsM,
                             shape.threadsN, threadsK,      stepK,
                             problem.pack()};
        if (tile.threads() < kMinThreads || tile.threads() > kMaxThreads ||
            tile.kWords() > 256)
          continue;
        std::optional<ContractionPlan> plan = planTile(problem, tile, target);
        if (!plan)
          continue;
        double work = plan->instructions * 4 / (target.cuCount * 4);
        double score = plan->cycles + kQuarterWeight * plan->quarterCycles / 4 +
                       kWorkWeight * work;
        if (!best || score < bestScore) {
          best = plan;
          bestScore = score;
        }
      }
  return *best;
}
