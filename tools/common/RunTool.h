//===- RunTool.h - what tools that run schedules have in common -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_COMMON_RUNTOOL_H
#define ECLIP_TOOLS_COMMON_RUNTOOL_H

#include "tools/common/OpenDevice.h"

#include <cstdint>
#include <string>

namespace CLI {
class App;
}

namespace eclip::tool {

/// Each tool's --help says which of them it uses.
enum ExitCode {
  ExitOk = 0,
  ExitBadInput = 1,
  ExitNoDevice = 2,
  ExitRunFailed = 3,
  ExitNotWritten = 4,
  ExitFindings = 5
};

/// What a failure of the library means to the caller of a tool.
ExitCode exitCodeOf(eclip_status status);

/// Prints "TOOL: error: MESSAGE" as one line, and returns `code`.
int reportError(const char *tool, ExitCode code, const std::string &message);

/// --device, --device-library and --device-index.
void addDeviceOptions(CLI::App &app, DeviceChoice &choice);

/// True: go on. False: end with `exitCode`; help, version or a one-line error of
/// the app's name has been printed.
bool parseCommandLine(CLI::App &app, int argc, char **argv, int &exitCode);

/// Of the monotonic clock, CLOCK_MONOTONIC.
uint64_t nowNs();

} // namespace eclip::tool

#endif // ECLIP_TOOLS_COMMON_RUNTOOL_H
