//===- eclip-bench.cpp - schedules that share a GPU, measured -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-bench/Report.h"

#include <cstdio>
#include <cstdlib>

using namespace eclip::bench;

/// A window for each line of standard input.
static int serve(const Options &options, Workers &workers) {
  printReady(options, workers);
  char line[64];
  while (std::fgets(line, sizeof(line), stdin)) {
    char *end = line;
    double seconds = std::strtod(line, &end);
    if (end == line || !(seconds > 0) || seconds > 1e5)
      return report(ExitBadInput, "standard input: not a number of seconds: " +
                                      std::string(line));
    Window window = {0, 0};
    if (ExitCode code = workers.run(options, seconds, window))
      return report(code, workers.message);
    printWindow(options, workers, window);
  }
  return ExitOk;
}

int main(int argc, char **argv) {
  Options options;
  int exitCode = ExitOk;
  if (!parseOptions(argc, argv, options, exitCode))
    return exitCode;
  Workers workers;
  if (ExitCode code = workers.open(options))
    return report(code, workers.message);
  if (options.serve)
    return serve(options, workers);
  Window window = {0, 0};
  if (ExitCode code = workers.run(options, options.seconds, window))
    return report(code, workers.message);
  printWindow(options, workers, window);
  return ExitOk;
}
