//===- plans.h - which plan a schedule runs ---------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is loaded on a device decides which plan each of its schedules runs. All
// of this happens when a schedule is loaded or closed, under the device's mutex;
// a submit reads eclip_schedule::active_plan once and takes no lock.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_PLANS_H
#define ECLIP_RUNTIME_PLANS_H

#include "runtime/src/schedule.h"

namespace eclip {

/// Takes the end of the device that fewer schedules hold, the near one first.
/// The plan of a mix is the same at both: its masks are written for their end.
void takeEnd(eclip_schedule &schedule);
void giveEnd(eclip_schedule &schedule);

/// Adds the schedule to those of its device, and chooses all plans anew.
void enterDevice(eclip_schedule &schedule);
/// The opposite. It need not have entered.
void leaveDevice(eclip_schedule &schedule);

/// `index` is a plan's or ECLIP_PLAN_AUTO.
void setPlan(eclip_schedule &schedule, uint32_t index);

uint32_t scheduleCount(const eclip_device &device);

} // namespace eclip

#endif // ECLIP_RUNTIME_PLANS_H
