//===- OpenDevice.h - a device as the command line names it -----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_COMMON_OPENDEVICE_H
#define ECLIP_TOOLS_COMMON_OPENDEVICE_H

#include "eclip/eclip.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::tool {

/// Which device to open.
struct DeviceChoice {
  std::string driver, library; // empty library: the driver's default
  uint32_t index = 0;
};

/// Opens the device and reads what it is. `device` is to be closed if it is not
/// null, also after a failure.
eclip_status openDevice(const DeviceChoice &choice, eclip_device **device,
                        eclip_device_info *info, eclip_error *error);

/// Releases the requests and closes their schedule, which may be null. A request
/// that still runs (after a timeout) stops the device first.
void closeSchedule(const std::vector<eclip_request *> &requests,
                   eclip_schedule *schedule, eclip_device *device);

} // namespace eclip::tool

#endif // ECLIP_TOOLS_COMMON_OPENDEVICE_H
