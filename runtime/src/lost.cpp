//===- lost.cpp - a device on which nothing runs any more -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/lost.h"

#include <stdarg.h>
#include <stdio.h>

using namespace eclip;

void LostState::markLost(const char *format, ...) {
  if (claimed.exchange(true))
    return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(message, sizeof(message), format, arguments);
  va_end(arguments);
  lost.store(true, std::memory_order_release);
}

eclip_status LostState::checkLost(Error &error) const {
  if (!isLost())
    return ECLIP_OK;
  return error.fail(ECLIP_ERROR_DEVICE_LOST, "the device is lost: %s", message);
}
