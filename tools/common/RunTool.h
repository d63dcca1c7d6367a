//===- RunTool.h - what tools that run schedules have in common -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_COMMON_RUNTOOL_H
#define ECLIP_TOOLS_COMMON_RUNTOOL_H

#include "eclip/eclip.h"

#include <cstdint>
#include <string>
#include <vector>

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

/// Which device to open.
struct DeviceChoice {
  std::string driver, library; // empty library: the driver's default
  uint32_t index = 0;
};

/// --device, --device-library and --device-index.
void addDeviceOptions(CLI::App &app, DeviceChoice &choice);

/// Opens the device and reads what it is. `device` is to be closed if it is not
/// null, also after a failure.
eclip_status openDevice(const DeviceChoice &choice, eclip_device **device,
                        eclip_device_info *info, eclip_error *error);

/// Releases the requests and closes their schedule, which may be null. A request
/// that still runs (after a timeout) stops the device first.
void closeSchedule(const std::vector<eclip_request *> &requests,
                   eclip_schedule *schedule, eclip_device *device);

/// Of the monotonic clock, CLOCK_MONOTONIC.
uint64_t nowNs();

} // namespace eclip::tool

#endif // ECLIP_TOOLS_COMMON_RUNTOOL_H
