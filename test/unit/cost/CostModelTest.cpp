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
  work[Rate::Fp32] = workgroups * 2 * 64 * 64 * 1024;
  work.bytesRead = 1 << 16;
  work.bytesWritten = workgroups * 64 * 64 * 4;
  work.vgprs = 64;
  work.sgprs = 32;
  work.ldsBytes = 16384;
  return work;
}

KernelCost cost(const KernelWork &work, int64_t cuCount) {
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
  KernelCost empty = cost(KernelWork(), 60);
  EXPECT_EQ(empty.timeNs, static_cast<int64_t>(device.kernelLaunchNs));
  EXPECT_EQ(empty.energyNj, static_cast<int64_t>(device.kernelLaunchNs *
                                                 device.idlePowerWatts));
}

TEST(CostModel, LargeGemmReachesTheSustainedRate) {
  DeviceDescription device = mi50();
  KernelWork work = gemm(60 * 64);
  double seconds = (cost(work, 60).timeNs - device.kernelLaunchNs) * 1e-9;
  double gflops = work[Rate::Fp32] / seconds * 1e-9;
  EXPECT_NEAR(gflops, device.peak(Rate::Fp32) * device.sustainedComputeRatio,
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
  // Peak fp32 arithmetic and bandwidth together stay near the board's limit
  // where both are estimates, and peak matrix arithmetic below it. An h100's
  // are fitted to whole models, whose bytes stand for all that moves; its
  // limit is below its tensor cores' peak, not below what kernels sustain.
  for (llvm::StringRef name : builtinDeviceNames()) {
    DeviceDescription d = llvm::cantFail(loadDeviceDescription(name));
    double activeWatts =
        d.idlePowerWatts +
        d.shaderEngineCount * d.powerPerActiveShaderEngineWatts +
        d.cuCount * d.powerPerActiveCuWatts;
    double matrixWatts =
        d.peak(Rate::MatrixFp16) * d.energyPerOp(Rate::MatrixFp16) * 1e-3;
    if (name == "h100") {
      EXPECT_LT(activeWatts + matrixWatts * d.sustainedMatrixRatio,
                d.boardPowerWatts);
      EXPECT_GT(d.idlePowerWatts + matrixWatts, d.boardPowerWatts);
      continue;
    }
    double watts =
        activeWatts + d.peak(Rate::Fp32) * d.energyPerOp(Rate::Fp32) * 1e-3 +
        d.hbmBandwidthGigabytesPerS * d.energyPerHbmBytePicojoules * 1e-3;
    EXPECT_NEAR(watts, d.boardPowerWatts, d.boardPowerWatts * 0.05)
        << name.str();
    EXPECT_LT(d.idlePowerWatts + matrixWatts, d.boardPowerWatts) << name.str();
  }
}

/// Hand-computed: 60 workgroups of 4 wavefronts on mi50, 8192 operations each
/// at 13300 * 0.6 / 60 = 133 a ns and CU, of which 4 of 8 saturating waves
/// give half: 123.2 ns. 61440 bytes of memory: each CU has 4 waves * 2048 bytes
/// in flight, 60 of them 491520 in 600 ns, 819.2 a ns: 75 ns.
TEST(CostModel, HandComputedSmallKernel) {
  KernelWork work;
  work.workgroups = 60;
  work.workItemsPerGroup = 256;
  work[Rate::Fp32] = 60 * 8192;
  work.bytesRead = 30720;
  work.bytesWritten = 30720;
  work.l2Bytes = 61440;
  KernelCost at60 = cost(work, 60);
  EXPECT_EQ(at60.timeNs, 3000 + 124); // rounded up
  EXPECT_EQ(at60.memoryNs, 75);
  EXPECT_EQ(at60.hbmBytesPerS,
            static_cast<int64_t>(std::ceil(61440 / 3124.0 * 1e9)));
  // 25 W for 3123.2 ns; 4 engines of 6 W and 60 CUs of 1.3 W for 123.2 ns;
  // 9 pJ an operation, 56 and 8 pJ a byte.
  double nj = 25 * 3123.1879 + (24 + 78) * 123.1880 + 491520 * 9e-3 +
              61440 * (56e-3 + 8e-3);
  EXPECT_NEAR(at60.energyNj, nj, 2);
  EXPECT_NEAR(at60.busyMilliwatts, (nj / 3124 - 25) * 1e3, 2);
  // On 15 CUs each runs its 4 workgroups at once: 16 waves are enough for the
  // full rate, so 4 * 61.6 ns. 15 CUs draw 15 * 16384 / 600 = 409.6 a ns.
  EXPECT_EQ(cost(work, 15).timeNs, 3000 + 247);
  EXPECT_EQ(cost(work, 15).memoryNs, 150);
}

TEST(CostModel, L2BoundsWhatTilesReadAgain) {
  DeviceDescription device = mi50();
  KernelWork work = gemm(6000);
  work[Rate::Fp32] = 1;
  work.l2Bytes = int64_t(1) << 33;
  double at60 = cost(work, 60).timeNs - device.kernelLaunchNs;
  EXPECT_NEAR(0x1p33 / at60, device.l2BandwidthGigabytesPerS, 1);
  double at15 = cost(work, 15).timeNs - device.kernelLaunchNs;
  EXPECT_NEAR(0x1p33 / at15, 15 * device.cuL2BandwidthGigabytesPerS, 1);
}

TEST(CostModel, EachRateCountsAtItsOwn) {
  DeviceDescription device = mi50();
  for (auto [rate, peak] :
       {std::pair{Rate::Fp64, 6600.0}, std::pair{Rate::Fp32, 13300.0},
        std::pair{Rate::Fp16, 26500.0}, std::pair{Rate::Int8, 53000.0}}) {
    KernelWork work = gemm(60 * 64);
    work.ops = {};
    work[rate] = int64_t(1) << 40;
    double ns = cost(work, 60).timeNs - device.kernelLaunchNs;
    EXPECT_NEAR(0x1p40 / ns, peak * 0.6, peak * 0.001);
  }
}

TEST(CostModel, MatrixInstructionsWhereDeviceAndCodeHaveThem) {
  KernelWork work;
  work[Rate::MatrixFp16] = 100;
  work[Rate::Fp16] = 5;
  DeviceDescription mi100 = llvm::cantFail(loadDeviceDescription("mi100"));
  EXPECT_EQ(withAvailableRates(work, mi100, MatrixCode::All)[Rate::MatrixFp16],
            100);
  EXPECT_EQ(withAvailableRates(work, mi100, MatrixCode::None)[Rate::Fp16], 105);
  EXPECT_EQ(withAvailableRates(work, mi50(), MatrixCode::All)[Rate::Fp16], 105);
  EXPECT_EQ(withAvailableRates(work, mi50(), MatrixCode::All)[Rate::MatrixFp16],
            0);
  work[Rate::MatrixFp32] = 7;
  KernelWork narrow = withAvailableRates(work, mi100, MatrixCode::Narrow);
  EXPECT_EQ(narrow[Rate::Fp32], 7);
  EXPECT_EQ(narrow[Rate::MatrixFp16], 100);
  auto refused = estimateCost(work, mi50(), 60);
  ASSERT_FALSE(bool(refused));
  EXPECT_EQ(llvm::toString(refused.takeError()),
            "device 'mi50' has no matrix instructions of this type");
}

TEST(CostModel, MeasuredTimeGetsTheModelsEnergy) {
  KernelWork work = gemm(240);
  KernelCost model = cost(work, 30);
  KernelCost same =
      llvm::cantFail(estimateEnergy(work, mi50(), 30, model.timeNs));
  EXPECT_NEAR(same.energyNj, model.energyNj, model.energyNj * 1e-3);
  EXPECT_EQ(same.memoryNs, model.memoryNs);
  KernelCost slower =
      llvm::cantFail(estimateEnergy(work, mi50(), 30, 2 * model.timeNs));
  EXPECT_GT(slower.energyNj, model.energyNj);
  EXPECT_LT(slower.busyMilliwatts, model.busyMilliwatts);
}

/// A known time changes with the CUs as the estimated one does, apart from the
/// launch.
TEST(CostModel, KnownCostOnOtherCus) {
  KernelWork work = gemm(240);
  double launchNs = mi50().kernelLaunchNs;
  KernelCost model = cost(work, 30), wide = cost(work, 60);
  KernelCost slow =
      llvm::cantFail(estimateEnergy(work, mi50(), 30, 3 * model.timeNs));
  KernelCost same = llvm::cantFail(scaleCost(slow, work, mi50(), 30, 30));
  EXPECT_EQ(same.timeNs, slow.timeNs);
  KernelCost scaled = llvm::cantFail(scaleCost(slow, work, mi50(), 30, 60));
  double ratio = (wide.timeNs - launchNs) / (model.timeNs - launchNs);
  EXPECT_NEAR(scaled.timeNs - launchNs, (slow.timeNs - launchNs) * ratio, 2);
  KernelCost exact = llvm::cantFail(scaleCost(model, work, mi50(), 30, 60));
  EXPECT_NEAR(exact.timeNs, wide.timeNs, 2);
  EXPECT_NEAR(exact.energyNj, wide.energyNj, wide.energyNj * 1e-3);
  // No wider than its workgroups: more CUs change nothing.
  KernelWork narrow = gemm(20);
  KernelCost few = cost(narrow, 30);
  EXPECT_EQ(llvm::cantFail(scaleCost(few, narrow, mi50(), 30, 45)).timeNs,
            few.timeNs);
}

TEST(CostModel, DemandsStayWithinTheDevice) {
  DeviceDescription device = mi50();
  DeviceLimits limits = deviceLimits(device);
  EXPECT_EQ(limits.hbmBytesPerS, 819200000000);
  EXPECT_EQ(limits.launchNs, 3000);
  EXPECT_EQ(limits.idleMilliwatts, 25000);
  EXPECT_EQ(limits.boardMilliwatts, 300000);
  KernelWork copy;
  copy.bytesRead = copy.bytesWritten = int64_t(1) << 28;
  copy.workgroups = 1 << 16;
  copy.workItemsPerGroup = 256;
  for (int64_t cuCount : {1, 15, 30, 60}) {
    KernelCost now = cost(copy, cuCount);
    EXPECT_LE(now.hbmBytesPerS, limits.hbmBytesPerS);
    EXPECT_LE(now.memoryNs, now.timeNs - limits.launchNs);
    EXPECT_GT(now.memoryNs, (now.timeNs - limits.launchNs) * 0.99);
  }
}

KernelWork randomWork(std::mt19937_64 &random) {
  auto upTo = [&](int64_t most) {
    return static_cast<int64_t>(random() % static_cast<uint64_t>(most + 1));
  };
  KernelWork work;
  for (int64_t &ops : work.ops)
    ops = upTo(1) * upTo(int64_t(1) << upTo(40));
  work.bytesRead = upTo(int64_t(1) << upTo(30));
  work.bytesWritten = upTo(int64_t(1) << upTo(30));
  work.l2Bytes = upTo(int64_t(1) << upTo(36));
  work.workgroups = 1 + upTo(int64_t(1) << upTo(14));
  work.workItemsPerGroup = 1 + upTo(1023);
  work.vgprs = upTo(64);
  work.sgprs = upTo(102);
  work.ldsBytes = upTo(65536);
  return work;
}

/// On every device, for random kernels and every CU count: time never rises
/// with more CUs and is never below what the rooflines of the whole device
/// allow; energy is never below idle; demands stay within the device.
TEST(CostModel, RandomKernelsOnEveryDevice) {
  std::mt19937_64 random(1);
  for (llvm::StringRef name : builtinDeviceNames()) {
    DeviceDescription device = llvm::cantFail(loadDeviceDescription(name));
    DeviceLimits limits = deviceLimits(device);
    int launched = 0;
    for (int i = 0; i < 700; ++i) {
      KernelWork work =
          withAvailableRates(randomWork(random), device, MatrixCode::All);
      if (computeOccupancy(work, device).groupsPerCu < 1)
        continue;
      ++launched;
      double floorNs =
          static_cast<double>(work.bytesRead + work.bytesWritten) /
          (device.hbmBandwidthGigabytesPerS * device.sustainedHbmRatio);
      for (size_t rate = 0; rate < kRateCount; ++rate)
        if (work.ops[rate] > 0)
          floorNs =
              std::max(floorNs, work.ops[rate] / device.peakGigaops[rate]);
      int64_t last = 0;
      for (int64_t cuCount = device.cuCount; cuCount >= 1; --cuCount) {
        KernelCost now = llvm::cantFail(estimateCost(work, device, cuCount));
        ASSERT_GE(now.timeNs, last) << name.str() << i << " at " << cuCount;
        ASSERT_GE(now.timeNs, std::floor(floorNs));
        ASSERT_GE(now.energyNj,
                  std::floor(device.idlePowerWatts * (now.timeNs - 1)));
        ASSERT_LE(now.memoryNs,
                  std::max<int64_t>(0, now.timeNs - limits.launchNs));
        ASSERT_LE(now.hbmBytesPerS, limits.hbmBytesPerS + 1);
        last = now.timeNs;
      }
    }
    EXPECT_GT(launched, 400) << name.str();
  }
}

TimeParts parts(const KernelWork &work, int64_t cuCount) {
  static const DeviceDescription device = mi50();
  return llvm::cantFail(splitTime(work, device, cuCount));
}

TEST(CostModel, PartsNameWhatBindsAKernel) {
  DeviceDescription device = mi50();
  // 4 workgroups keep 4 of 60 CUs: 14 parts in 15 of the time are CUs without
  // work, and on 4 CUs none. One workgroup of 4 wavefronts a CU is half of what
  // hides latencies.
  KernelWork few = gemm(4);
  TimeParts on60 = parts(few, 60), on4 = parts(few, 4);
  EXPECT_NEAR(on60.quantizationNs, 14 * on60.arithmeticNs, 1e-3);
  EXPECT_NEAR(on4.quantizationNs, 0, 1e-9);
  EXPECT_NEAR(on4.arithmeticNs, 15 * on60.arithmeticNs, 1e-3);
  EXPECT_NEAR(on60.occupancyNs,
              on4.arithmeticNs * (device.saturatingWavesPerCuCount / 4 - 1),
              1e-3);
  EXPECT_EQ(on60.hbmNs + on60.l2Ns, 0);
  // Many workgroups: arithmetic and little else.
  TimeParts many = parts(gemm(60 * 64), 60);
  EXPECT_GT(many.arithmeticNs, 0.98 * (many.quantizationNs + many.occupancyNs +
                                       many.arithmeticNs));
  // A copy is bandwidth; 15 CUs draw less of it than 60.
  KernelWork copy;
  copy.bytesRead = copy.bytesWritten = int64_t(1) << 28;
  copy.l2Bytes = int64_t(1) << 29;
  copy.workgroups = 1 << 16;
  copy.workItemsPerGroup = 256;
  EXPECT_GT(parts(copy, 15).hbmNs, 1.5 * parts(copy, 60).hbmNs);
  EXPECT_NEAR(parts(copy, 15).occupancyNs, 0, 1e-6);
  EXPECT_EQ(parts(copy, 60).arithmeticNs, 0);
  // An empty kernel is its launch.
  EXPECT_EQ(parts(KernelWork(), 60).launchNs, device.kernelLaunchNs);
}

TEST(CostModel, PartsAddUpToTheTime) {
  std::mt19937_64 random(2);
  for (llvm::StringRef name : builtinDeviceNames()) {
    DeviceDescription device = llvm::cantFail(loadDeviceDescription(name));
    for (int i = 0; i < 300; ++i) {
      KernelWork work =
          withAvailableRates(randomWork(random), device, MatrixCode::All);
      if (computeOccupancy(work, device).groupsPerCu < 1) {
        EXPECT_TRUE(llvm::errorToBool(
            splitTime(work, device, device.cuCount).takeError()));
        continue;
      }
      for (int64_t cuCount : device.maskSizesCuCount) {
        TimeParts p = llvm::cantFail(splitTime(work, device, cuCount));
        for (double part : {p.launchNs, p.arithmeticNs, p.hbmNs, p.l2Ns,
                            p.quantizationNs, p.occupancyNs})
          ASSERT_GE(part, -1e-6 * (p.arithmeticNs + p.hbmNs + p.l2Ns));
        double sum = p.launchNs + p.arithmeticNs + p.hbmNs + p.l2Ns +
                     p.quantizationNs + p.occupancyNs;
        auto timeNs = static_cast<double>(
            llvm::cantFail(estimateCost(work, device, cuCount)).timeNs);
        ASSERT_NEAR(sum, timeNs, 1 + 1e-9 * timeNs) << name.str() << i;
      }
    }
  }
}

TEST(CostModel, AbsurdWorkStaysInRange) {
  KernelWork work;
  work[Rate::Fp32] = work.bytesRead = work.l2Bytes = INT64_MAX;
  work.workgroups = INT64_MAX;
  KernelCost result = cost(work, 1);
  EXPECT_GT(result.timeNs, 0);
  EXPECT_GT(result.energyNj, 0);
}

TEST(CostModel, SwitchCostsBarrierAndDelay) {
  DeviceDescription device = mi50();
  KernelCost change = estimateQueueSwitch(device);
  EXPECT_EQ(change.timeNs, static_cast<int64_t>(device.barrierPacketNs +
                                                device.queueSwitchNs));
  EXPECT_EQ(change.energyNj,
            static_cast<int64_t>(change.timeNs * device.idlePowerWatts));
}

} // namespace
