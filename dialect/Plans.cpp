//===- Plans.cpp - several schedules of one model -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Plans.h"

using namespace mlir;
using namespace eclip;

PlanKind PlanKind::of(ScheduleOp schedule) {
  PlanKind plan;
  if (auto name = schedule->getAttrOfType<StringAttr>("eclip.plan_name"))
    plan.name = name.str();
  if (auto count =
          schedule->getAttrOfType<IntegerAttr>("eclip.plan_neighbours"))
    plan.neighbours = count.getValue().getSExtValue();
  plan.mix = schedule->hasAttr("eclip.plan_mix");
  return plan;
}

void PlanKind::mark(ScheduleOp schedule) const {
  Builder builder(schedule.getContext());
  schedule->setAttr("eclip.plan_name", builder.getStringAttr(name));
  schedule->setAttr("eclip.plan_neighbours",
                    builder.getI64IntegerAttr(neighbours));
  if (mix)
    schedule->setAttr("eclip.plan_mix", builder.getUnitAttr());
}

LogicalResult eclip::verifyPlanKind(ScheduleOp schedule) {
  if (Attribute name = schedule->getAttr("eclip.plan_name"))
    if (auto text = dyn_cast<StringAttr>(name); !text || text.empty())
      return schedule.emitOpError("eclip.plan_name must be a text");
  if (Attribute count = schedule->getAttr("eclip.plan_neighbours")) {
    auto number = dyn_cast<IntegerAttr>(count);
    if (!number || !number.getType().isInteger(64) || number.getInt() < 0 ||
        number.getInt() > 15)
      return schedule.emitOpError(
          "eclip.plan_neighbours must be an i64 of 0 to 15");
  }
  if (Attribute priority = schedule->getAttr("eclip.priority")) {
    auto number = dyn_cast<IntegerAttr>(priority);
    if (!number || !number.getType().isInteger(64) || number.getInt() < 0 ||
        number.getInt() > 2)
      return schedule.emitOpError("eclip.priority must be an i64 of 0 to 2");
  }
  for (StringRef name : {"eclip.plan_mix", "eclip.fixed_end"})
    if (Attribute mark = schedule->getAttr(name); mark && !isa<UnitAttr>(mark))
      return schedule.emitOpError() << name << " must be a unit attribute";
  return success();
}

int64_t eclip::priorityOf(ScheduleOp schedule) {
  auto priority = schedule->getAttrOfType<IntegerAttr>("eclip.priority");
  return priority ? priority.getInt() : 0;
}

bool eclip::hasFixedEnd(ScheduleOp schedule) {
  return schedule->hasAttr("eclip.plan_mix") ||
         schedule->hasAttr("eclip.fixed_end");
}
