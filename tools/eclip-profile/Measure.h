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

/// A kernel on some CU counts, at most kMostCuCounts: loading it, with its code
/// and constants, takes longer than to measure it, and happens once for all.
class KernelBench {
public:
  KernelBench(Bench &bench, const KernelLaunch &kernel,
              llvm::ArrayRef<int64_t> cuCounts)
      : bench(bench), kernel(kernel), cuCounts(cuCounts) {}

  /// Measures it on one of them.
  llvm::Expected<ProfilePoint> measure(int64_t cuCount);

private:
  llvm::Expected<Run *> load(int64_t cuCount, uint32_t launches);
  llvm::Expected<std::vector<int64_t>> modelTimes(int64_t cuCount);
  llvm::Expected<std::vector<int64_t>> sequenceTimes(int64_t cuCount);
  llvm::Expected<std::vector<int64_t>> measureTimes(int64_t cuCount);

  Bench &bench;
  const KernelLaunch &kernel;
  llvm::ArrayRef<int64_t> cuCounts;
  std::map<uint32_t, std::unique_ptr<Run>> runs; ///< by launches
};

/// Times of so many requests of `run`, after the warm-up.
llvm::Expected<std::vector<int64_t>>
timeRequests(const Options &options, Run &run, uint32_t repetitions);

int64_t median(std::vector<int64_t> &values);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_MEASURE_H
