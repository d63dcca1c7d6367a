//===- CostModelTest.cpp - the time and energy model ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/CostModel.h"

#include <cmath>
#include <gtest/gtest.h>
#include <random>

using namespace eclip;

namespace {

DeviceDescription mi50() {
  return llvm::cantFail(loadDeviceDescription("mi50"));
}

KernelWork gemm(int64_t workgroups) {
  KernelWork work;
  work.workgroups = workgroups;
  work.workItemsPerGroup = 256;
  work.flops = workgroups * 2 * 64 * 64 * 1024;
  work.bytesRead = 1 << 16;
  work.bytesWritten = workgroups * 64 * 64 * 4;
  work.vgprs = 64;
  work.sgprs = 32;
  work.ldsBytes = 16384;
  return work;
}

CostEstimate cost(const KernelWork &work, int64_t cuCount) {
  static const DeviceDescription device = mi50();
  return llvm::cantFail(estimateCost(work, device, cuCount));
}

TEST(Occupancy, IsLimitedByEachResource) {
  DeviceDescription device = mi50();
  KernelWork work;
  work.workItemsPerGroup = 256;
  Occupancy free = computeOccupancy(work, device);
  EXPECT_EQ(free.wavesPerGroup, 4);
  EXPECT_EQ(free.groupsPerCu, 10); // 40 waves
  EXPECT_EQ(free.wavesPerCu, 40);
  EXPECT_EQ(free.limit, "waves");

  work.vgprs = 65; // allocated as 68: 3 waves a SIMD
  EXPECT_EQ(computeOccupancy(work, device).groupsPerCu, 3);
  EXPECT_EQ(computeOccupancy(work, device).limit, "vgprs");
  work.vgprs = 64;
  EXPECT_EQ(computeOccupancy(work, device).groupsPerCu, 4);

  work.vgprs = 0;
  work.sgprs = 97; // allocated as 112: 7 waves a SIMD
  EXPECT_EQ(computeOccupancy(work, device).groupsPerCu, 7);
  EXPECT_EQ(computeOccupancy(work, device).limit, "sgprs");

  work.sgprs = 0;
  work.ldsBytes = 32769;
  EXPECT_EQ(computeOccupancy(work, device).groupsPerCu, 1);
  EXPECT_EQ(computeOccupancy(work, device).limit, "lds");

  work.ldsBytes = 0;
  work.workItemsPerGroup = 128; // 20 by waves, 16 by barrier resources
  EXPECT_EQ(computeOccupancy(work, device).groupsPerCu, 16);
  EXPECT_EQ(computeOccupancy(work, device).limit, "workgroups");
  work.workItemsPerGroup = 64;
  EXPECT_EQ(computeOccupancy(work, device).groupsPerCu, 40);
}

TEST(CostModel, RefusesWhatFitsNoCu) {
  KernelWork work = gemm(1);
  work.ldsBytes = 65537;
  auto result = estimateCost(work, mi50(), 60);
  ASSERT_FALSE(bool(result));
  EXPECT_EQ(llvm::toString(result.takeError()),
            "a workgroup of 256 work-items with 64 VGPRs, 32 SGPRs and 65537 "
            "bytes of LDS fits no CU of device 'mi50' (lds)");
}

TEST(CostModel, EmptyKernelCostsALaunch) {
  DeviceDescription device = mi50();
  CostEstimate empty = cost(KernelWork(), 60);
  EXPECT_EQ(empty.timeNs, static_cast<int64_t>(device.kernelLaunchNs));
  EXPECT_EQ(empty.energyNj, static_cast<int64_t>(device.kernelLaunchNs *
                                                 device.idlePowerWatts));
}

TEST(CostModel, LargeGemmReachesTheSustainedRate) {
  DeviceDescription device = mi50();
  KernelWork work = gemm(60 * 64);
  double seconds = (cost(work, 60).timeNs - device.kernelLaunchNs) * 1e-9;
  double gflops = work.flops / seconds * 1e-9;
  EXPECT_NEAR(gflops, device.peakFp32Gflops * device.sustainedComputeRatio,
              gflops * 0.01);
  // A quarter of the CUs takes four times as long.
  EXPECT_NEAR((cost(work, 15).timeNs - device.kernelLaunchNs) /
                  (cost(work, 60).timeNs - device.kernelLaunchNs),
              4.0, 0.01);
}

TEST(CostModel, WorkgroupsQuantize) {
  // 60 workgroups fill 60 CUs once, 61 take a second round on one of them; but
  // two workgroups on a CU hide latency better, so less than twice the time.
  DeviceDescription device = mi50();
  KernelWork full = gemm(240), over = gemm(241);
  EXPECT_GT(cost(over, 60).timeNs, cost(full, 60).timeNs * 1.15);
  EXPECT_EQ(cost(gemm(241), 60).timeNs,
            static_cast<int64_t>(
                std::ceil(device.kernelLaunchNs + (cost(gemm(300), 60).timeNs -
                                                   device.kernelLaunchNs))));
}

TEST(CostModel, FewWorkgroupsNeedFewCus) {
  KernelWork work = gemm(8);
  EXPECT_EQ(cost(work, 15).timeNs, cost(work, 60).timeNs);
  EXPECT_LT(cost(work, 15).energyNj, cost(work, 60).energyNj);
}

TEST(CostModel, BandwidthSaturates) {
  DeviceDescription device = mi50();
  KernelWork copy;
  copy.bytesRead = copy.bytesWritten = int64_t(1) << 28;
  copy.workgroups = 1 << 16;
  copy.workItemsPerGroup = 256;
  double at15 = cost(copy, 15).timeNs - device.kernelLaunchNs;
  double at30 = cost(copy, 30).timeNs - device.kernelLaunchNs;
  double at60 = cost(copy, 60).timeNs - device.kernelLaunchNs;
  EXPECT_NEAR(at15 / at30, 2.0, 0.01);
  EXPECT_NEAR(at30, at60, at60 * 0.01);
  EXPECT_LT(cost(copy, 30).energyNj, cost(copy, 60).energyNj);
  double gigabytesPerS = 0x1p29 / at60;
  EXPECT_NEAR(gigabytesPerS,
              device.hbmBandwidthGigabytesPerS * device.sustainedHbmRatio, 1);
}

TEST(CostModel, BoardPowerIsKept) {
  // Peak arithmetic and bandwidth together stay near the board's limit.
  DeviceDescription d = mi50();
  double watts =
      d.idlePowerWatts +
      d.shaderEngineCount * d.powerPerActiveShaderEngineWatts +
      d.cuCount * d.powerPerActiveCuWatts +
      d.peakFp32Gflops * d.energyPerFp32OpPicojoules * 1e-3 +
      d.hbmBandwidthGigabytesPerS * d.energyPerHbmBytePicojoules * 1e-3;
  EXPECT_NEAR(watts, d.boardPowerWatts, d.boardPowerWatts * 0.05);
}

TEST(CostModel, TimeNeverRisesWithCus) {
  std::mt19937_64 random(1);
  auto upTo = [&](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
  };
  for (int i = 0; i < 3000; ++i) {
    KernelWork work;
    work.flops = upTo(int64_t(1) << upTo(40));
    work.bytesRead = upTo(int64_t(1) << upTo(30));
    work.bytesWritten = upTo(int64_t(1) << upTo(30));
    work.workgroups = 1 + upTo(int64_t(1) << upTo(14));
    work.workItemsPerGroup = 1 + upTo(1023);
    work.vgprs = upTo(64);
    work.sgprs = upTo(102);
    work.ldsBytes = upTo(65536);
    int64_t last = 0;
    for (int64_t cuCount = 60; cuCount >= 1; --cuCount) {
      CostEstimate now = cost(work, cuCount);
      ASSERT_GE(now.timeNs, last) << i << " at " << cuCount;
      ASSERT_GE(now.energyNj, 0);
      last = now.timeNs;
    }
  }
}

TEST(CostModel, AbsurdWorkStaysInRange) {
  KernelWork work;
  work.flops = work.bytesRead = INT64_MAX;
  work.workgroups = INT64_MAX;
  CostEstimate result = cost(work, 1);
  EXPECT_GT(result.timeNs, 0);
  EXPECT_GT(result.energyNj, 0);
}

TEST(CostModel, SwitchCostsBarrierAndDelay) {
  DeviceDescription device = mi50();
  CostEstimate change = estimateQueueSwitch(device);
  EXPECT_EQ(change.timeNs, static_cast<int64_t>(device.barrierPacketNs +
                                                device.queueSwitchNs));
  EXPECT_EQ(change.energyNj,
            static_cast<int64_t>(change.timeNs * device.idlePowerWatts));
}

} // namespace
