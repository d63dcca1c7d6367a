//===- ProfileTest.cpp - reading, writing and refusing profiles -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/Profile.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <functional>
#include <gtest/gtest.h>

using namespace eclip;
namespace json = llvm::json;

namespace {

const std::string hashA(32, 'a'), hashB(32, 'b');

Profile sample() {
  Profile profile;
  profile.device = {"mi50", "gfx906",        60,
                    "hsa",  "Instinct MI50", "/lib/hsa.so"};
  profile.energySource = "rocm_smi";
  profile.argumentData = "zeros";
  profile.toolVersion = "0.1.0";
  profile.updatedUtc = "2026-01-31T12:00:00Z";
  profile.kernels[hashA] = {
      "conv",
      {{15, 50, 2000, 1900, 2100, 10, 400000}, {60, 50, 700, 690, 900, 5, 0}}};
  profile.kernels[hashB] = {"relu", {{60, 1, 1, 1, 1, 0, 12}}};
  return profile;
}

json::Object sampleJson() {
  return *llvm::cantFail(json::parse(profileToJson(sample()))).getAsObject();
}

json::Object &point(json::Object &root, size_t index) {
  return *(*root.getObject("kernels")->getObject(hashA)->getArray(
      "points"))[index]
              .getAsObject();
}

std::string messageFor(json::Object object) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(object));
  auto profile = parseProfile(text, "p.json");
  return profile ? "" : llvm::toString(profile.takeError());
}

TEST(Profile, RoundTrips) {
  std::string text = profileToJson(sample());
  auto read = parseProfile(text, "p.json");
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(profileToJson(*read), text);
  EXPECT_EQ(read->device, sample().device);
  ASSERT_EQ(read->kernels.size(), 2u);
  EXPECT_EQ(read->kernels.at(hashA).find(15)->timeNs, 2000);
  EXPECT_EQ(read->kernels.at(hashA).find(60)->energyNj, 0);
  EXPECT_EQ(read->kernels.at(hashA).find(30), nullptr);
  EXPECT_EQ(profileHash(text), profileHash(profileToJson(*read)));
}

TEST(Profile, EnergyMayBeAbsentWithItsReason) {
  Profile profile = sample();
  profile.energySource = "none";
  profile.energyAbsentReason = "the virtual GPU has no energy counter";
  profile.timeSource = TimeSource::VirtualGpuInstructions;
  for (auto &[hash, kernel] : profile.kernels)
    for (ProfilePoint &p : kernel.points)
      p.energyNj.reset();
  auto read = parseProfile(profileToJson(profile), "p.json");
  ASSERT_TRUE(bool(read)) << llvm::toString(read.takeError());
  EXPECT_EQ(read->energyAbsentReason, profile.energyAbsentReason);
  EXPECT_FALSE(read->kernels.at(hashA).find(15)->energyNj);
  EXPECT_EQ(read->timeSource, TimeSource::VirtualGpuInstructions);
}

struct Refusal {
  std::function<void(json::Object &)> change;
  std::string message;
};

TEST(Profile, RefusesBadFields) {
  std::string at0 = "p.json: kernels." + hashA + ".points[0]";
  std::string at1 = "p.json: kernels." + hashA + ".points[1]";
  const Refusal refusals[] = {
      // PF1
      {[](auto &p) { p["schema_version"] = 7; },
       "p.json: schema_version: must be 1"},
      {[](auto &p) { p.erase("schema_version"); },
       "p.json: schema_version: missing"},
      // PF2
      {[](auto &p) { p["colour"] = 1; }, "p.json: colour: unknown field"},
      {[](auto &p) { p.erase("kernels"); }, "p.json: kernels: missing"},
      {[](auto &p) { p["kernels"] = 3; }, "p.json: kernels: must be an object"},
      {[](auto &p) { p.getObject("device")->erase("name"); },
       "p.json: device.name: missing"},
      {[](auto &p) { (*p.getObject("device"))["serial"] = "7"; },
       "p.json: device.serial: unknown field"},
      {[](auto &p) {
         point(p, 0).erase("time_ns");
         point(p, 0)["time"] = 2000;
       },
       at0 + ".time: unknown field; with its unit it is 'time_ns'"},
      {[](auto &p) { point(p, 0).erase("time_mad_ns"); },
       at0 + ".time_mad_ns: missing"},
      // PF3
      {[](auto &p) { point(p, 0)["time_ns"] = -5; },
       at0 + ".time_ns: must be at least 1, is -5"},
      {[](auto &p) { point(p, 0)["time_ns"] = 0; },
       at0 + ".time_ns: must be at least 1, is 0"},
      {[](auto &p) { point(p, 0)["time_ns"] = 1.5; },
       at0 + ".time_ns: must be an integer"},
      {[](auto &p) { point(p, 0)["time_ns"] = "2000"; },
       at0 + ".time_ns: must be an integer"},
      {[](auto &p) { point(p, 0)["time_ns"] = 1e30; },
       at0 + ".time_ns: must be at most 1000000000000000"},
      {[](auto &p) { point(p, 0)["time_mad_ns"] = -1; },
       at0 + ".time_mad_ns: must not be negative, is -1"},
      {[](auto &p) { point(p, 0)["time_ns"] = 1899; },
       at0 + ".time_ns: must lie between time_min_ns and time_p90_ns"},
      {[](auto &p) { point(p, 0)["repetition_count"] = 0; },
       at0 + ".repetition_count: must be at least 1, is 0"},
      {[](auto &p) { point(p, 0)["energy_nj"] = -4; },
       at0 + ".energy_nj: must not be negative, is -4"},
      // PF4
      {[](auto &p) { point(p, 1)["cu_count"] = 15; },
       at1 + ".cu_count: must ascend strictly"},
      {[](auto &p) { point(p, 1)["cu_count"] = 61; },
       at1 + ".cu_count: 61 is more than the device's 60"},
      {[](auto &p) {
         (*p.getObject("kernels")->getObject(hashA))["points"] = json::Array{};
       },
       "p.json: kernels." + hashA + ".points: is empty"},
      {[](auto &p) { (*p.getObject("kernels"))["conv_1"] = json::Object{}; },
       "p.json: kernels.conv_1: is no kernel hash: 32 hexadecimal digits"},
      // PF5
      {[](auto &p) { p["time_source"] = "sundial"; },
       "p.json: time_source: must be device_clock, device_sequences, "
       "virtual_gpu_instructions or virtual_gpu_host_time, is 'sundial'"},
      {[](auto &p) { p["energy_source"] = "guess"; },
       "p.json: energy_source: must be rocm_smi, nvml_energy, "
       "nvml_power or none, is 'guess'"},
      {[](auto &p) { p["energy_source"] = "none"; },
       "p.json: energy_absent_reason: missing"},
      {[](auto &p) { p["energy_absent_reason"] = "none needed"; },
       "p.json: energy_absent_reason: present beside energy_source rocm_smi"},
      {[](auto &p) {
         p["energy_source"] = "none";
         p["energy_absent_reason"] = "why not";
       },
       at0 + ".energy_nj: present, but energy_source is none"},
      {[](auto &p) { point(p, 0).erase("energy_nj"); },
       at0 + ".energy_nj: missing, but energy_source is rocm_smi"},
  };
  for (const Refusal &refusal : refusals) {
    json::Object profile = sampleJson();
    refusal.change(profile);
    EXPECT_EQ(messageFor(std::move(profile)), refusal.message);
  }
}

/// PF6
TEST(Profile, RefusesAnotherDevice) {
  Profile profile = sample();
  auto check = [&](llvm::StringRef name, llvm::StringRef target, int64_t cus) {
    return llvm::toString(
        checkProfileDevice(profile, "p.json", name, target, cus));
  };
  EXPECT_EQ(check("mi50", "gfx906", 60), "");
  EXPECT_EQ(check("mi60", "gfx906", 64),
            "p.json: device.name: the profile is of 'mi50', the device is "
            "'mi60'");
  EXPECT_EQ(check("mi50", "gfx908", 60),
            "p.json: device.target: the profile is of gfx906, the device is "
            "gfx908");
  EXPECT_EQ(check("mi50", "gfx906", 64),
            "p.json: device.cu_count: the profile is of 60 CUs, the device has "
            "64");
}

TEST(Profile, RefusesEveryTruncation) {
  std::string text = profileToJson(sample());
  while (text.back() == '\n')
    text.pop_back();
  for (size_t size = 0; size < text.size(); size += 5) {
    auto profile = parseProfile(text.substr(0, size), "p.json");
    ASSERT_FALSE(bool(profile)) << size;
    std::string message = llvm::toString(profile.takeError());
    EXPECT_EQ(message.find("p.json: not JSON: "), 0u) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos);
  }
}

TEST(Profile, RefusesMissingFiles) {
  auto missing = loadProfile("./none.json");
  ASSERT_FALSE(bool(missing));
  EXPECT_EQ(llvm::toString(missing.takeError()),
            "./none.json: No such file or directory");
}

} // namespace
