//===- Options.cpp - the command line of eclip-run ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Options.h"

#include "eclip/eclip.h"

#include <CLI/CLI.hpp>

using namespace eclip::tool;

static const char kFooter[] = R"(
Inputs and outputs are named as in the model; eclip-dump lists them. Arrays must
have exactly the type and shape of the schedule, little endian, in C order.

Exit codes:
  0  all requests ran, all outputs are written
  1  wrong usage, or a file or array that cannot be used
  2  no such device, or the schedule is for another one
  3  a request failed, did not end in time, or results differ between requests
  4  an output cannot be written
  5  --check found something
Nothing is written unless the exit code is 0 or 5.)";

int eclip::tool::report(ExitCode code, const std::string &message) {
  return reportError("eclip-run", code, message);
}

bool eclip::tool::parseOptions(int argc, char **argv, Options &options,
                               int &exitCode) {
  CLI::App app("Runs a compiled schedule on a GPU, or on the virtual one.",
               "eclip-run");
  app.footer(kFooter);
  app.set_version_flag("--version",
                       std::string("eclip-run ") + eclip_version_string());
  app.add_option("FILE", options.file, "Schedule (.eclip)")->required();
  addDeviceOptions(app, options.device);
  app.add_option("--input", options.inputs, "NAME=FILE.npy, for each input")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  app.add_option("--output", options.outputs, "NAME=FILE.npy to write")
      ->allow_extra_args(false)
      ->type_name("NAME=FILE");
  app.add_option("--requests", options.requests, "How often to run")
      ->check(CLI::Range(1u, 1000000u));
  app.add_option("--in-flight", options.inFlight,
                 "How many requests at the same time")
      ->check(CLI::Range(1u, ECLIP_MAX_SLOTS));
  app.add_option("--plan", options.plan,
                 "Name or index of the plan to run (eclip-dump lists them); "
                 "auto: the one for what is loaded on the device")
      ->type_name("NAME|INDEX|auto");
  app.add_flag("--private-queues", options.privateQueues,
               "Share no queue with other schedules");
  app.add_option("--timeout", options.timeoutSeconds,
                 "Seconds that one request may take")
      ->check(CLI::Range(0.001, 1e6));
  app.add_flag("--check", options.check,
               "Virtual GPU only: report races and accesses out of bounds");
  app.add_flag("--json", options.json, "Print a report for scripts");
  if (!parseCommandLine(app, argc, argv, exitCode))
    return false;
  if (options.check && options.device.driver != "vgpu") {
    exitCode = report(ExitBadInput, "--check needs --device vgpu");
    return false;
  }
  if (options.inFlight > options.requests)
    options.inFlight = options.requests;
  return true;
}
