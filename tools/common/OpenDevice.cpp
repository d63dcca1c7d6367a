//===- OpenDevice.cpp - a device as the command line names it -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/OpenDevice.h"

using namespace eclip::tool;

eclip_status eclip::tool::openDevice(const DeviceChoice &choice,
                                     eclip_device **device,
                                     eclip_device_info *info,
                                     eclip_error *error) {
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  options.driver = choice.driver.c_str();
  if (!choice.library.empty())
    options.library_path = choice.library.c_str();
  options.device_index = choice.index;
  if (eclip_status status = eclip_device_open(&options, device, error))
    return status;
  return eclip_device_get_info(*device, info, error);
}

void eclip::tool::closeSchedule(const std::vector<eclip_request *> &requests,
                                eclip_schedule *schedule,
                                eclip_device *device) {
  for (eclip_request *request : requests)
    if (eclip_request_release(request, nullptr) == ECLIP_ERROR_BUSY) {
      eclip_device_stop(device, nullptr);
      eclip_request_release(request, nullptr);
    }
  eclip_schedule_close(schedule, nullptr);
}
