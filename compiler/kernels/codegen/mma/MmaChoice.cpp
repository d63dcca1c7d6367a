//===- MmaChoice.cpp - which tile a kernel takes --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/mma/MmaChoice.h"
#include "compiler/kernels/codegen/mma/MmaGroups.h"

#include "llvm/ADT/Sequence.h"
#include "llvm/Support/FormatVariadic.h"

#include <cmath>
#include <limits>

using namespace mlir;
using namespace eclip;

std::optional<ContractionProblem> eclip::mmaProblem(KernelOp kernel) {
  auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
  if (!kind || kind != "contraction")
    return std::nullopt;
  // What is wrong with the kernel is said when it is generated.
  ScopedDiagnosticHandler quiet(kernel.getContext(),
                                [](Diagnostic &) { return success(); });
  FailureOr<ContractionProblem> problem = analyzeContraction(kernel);
  if (failed(problem) || !suitsMma(*problem))
    return std::nullopt;
  return withJoinedGroups(std::move(*problem));
}

/// How an operand comes: in chunks along k or along its rows (or pieces of so
/// many elements), or element by element (from one argument, or computed); and
/// whether there is padding.
static std::string describe(const ContractionOperand &operand,
                            const MmaStage &stage) {
  std::string text = stage.async        ? stage.alongK ? "k" : "r"
                     : operand.view     ? "e"
                                        : "c";
  if (stage.pieces() > 1)
    text += std::to_string(stage.piece);
  if (operand.view && !operand.view->checks.empty())
    text += "p";
  return text;
}

/// Tensors as large as the result that the tail reads, and what it writes.
static std::string describeTail(KernelOp kernel,
                                const ContractionProblem &problem) {
  int64_t elements = problem.batch * problem.m * problem.n, reads = 0;
  llvm::SmallPtrSet<Value, 4> factors;
  for (const ContractionOperand *operand : {&problem.a, &problem.b})
    if (operand->view)
      factors.insert(operand->view->base);
  for (BlockArgument argument : kernel.getBodyBlock().getArguments())
    if (!factors.contains(argument) &&
        cast<RankedTensorType>(argument.getType()).getNumElements() == elements)
      ++reads;
  std::string text = std::to_string(reads) + ">";
  for (Type type : kernel.getResultTypes())
    llvm::raw_string_ostream(text) << getElementTypeOrSelf(type);
  return text;
}

std::string eclip::mmaKey(KernelOp kernel, const KernelTarget &target) {
  std::optional<ContractionProblem> problem = mmaProblem(kernel);
  if (!problem)
    return {};
  MmaPlan plan = chooseMma(*problem, target);
  int64_t inner =
      problem->kLoops.empty() ? 1 : problem->loopSizes[problem->kLoops.back()];
  return llvm::formatv("{0}x{1}x{2}/{3} b{4} {5}{6} {7} {8}", problem->m,
                       problem->n, problem->k, inner, problem->batch,
                       describe(problem->a, plan.a),
                       "*" + describe(problem->b, plan.b),
                       describeTail(kernel, *problem),
                       problem->halves ? "f16" : "tf32");
}

std::vector<MmaCandidate> eclip::mmaCandidates(KernelOp kernel,
                                               const KernelTarget &target) {
  std::vector<MmaCandidate> candidates;
  if (std::optional<ContractionProblem> problem = mmaProblem(kernel))
    for (const MmaPlan &plan : mmaPlans(*problem, target))
      candidates.push_back({plan.tile.name(), plan.cycles});
  return candidates;
}

/// What the tables have of `kernel`, if its tile fits.
static const MmaTable::Entry *findInTables(KernelOp kernel,
                                           const ContractionProblem &problem,
                                           const KernelTarget &target,
                                           const MmaTable *given) {
  const MmaTable &builtIn = MmaTable::builtIn(target.chip);
  if (builtIn.tiles.empty() && (!given || given->tiles.empty()))
    return nullptr;
  std::string key = mmaKey(kernel, target);
  const MmaTable::Entry *entry = given ? given->find(key) : nullptr;
  if (!entry)
    entry = builtIn.find(key);
  if (!entry)
    return nullptr;
  std::optional<MmaTile> tile = MmaTile::parse(entry->tile);
  return tile && planMma(problem, *tile, target) ? entry : nullptr;
}

void eclip::chooseFromTables(KernelOp kernel, const KernelTarget &target,
                             const MmaTable *given) {
  if (kernel->hasAttr("eclip.tile"))
    return;
  if (std::optional<ContractionProblem> problem = mmaProblem(kernel))
    if (const MmaTable::Entry *entry =
            findInTables(kernel, *problem, target, given))
      kernel->setAttr("eclip.tile",
                      StringAttr::get(kernel.getContext(), entry->tile));
}

//===----------------------------------------------------------------------===//
// By CU count
//===----------------------------------------------------------------------===//

/// The partition that was measured nearest to `cuCount`, in ratio; null if that
/// is all CUs.
static const MmaTable::Partition *nearest(const MmaTable::Entry &entry,
                                          int64_t cuCount, int64_t allCus) {
  auto distance = [&](int64_t measured) {
    return std::abs(std::log(double(measured) / double(cuCount)));
  };
  const MmaTable::Partition *best = nullptr;
  double least = distance(allCus);
  for (const auto &[cus, partition] : entry.partitions)
    if (distance(cus) < least) {
      least = distance(cus);
      best = &partition;
    }
  return best;
}

namespace {
/// Estimated cycles of all tiles on each of some CU counts.
class Estimates {
public:
  Estimates(const ContractionProblem &problem, const KernelTarget &target,
            ArrayRef<int64_t> cuCounts)
      : plans(mmaPlans(problem, target)) {
    for (const MmaPlan &plan : plans) {
      std::vector<double> &row = cycles.emplace_back();
      KernelTarget part = target;
      for (int64_t count : cuCounts) {
        part.cuCount = count;
        row.push_back(mmaCycles(problem, plan, part));
      }
    }
  }

  /// The index of a tile, if it is among the candidates.
  std::optional<size_t> find(StringRef tile) const {
    for (auto [i, plan] : llvm::enumerate(plans))
      if (plan.tile.name() == tile)
        return i;
    return std::nullopt;
  }

  /// `measured` cycles of tile `whole` on all CUs were the least that was found
  /// there: it takes what it takes, and the others that much at least.
  void correct(size_t whole, double measured) {
    for (auto [i, row] : llvm::enumerate(cycles)) {
      double factor = measured / plans[i].cycles;
      if (i != whole)
        factor = std::max(factor, 1.0);
      for (double &value : row)
        value *= factor;
    }
  }

  /// Tiles by CU count such that each is within `gain` of the cheapest there:
  /// `whole`, and as few others as may be, always the one that helps most.
  std::vector<size_t> cover(size_t whole, double gain) const;

  std::vector<MmaPlan> plans;
  std::vector<std::vector<double>> cycles; // by tile, by CU count
};
} // namespace

std::vector<size_t> Estimates::cover(size_t whole, double gain) const {
  size_t counts = cycles.front().size();
  std::vector<size_t> chosen(counts, whole);
  std::vector<double> least(counts, std::numeric_limits<double>::infinity());
  for (const std::vector<double> &row : cycles)
    for (size_t c = 0; c < counts; ++c)
      least[c] = std::min(least[c], row[c]);
  auto isFar = [&](size_t c) { return cycles[chosen[c]][c] > gain * least[c]; };
  // How far above the cheapest those are, if `tile` comes in where it is better.
  auto excess = [&](size_t tile) {
    double sum = 0;
    for (size_t c = 0; c < counts; ++c)
      if (isFar(c))
        sum += std::min(cycles[chosen[c]][c], cycles[tile][c]) / least[c];
    return sum;
  };
  while (llvm::any_of(llvm::seq(counts), isFar)) {
    size_t best = whole;
    for (size_t tile = 0; tile < cycles.size(); ++tile)
      if (excess(tile) < excess(best))
        best = tile;
    // Only where it pays: other counts keep what they share.
    for (size_t c = 0; c < counts; ++c)
      if (isFar(c) && cycles[best][c] < cycles[chosen[c]][c])
        chosen[c] = best;
  }
  return chosen;
}

/// By the times of a table that has partitions.
static void chooseMeasured(const MmaTable::Entry &entry,
                           const ContractionProblem &problem,
                           const KernelTarget &target,
                           ArrayRef<int64_t> cuCounts, const MmaGain &gain,
                           MmaTiles &tiles) {
  for (int64_t count : cuCounts) {
    const MmaTable::Partition *part = nearest(entry, count, target.cuCount);
    if (!part || part->tile == entry.tile ||
        part->wholeTileNs < gain.measured * part->timeNs)
      continue;
    std::optional<MmaTile> tile = MmaTile::parse(part->tile);
    if (tile && planMma(problem, *tile, target))
      tiles.onCus[count] = part->tile;
  }
}

/// By estimate, from the tile of the tables or the one that is the cheapest on
/// all CUs.
static void chooseEstimated(const MmaTable::Entry *entry,
                            const ContractionProblem &problem,
                            const KernelTarget &target,
                            ArrayRef<int64_t> cuCounts, const MmaGain &gain,
                            MmaTiles &tiles) {
  Estimates estimates(problem, target, cuCounts);
  size_t whole = 0;
  if (entry) {
    std::optional<size_t> known = estimates.find(entry->tile);
    if (!known)
      return;
    whole = *known;
    estimates.correct(whole, entry->timeNs * kMmaClockGhz);
  } else {
    tiles.whole = estimates.plans.front().tile.name();
  }
  for (auto [c, tile] : llvm::enumerate(estimates.cover(whole, gain.estimated)))
    if (tile != whole) {
      std::string name = estimates.plans[tile].tile.name();
      tiles.onCus[cuCounts[c]] = name;
      std::vector<double> &times = tiles.timesNs[name];
      times = estimates.cycles[tile];
      for (double &time : times)
        time /= kMmaClockGhz;
    }
}

/// What the table knows of a tile, as times by CU count.
static std::map<int64_t, double> measuredTimes(const MmaTable::Entry *entry,
                                               StringRef tile,
                                               int64_t allCus) {
  std::map<int64_t, double> times;
  if (!entry)
    return times;
  for (const auto &[cus, part] : entry->partitions)
    if (part.tile == tile)
      times[cus] = part.timeNs;
    else if (entry->tile == tile)
      times[cus] = part.wholeTileNs;
  if (entry->tile == tile)
    times[allCus] = entry->timeNs;
  return times;
}

static std::vector<double> timesOf(const MmaTable::Entry *entry, StringRef name,
                                   const ContractionProblem &problem,
                                   const KernelTarget &target,
                                   ArrayRef<int64_t> cuCounts) {
  std::optional<MmaPlan> plan =
      planMma(problem, *MmaTile::parse(name), target);
  auto estimate = [&](int64_t cuCount) {
    KernelTarget part = target;
    part.cuCount = cuCount;
    return mmaCycles(problem, *plan, part) / kMmaClockGhz;
  };
  std::map<int64_t, double> measured =
      measuredTimes(entry, name, target.cuCount);
  std::vector<double> times;
  for (int64_t count : cuCounts) {
    double factor = 1, least = std::numeric_limits<double>::infinity();
    for (auto [cus, timeNs] : measured) {
      double distance = std::abs(std::log(double(cus) / double(count)));
      if (distance < least) {
        least = distance;
        factor = timeNs / estimate(cus);
      }
    }
    times.push_back(estimate(count) * factor);
  }
  return times;
}

std::optional<MmaTiles> eclip::chooseByCus(KernelOp kernel,
                                           const KernelTarget &target,
                                           const MmaTable *given,
                                           ArrayRef<int64_t> cuCounts,
                                           const MmaGain &gain) {
  std::optional<ContractionProblem> problem;
  if (!kernel->hasAttr("eclip.tile"))
    problem = mmaProblem(kernel);
  if (!problem || cuCounts.empty())
    return std::nullopt;
  MmaTiles tiles;
  const MmaTable::Entry *entry = findInTables(kernel, *problem, target, given);
  if (entry)
    tiles.whole = entry->tile;
  if (entry && !entry->partitions.empty())
    chooseMeasured(*entry, *problem, target, cuCounts, gain, tiles);
  else
    chooseEstimated(entry, *problem, target, cuCounts, gain, tiles);
  auto addTimes = [&](const std::string &tile) {
    if (!tiles.timesNs.count(tile))
      tiles.timesNs[tile] =
          timesOf(entry, tile, *problem, target, cuCounts);
  };
  addTimes(tiles.whole);
  for (const auto &[count, tile] : tiles.onCus)
    addTimes(tile);
  return tiles;
}
