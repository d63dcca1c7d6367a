//===- device.h - an open device --------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DEVICE_H
#define ECLIP_RUNTIME_DEVICE_H

#include "runtime/src/driver.h"

#include <pthread.h>

struct eclip_device {
  eclip::Memory memory;
  eclip::Driver *driver = nullptr; // owned

  /// Guards the rest. Never held while a driver does anything.
  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
  eclip_schedule *loaded = nullptr; // a list, through eclip_schedule::next
  uint32_t schedule_count = 0;      // in the list
  uint32_t ends_held[2] = {};       // by eclip::End: schedules, loading ones too
};

#endif // ECLIP_RUNTIME_DEVICE_H
