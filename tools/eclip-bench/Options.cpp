//===- Options.cpp - the command line of eclip-bench ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-bench/Options.h"

#include "eclip/eclip.h"

#include <CLI/CLI.hpp>

using namespace eclip;
using namespace eclip::bench;

static const char kFooter[] = R"(
Each schedule has a thread of its own that keeps so many requests in flight and
submits a request again as soon as it is done (a closed loop). Inputs are
generated. Only what ends between the window's begin and end counts. Latency is
from submit to the wait that sees the end, on the host.

With --serve every line of standard input, a number of seconds, starts a window
after the warm-up; its report is one line of JSON. Times of windows are those of
CLOCK_MONOTONIC, so that a program beside can lay its own readings over them.
A line may also be JSON, with any of these fields:
  {"seconds": S, "only": I, "one_at_a_time": true|false}
    a window; of worker I alone, from 0; as --one-at-a-time says or not
  {"load": [FILE, ...]}
    these schedules in place of those that are loaded; the answer says what is
    loaded, or "error" and why none is

Exit codes:
  0  all windows are measured
  1  wrong usage, or a file that cannot be used
  2  no such device, or the schedule is for another one
  3  a request failed or did not end)";

int eclip::bench::report(ExitCode code, const std::string &message) {
  return tool::reportError("eclip-bench", code, message);
}

bool eclip::bench::parseOptions(int argc, char **argv, Options &options,
                                int &exitCode) {
  CLI::App app("Measures throughput and latency of schedules that share a GPU.",
               "eclip-bench");
  app.footer(kFooter);
  app.set_version_flag("--version",
                       std::string("eclip-bench ") + eclip_version_string());
  app.add_option("FILE", options.files, "Schedules (.eclip), one worker each")
      ->expected(1, kMaxFiles);
  tool::addDeviceOptions(app, options.device);
  app.add_option("--in-flight", options.inFlight,
                 "Requests of each schedule at the same time")
      ->check(CLI::Range(1u, ECLIP_MAX_SLOTS));
  app.add_option("--seconds", options.seconds, "Length of the window")
      ->check(CLI::Range(0.001, kMaxSeconds));
  app.add_option("--warmup", options.warmupSeconds,
                 "Seconds of the same load ahead of each window")
      ->check(CLI::Range(0.0, kMaxSeconds));
  app.add_flag("--queue-times", options.queueTimes,
               "Measure requests on the device's clock too, which costs a "
               "little time of each");
  app.add_flag("--one-at-a-time", options.oneAtATime,
               "Never two requests on the device, whoever's they are: what one "
               "shared stream does");
  app.add_flag("--private-queues", options.privateQueues,
               "No schedule shares a queue with another");
  app.add_option("--plan", options.plan,
                 "Name or index of the plan that every schedule runs; auto: "
                 "the one for what is loaded")
      ->type_name("NAME|INDEX|auto");
  app.add_flag("--serve", options.serve,
               "Take windows as standard input asks for them; FILE may come "
               "later then");
  app.add_flag("--json", options.json, "Print a report for scripts");
  if (!tool::parseCommandLine(app, argc, argv, exitCode))
    return false;
  if (options.files.empty() && !options.serve) {
    exitCode = report(ExitBadInput, "FILE is required");
    return false;
  }
  return true;
}
