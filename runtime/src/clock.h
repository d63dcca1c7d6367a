//===- clock.h - the host's clock -------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_CLOCK_H
#define ECLIP_RUNTIME_CLOCK_H

#include <stdint.h>
#include <time.h>

namespace eclip {

/// CLOCK_MONOTONIC.
inline uint64_t nowNs() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1000000000u +
         static_cast<uint64_t>(now.tv_nsec);
}

} // namespace eclip

#endif // ECLIP_RUNTIME_CLOCK_H
