//===- Summary.h - what was compiled, for people ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_COMPILE_SUMMARY_H
#define ECLIP_TOOLS_ECLIP_COMPILE_SUMMARY_H

#include "compiler/pipeline/CompiledMix.h"

#include "llvm/Support/raw_ostream.h"

namespace eclip {

/// One line a file, one a plan, and for several files what was decided jointly.
void printSummary(const CompiledMix &mix, llvm::StringRef mixName,
                  bool cacheUsed, double seconds, llvm::raw_ostream &os);

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_COMPILE_SUMMARY_H
