//===- Energy.h - the device's energy counter -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_ENERGY_H
#define ECLIP_TOOLS_ECLIP_PROFILE_ENERGY_H

#include "tools/eclip-profile/Options.h"

#include <optional>

namespace eclip::profiler {

/// The counter that ROCm SMI reads, if there is one. The library is opened at
/// run time and stays loaded.
class EnergyCounter {
public:
  EnergyCounter() = default;
  EnergyCounter(const EnergyCounter &) = delete;
  EnergyCounter &operator=(const EnergyCounter &) = delete;
  ~EnergyCounter();

  /// True if the counter can be read; else `absentReason` says why not.
  bool open(const Options &options);
  /// Microjoules since some fixed time; none if the read fails.
  std::optional<double> readMicrojoules();

  std::string absentReason;

private:
  bool refuse(const llvm::Twine &reason);

  using EnergyCountGet = int (*)(uint32_t device, uint64_t *count,
                                 float *microjoulesPerCount,
                                 uint64_t *timestampNs);
  using ShutDown = int (*)();
  EnergyCountGet energyCountGet = nullptr;
  ShutDown shutDown = nullptr;
  uint32_t device = 0;
};

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_ENERGY_H
