//===- PlanChoice.cpp - a plan by its name or index -----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/common/PlanChoice.h"

std::string eclip::tool::planName(eclip_schedule *schedule, uint32_t index) {
  eclip_plan_info plan = ECLIP_PLAN_INFO_INIT;
  return eclip_schedule_get_plan(schedule, index, &plan, nullptr) ? ""
                                                                  : plan.name;
}

bool eclip::tool::choosePlan(eclip_schedule *schedule,
                             const std::string &wanted, std::string &message) {
  char text[512] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  if (eclip_schedule_get_info(schedule, &info, &error)) {
    message = text;
    return false;
  }
  uint32_t chosen = info.plan_count;
  std::string names;
  for (uint32_t i = 0; i < info.plan_count; ++i) {
    std::string name = planName(schedule, i);
    names += (i ? ", '" : "'") + name + "'";
    if (wanted == name || (chosen == info.plan_count &&
                           wanted == std::to_string(i)))
      chosen = i;
  }
  if (wanted == "auto")
    chosen = ECLIP_PLAN_AUTO;
  else if (chosen == info.plan_count) {
    message = "--plan " + wanted + ": the schedule has " + names;
    return false;
  }
  if (eclip_schedule_set_plan(schedule, chosen, &error)) {
    message = text;
    return false;
  }
  return true;
}
