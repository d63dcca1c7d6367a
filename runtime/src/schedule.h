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

#include <atomic>

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
  // next submit uses: own or bound. `applied` is what each plan's packets hold,
  // inputs before outputs, one plan after the other: a submit changes those of
  // its own plan that differ.
  void *arena = nullptr;
  eclip::Array<void *> own_inputs, own_outputs;
  eclip::Array<void *> inputs, outputs;
  eclip::Array<void *> applied;
  eclip::Array<bool> input_given;

  uint32_t plan = 0; // of the last submit
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

  /// The plan that submit runs. Written under the device's mutex, read without.
  /// Relaxed is enough: all plans were complete before anybody had the schedule,
  /// so the index publishes nothing but itself.
  std::atomic<uint32_t> active_plan{0};

  // Guarded by the device's mutex; plans.cpp.
  eclip_schedule *next = nullptr;
  uint32_t wanted_plan = ECLIP_PLAN_AUTO; // of the caller
  bool holds_end = false;
  eclip::End end = eclip::End::Near; // constant while it is held
};

#endif // ECLIP_RUNTIME_SCHEDULE_H
