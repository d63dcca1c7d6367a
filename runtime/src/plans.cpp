//===- plans.cpp - which plan a schedule runs -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/plans.h"

#include "runtime/src/locked.h"

using namespace eclip;

/// Whether the loaded schedules are one mix's workers, each once and nothing
/// else.
static bool isWholeMix(const eclip_device &device) {
  if (!device.loaded || !device.loaded->root->mix())
    return false;
  const fb::Mix &mix = *device.loaded->root->mix();
  if (mix.workers()->size() != device.schedule_count)
    return false;
  static_assert(kMaxWorkers <= 32);
  uint32_t seen = 0;
  for (const eclip_schedule *s = device.loaded; s; s = s->next) {
    const fb::Mix *other = s->root->mix();
    if (!other || other->workers()->size() != device.schedule_count ||
        strcmp(other->id()->c_str(), mix.id()->c_str()) != 0 ||
        seen >> other->worker() & 1)
      return false;
    seen |= 1u << other->worker();
  }
  return true;
}

static uint32_t fittingPlan(const fb::Schedule &schedule, uint32_t neighbours,
                            bool wholeMix) {
  const auto &plans = *schedule.plans();
  uint32_t best = 0; // for no neighbours (F38)
  for (uint32_t i = 0; i < plans.size(); ++i) {
    const fb::Plan &plan = *plans.Get(i);
    if (plan.for_mix() ? wholeMix : plan.neighbours() <= neighbours)
      best = i; // they rise, and the mix's is the last (F38, F39)
  }
  return best;
}

/// Under the device's mutex.
static void choosePlans(eclip_device &device) {
  bool wholeMix = isWholeMix(device);
  for (eclip_schedule *s = device.loaded; s; s = s->next) {
    uint32_t plan = s->wanted_plan;
    if (plan == ECLIP_PLAN_AUTO)
      plan = fittingPlan(*s->root, device.schedule_count - 1, wholeMix);
    s->active_plan.store(plan, std::memory_order_relaxed);
  }
}

void eclip::takeEnd(eclip_schedule &schedule) {
  eclip_device &device = *schedule.device;
  Locked lock(device.mutex);
  uint32_t near = device.ends_held[static_cast<int>(End::Near)];
  uint32_t far = device.ends_held[static_cast<int>(End::Far)];
  schedule.end = near <= far ? End::Near : End::Far;
  schedule.holds_end = true;
  ++device.ends_held[static_cast<int>(schedule.end)];
}

void eclip::giveEnd(eclip_schedule &schedule) {
  if (!schedule.holds_end)
    return;
  Locked lock(schedule.device->mutex);
  --schedule.device->ends_held[static_cast<int>(schedule.end)];
  schedule.holds_end = false;
}

void eclip::enterDevice(eclip_schedule &schedule) {
  eclip_device &device = *schedule.device;
  Locked lock(device.mutex);
  schedule.next = device.loaded;
  device.loaded = &schedule;
  ++device.schedule_count;
  choosePlans(device);
}

void eclip::leaveDevice(eclip_schedule &schedule) {
  eclip_device &device = *schedule.device;
  Locked lock(device.mutex);
  for (eclip_schedule **place = &device.loaded; *place;
       place = &(*place)->next)
    if (*place == &schedule) {
      *place = schedule.next;
      --device.schedule_count;
      choosePlans(device);
      return;
    }
}

void eclip::setPlan(eclip_schedule &schedule, uint32_t index) {
  Locked lock(schedule.device->mutex);
  schedule.wanted_plan = index;
  choosePlans(*schedule.device);
}

uint32_t eclip::scheduleCount(const eclip_device &device) {
  Locked lock(device.mutex);
  return device.schedule_count;
}
