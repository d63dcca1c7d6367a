//===- eclip-bench.cpp - schedules that share a GPU, measured -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-bench/Report.h"
#include "tools/eclip-bench/Serve.h"

using namespace eclip::bench;

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
  if (ExitCode code = workers.run(
          {options.seconds, options.warmupSeconds, options.oneAtATime}, window))
    return report(code, workers.message);
  printWindow(options, workers, window);
  return ExitOk;
}
