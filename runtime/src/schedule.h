//===- schedule.h - a loaded schedule and its slots -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_SCHEDULE_H
#define ECLIP_RUNTIME_SCHEDULE_H

#include "runtime/src/device.h"
#include "runtime/src/file.h"

/// A slot. Which thread may touch it is in `state`: whoever moved it away from
/// Free owns it until moving it back.
struct eclip_request {
  enum State : uint32_t {
    Free,
    Ready,   // acquired, not running, no results
    Running, // submitted, end not seen
    Done,    // results may be read
    Failed   // the device is lost
  };

  eclip_schedule *schedule = nullptr;
  uint32_t index = 0;
  std::atomic<uint32_t> state{Free};

  // Device memory. The slot's own is owned; `inputs` and `outputs` are what the
  // kernels use now: own or bound.
  void *arena = nullptr;
  eclip::Array<void *> own_inputs, own_outputs;
  eclip::Array<void *> inputs, outputs;
  eclip::Array<bool> input_given;

  uint64_t submitted_ns = 0, submit_ns = 0, done_ns = 0; // CLOCK_MONOTONIC
};

struct eclip_schedule {
  eclip::Memory memory;
  eclip_device *device = nullptr;
  /// The schedule's own copy: nobody can change it behind the verifier's back.
  eclip::Array<uint8_t> payload;
  const eclip::fb::Schedule *root = nullptr; // in payload
  uint64_t constants_bytes = 0;
  void *constants = nullptr; // device memory, shared by all slots, owned
  eclip::Array<eclip_request> slots;
  eclip::Program *program = nullptr; // owned
};

#endif // ECLIP_RUNTIME_SCHEDULE_H
