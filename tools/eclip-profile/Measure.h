//===- Measure.h - time and energy of one kernel on some CUs ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_MEASURE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_MEASURE_H

#include "compiler/cost/DeviceDescription.h"
#include "compiler/cost/Profile.h"
#include "tools/eclip-profile/Device.h"
#include "tools/eclip-profile/Energy.h"
#include "tools/eclip-profile/Model.h"

namespace eclip::profiler {

/// What all measurements of a run share.
struct Bench {
  const Options &options;
  const Model &model;
  const DeviceDescription &description;
  Device &device;
  EnergyCounter &energy;
  bool hasEnergy;
  TimeSource timeSource;
};

/// Median, spread and extremes of `timesNs` (at least one).
ProfilePoint summarize(int64_t cuCount, std::vector<int64_t> timesNs);

/// Measures one kernel on `cuCount` CUs.
llvm::Expected<ProfilePoint>
measure(const Bench &bench, const ModelKernel &kernel, int64_t cuCount);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_MEASURE_H
