//===- lost.h - a device on which nothing runs any more ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_LOST_H
#define ECLIP_RUNTIME_LOST_H

#include "runtime/src/error.h"

#include <atomic>

namespace eclip {

/// A part of each driver's device: whether it is lost, and the first reason. No
/// lock, so that a library's error callback may use it.
class LostState {
public:
  /// From any thread. The first message stays.
  [[gnu::format(printf, 2, 3)]] void markLost(const char *format, ...);
  bool isLost() const { return lost.load(std::memory_order_acquire); }
  /// ECLIP_ERROR_DEVICE_LOST with the message, or ECLIP_OK.
  eclip_status checkLost(Error &error) const;

protected:
  ~LostState() = default;

private:
  std::atomic<bool> lost{false};    // releases the message
  std::atomic<bool> claimed{false}; // one writer of the message
  char message[256] = {};
};

} // namespace eclip

#endif // ECLIP_RUNTIME_LOST_H
