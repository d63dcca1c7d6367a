//===- MixPrograms.cpp - one worker's dynamic programs in a mix -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/CountSets.h"
#include "compiler/schedule/MixModel.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/bit.h"

#include <algorithm>
#include <limits>

using namespace eclip;
using namespace eclip::mix;

static constexpr double infinite = std::numeric_limits<double>::infinity();

/// Brings waiting (1e-3 of the root of a ns) and blocking (1e-12 of it) to
/// about the size of the other quantities.
static constexpr double rootScale = 100;

Worker::Worker(const MixEvaluator::Worker &from, const Quantities &quantities,
               int64_t maxSwitches, int64_t maxQueues, double idleNjPerNs)
    : kernels(from.kernels), width(from.width),
      levels(std::min<int64_t>(maxSwitches,
                               static_cast<int64_t>(from.kernels) - 1) +
             1),
      quantities(quantities),
      maxCounts(std::min<size_t>(width, static_cast<size_t>(maxQueues))) {
  double time = static_cast<double>(from.timeWeight) * 1e-15;
  double energy = static_cast<double>(from.energyWeight) * 1e-15;
  for (const MixEvaluator::Kernel &k : from.table) {
    Kernel &own = table.emplace_back();
    own.time = k.timeNs * time;
    own.energy = k.energyNj * energy;
    own.shape[0] = k.busyNs * time;
    own.shape[1] = k.memoryNs * time;
    own.shape[quantities.presence()] = k.presence * 1e-9;
    own.shape[quantities.demand()] = k.demand * 1e-9;
    if (!quantities.waits())
      continue;
    own.shape[2] = k.waiting * 1e-3 * rootScale * time;
    own.shape[quantities.blocking(false)] = k.blocking * 1e-12 / rootScale;
    if (quantities.blocking(true) != quantities.blocking(false))
      own.shape[quantities.blocking(true)] =
          k.blockingHigher * 1e-12 / rootScale;
  }
  switchTime = from.switchNs * time;
  switchEnergy = from.switchNj * energy;
  idle = idleNjPerNs * energy / time;
  for (const Kernel &k : table) {
    fields[0].push_back(k.time);
    fields[1].push_back(k.energy);
    for (size_t q = 0; q < quantities.all(); ++q)
      fields[2 + q].push_back(k.shape[q]);
  }
  priced.resize(kernels * width);
  rest.resize(kernels * width);
  leastRest.resize(kernels);
  for (size_t cu = 0; cu < width; ++cu)
    everyCount.push_back(static_cast<uint8_t>(cu));
  if (maxCounts == width)
    return;
  forEachSet(width, maxCounts,
             [&](llvm::ArrayRef<uint8_t> set) { llvm::append_range(sets, set); });
  for (size_t slot = 0; slot < maxCounts; ++slot)
    for (size_t at = slot; at < sets.size(); at += maxCounts)
      slots.push_back(sets[at]);
}

/// The recursion waits for itself from kernel to kernel, so prices are made
/// beside it. Width and number of quantities are `fixedWidth` and `fixedCount`
/// where they are known to the compiler.
template <size_t fixedWidth, size_t fixedCount>
double Worker::scanFixed(const Prices &prices, const double *blocked) {
  const size_t n = fixedWidth ? fixedWidth : width;
  const size_t count = fixedCount ? fixedCount : quantities.all();
  const double *shape = prices.shape.data();
  std::array<const double *, 9> of;
  for (size_t f = 0; f < of.size(); ++f)
    of[f] = fields[f].data();
  std::array<double, 32> after{};
  double leave = 0;
  for (size_t kernel = kernels; kernel-- > 0;) {
    size_t at = kernel * n;
    double least = infinite;
    for (size_t cu = 0; cu < n; ++cu) {
      size_t i = at + cu;
      double own =
          blocked[cu] + prices.time * of[0][i] + prices.energy * of[1][i];
      for (size_t q = 0; q < count; ++q)
        own += shape[q * n + cu] * of[2 + q][i];
      double value = own + (after[cu] < leave ? after[cu] : leave);
      priced[i] = own;
      rest[i] = value;
      after[cu] = value;
      least = value < least ? value : least;
    }
    leastRest[kernel] = least;
    leave = least + prices.change;
  }
  return leastRest[0];
}

double Worker::scanAll(const Prices &prices, uint32_t allowed) {
  std::array<double, 32> blocked{};
  for (size_t cu = 0; cu < width; ++cu)
    blocked[cu] = allowed >> cu & 1 ? 0 : infinite;
  switch (width * 16 + quantities.all()) {
  case 3 * 16 + 4:
    return scanFixed<3, 4>(prices, blocked.data());
  case 4 * 16 + 4:
    return scanFixed<4, 4>(prices, blocked.data());
  case 7 * 16 + 6:
    return scanFixed<7, 6>(prices, blocked.data());
  case 8 * 16 + 6:
    return scanFixed<8, 6>(prices, blocked.data());
  case 10 * 16 + 6:
    return scanFixed<10, 6>(prices, blocked.data());
  case 10 * 16 + 7:
    return scanFixed<10, 7>(prices, blocked.data());
  default:
    return scanFixed<0, 0>(prices, blocked.data());
  }
}

void Worker::follow(double change, std::vector<uint8_t> &picks) const {
  picks.resize(kernels);
  uint8_t cu = 0;
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    const double *own = &rest[kernel * width];
    if (kernel == 0 || leastRest[kernel] + change < own[cu])
      cu = static_cast<uint8_t>(
          std::find(own, own + width - 1, leastRest[kernel]) - own);
    picks[kernel] = cu;
  }
}

static size_t countSwitches(const std::vector<uint8_t> &picks) {
  size_t switches = 0;
  for (size_t kernel = 1; kernel < picks.size(); ++kernel)
    switches += picks[kernel] != picks[kernel - 1];
  return switches;
}

static size_t countCounts(const std::vector<uint8_t> &picks) {
  uint32_t counts = 0;
  for (uint8_t pick : picks)
    counts |= uint32_t(1) << pick;
  return static_cast<size_t>(llvm::popcount(counts));
}

/// The least price of each set into `ofSets`, by the prices of the last scan.
/// All sets go through the kernels together: each alone would wait for itself.
void Worker::scanSets(double change) {
  if (maxCounts == 2)
    return scanPairs(change);
  size_t count = sets.size() / maxCounts;
  afterSets.assign(maxCounts * count, 0);
  ofSets.assign(count, -change); // the last kernel is not left
  leave.resize(count);
  for (size_t kernel = kernels; kernel-- > 0;) {
    const double *own = &priced[kernel * width];
    for (size_t i = 0; i < count; ++i) {
      leave[i] = ofSets[i] + change;
      ofSets[i] = infinite;
    }
    for (size_t slot = 0; slot < maxCounts; ++slot) {
      const uint8_t *member = &slots[slot * count];
      double *__restrict after = &afterSets[slot * count];
      for (size_t i = 0; i < count; ++i) {
        double value =
            own[member[i]] + (after[i] < leave[i] ? after[i] : leave[i]);
        after[i] = value;
        ofSets[i] = value < ofSets[i] ? value : ofSets[i];
      }
    }
  }
}

/// scanSets() of pairs. Those with the same first count lie beside each other,
/// their second counts too, so the inner loop is for the vector unit.
void Worker::scanPairs(double change) {
  size_t count = sets.size() / 2;
  afterSets.assign(2 * count, 0);
  for (size_t kernel = kernels; kernel-- > 0;) {
    double leaving = kernel + 1 < kernels ? change : 0;
    const double *own = &priced[kernel * width];
    double *__restrict first = afterSets.data();
    double *__restrict second = afterSets.data() + count;
    for (size_t cu = 0; cu + 1 < width; ++cu) {
      const double *__restrict others = own + cu + 1;
      double mine = own[cu];
      size_t pairs = width - cu - 1;
      for (size_t i = 0; i < pairs; ++i) {
        double least = (first[i] < second[i] ? first[i] : second[i]) + leaving;
        first[i] = mine + (first[i] < least ? first[i] : least);
        second[i] = others[i] + (second[i] < least ? second[i] : least);
      }
      first += pairs;
      second += pairs;
    }
  }
  ofSets.resize(count);
  for (size_t i = 0; i < count; ++i)
    ofSets[i] = std::min(afterSets[i], afterSets[count + i]);
}

/// The choice of the least price from one set, by the prices of the last scan.
double Worker::scanSet(double change, llvm::ArrayRef<uint8_t> set,
                       std::vector<uint8_t> &picks) {
  for (size_t kernel = kernels; kernel-- > 0;) {
    double least = infinite;
    for (uint8_t cu : set) {
      double after = 0;
      if (kernel + 1 < kernels)
        after = std::min(rest[(kernel + 1) * width + cu],
                         leastRest[kernel + 1] + change);
      double value = priced[kernel * width + cu] + after;
      rest[kernel * width + cu] = value;
      least = std::min(least, value);
    }
    leastRest[kernel] = least;
  }
  picks.resize(kernels);
  uint8_t cu = set.front();
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    const double *own = &rest[kernel * width];
    if (kernel == 0 || leastRest[kernel] + change < own[cu])
      cu = *llvm::find_if(set.drop_back(), [&](uint8_t at) {
        return own[at] == leastRest[kernel];
      });
    picks[kernel] = cu;
  }
  return leastRest[0];
}

double Worker::scan(const Prices &prices, uint32_t allowed) {
  double value = scanAll(prices, allowed);
  if (sets.empty())
    return value;
  scanSets(prices.change);
  return *llvm::min_element(ofSets);
}

double Worker::scan(const Prices &prices, uint32_t allowed,
                    std::vector<uint8_t> &picks) {
  double value = scanAll(prices, allowed);
  follow(prices.change, picks);
  if (sets.empty() || countCounts(picks) <= maxCounts)
    return value;
  scanSets(prices.change);
  size_t best = llvm::min_element(ofSets) - ofSets.begin();
  return scanSet(prices.change, set(best), picks);
}

/// Of sets whose choices take too many switches, the least by their prices
/// without that limit comes first: it bounds the others.
double Worker::minimize(const Prices &prices, uint32_t allowed,
                        std::vector<uint8_t> &picks) {
  double value = scan(prices, allowed, picks);
  if (countSwitches(picks) < levels)
    return value;
  if (sets.empty())
    return limited(prices.change, everyCount, picks);
  scanSets(prices.change);
  Vector bounds = ofSets;
  std::vector<uint8_t> trial;
  value = infinite;
  while (true) {
    size_t next = llvm::min_element(bounds) - bounds.begin();
    if (bounds[next] >= value)
      return value;
    bounds[next] = infinite;
    double least = scanSet(prices.change, set(next), trial);
    if (countSwitches(trial) >= levels)
      least = limited(prices.change, set(next), trial);
    if (least < value) {
      value = least;
      picks = trial;
    }
  }
}

double Worker::limited(double change, llvm::ArrayRef<uint8_t> set,
                       std::vector<uint8_t> &picks) {
  suffix.resize(kernels * width * levels);
  least.resize(kernels * levels);
  for (size_t kernel = kernels; kernel-- > 0;) {
    double *best = &least[kernel * levels];
    std::fill_n(best, levels, infinite);
    for (uint8_t cu : set) {
      double *entry = &suffix[(kernel * width + cu) * levels];
      double own = priced[kernel * width + cu];
      if (kernel + 1 == kernels) {
        std::fill_n(entry, levels, own);
      } else {
        // Restricted pointers: these loops are for the vector unit.
        const double *__restrict stay =
            &suffix[((kernel + 1) * width + cu) * levels];
        const double *__restrict leave = &least[(kernel + 1) * levels];
        double *__restrict into = entry;
        into[0] = own + stay[0];
        for (size_t level = 1; level < levels; ++level) {
          double left = change + leave[level - 1];
          into[level] = own + (stay[level] < left ? stay[level] : left);
        }
      }
      for (size_t level = 0; level < levels; ++level)
        best[level] = entry[level] < best[level] ? entry[level] : best[level];
    }
  }
  size_t level = levels - 1;
  uint8_t cu = set.front();
  picks.resize(kernels);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    auto entry = [&](size_t at, size_t left) {
      return suffix[(kernel * width + at) * levels + left];
    };
    bool leaves = kernel == 0;
    if (kernel > 0 && level > 0 &&
        change + least[kernel * levels + level - 1] < entry(cu, level)) {
      leaves = true;
      --level;
    }
    if (leaves) {
      double best = least[kernel * levels + level];
      cu = *llvm::find_if(set.drop_back(), [&](uint8_t at) {
        return entry(at, level) == best;
      });
    }
    picks[kernel] = cu;
  }
  return least[levels - 1];
}

Point Worker::point(const std::vector<uint8_t> &picks) const {
  Point result;
  result.shape.assign(entries(), 0);
  for (size_t kernel = 0; kernel < kernels; ++kernel) {
    size_t cu = picks[kernel];
    const Kernel &k = at(kernel, cu);
    for (size_t q = 0; q < quantities.all(); ++q)
      result.shape[q * width + cu] += k.shape[q];
    result.time += k.time;
    result.energy += k.energy;
    result.counts |= uint32_t(1) << cu;
  }
  result.switches = countSwitches(picks);
  result.time += static_cast<double>(result.switches) * switchTime;
  result.energy += static_cast<double>(result.switches) * switchEnergy;
  return result;
}
