//===- DeviceDescriptionTest.cpp - loading and refusing descriptions ------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/DeviceDescription.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdio>
#include <fstream>
#include <functional>
#include <gtest/gtest.h>

using namespace eclip;
namespace json = llvm::json;

namespace {

json::Object mi50() {
  auto value = json::parse(builtinDeviceText("mi50"));
  return std::move(*llvm::cantFail(std::move(value)).getAsObject());
}

std::string messageFor(json::Object object) {
  std::string text;
  llvm::raw_string_ostream(text) << json::Value(std::move(object));
  auto device = parseDeviceDescription(text, "d.json");
  return device ? "" : llvm::toString(device.takeError());
}

json::Object &field(json::Object &root, llvm::StringRef section,
                    llvm::StringRef name) {
  return *root.getObject(section)->getObject(name);
}

TEST(DeviceDescription, LoadsBuiltinMi50) {
  auto device = loadDeviceDescription("mi50");
  ASSERT_TRUE(bool(device)) << llvm::toString(device.takeError());
  EXPECT_EQ(device->name, "mi50");
  EXPECT_EQ(device->target, "gfx906");
  EXPECT_EQ(device->cuCount, 60);
  EXPECT_EQ(device->shaderEngineCount, 4);
  EXPECT_EQ(device->maxMaskedQueueCount, 7);
  EXPECT_EQ(device->maskSizesCuCount, (std::vector<int64_t>{15, 30, 45, 60}));
  EXPECT_EQ(device->ldsPerCuBytes, 65536);
  EXPECT_DOUBLE_EQ(device->peakFp32Gflops, 13300);
}

TEST(DeviceDescription, EmbeddedTextIsTheFile) {
  for (llvm::StringRef name : builtinDeviceNames()) {
    std::ifstream file(ECLIP_DEVICES_DIR "/" + name.str() + ".json");
    std::string text((std::istreambuf_iterator<char>(file)), {});
    EXPECT_EQ(builtinDeviceText(name), text) << name.str();
  }
}

TEST(DeviceDescription, LoadsAFile) {
  auto device = loadDeviceDescription(ECLIP_DEVICES_DIR "/mi50.json");
  ASSERT_TRUE(bool(device)) << llvm::toString(device.takeError());
  EXPECT_EQ(device->name, "mi50");
}

TEST(DeviceDescription, RefusesUnknownNamesAndMissingFiles) {
  auto unknown = loadDeviceDescription("mi51");
  ASSERT_FALSE(bool(unknown));
  EXPECT_EQ(
      llvm::toString(unknown.takeError()),
      "unknown device 'mi51'; known are mi50, or give the path of a .json "
      "file");
  auto missing = loadDeviceDescription("./none.json");
  ASSERT_FALSE(bool(missing));
  EXPECT_EQ(llvm::toString(missing.takeError()),
            "./none.json: No such file or directory");
}

TEST(DeviceDescription, RefusesWhatIsNoJson) {
  auto device = parseDeviceDescription("{ \"name\": ", "d.json");
  ASSERT_FALSE(bool(device));
  std::string message = llvm::toString(device.takeError());
  EXPECT_EQ(message.find("d.json: not JSON: "), 0u) << message;
  EXPECT_EQ(message.find('\n'), std::string::npos);
  auto list = parseDeviceDescription("[]", "d.json");
  ASSERT_FALSE(bool(list));
  EXPECT_EQ(llvm::toString(list.takeError()), "d.json: not a JSON object");
}

struct Refusal {
  std::function<void(json::Object &)> change;
  const char *message;
};

TEST(DeviceDescription, RefusesBadFields) {
  const Refusal refusals[] = {
      {[](auto &d) { field(d, "power", "idle_power_watts")["value"] = -3; },
       "d.json: power.idle_power_watts: must not be negative, is -3"},
      {[](auto &d) { field(d, "power", "idle_power_watts").erase("source"); },
       "d.json: power.idle_power_watts.source: missing"},
      {[](auto &d) { field(d, "power", "idle_power_watts")["source"] = " "; },
       "d.json: power.idle_power_watts.source: is empty"},
      {[](auto &d) {
         field(d, "power", "idle_power_watts").erase("confidence");
       },
       "d.json: power.idle_power_watts.confidence: missing"},
      {[](auto &d) {
         field(d, "power", "idle_power_watts")["confidence"] = "sure";
       },
       "d.json: power.idle_power_watts.confidence: must be published, measured "
       "or "
       "estimated, is 'sure'"},
      {[](auto &d) { field(d, "power", "idle_power_watts").erase("value"); },
       "d.json: power.idle_power_watts.value: missing"},
      {[](auto &d) { field(d, "power", "idle_power_watts")["value"] = "25"; },
       "d.json: power.idle_power_watts: must be a number"},
      {[](auto &d) { field(d, "power", "idle_power_watts")["unit"] = "W"; },
       "d.json: power.idle_power_watts.unit: unknown field"},
      {[](auto &d) { (*d.getObject("power"))["idle_power_watts"] = 25; },
       "d.json: power.idle_power_watts: must be an object with value, source "
       "and "
       "confidence"},
      {[](auto &d) { d.getObject("power")->erase("idle_power_watts"); },
       "d.json: power.idle_power_watts: missing"},
      {[](auto &d) { (*d.getObject("power"))["idle_power"] = 25; },
       "d.json: power.idle_power: unknown field; with its unit it is "
       "'idle_power_watts'"},
      {[](auto &d) { (*d.getObject("power"))["fan_speed_rpm"] = 25; },
       "d.json: power.fan_speed_rpm: unknown field"},
      {[](auto &d) { d["colour"] = "red"; }, "d.json: colour: unknown field"},
      {[](auto &d) { d.erase("power"); }, "d.json: power: missing"},
      {[](auto &d) { d["power"] = 3; }, "d.json: power: must be an object"},
      {[](auto &d) { d.erase("name"); }, "d.json: name: missing"},
      {[](auto &d) { d["target"] = 906; }, "d.json: target: must be a string"},
      {[](auto &d) { d["schema_version"] = 2; },
       "d.json: schema_version: must be 1"},
      {[](auto &d) { d.erase("schema_version"); },
       "d.json: schema_version: missing"},
      {[](auto &d) { field(d, "topology", "cu_count")["value"] = 60.5; },
       "d.json: topology.cu_count: must be an integer"},
      {[](auto &d) { field(d, "topology", "cu_count")["value"] = 0; },
       "d.json: topology.cu_count: must be at least 1, is 0"},
      {[](auto &d) { field(d, "topology", "cu_count")["value"] = 62; },
       "d.json: topology.cu_count: 62 is not a multiple of 4 shader engines"},
      {[](auto &d) {
         field(d, "topology", "mask_sizes_cu_count")["value"] =
             json::Array{30, 15, 60};
       },
       "d.json: topology.mask_sizes_cu_count: must ascend strictly"},
      {[](auto &d) {
         field(d, "topology", "mask_sizes_cu_count")["value"] =
             json::Array{15, 30};
       },
       "d.json: topology.mask_sizes_cu_count: must end with all 60 CUs, ends "
       "with "
       "30"},
      {[](auto &d) {
         field(d, "topology", "mask_sizes_cu_count")["value"] = json::Array{};
       },
       "d.json: topology.mask_sizes_cu_count: must be a list of integers, at "
       "least "
       "one"},
      {[](auto &d) {
         field(d, "topology", "mask_bit_order")["value"] = "linear";
       },
       "d.json: topology.mask_bit_order: must be shader_engine_interleaved, is "
       "'linear'"},
      {[](auto &d) {
         field(d, "throughput", "sustained_compute_ratio")["value"] = 1.5;
       },
       "d.json: throughput.sustained_compute_ratio: must be at most 1, is 1.5"},
      {[](auto &d) { field(d, "throughput", "peak_fp32_gflops")["value"] = 0; },
       "d.json: throughput.peak_fp32_gflops: must be above 0"},
  };
  for (const Refusal &refusal : refusals) {
    json::Object device = mi50();
    refusal.change(device);
    EXPECT_EQ(messageFor(std::move(device)), refusal.message);
  }
}

/// Every field of every section is required and needs its three parts.
TEST(DeviceDescription, EveryFieldIsRequired) {
  json::Object original = mi50();
  for (const auto &section : original) {
    if (!section.second.getAsObject())
      continue;
    for (const auto &entry : *section.second.getAsObject()) {
      std::string path = llvm::StringRef(section.first).str() + "." +
                         llvm::StringRef(entry.first).str();
      json::Object device = mi50();
      device.getObject(section.first)->erase(entry.first);
      EXPECT_EQ(messageFor(std::move(device)), "d.json: " + path + ": missing");
      for (const char *part : {"value", "source", "confidence"}) {
        device = mi50();
        field(device, section.first, entry.first).erase(part);
        EXPECT_EQ(messageFor(std::move(device)),
                  "d.json: " + path + "." + part + ": missing");
      }
      device = mi50();
      field(device, section.first, entry.first)["value"] = -1;
      EXPECT_NE(messageFor(std::move(device)), "") << path;
    }
  }
}

/// Truncations of a valid file are refused, never crash.
TEST(DeviceDescription, RefusesEveryTruncation) {
  llvm::StringRef text = builtinDeviceText("mi50").rtrim();
  for (size_t size = 0; size < text.size(); size += 7) {
    auto device = parseDeviceDescription(text.take_front(size), "d.json");
    ASSERT_FALSE(bool(device)) << size;
    llvm::consumeError(device.takeError());
  }
}

} // namespace
