//===- Report.h - what eclip-bench prints -----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_BENCH_REPORT_H
#define ECLIP_TOOLS_ECLIP_BENCH_REPORT_H

#include "tools/eclip-bench/Workers.h"

namespace eclip::bench {

/// One line that tells what is loaded, before the first window of --serve.
void printReady(const Options &options, const Workers &workers);

/// One line that says why nothing is loaded.
void printError(const std::string &message);

/// The last window: for people, or one line of JSON.
void printWindow(const Options &options, const Workers &workers, Window window);

} // namespace eclip::bench

#endif // ECLIP_TOOLS_ECLIP_BENCH_REPORT_H
