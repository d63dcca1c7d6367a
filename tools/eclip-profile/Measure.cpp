//===- Measure.cpp - time and energy of one kernel on some CUs ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Measure.h"

#include "tools/eclip-run/Vgpu.h"

#include <algorithm>
#include <chrono>
#include <cmath>

using namespace eclip;
using namespace eclip::profiler;

/// Launches of one request while energy is measured: enough that the host's
/// time between requests is small beside them.
static constexpr uint32_t kEnergyLaunches = 64;
/// Launches of one request in a sequence: of kernels below kShortNs more, since
/// events are half a microsecond apart from what they mark.
static constexpr uint32_t kFewLaunches = 8, kManyLaunches = 64;
static constexpr int64_t kShortNs = 25000;
/// How long a GPU gets work before its clocks are taken to be up.
static constexpr std::chrono::milliseconds kWarmUp{300};

int64_t eclip::profiler::median(std::vector<int64_t> &values) {
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

static uint64_t timeoutNs(const Options &options, uint32_t launches) {
  return static_cast<uint64_t>(options.timeoutSeconds * 1e9) * launches;
}

static llvm::Expected<int64_t> timeOf(const Options &options, Run &run) {
  auto times = run.launch(timeoutNs(options, 1));
  if (!times)
    return times.takeError();
  if (times->end_ns <= times->start_ns)
    return refuse("the driver tells no dispatch times");
  return static_cast<int64_t>(times->end_ns - times->start_ns);
}

llvm::Expected<std::vector<int64_t>>
eclip::profiler::timeRequests(const Options &options, Run &run,
                              uint32_t repetitions) {
  for (uint32_t i = 0; i < options.warmups; ++i)
    if (auto times = run.launch(timeoutNs(options, 1)); !times)
      return times.takeError();
  std::vector<int64_t> timesNs;
  for (uint32_t i = 0; i < repetitions; ++i) {
    auto time = timeOf(options, run);
    if (!time)
      return time.takeError();
    timesNs.push_back(*time);
  }
  return timesNs;
}

llvm::Expected<Run *> KernelBench::load(int64_t cuCount, uint32_t launches) {
  std::unique_ptr<Run> &run = runs[launches];
  if (!run) {
    auto loaded = bench.device.load(
        makeKernelSchedule(kernel, bench.description, cuCounts, launches));
    if (!loaded)
      return loaded.takeError();
    run = std::move(*loaded);
  }
  auto plan = llvm::find(cuCounts, cuCount) - cuCounts.begin();
  if (llvm::Error error = run->setPlan(static_cast<uint32_t>(plan)))
    return error;
  return run.get();
}

llvm::Expected<std::vector<int64_t>> KernelBench::modelTimes(int64_t cuCount) {
  auto run = load(cuCount, 1);
  if (!run)
    return run.takeError();
  std::vector<int64_t> timesNs;
  for (uint32_t i = 0; i < bench.options.warmups + bench.options.repetitions;
       ++i) {
    std::vector<uint64_t> before = instructionsPerCu(bench);
    if (auto times = (*run)->launch(timeoutNs(bench.options, 1)); !times)
      return times.takeError();
    if (i >= bench.options.warmups)
      timesNs.push_back(modelledNs(bench, before, instructionsPerCu(bench)));
  }
  return timesNs;
}

/// What a request of `launches` empty kernels takes: the driver's share of a
/// request of as many others.
static llvm::Expected<int64_t> floorOf(Bench &bench, int64_t cuCount,
                                       uint32_t launches) {
  auto [it, fresh] = bench.floorNs.try_emplace({cuCount, launches}, 0);
  if (!fresh)
    return it->second;
  auto run = bench.device.load(
      makeKernelSchedule(emptyKernel(), bench.description, cuCount, launches));
  if (!run)
    return run.takeError();
  auto times = timeRequests(bench.options, **run, bench.options.repetitions);
  if (!times)
    return times.takeError();
  return it->second = median(*times);
}

static llvm::Error warmUp(Bench &bench, Run &run) {
  using Clock = std::chrono::steady_clock;
  for (auto begin = Clock::now(); Clock::now() - begin < kWarmUp;)
    if (auto time = timeOf(bench.options, run); !time)
      return time.takeError();
  bench.warm = true;
  return llvm::Error::success();
}

/// Where only events tell times: many launches in one request, above as many
/// empty ones, for one launch.
llvm::Expected<std::vector<int64_t>>
KernelBench::sequenceTimes(int64_t cuCount) {
  uint32_t launches = kFewLaunches;
  auto run = load(cuCount, launches);
  if (!run)
    return run.takeError();
  if (!bench.warm)
    if (llvm::Error error = warmUp(bench, **run))
      return error;
  auto probe = timeRequests(bench.options, **run, 3);
  if (!probe)
    return probe.takeError();
  if (median(*probe) / launches < kShortNs) {
    launches = kManyLaunches;
    run = load(cuCount, launches);
    if (!run)
      return run.takeError();
  }
  auto floor = floorOf(bench, cuCount, launches);
  if (!floor)
    return floor.takeError();
  auto times = timeRequests(bench.options, **run, bench.options.repetitions);
  if (!times)
    return times.takeError();
  for (int64_t &time : *times)
    time = std::max<int64_t>(1, (time - *floor) / launches);
  return times;
}

llvm::Expected<std::vector<int64_t>>
KernelBench::measureTimes(int64_t cuCount) {
  if (bench.timeSource == TimeSource::VirtualGpuInstructions)
    return modelTimes(cuCount);
  if (bench.timeSource == TimeSource::DeviceSequences)
    return sequenceTimes(cuCount);
  auto run = load(cuCount, 1);
  if (!run)
    return run.takeError();
  return timeRequests(bench.options, **run, bench.options.repetitions);
}

llvm::Expected<ProfilePoint> KernelBench::measure(int64_t cuCount) {
  auto times = measureTimes(cuCount);
  if (!times)
    return times.takeError();
  ProfilePoint point = summarize(cuCount, std::move(*times));
  if (!bench.hasEnergy)
    return point;
  auto run = load(cuCount, kEnergyLaunches);
  if (!run)
    return run.takeError();
  auto energy =
      bench.energy.measure(bench.options, kEnergyLaunches, [&]() -> llvm::Error {
        return (*run)
            ->launch(timeoutNs(bench.options, kEnergyLaunches))
            .takeError();
      });
  if (!energy)
    return energy.takeError();
  point.energyNj = *energy;
  return point;
}
