//===- Profile.h - measured times and energies of kernels -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A profile is a JSON file that eclip-profile writes and eclip-annotate-cost
// reads in place of the model, kernel by kernel. docs/cost-model.md documents
// it and labels what is refused (PF1 ..).
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_PROFILE_H
#define ECLIP_COMPILER_COST_PROFILE_H

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace eclip {

/// Where the times of a profile come from.
enum class TimeSource {
  DeviceClock,            ///< the device's own dispatch times
  DeviceSequences,        ///< sequences of launches above as many empty ones
  VirtualGpuInstructions, ///< modelled: see docs/cost-model.md
  VirtualGpuHostTime      ///< how long the simulation took
};

std::optional<TimeSource> parseTimeSource(llvm::StringRef name);
llvm::StringRef timeSourceName(TimeSource source);

/// One kernel on one CU count. Times are of the dispatch alone, from its first
/// workgroup's start to its last one's end: no launch overhead.
struct ProfilePoint {
  int64_t cuCount = 0;
  int64_t repetitionCount = 0;
  int64_t timeNs = 0;    ///< median
  int64_t timeMinNs = 0; ///< at most the median
  int64_t timeP90Ns = 0; ///< at least the median
  int64_t timeMadNs = 0; ///< median absolute deviation
  /// Of the whole board, a launch; absent where no counter tells.
  std::optional<int64_t> energyNj;
};

struct ProfileKernel {
  std::string name; ///< in the model that was profiled; for people
  std::vector<ProfilePoint> points; ///< CU counts ascend

  const ProfilePoint *find(int64_t cuCount) const;
};

/// The device that was profiled.
struct ProfileDevice {
  std::string name;   ///< device description
  std::string target; ///< ISA
  int64_t cuCount = 0;
  std::string driver;  ///< hsa, cuda or vgpu
  std::string product; ///< as the driver calls it
  std::string library; ///< the driver's, as it was opened
  bool operator==(const ProfileDevice &) const = default;
};

struct Profile {
  ProfileDevice device;
  TimeSource timeSource = TimeSource::DeviceClock;
  std::string energySource;       ///< rocm_smi, nvml_energy, nvml_power, none
  std::string energyAbsentReason; ///< where energySource is none
  std::string argumentData;       ///< what the kernels computed on
  std::string toolVersion;
  std::string updatedUtc;                       ///< 2026-01-31T12:00:00Z
  std::map<std::string, ProfileKernel> kernels; ///< by hashKernel
};

/// Refuses with file, field and reason (PF1 to PF5).
llvm::Expected<Profile> parseProfile(llvm::StringRef json,
                                     llvm::StringRef file);
llvm::Expected<Profile> loadProfile(llvm::StringRef path);

/// What parseProfile reads back as the same.
std::string profileToJson(const Profile &profile);

/// PF6: refuses a profile of another device than the description's.
llvm::Error checkProfileDevice(const Profile &profile, llvm::StringRef file,
                               llvm::StringRef name, llvm::StringRef target,
                               int64_t cuCount);

/// XXH3-64 of a profile's text in hexadecimal, for provenance.
std::string profileHash(llvm::StringRef json);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_PROFILE_H
