//===- Masks.cpp - CU masks aligned to shader engines ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Masks.h"

llvm::SmallVector<int64_t, 4> eclip::makeMask(int64_t cus,
                                              int64_t shaderEngines,
                                              int64_t cuCount, MaskEnd end) {
  llvm::SmallVector<int64_t, 4> words((cus + 31) / 32, 0);
  int64_t perEngine = cus / shaderEngines;
  for (int64_t i = 0; i < cuCount; ++i) {
    int64_t engine = i / perEngine;
    if (end == MaskEnd::High)
      engine = shaderEngines - 1 - engine;
    int64_t bit = (i % perEngine) * shaderEngines + engine;
    words[bit / 32] |= int64_t(1) << (bit % 32);
  }
  return words;
}
