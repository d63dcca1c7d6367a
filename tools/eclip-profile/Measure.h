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
#include "tools/eclip-profile/KernelSchedule.h"

#include <map>

namespace eclip::profiler {

/// What all measurements of a run share.
struct Bench {
  const Options &options;
  const DeviceDescription &description;
  Device &device;
  EnergyMeter &energy;
  bool hasEnergy;
  TimeSource timeSource;
  /// Time of a request of so many empty kernels on so many CUs, for
  /// TimeSource::DeviceSequences.
  std::map<std::pair<int64_t, uint32_t>, int64_t> floorNs = {};
  bool warm = false; ///< the clocks are up
};

/// Median, spread and extremes of `timesNs` (at least one).
ProfilePoint summarize(int64_t cuCount, std::vector<int64_t> timesNs);

/// Measures one kernel on `cuCount` CUs.
llvm::Expected<ProfilePoint> measure(Bench &bench, const KernelLaunch &kernel,
                                     int64_t cuCount);

/// Times of so many requests of `run`, after the warm-up.
llvm::Expected<std::vector<int64_t>>
timeRequests(const Options &options, Run &run, uint32_t repetitions);

int64_t median(std::vector<int64_t> &values);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_MEASURE_H
