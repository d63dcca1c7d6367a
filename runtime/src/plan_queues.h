//===- plan_queues.h - the device's queues of a schedule's plans -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What every driver does for the plans of a program: one queue of the device for
// all queues of a schedule that have the same mask and, where queues of the
// device have priorities, the same priority. A driver's Plan has a `file`
// (its fb::Plan) and `lanes`, an Array of TakenQueue or more.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_PLAN_QUEUES_H
#define ECLIP_RUNTIME_PLAN_QUEUES_H

#include "runtime/src/driver.h"
#include "runtime/src/verify.h"

namespace eclip {

/// A queue of a plan on the device.
struct TakenQueue {
  uint32_t queue = UINT32_MAX; // the driver's number of it
  bool taken = false;          // by this one, which gives it back; else by an
                               // earlier plan's
  bool shared = false;         // another schedule had it
};

/// What tells queues of the device apart.
enum class SameQueue { Mask, MaskAndPriority };

/// Finds the first plan before `of` with a queue that is the same one of the
/// device.
bool findEarlierQueue(const fb::Schedule &schedule, End end, SameQueue same,
                      QueuePlace of, QueuePlace *found);

/// Makes the plans of a program: `make(i)` fills plan `i`, whose `file` is set.
template <typename Plan, typename Make>
eclip_status makePlans(Array<Plan> &plans, const fb::Schedule &schedule,
                       const Memory &memory, Error &error, Make make) {
  const auto &files = *schedule.plans();
  if (!plans.allocate(memory, files.size()))
    return error.outOfMemory(files.size() * sizeof(Plan), "the plans");
  for (uint32_t i = 0; i < plans.size(); ++i) {
    plans[i].file = files.Get(i);
    if (eclip_status status = make(i)) {
      error.prepend(files.Get(i)->name()->c_str());
      return status;
    }
  }
  return ECLIP_OK;
}

/// Fills the lanes of plan `index` from those of earlier plans, or with
/// `take(mask, priority, lane)`.
template <typename Plan, typename Take>
eclip_status takePlanQueues(Array<Plan> &plans, uint32_t index,
                            const ProgramOptions &options, SameQueue same,
                            const Memory &memory, Error &error, Take take) {
  Plan &plan = plans[index];
  const auto &queues = *plan.file->queues();
  if (!plan.lanes.allocate(memory, queues.size()))
    return error.outOfMemory(queues.size() * sizeof(plan.lanes[0]),
                             "the queues");
  for (uint32_t q = 0; q < queues.size(); ++q) {
    TakenQueue &lane = plan.lanes[q];
    QueuePlace earlier;
    if (findEarlierQueue(*options.schedule, options.end, same, {index, q},
                         &earlier)) {
      const TakenQueue &held = plans[earlier.plan].lanes[earlier.queue];
      lane.queue = held.queue;
      lane.shared = held.shared;
      continue;
    }
    if (eclip_status status = take(maskAt(*queues.Get(q), options.end),
                                   queues.Get(q)->priority(), lane)) {
      error.prepend(queues.Get(q)->name()->c_str());
      return status;
    }
    lane.taken = true;
  }
  return ECLIP_OK;
}

} // namespace eclip

#endif // ECLIP_RUNTIME_PLAN_QUEUES_H
