//===- DeviceDescriptionTest.cpp - loading and refusing descriptions ------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/DeviceSchema.h"

#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
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
  EXPECT_DOUBLE_EQ(device->peak(Rate::Fp32), 13300);
  EXPECT_EQ(device->maskBitOrder, MaskBitOrder::ShaderEngineInterleaved);
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
      "unknown device 'mi51'; known are mi50, mi60, mi100, mi210, mi300x, "
      "h100, or give the path of a .json file");
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

/// DD1 to DD6 of docs/device-schema.md.
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
      {[](auto &d) { d["schema_version"] = 1; },
       "d.json: schema_version: must be 2"},
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
       "d.json: topology.mask_bit_order: must be shader_engine_interleaved, "
       "xcd_then_shader_engine_interleaved or sm_group, is 'linear'"},
      {[](auto &d) { field(d, "topology", "mask_bit_order")["value"] = 3; },
       "d.json: topology.mask_bit_order: must be shader_engine_interleaved, "
       "xcd_then_shader_engine_interleaved or sm_group"},
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

/// DD1: nesting is bounded before the parser, which recurses, sees it.
TEST(DeviceDescription, RefusesDeepNesting) {
  for (const char *open : {"[", "{\"a\":"}) {
    std::string text = "{\"name\": ";
    for (int i = 0; i < 150000; ++i)
      text += open;
    auto device = parseDeviceDescription(text, "d.json");
    ASSERT_FALSE(bool(device));
    EXPECT_EQ(llvm::toString(device.takeError()),
              "d.json: nests deeper than 64 levels");
  }
  // Brackets in a text are no nesting.
  json::Object device = mi50();
  device["description"] = "\\\"" + std::string(100, '[');
  EXPECT_EQ(messageFor(std::move(device)), "");
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

/// DD7 to DD10: fields that contradict each other.
TEST(DeviceDescription, RefusesContradictions) {
  const Refusal refusals[] = {
      {[](auto &d) { field(d, "topology", "xcd_count")["value"] = 7; }, // DD7
       "d.json: topology.cu_count: 60 is not a multiple of 7 XCDs"},
      {[](auto &d) { field(d, "topology", "xcd_count")["value"] = 3; }, // DD7
       "d.json: topology.shader_engine_count: 4 is not a multiple of 3 XCDs"},
      {[](auto &d) { // DD7
         field(d, "topology", "shader_engine_count")["value"] = 61;
       },
       "d.json: topology.shader_engine_count: 61 shader engines have only 60 "
       "CUs"},
      {[](auto &d) { field(d, "topology", "cu_count")["value"] = 8192; }, // DD7
       "d.json: topology.cu_count: must be at most 4096, is 8192"},
      {[](auto &d) { field(d, "topology", "xcd_count")["value"] = 4; }, // DD8
       "d.json: topology.mask_bit_order: shader_engine_interleaved does not "
       "fit 4 XCDs"},
      {[](auto &d) { // DD8
         field(d, "topology", "mask_bit_order")["value"] =
             "xcd_then_shader_engine_interleaved";
       },
       "d.json: topology.mask_bit_order: xcd_then_shader_engine_interleaved "
       "does not fit 1 XCD"},
      {[](auto &d) { // DD9
         field(d, "topology", "mask_granule_cu_count")["value"] = 2;
       },
       "d.json: topology.mask_sizes_cu_count: 15 is not a multiple of 2 CUs"},
      {[](auto &d) { // DD9
         field(d, "topology", "max_masked_queue_count")["value"] = 1025;
       },
       "d.json: topology.max_masked_queue_count: must be at most 1024, is "
       "1025"},
      {[](auto &d) { // DD9
         field(d, "topology", "mask_extra_cu_count")["value"] = 4;
       },
       "d.json: topology.mask_extra_cu_count: must be 0 or what whole granules "
       "leave over, 0 CUs, is 4"},
      {[](auto &d) { // DD9
         field(d, "topology", "max_request_queue_count")["value"] = 8;
       },
       "d.json: topology.max_request_queue_count: must be at most "
       "max_masked_queue_count, 7, is 8"},
      {[](auto &d) { // DD10
         field(d, "compute_unit", "vgpr_granule_count")["value"] = 512;
       },
       "d.json: compute_unit.vgpr_granule_count: 512 is more than "
       "compute_unit.vgprs_per_lane_count, 256"},
      {[](auto &d) { // DD10
         field(d, "memory", "hbm_bandwidth_gigabytes_per_s")["value"] = 2000;
       },
       "d.json: memory.hbm_bandwidth_gigabytes_per_s: 2000 is more than "
       "memory.l2_bandwidth_gigabytes_per_s, 1766"},
      {[](auto &d) { // DD10
         field(d, "memory", "outstanding_per_wave_bytes")["value"] = 1 << 20;
       },
       "d.json: memory.outstanding_per_wave_bytes: 1.04858e+06 is more than "
       "memory.outstanding_per_cu_bytes, 16384"},
      {[](auto &d) { // DD10
         field(d, "power", "board_power_watts")["value"] = 100;
       },
       "d.json: power.board_power_watts: 100 is less than idle power with all "
       "shader engines and CUs active, 127"},
  };
  for (const Refusal &refusal : refusals) {
    json::Object device = mi50();
    refusal.change(device);
    EXPECT_EQ(messageFor(std::move(device)), refusal.message);
  }
  auto mi300x = json::parse(builtinDeviceText("mi300x"));
  json::Object device = *llvm::cantFail(std::move(mi300x)).getAsObject();
  field(device, "topology", "mask_granule_cu_count")["value"] = 2; // DD9
  EXPECT_EQ(messageFor(std::move(device)),
            "d.json: topology.mask_granule_cu_count: must be a multiple of 8 "
            "XCDs, is 2");
}

/// DD6: a slip of units is far outside what a unit's numbers are.
TEST(DeviceDescription, RefusesHugeNumbers) {
  for (const DeviceField &row : deviceFields()) {
    if (row.kind == FieldKind::Order)
      continue;
    double most = largestValue(row.name);
    ASSERT_GT(most, 0) << row.name.str() << " has no unit that is known";
    std::string path = (row.section + "." + row.name).str();
    for (json::Value value :
         {json::Value(most * 2), json::Value(1e300), json::Value(INT64_MAX)}) {
      json::Object device = mi50();
      field(device, row.section, row.name)["value"] =
          row.kind == FieldKind::Counts ? json::Value(json::Array{value})
                                        : value;
      std::string message = messageFor(std::move(device));
      EXPECT_EQ(message.find("d.json: " + path + ": must be "), 0u) << message;
    }
  }
  json::Object device = mi50();
  field(device, "memory", "hbm_latency_ns")["value"] = 6e11;
  EXPECT_EQ(messageFor(std::move(device)),
            "d.json: memory.hbm_latency_ns: must be at most 1e+09, is 6e+11");
}

/// Every shipped description loads and agrees with what its maker publishes.
TEST(DeviceDescription, ShipsSixDevices) {
  struct Expected {
    const char *name, *target;
    int64_t cus, engines, xcds;
    double fp32Gflops, hbm, board;
  };
  const Expected expected[] = {
      {"mi50", "gfx906", 60, 4, 1, 13300, 1024, 300},
      {"mi60", "gfx906", 64, 4, 1, 14700, 1024, 300},
      {"mi100", "gfx908", 120, 8, 1, 23100, 1229, 300},
      {"mi210", "gfx90a", 104, 8, 1, 22600, 1638, 300},
      {"mi300x", "gfx942", 304, 32, 8, 163400, 5300, 750},
      {"h100", "sm_90", 132, 66, 1, 66900, 3350, 700},
  };
  EXPECT_EQ(builtinDeviceNames().size(), std::size(expected));
  for (const Expected &e : expected) {
    auto device = loadDeviceDescription(e.name);
    ASSERT_TRUE(bool(device)) << llvm::toString(device.takeError());
    EXPECT_EQ(device->name, e.name);
    EXPECT_EQ(device->target, e.target);
    EXPECT_EQ(device->cuCount, e.cus);
    EXPECT_EQ(device->shaderEngineCount, e.engines);
    EXPECT_EQ(device->xcdCount, e.xcds);
    EXPECT_EQ(device->peak(Rate::Fp32), e.fp32Gflops);
    EXPECT_EQ(device->hbmBandwidthGigabytesPerS, e.hbm);
    EXPECT_EQ(device->boardPowerWatts, e.board);
    // Peaks follow from clock and width: two operations for each lane.
    double lanes =
        2.0 * 64 * device->cuCount *
        (e.name == std::string("mi300x") || e.name == std::string("h100") ? 2
                                                                          : 1);
    EXPECT_NEAR(lanes * device->engineClockMhz * 1e-3, e.fp32Gflops,
                e.fp32Gflops * 0.01)
        << e.name;
  }
}

/// The schema file beside the descriptions is what the rows say. To renew it,
/// set ECLIP_WRITE_DEVICE_SCHEMA.
TEST(DeviceDescription, SchemaFileIsCurrent) {
  const char *path = ECLIP_DEVICES_DIR "/schema/device.schema.json";
  if (std::getenv("ECLIP_WRITE_DEVICE_SCHEMA"))
    std::ofstream(path) << deviceJsonSchema();
  std::ifstream file(path);
  std::string text((std::istreambuf_iterator<char>(file)), {});
  EXPECT_EQ(text, deviceJsonSchema());
  EXPECT_TRUE(bool(json::parse(text)));
}

} // namespace
