//===- CostModel.cpp - roofline with occupancy and quantization -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/CostModel.h"

#include "llvm/ADT/Twine.h"

#include <algorithm>
#include <cmath>

using namespace eclip;

static int64_t divideUp(int64_t a, int64_t b) { return a / b + (a % b != 0); }

/// Resources beyond 2^48 fit no device; the limit keeps the product in range.
static int64_t roundUp(int64_t a, int64_t to) {
  return divideUp(std::min<int64_t>(a, int64_t(1) << 48), to) * to;
}

Occupancy eclip::computeOccupancy(const KernelWork &work,
                                  const DeviceDescription &device) {
  Occupancy result;
  result.wavesPerGroup = std::max<int64_t>(
      1, divideUp(work.workItemsPerGroup, device.wavefrontLaneCount));

  // Wavefronts that one SIMD holds, by its slots and its two register files.
  int64_t waves = device.maxWavesPerSimdCount;
  result.limit = "waves";
  auto limitWaves = [&](int64_t most, llvm::StringRef why) {
    if (most < waves) {
      waves = most;
      result.limit = why;
    }
  };
  if (work.vgprs > 0)
    limitWaves(device.vgprsPerLaneCount /
                   roundUp(work.vgprs, device.vgprGranuleCount),
               "vgprs");
  if (work.sgprs > 0)
    limitWaves(device.sgprsPerSimdCount /
                   roundUp(work.sgprs, device.sgprGranuleCount),
               "sgprs");

  result.groupsPerCu = waves * device.simdPerCuCount / result.wavesPerGroup;
  auto limitGroups = [&](int64_t most, llvm::StringRef why) {
    if (most < result.groupsPerCu) {
      result.groupsPerCu = most;
      result.limit = why;
    }
  };
  if (work.ldsBytes > 0)
    limitGroups(device.ldsPerCuBytes /
                    roundUp(work.ldsBytes, device.ldsGranuleBytes),
                "lds");
  // A workgroup of one wavefront needs no barrier resource, of which a CU has
  // maxWorkgroupsPerCuCount.
  if (result.wavesPerGroup > 1)
    limitGroups(device.maxWorkgroupsPerCuCount, "workgroups");
  result.wavesPerCu = result.groupsPerCu * result.wavesPerGroup;
  return result;
}

/// Time, in units of one workgroup's arithmetic at the full rate of a CU, that
/// a CU needs for `groups` workgroups of which `resident` run at once. A CU
/// with too few wavefronts to hide its latencies runs below its rate, in
/// proportion to the wavefronts.
static double serialGroups(int64_t groups, int64_t resident,
                           double saturatingGroups) {
  int64_t rounds = groups / resident;
  int64_t rest = groups % resident;
  double time = static_cast<double>(rounds) *
                std::max(static_cast<double>(resident), saturatingGroups);
  if (rest > 0)
    time += std::max(static_cast<double>(rest), saturatingGroups);
  return time;
}

static int64_t toCount(double value) {
  // Beyond 2^62 only nonsense inputs go; the cost attribute stays in range.
  return static_cast<int64_t>(std::min(std::ceil(value), 0x1p62));
}

llvm::Expected<CostEstimate>
eclip::estimateCost(const KernelWork &work, const DeviceDescription &device,
                    int64_t cuCount) {
  Occupancy occupancy = computeOccupancy(work, device);
  if (occupancy.groupsPerCu < 1)
    return llvm::createStringError(
        llvm::inconvertibleErrorCode(),
        "a workgroup of " + llvm::Twine(work.workItemsPerGroup) +
            " work-items with " + llvm::Twine(work.vgprs) + " VGPRs, " +
            llvm::Twine(work.sgprs) + " SGPRs and " +
            llvm::Twine(work.ldsBytes) +
            " bytes of LDS fits no CU of device '" + device.name + "' (" +
            occupancy.limit + ")");
  cuCount = std::clamp<int64_t>(cuCount, 1, device.cuCount);
  int64_t groups = std::max<int64_t>(work.workgroups, 1);
  double saturatingGroups =
      device.saturatingWavesPerCuCount / occupancy.wavesPerGroup;

  // 1 GFLOP/s is 1 operation a ns, 1 GB/s is 1 byte a ns.
  double cuRate =
      device.peakFp32Gflops * device.sustainedComputeRatio / device.cuCount;
  double computeNs = static_cast<double>(work.flops) / groups / cuRate *
                     serialGroups(divideUp(groups, cuCount),
                                  occupancy.groupsPerCu, saturatingGroups);

  // CUs that draw bandwidth, counting one with few wavefronts in part.
  double drawing =
      std::min<double>(cuCount, static_cast<double>(groups) *
                                    std::min(1.0, 1.0 / saturatingGroups));
  double bandwidth =
      std::min(device.hbmBandwidthGigabytesPerS * device.sustainedHbmRatio,
               drawing * device.cuBandwidthGigabytesPerS);
  double bytes = static_cast<double>(work.bytesRead) + work.bytesWritten;
  double memoryNs = bytes / bandwidth;

  double busyNs = std::max(computeNs, memoryNs);
  double timeNs = device.kernelLaunchNs + busyNs;

  // 1 W for 1 ns is 1 nJ.
  int64_t activeCus = std::min(cuCount, groups);
  int64_t cusPerEngine = device.cuCount / device.shaderEngineCount;
  int64_t activeEngines = std::min(divideUp(cuCount, cusPerEngine), activeCus);
  double activeWatts = device.powerPerActiveShaderEngineWatts * activeEngines +
                       device.powerPerActiveCuWatts * activeCus;
  double energyNj = device.idlePowerWatts * timeNs + activeWatts * busyNs +
                    (device.energyPerFp32OpPicojoules * work.flops +
                     device.energyPerHbmBytePicojoules * bytes) *
                        1e-3;
  return CostEstimate{std::max<int64_t>(1, toCount(timeNs)), toCount(energyNj)};
}

CostEstimate eclip::estimateQueueSwitch(const DeviceDescription &device) {
  double timeNs = device.barrierPacketNs + device.queueSwitchNs;
  return {toCount(timeNs), toCount(timeNs * device.idlePowerWatts)};
}
