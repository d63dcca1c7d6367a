//===- DeviceDescription.h - what the cost model knows of a GPU -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A device description is a JSON file; docs/device-schema.md documents it and
// labels what is refused (DD1 ..). Descriptions that ship are embedded in this
// library, so a tool needs no file beside it; `--device` also takes a path.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_DEVICEDESCRIPTION_H
#define ECLIP_COMPILER_COST_DEVICEDESCRIPTION_H

#include "compiler/cost/MaskOrder.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace eclip {

/// Kinds of arithmetic that a CU executes at rates of their own. Fp32 stands
/// for all other 32-bit vector instructions too; Fp16 and Int8 are packed and
/// dot instructions.
enum class Rate {
  Fp64,
  Fp32,
  Fp16,
  Int8,
  MatrixFp64,
  MatrixFp32,
  MatrixFp16,
  MatrixInt8
};
constexpr size_t kRateCount = 8;

/// Field names are those of the JSON file in camel case; the unit ends the
/// name. One gigabyte is 1e9 bytes. Values are in range once parsed.
struct DeviceDescription {
  std::string name;   ///< as in `--device`
  std::string target; ///< ISA, as in `--target`

  // topology
  int64_t xcdCount = 0; ///< dies that each take a part of every dispatch
  /// Shader engines, or groups of SMs, of all dies together.
  int64_t shaderEngineCount = 0;
  int64_t cuCount = 0;
  MaskBitOrder maskBitOrder = MaskBitOrder::ShaderEngineInterleaved;
  int64_t maskGranuleCuCount = 0;
  /// That a mask with the last whole granule gets besides: SMs left over.
  int64_t maskExtraCuCount = 0;
  std::vector<int64_t> maskSizesCuCount; ///< ascending, the last is cuCount
  int64_t maxMaskedQueueCount = 0;       ///< without oversubscription
  int64_t maxRequestQueueCount = 0;      ///< that one request switches among

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
  /// 1e9 operations a second of the whole device, by Rate; 0 where it has no
  /// such instructions. A fused multiply-add is two operations.
  std::array<double, kRateCount> peakGigaops = {};
  double sustainedComputeRatio = 0; ///< of peak, by generated kernels
  double sustainedMatrixRatio = 0;
  double saturatingWavesPerCuCount = 0;

  // memory
  double hbmBandwidthGigabytesPerS = 0;
  double sustainedHbmRatio = 0;
  double hbmLatencyNs = 0;
  int64_t outstandingPerWaveBytes = 0; ///< loads in flight to HBM
  int64_t outstandingPerCuBytes = 0;
  double l2BandwidthGigabytesPerS = 0;
  double cuL2BandwidthGigabytesPerS = 0; ///< port of one CU
  double ldsBandwidthGigabytesPerS = 0;  ///< of all CUs together
  int64_t hbmCapacityBytes = 0;
  int64_t l2CacheBytes = 0;
  int64_t lastLevelCacheBytes = 0; ///< in front of HBM; 0 where there is none

  // overhead
  double kernelLaunchNs = 0;
  double barrierPacketNs = 0;
  double queueSwitchNs = 0;
  double maskChangeNs = 0;

  // sharing: kernels of several queues on the same CUs
  double turnRatio = 0;    ///< longer by this part of the time side by side
  double pendingRatio = 0; ///< part of its time that a kernel keeps others out
  double workgroupNs = 0;  ///< a higher priority waits no longer
  double launchBesideNs = 0; ///< of each launch for others' in as much time
  double memoryBesideRatio = 0; ///< of a kernel, stretched by others' traffic

  // power
  double boardPowerWatts = 0;
  double idlePowerWatts = 0;
  double powerPerActiveShaderEngineWatts = 0;
  double powerPerActiveCuWatts = 0;
  std::array<double, kRateCount> energyPerOpPicojoules = {};
  double energyPerHbmBytePicojoules = 0;
  double energyPerL2BytePicojoules = 0;

  double peak(Rate rate) const {
    return peakGigaops[static_cast<size_t>(rate)];
  }
  double energyPerOp(Rate rate) const {
    return energyPerOpPicojoules[static_cast<size_t>(rate)];
  }
  MaskTopology maskTopology() const {
    return {maskBitOrder, cuCount, xcdCount, shaderEngineCount,
            maskBitOrder == MaskBitOrder::SmGroup ? maskGranuleCuCount : 1,
            maskExtraCuCount};
  }
};

/// Parses and checks a description. `file` is only for the messages, which are
/// one line: file, field, reason.
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
