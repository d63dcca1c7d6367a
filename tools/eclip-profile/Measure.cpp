//===- Measure.cpp - time and energy of one kernel on some CUs ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Measure.h"

#include "tools/eclip-profile/KernelSchedule.h"
#include "tools/eclip-run/Vgpu.h"

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace eclip;
using namespace eclip::profiler;

/// Launches of one request while energy is measured: enough that the host's
/// time between requests is small beside them.
static constexpr uint32_t kEnergyLaunches = 64;

static int64_t median(std::vector<int64_t> &values) {
  auto middle = values.begin() + (values.size() - 1) / 2;
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

ProfilePoint eclip::profiler::summarize(int64_t cuCount,
                                        std::vector<int64_t> timesNs) {
  std::sort(timesNs.begin(), timesNs.end());
  ProfilePoint point;
  point.cuCount = cuCount;
  point.repetitionCount = static_cast<int64_t>(timesNs.size());
  point.timeMinNs = timesNs.front();
  point.timeP90Ns = timesNs[(timesNs.size() * 9 + 9) / 10 - 1]; // nearest rank
  point.timeNs = median(timesNs);
  for (int64_t &time : timesNs)
    time = std::abs(time - point.timeNs);
  point.timeMadNs = median(timesNs);
  return point;
}

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// Wavefront instructions of the busiest CU so far, and of all.
static std::vector<uint64_t> instructionsPerCu(const Bench &bench) {
  return tool::queryVgpu(bench.device.info.library_path).instructionsPerCu;
}

/// The virtual GPU's modelled time: the busiest CU issues one wavefront
/// instruction a clock (four SIMDs, each one in four clocks), and nothing else
/// takes time. Memory, caches and occupancy are left out.
static int64_t modelledNs(const Bench &bench,
                          const std::vector<uint64_t> &before,
                          const std::vector<uint64_t> &after) {
  uint64_t busiest = 0;
  for (size_t cu = 0; cu < after.size(); ++cu)
    busiest = std::max(busiest, after[cu] - before[cu]);
  return std::max<int64_t>(
      1, std::llround(busiest * 1e3 / bench.description.engineClockMhz));
}

static llvm::Expected<std::vector<int64_t>> measureTimes(const Bench &bench,
                                                         Run &run) {
  auto timeoutNs = static_cast<uint64_t>(bench.options.timeoutSeconds * 1e9);
  for (uint32_t i = 0; i < bench.options.warmups; ++i)
    if (auto times = run.launch(timeoutNs); !times)
      return times.takeError();
  bool modelled = bench.timeSource == TimeSource::VirtualGpuInstructions;
  std::vector<int64_t> timesNs;
  for (uint32_t i = 0; i < bench.options.repetitions; ++i) {
    std::vector<uint64_t> before;
    if (modelled)
      before = instructionsPerCu(bench);
    auto times = run.launch(timeoutNs);
    if (!times)
      return times.takeError();
    if (modelled) {
      timesNs.push_back(modelledNs(bench, before, instructionsPerCu(bench)));
      continue;
    }
    if (times->end_ns <= times->start_ns)
      return refuse("the driver tells no dispatch times");
    timesNs.push_back(static_cast<int64_t>(times->end_ns - times->start_ns));
  }
  return timesNs;
}

/// Energy of the board for one launch among others that follow each other.
static llvm::Expected<int64_t> measureEnergy(const Bench &bench, Run &run) {
  using Clock = std::chrono::steady_clock;
  auto timeoutNs = static_cast<uint64_t>(bench.options.timeoutSeconds * 1e9) *
                   kEnergyLaunches;
  auto window = std::chrono::milliseconds(bench.options.energyWindowMs);
  auto first = bench.energy.readMicrojoules();
  auto begin = Clock::now();
  uint64_t launches = 0;
  do {
    if (auto times = run.launch(timeoutNs); !times)
      return times.takeError();
    launches += kEnergyLaunches;
  } while (Clock::now() - begin < window);
  auto last = bench.energy.readMicrojoules();
  if (!first || !last)
    return refuse("the energy counter can't be read any more");
  if (*last < *first)
    return refuse("the energy counter ran backwards");
  return std::llround((*last - *first) * 1e3 / launches);
}

llvm::Expected<ProfilePoint> eclip::profiler::measure(const Bench &bench,
                                                      const ModelKernel &kernel,
                                                      int64_t cuCount) {
  auto load = [&](uint32_t launches) {
    return bench.device.load(makeKernelSchedule(
        bench.model, kernel, bench.description.maskTopology(), cuCount,
        launches));
  };
  ProfilePoint point;
  {
    auto run = load(1);
    if (!run)
      return run.takeError();
    auto times = measureTimes(bench, **run);
    if (!times)
      return times.takeError();
    point = summarize(cuCount, std::move(*times));
  }
  if (!bench.hasEnergy)
    return point;
  auto run = load(kEnergyLaunches);
  if (!run)
    return run.takeError();
  auto energy = measureEnergy(bench, **run);
  if (!energy)
    return energy.takeError();
  point.energyNj = *energy;
  return point;
}
