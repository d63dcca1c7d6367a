//===- Options.h - the command line of eclip-run ----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_RUN_OPTIONS_H
#define ECLIP_TOOLS_ECLIP_RUN_OPTIONS_H

#include "tools/common/RunTool.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::tool {

struct Options {
  std::string file;
  DeviceChoice device;
  std::vector<std::string> inputs, outputs; // NAME=FILE
  std::string plan = "auto"; // or a plan's name or index
  bool privateQueues = false;
  uint32_t requests = 1, inFlight = 1;
  double timeoutSeconds = 600;
  bool check = false, json = false;
};

/// True: go on. False: end with `exitCode`; everything has been printed.
bool parseOptions(int argc, char **argv, Options &options, int &exitCode);

/// Prints "eclip-run: error: ..." as one line and returns `code`.
int report(ExitCode code, const std::string &message);

} // namespace eclip::tool

#endif // ECLIP_TOOLS_ECLIP_RUN_OPTIONS_H
