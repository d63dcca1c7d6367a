//===- Options.h - the command line of eclip-bench --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_BENCH_OPTIONS_H
#define ECLIP_TOOLS_ECLIP_BENCH_OPTIONS_H

#include "tools/common/RunTool.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::bench {

using tool::ExitCode;
using enum tool::ExitCode;

struct Options {
  std::vector<std::string> files;
  std::string plan = "auto"; // or a name or an index, of every schedule
  tool::DeviceChoice device;
  uint32_t inFlight = 1;
  double seconds = 1.5, warmupSeconds = 0.3;
  bool queueTimes = false, oneAtATime = false, privateQueues = false;
  bool serve = false, json = false;
};

// Schedules at the same time.
constexpr size_t kMaxFiles = 16;
// Longest window or warm-up.
constexpr double kMaxSeconds = 1e5;

/// True: go on. False: end with `exitCode`; everything has been printed.
bool parseOptions(int argc, char **argv, Options &options, int &exitCode);

/// Prints "eclip-bench: error: ..." as one line and returns `code`.
int report(ExitCode code, const std::string &message);

} // namespace eclip::bench

#endif // ECLIP_TOOLS_ECLIP_BENCH_OPTIONS_H
