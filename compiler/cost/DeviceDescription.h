//===- DeviceDescription.h - what the cost model knows of a GPU -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device description is a JSON file; docs/cost-model.md documents its schema.
// Descriptions that ship are embedded in this library, so a tool needs no file
// beside it; `--device` also takes a path.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_DEVICEDESCRIPTION_H
#define ECLIP_COMPILER_COST_DEVICEDESCRIPTION_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eclip {

/// Field names are those of the JSON file in camel case; the unit ends the
/// name. One gigabyte is 1e9 bytes. Values are in range once parsed.
struct DeviceDescription {
  std::string name;   ///< as in `--device`
  std::string target; ///< ISA, as in `--target`

  // topology
  int64_t shaderEngineCount = 0;
  int64_t cuCount = 0;
  /// `shader_engine_interleaved`: bit i is shader engine i mod count.
  std::string maskBitOrder;
  std::vector<int64_t> maskSizesCuCount; ///< ascending, the last is cuCount
  int64_t maxMaskedQueueCount = 0;       ///< without oversubscription

  // compute_unit
  int64_t wavefrontLaneCount = 0;
  int64_t simdPerCuCount = 0;
  int64_t maxWavesPerSimdCount = 0;
  int64_t maxWorkgroupsPerCuCount = 0;
  int64_t vgprsPerLaneCount = 0;
  int64_t vgprGranuleCount = 0;
  int64_t sgprsPerSimdCount = 0;
  int64_t sgprGranuleCount = 0;
  int64_t ldsPerCuBytes = 0;
  int64_t ldsGranuleBytes = 0;

  // throughput
  double engineClockMhz = 0;
  double memoryClockMhz = 0;
  double peakFp32Gflops = 0;
  double peakFp16Gflops = 0;
  double sustainedComputeRatio = 0; ///< of peak, by generated kernels
  double saturatingWavesPerCuCount = 0;
  double hbmBandwidthGigabytesPerS = 0;
  double sustainedHbmRatio = 0;
  double cuBandwidthGigabytesPerS = 0; ///< what one CU can draw from HBM
  int64_t hbmCapacityBytes = 0;
  int64_t l2CacheBytes = 0;

  // overhead
  double kernelLaunchNs = 0;
  double barrierPacketNs = 0;
  double queueSwitchNs = 0;
  double maskChangeNs = 0;

  // power
  double boardPowerWatts = 0;
  double idlePowerWatts = 0;
  double powerPerActiveShaderEngineWatts = 0;
  double powerPerActiveCuWatts = 0;
  double energyPerFp32OpPicojoules = 0;
  double energyPerHbmBytePicojoules = 0;
};

/// Parses and checks a description. `file` is only for the messages, which are
/// one line: file, field, reason. Refuses unknown and missing fields, wrong
/// types, values out of range and numbers without source or confidence.
llvm::Expected<DeviceDescription> parseDeviceDescription(llvm::StringRef json,
                                                         llvm::StringRef file);

/// The embedded description named `nameOrPath`, else the file of that path (an
/// argument with a slash or ending in .json is always a path).
llvm::Expected<DeviceDescription>
loadDeviceDescription(llvm::StringRef nameOrPath);

/// Names of the embedded descriptions.
std::vector<llvm::StringRef> builtinDeviceNames();

/// JSON text of an embedded description; empty if there is none.
llvm::StringRef builtinDeviceText(llvm::StringRef name);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_DEVICEDESCRIPTION_H
