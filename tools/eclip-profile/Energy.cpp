//===- Energy.cpp - the device's energy over a window ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Energy.h"

#include <cmath>

using namespace eclip::profiler;

/// A counter that has not moved for this long does not count.
static constexpr std::chrono::seconds kStandstill{10};
/// Between two power readings; NVML takes new ones less often.
static constexpr std::chrono::milliseconds kSampleInterval{5};

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

bool EnergyMeter::open(const Options &options, llvm::StringRef product) {
  auto fail = [&](const llvm::Twine &reason) {
    absentReason = reason.str();
    reader = {};
    return false;
  };
  if (options.noEnergy)
    return fail("--no-energy was given");
  if (options.device.driver == "vgpu" && options.smiLibrary.empty())
    return fail("the virtual GPU has no energy counter");
  auto opened = options.device.driver == "cuda" ? openNvml(options, product)
                                         : openRocmSmi(options);
  if (!opened)
    return fail(llvm::toString(opened.takeError()));
  reader = std::move(*opened);
  return true;
}

llvm::Expected<int64_t>
EnergyMeter::measure(const Options &options, uint64_t launches,
                     llvm::function_ref<llvm::Error()> run) {
  std::chrono::milliseconds window(options.energyWindowMs);
  auto microjoules = reader.kind == EnergyReader::Counter
                         ? countedPerLaunch(window, launches, run)
                         : sampledPerLaunch(window, launches, run);
  if (!microjoules)
    return microjoules.takeError();
  return std::llround(*microjoules * 1e3);
}

llvm::Expected<double>
EnergyMeter::countedPerLaunch(std::chrono::milliseconds window,
                              uint64_t launches,
                              llvm::function_ref<llvm::Error()> run) {
  struct Move {
    double microjoules;
    uint64_t launches;
    Clock::time_point at;
  };
  std::optional<Move> first, last;
  uint64_t done = 0;
  auto previous = reader.read();
  auto moved = Clock::now();
  for (;;) {
    if (llvm::Error error = run())
      return error;
    done += launches;
    auto now = reader.read();
    auto time = Clock::now();
    if (!previous || !now)
      return refuse("the energy counter can't be read any more");
    if (*now < *previous)
      return refuse("the energy counter ran backwards");
    if (*now != *previous) {
      (first ? last : first) = Move{*now, done, time};
      moved = time;
    }
    previous = now;
    if (last && last->at - first->at >= window)
      return (last->microjoules - first->microjoules) /
             static_cast<double>(last->launches - first->launches);
    if (time - moved > kStandstill)
      return refuse("the energy counter stands still");
  }
}

llvm::Expected<double>
EnergyMeter::sampledPerLaunch(std::chrono::milliseconds window,
                              uint64_t launches,
                              llvm::function_ref<llvm::Error()> run) {
  auto begin = Clock::now(), sampled = begin;
  uint64_t done = 0, samples = 0;
  double watts = 0;
  for (;;) {
    if (llvm::Error error = run())
      return error;
    done += launches;
    auto now = Clock::now();
    if (now - begin >= window / 3 &&
        (!samples || now - sampled >= kSampleInterval)) {
      auto reading = reader.read();
      if (!reading)
        return refuse("the power can't be read any more");
      watts += *reading;
      ++samples;
      sampled = now;
    }
    if (samples && now - begin >= window) {
      double seconds = std::chrono::duration<double>(now - begin).count();
      return watts / static_cast<double>(samples) * seconds * 1e6 /
             static_cast<double>(done);
    }
  }
}
