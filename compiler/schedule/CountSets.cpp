//===- CountSets.cpp - which CU counts a choice may use together ----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/CountSets.h"

#include <algorithm>

using namespace eclip;

size_t eclip::numberOfSets(size_t size, size_t members) {
  if (members >= size)
    return 1;
  members = std::min(members, size - members);
  // Exact: i consecutive numbers are divided by i. It only grows, so it may
  // stop early.
  size_t sets = 1;
  for (size_t i = 1; i <= members && sets <= maxCountSets; ++i)
    sets = sets * (size - members + i) / i;
  return std::min(sets, maxCountSets + 1);
}

void eclip::forEachSet(
    size_t size, size_t members,
    llvm::function_ref<void(llvm::ArrayRef<uint8_t>)> take) {
  members = std::min(members, size);
  llvm::SmallVector<uint8_t, 32> set;
  for (size_t i = 0; i < members; ++i)
    set.push_back(static_cast<uint8_t>(i));
  while (true) {
    take(set);
    // The last index that can move up; those behind it follow closely.
    size_t i = members;
    while (i > 0 && set[i - 1] == size - members + i - 1)
      --i;
    if (i == 0)
      return;
    ++set[i - 1];
    for (; i < members; ++i)
      set[i] = static_cast<uint8_t>(set[i - 1] + 1);
  }
}
