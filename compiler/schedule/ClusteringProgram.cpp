//===- ClusteringProgram.cpp - weighted dynamic program -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringProgram.h"
#include "compiler/schedule/CountSets.h"

#include "llvm/ADT/STLExtras.h"

using namespace eclip;
using namespace eclip::clustering;

Point Program::makePoint(std::vector<int64_t> choice) const {
  Point point;
  point.totals = problem.evaluate(choice);
  point.choice = std::move(choice);
  bool paper = problem.objective == Objective::Paper;
  point.a = paper ? point.totals.kernelNs : point.totals.timeNs;
  point.b = paper ? point.totals.cuSum : point.totals.energyNj;
  return point;
}

/// Entry (k, c, s): least weight of kernels k.. with k on c and at most s
/// switches among them.
std::vector<Key> Program::suffixTable(const Weights &weights) const {
  std::vector<Key> table(kernels * width * levels);
  Key change = switchKey(weights);
  for (size_t kernel = kernels; kernel-- > 0;)
    for (size_t cu = 0; cu < width; ++cu) {
      Key own = kernelKey(weights, kernel, cu);
      for (size_t level = 0; level < levels; ++level) {
        Key &entry = table[at(kernel, cu, level)];
        entry = own;
        if (kernel + 1 == kernels)
          continue;
        Key best = table[at(kernel + 1, cu, level)];
        for (size_t next = 0; level > 0 && next < width; ++next)
          if (next != cu)
            best =
                std::min(best, change + table[at(kernel + 1, next, level - 1)]);
        entry = own + best;
      }
    }
  return table;
}

/// Appends the CU counts of kernels after `kernel` that make up its entry.
void Program::follow(const Weights &weights, llvm::ArrayRef<Key> table,
                     size_t kernel, size_t cu, size_t level,
                     std::vector<int64_t> &choice) const {
  Key change = switchKey(weights);
  while (++kernel < kernels) {
    size_t best = cu;
    Key least = table[at(kernel, cu, level)];
    for (size_t next = 0; level > 0 && next < width; ++next) {
      if (next == cu)
        continue;
      Key key = change + table[at(kernel, next, level - 1)];
      if (key < least) {
        least = key;
        best = next;
      }
    }
    level -= best != cu;
    cu = best;
    choice.push_back(cus[cu]);
  }
}

Point Program::minimize(const Weights &weights) const {
  std::vector<Key> table = suffixTable(weights);
  size_t first = 0;
  for (size_t cu = 1; cu < width; ++cu)
    if (table[at(0, cu, levels - 1)] < table[at(0, first, levels - 1)])
      first = cu;
  std::vector<int64_t> choice = {cus[first]};
  choice.reserve(kernels);
  follow(weights, table, 0, first, levels - 1, choice);
  return makePoint(std::move(choice));
}

LimitedProgram::LimitedProgram(const ClusteringProblem &problem) {
  forEachSet(problem.cuCounts.size(), problem.maxQueues,
             [&](llvm::ArrayRef<uint8_t> set) {
               llvm::SmallVector<int64_t, 4> cus;
               for (uint8_t i : set)
                 cus.push_back(problem.cuCounts[i]);
               programs.emplace_back(problem, cus);
             });
}

Point LimitedProgram::minimize(const Weights &weights) const {
  auto worth = [&](const Point &point) {
    return Key{weights.a * point.a + weights.b * point.b,
               weights.tieA * point.a + weights.tieB * point.b};
  };
  Point best = programs.front().minimize(weights);
  for (const Program &program : llvm::drop_begin(programs)) {
    Point point = program.minimize(weights);
    if (worth(point) < worth(best))
      best = std::move(point);
  }
  return best;
}
