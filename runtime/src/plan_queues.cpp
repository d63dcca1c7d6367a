//===- plan_queues.cpp - the device's queues of a schedule's plans --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/plan_queues.h"

using namespace eclip;

bool eclip::findEarlierQueue(const fb::Schedule &schedule, End end,
                             SameQueue same, QueuePlace of, QueuePlace *found) {
  const fb::Queue &wanted =
      *schedule.plans()->Get(of.plan)->queues()->Get(of.queue);
  const MaskWords &mask = maskAt(wanted, end);
  for (uint32_t p = 0; p < of.plan; ++p) {
    const auto &queues = *schedule.plans()->Get(p)->queues();
    for (uint32_t q = 0; q < queues.size(); ++q)
      if (sameMask(maskAt(*queues.Get(q), end), mask) &&
          (same == SameQueue::Mask ||
           queues.Get(q)->priority() == wanted.priority())) {
        *found = {p, q};
        return true;
      }
  }
  return false;
}
