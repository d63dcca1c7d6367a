//===- Report.cpp - names and small sums of a report ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Report.h"

#include <algorithm>

using namespace eclip;

llvm::StringRef eclip::timePartName(TimePart part) {
  constexpr llvm::StringLiteral names[] = {"launch",    "arithmetic",
                                           "quantization", "occupancy",
                                           "hbm",       "l2"};
  return names[static_cast<size_t>(part)];
}

llvm::StringRef eclip::switchReasonName(SwitchReason reason) {
  constexpr llvm::StringLiteral names[] = {
      "energy", "time",       "product",  "formula",
      "limit",  "neighbours", "branches", "nothing"};
  return names[static_cast<size_t>(reason)];
}

TimePart eclip::largestPart(const PartTimes &parts) {
  return static_cast<TimePart>(std::max_element(parts.begin(), parts.end()) -
                               parts.begin());
}

int64_t ReportPlan::barriers() const {
  int64_t sum = 0;
  for (const ReportQueue &queue : queues)
    sum += queue.barriers;
  return sum;
}
