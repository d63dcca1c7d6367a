//===- Energy.h - the device's energy over a window -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// AMD: the energy counter of ROCm SMI. NVIDIA: the total energy counter of
// NVML, which moves every 100 ms, or its power readings. The libraries are
// opened at run time and stay loaded.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_ENERGY_H
#define ECLIP_TOOLS_ECLIP_PROFILE_ENERGY_H

#include "tools/eclip-profile/Options.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace eclip::profiler {

/// What a library tells.
struct EnergyReader {
  enum Kind { Counter, Power } kind = Counter;
  const char *source = "none"; ///< as profiles call it
  /// Microjoules since some fixed time, or watts; none if the read fails.
  std::function<std::optional<double>()> read;
};

/// Both fail with why there is no reading. NVML's GPU must be called `product`:
/// its order may be another than the driver's.
llvm::Expected<EnergyReader> openRocmSmi(const Options &options);
llvm::Expected<EnergyReader> openNvml(const Options &options,
                                      llvm::StringRef product);

/// "580.159.04, ptxas 13.0.88": the driver's version as NVML tells it, and the
/// assembler's; what is not there is left out, "unknown" if nothing is.
std::string nvidiaVersions(const Options &options);

class EnergyMeter {
public:
  /// True if energy can be measured; else `absentReason` says why not.
  bool open(const Options &options, llvm::StringRef product);
  llvm::StringRef source() const { return reader.source; }

  /// Calls `run`, which launches so many kernels each time, until the window
  /// is over. Nanojoules of the board for one launch among others that follow
  /// each other.
  llvm::Expected<int64_t> measure(const Options &options, uint64_t launches,
                                  llvm::function_ref<llvm::Error()> run);

  std::string absentReason;

private:
  using Clock = std::chrono::steady_clock;
  /// From one move of the counter to a later one: between moves it is blind.
  llvm::Expected<double> countedPerLaunch(
      std::chrono::milliseconds window, uint64_t launches,
      llvm::function_ref<llvm::Error()> run);
  /// The mean of readings, without the first third of the window: what is read
  /// lags behind.
  llvm::Expected<double> sampledPerLaunch(
      std::chrono::milliseconds window, uint64_t launches,
      llvm::function_ref<llvm::Error()> run);

  EnergyReader reader;
};

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_ENERGY_H
