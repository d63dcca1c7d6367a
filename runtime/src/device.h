//===- device.h - an open device --------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DEVICE_H
#define ECLIP_RUNTIME_DEVICE_H

#include "runtime/src/driver.h"

#include <atomic>

struct eclip_device {
  eclip::Memory memory;
  eclip::Driver *driver = nullptr; // owned
  std::atomic<uint32_t> schedule_count{0};
};

#endif // ECLIP_RUNTIME_DEVICE_H
