//===- PlanChoice.h - a plan by its name or index ---------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_COMMON_PLANCHOICE_H
#define ECLIP_TOOLS_COMMON_PLANCHOICE_H

#include "eclip/eclip.h"

#include <string>

namespace eclip::tool {

/// The name of a loaded schedule's plan.
std::string planName(eclip_schedule *schedule, uint32_t index);

/// Fixes the plan that `wanted` names, by its name or else its index; "auto"
/// leaves the choice to the library. False, with `message`, if there is none.
bool choosePlan(eclip_schedule *schedule, const std::string &wanted,
                std::string &message);

} // namespace eclip::tool

#endif // ECLIP_TOOLS_COMMON_PLANCHOICE_H
