//===- CostModel.cpp - roofline with occupancy and quantization -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/CostModel.h"

#include "llvm/ADT/Twine.h"
#include "llvm/Support/MathExtras.h"

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

KernelWork eclip::withAvailableRates(const KernelWork &work,
                                     const DeviceDescription &device,
                                     MatrixCode code) {
  constexpr size_t kinds = kRateCount / 2;
  KernelWork result = work;
  for (size_t i = 0; i < kinds; ++i) {
    int64_t &matrix = result.ops[i + kinds];
    bool narrow = i >= static_cast<size_t>(Rate::Fp16);
    bool has =
        code == MatrixCode::All || (code == MatrixCode::Narrow && narrow);
    if (has && device.peakGigaops[i + kinds] > 0)
      continue;
    if (llvm::AddOverflow(result.ops[i], matrix, result.ops[i]))
      result.ops[i] = INT64_MAX;
    matrix = 0;
  }
  return result;
}

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

namespace {

/// The parts of one launch's time and energy that depend on the CUs.
struct Launch {
  const KernelWork &work;
  const DeviceDescription &device;
  Occupancy occupancy;
  int64_t cuCount, groups;

  static llvm::Expected<Launch> make(const KernelWork &work,
                                     const DeviceDescription &device,
                                     int64_t cuCount);
  double wholeDeviceNs() const;
  double computeNs() const;
  double hbmNs() const;
  TimeParts parts() const;
  double l2Ns() const;
  double hbmBytes() const {
    return static_cast<double>(work.bytesRead) + work.bytesWritten;
  }
  int64_t activeCus() const { return std::min(cuCount, groups); }
  /// CUs with work and data moved, without idle power.
  double workNj(double busyNs) const;
};

} // namespace

llvm::Expected<Launch> Launch::make(const KernelWork &work,
                                    const DeviceDescription &device,
                                    int64_t cuCount) {
  Occupancy occupancy = computeOccupancy(work, device);
  if (occupancy.groupsPerCu < 1)
    return refuse("a workgroup of " + llvm::Twine(work.workItemsPerGroup) +
                  " work-items with " + llvm::Twine(work.vgprs) + " VGPRs, " +
                  llvm::Twine(work.sgprs) + " SGPRs and " +
                  llvm::Twine(work.ldsBytes) +
                  " bytes of LDS fits no CU of device '" + device.name + "' (" +
                  occupancy.limit + ")");
  for (size_t rate = 0; rate < kRateCount; ++rate)
    if (work.ops[rate] > 0 && device.peakGigaops[rate] <= 0)
      return refuse("device '" + device.name +
                    "' has no matrix instructions of this type");
  return Launch{work, device, occupancy,
                std::clamp<int64_t>(cuCount, 1, device.cuCount),
                std::max<int64_t>(work.workgroups, 1)};
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

/// Arithmetic at the full rate of all CUs of the device.
double Launch::wholeDeviceNs() const {
  // 1e9 operations a second are 1 operation a ns. Kinds of arithmetic share the
  // issue slots, so their times add up.
  double sum = 0;
  for (size_t rate = 0; rate < kRateCount; ++rate) {
    double sustained = rate >= static_cast<size_t>(Rate::MatrixFp64)
                           ? device.sustainedMatrixRatio
                           : device.sustainedComputeRatio;
    if (work.ops[rate] > 0)
      sum += static_cast<double>(work.ops[rate]) /
             (device.peakGigaops[rate] * sustained);
  }
  return sum;
}

double Launch::computeNs() const {
  double saturatingGroups =
      device.saturatingWavesPerCuCount / occupancy.wavesPerGroup;
  return wholeDeviceNs() * device.cuCount / groups *
         serialGroups(divideUp(groups, cuCount), occupancy.groupsPerCu,
                      saturatingGroups);
}

double Launch::hbmNs() const {
  // Little's law: bandwidth is bytes in flight over latency. Wavefronts have a
  // few loads in flight each, a CU has no more than its queues hold.
  double waves = std::min(static_cast<double>(groups) * occupancy.wavesPerGroup,
                          static_cast<double>(cuCount) * occupancy.wavesPerCu);
  double inFlight =
      std::min(waves * device.outstandingPerWaveBytes,
               static_cast<double>(activeCus()) * device.outstandingPerCuBytes);
  // 1e9 bytes a second are 1 byte a ns.
  double bandwidth =
      std::min(device.hbmBandwidthGigabytesPerS * device.sustainedHbmRatio,
               inFlight / device.hbmLatencyNs);
  return hbmBytes() / bandwidth;
}

double Launch::l2Ns() const {
  double bandwidth = std::min(device.l2BandwidthGigabytesPerS,
                              activeCus() * device.cuL2BandwidthGigabytesPerS);
  return static_cast<double>(work.l2Bytes) / bandwidth;
}

TimeParts Launch::parts() const {
  TimeParts parts;
  parts.launchNs = device.kernelLaunchNs;
  double compute = computeNs(), hbm = hbmNs(), l2 = l2Ns();
  if (compute >= hbm && compute >= l2) {
    double whole = wholeDeviceNs() * device.cuCount / groups *
                   static_cast<double>(divideUp(groups, cuCount));
    parts.arithmeticNs = wholeDeviceNs() * device.cuCount / cuCount;
    parts.quantizationNs = whole - parts.arithmeticNs;
    parts.occupancyNs = compute - whole;
  } else if (hbm >= l2) {
    auto with = [&](int64_t cus) {
      return hbmBytes() /
             std::min(device.hbmBandwidthGigabytesPerS *
                          device.sustainedHbmRatio,
                      static_cast<double>(cus) * device.outstandingPerCuBytes /
                          device.hbmLatencyNs);
    };
    parts.hbmNs = with(cuCount);
    parts.quantizationNs = with(activeCus()) - parts.hbmNs;
    parts.occupancyNs = hbm - with(activeCus());
  } else {
    parts.l2Ns = work.l2Bytes /
                 std::min(device.l2BandwidthGigabytesPerS,
                          cuCount * device.cuL2BandwidthGigabytesPerS);
    parts.quantizationNs = l2 - parts.l2Ns;
  }
  return parts;
}

double Launch::workNj(double busyNs) const {
  // 1 W for 1 ns is 1 nJ.
  double perEngine =
      static_cast<double>(device.cuCount) / device.shaderEngineCount;
  // On several dies each works on a part of every dispatch.
  double engines =
      device.xcdCount > 1
          ? static_cast<double>(device.shaderEngineCount)
          : std::min(std::ceil(cuCount / perEngine),
                     static_cast<double>(device.shaderEngineCount));
  engines = std::min(engines, static_cast<double>(activeCus()));
  double activeWatts = device.powerPerActiveShaderEngineWatts * engines +
                       device.powerPerActiveCuWatts * activeCus();
  double movedPj = device.energyPerHbmBytePicojoules * hbmBytes() +
                   device.energyPerL2BytePicojoules * work.l2Bytes;
  for (size_t rate = 0; rate < kRateCount; ++rate)
    movedPj += device.energyPerOpPicojoules[rate] * work.ops[rate];
  return activeWatts * busyNs + movedPj * 1e-3;
}

static int64_t toCount(double value) {
  // Beyond 2^62 only nonsense inputs go; the cost attribute stays in range.
  return static_cast<int64_t>(std::min(std::ceil(value), 0x1p62));
}

KernelCost eclip::withDemands(const KernelCost &cost, const KernelWork &work,
                              const DeviceDescription &device) {
  KernelCost result = cost;
  auto timeNs = static_cast<double>(std::max<int64_t>(cost.timeNs, 1));
  double bytes = static_cast<double>(work.bytesRead) + work.bytesWritten;
  result.memoryNs = std::clamp<int64_t>(
      cost.memoryNs, 0,
      std::max<int64_t>(0, cost.timeNs - toCount(device.kernelLaunchNs)));
  result.hbmBytesPerS = toCount(bytes / timeNs * 1e9);
  double watts = cost.energyNj / timeNs - device.idlePowerWatts;
  result.busyMilliwatts = toCount(std::max(0.0, watts * 1e3));
  return result;
}

llvm::Expected<KernelCost> eclip::estimateCost(const KernelWork &work,
                                               const DeviceDescription &device,
                                               int64_t cuCount) {
  llvm::Expected<Launch> launch = Launch::make(work, device, cuCount);
  if (!launch)
    return launch.takeError();
  double hbmNs = launch->hbmNs();
  double busyNs = std::max({launch->computeNs(), hbmNs, launch->l2Ns()});
  double timeNs = device.kernelLaunchNs + busyNs;
  KernelCost cost;
  cost.timeNs = std::max<int64_t>(1, toCount(timeNs));
  cost.energyNj =
      toCount(device.idlePowerWatts * timeNs + launch->workNj(busyNs));
  cost.memoryNs = toCount(hbmNs);
  return withDemands(cost, work, device);
}

llvm::Expected<TimeParts> eclip::splitTime(const KernelWork &work,
                                           const DeviceDescription &device,
                                           int64_t cuCount) {
  llvm::Expected<Launch> launch = Launch::make(work, device, cuCount);
  if (!launch)
    return launch.takeError();
  return launch->parts();
}

llvm::Expected<KernelCost>
eclip::estimateEnergy(const KernelWork &work, const DeviceDescription &device,
                      int64_t cuCount, int64_t timeNs) {
  llvm::Expected<Launch> launch = Launch::make(work, device, cuCount);
  if (!launch)
    return launch.takeError();
  double busyNs =
      std::max(0.0, static_cast<double>(timeNs) - device.kernelLaunchNs);
  KernelCost cost;
  cost.timeNs = std::max<int64_t>(1, timeNs);
  cost.energyNj =
      toCount(device.idlePowerWatts * timeNs + launch->workNj(busyNs));
  cost.memoryNs = toCount(launch->hbmNs());
  return withDemands(cost, work, device);
}

llvm::Expected<KernelCost> eclip::scaleCost(const KernelCost &cost,
                                            const KernelWork &work,
                                            const DeviceDescription &device,
                                            int64_t from, int64_t to) {
  llvm::Expected<KernelCost> here = estimateCost(work, device, from);
  if (!here)
    return here.takeError();
  llvm::Expected<KernelCost> there = estimateCost(work, device, to);
  if (!there)
    return there.takeError();
  auto busyNs = [&](const KernelCost &of) {
    return std::max(0.0, static_cast<double>(of.timeNs) - device.kernelLaunchNs);
  };
  double ratio = busyNs(*here) > 0 ? busyNs(*there) / busyNs(*here) : 1;
  double timeNs = static_cast<double>(cost.timeNs) + busyNs(cost) * (ratio - 1);
  return estimateEnergy(work, device, to, toCount(timeNs));
}

KernelCost eclip::estimateQueueSwitch(const DeviceDescription &device) {
  double timeNs = device.barrierPacketNs + device.queueSwitchNs;
  KernelCost cost;
  cost.timeNs = toCount(timeNs);
  cost.energyNj = toCount(timeNs * device.idlePowerWatts);
  return cost;
}

DeviceLimits eclip::deviceLimits(const DeviceDescription &device) {
  return {toCount(device.hbmBandwidthGigabytesPerS * device.sustainedHbmRatio *
                  1e9),
          toCount(device.kernelLaunchNs), toCount(device.idlePowerWatts * 1e3),
          toCount(device.boardPowerWatts * 1e3),
          toCount(device.turnRatio * 1e6),
          toCount(device.pendingRatio * 1e6),
          toCount(device.workgroupNs),
          toCount(device.launchBesideNs),
          toCount(device.memoryBesideRatio * 1e6),
          device.maxRequestQueueCount < device.maxMaskedQueueCount
              ? device.maxRequestQueueCount
              : 0};
}
