//===- DeviceDescription.cpp - loader of device descriptions --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/DeviceDescription.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/Twine.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/MemoryBuffer.h"

#include <cmath>
#include <cstdio>

using namespace eclip;
namespace json = llvm::json;

//===----------------------------------------------------------------------===//
// Schema: one row a field. docs/cost-model.md lists the same rows.
//===----------------------------------------------------------------------===//

namespace {

enum class Kind {
  Count,    ///< integer, at least 1
  Positive, ///< number above 0
  Number,   ///< number, at least 0
  Ratio,    ///< number in (0, 1]
  Counts,   ///< list of integers, each at least 1
  Word      ///< string
};

struct Field {
  llvm::StringLiteral section, name;
  Kind kind;
  int64_t DeviceDescription::*integer = nullptr;
  double DeviceDescription::*number = nullptr;
  std::vector<int64_t> DeviceDescription::*list = nullptr;
  std::string DeviceDescription::*word = nullptr;
};

using D = DeviceDescription;

Field count(llvm::StringLiteral section, llvm::StringLiteral name,
            int64_t D::*member) {
  return {section, name, Kind::Count, member, nullptr, nullptr, nullptr};
}
Field number(llvm::StringLiteral section, llvm::StringLiteral name,
             double D::*member, Kind kind) {
  return {section, name, kind, nullptr, member, nullptr, nullptr};
}

} // namespace

static llvm::ArrayRef<Field> schema() {
  static const Field fields[] = {
      count("topology", "shader_engine_count", &D::shaderEngineCount),
      count("topology", "cu_count", &D::cuCount),
      {"topology", "mask_bit_order", Kind::Word, nullptr, nullptr, nullptr,
       &D::maskBitOrder},
      {"topology", "mask_sizes_cu_count", Kind::Counts, nullptr, nullptr,
       &D::maskSizesCuCount, nullptr},
      count("topology", "max_masked_queue_count", &D::maxMaskedQueueCount),

      count("compute_unit", "wavefront_lane_count", &D::wavefrontLaneCount),
      count("compute_unit", "simd_per_cu_count", &D::simdPerCuCount),
      count("compute_unit", "max_waves_per_simd_count",
            &D::maxWavesPerSimdCount),
      count("compute_unit", "max_workgroups_per_cu_count",
            &D::maxWorkgroupsPerCuCount),
      count("compute_unit", "vgprs_per_lane_count", &D::vgprsPerLaneCount),
      count("compute_unit", "vgpr_granule_count", &D::vgprGranuleCount),
      count("compute_unit", "sgprs_per_simd_count", &D::sgprsPerSimdCount),
      count("compute_unit", "sgpr_granule_count", &D::sgprGranuleCount),
      count("compute_unit", "lds_per_cu_bytes", &D::ldsPerCuBytes),
      count("compute_unit", "lds_granule_bytes", &D::ldsGranuleBytes),

      number("throughput", "engine_clock_mhz", &D::engineClockMhz,
             Kind::Positive),
      number("throughput", "memory_clock_mhz", &D::memoryClockMhz,
             Kind::Positive),
      number("throughput", "peak_fp32_gflops", &D::peakFp32Gflops,
             Kind::Positive),
      number("throughput", "peak_fp16_gflops", &D::peakFp16Gflops,
             Kind::Positive),
      number("throughput", "sustained_compute_ratio", &D::sustainedComputeRatio,
             Kind::Ratio),
      number("throughput", "saturating_waves_per_cu_count",
             &D::saturatingWavesPerCuCount, Kind::Positive),
      number("throughput", "hbm_bandwidth_gigabytes_per_s",
             &D::hbmBandwidthGigabytesPerS, Kind::Positive),
      number("throughput", "sustained_hbm_ratio", &D::sustainedHbmRatio,
             Kind::Ratio),
      number("throughput", "cu_bandwidth_gigabytes_per_s",
             &D::cuBandwidthGigabytesPerS, Kind::Positive),
      count("throughput", "hbm_capacity_bytes", &D::hbmCapacityBytes),
      count("throughput", "l2_cache_bytes", &D::l2CacheBytes),

      number("overhead", "kernel_launch_ns", &D::kernelLaunchNs, Kind::Number),
      number("overhead", "barrier_packet_ns", &D::barrierPacketNs,
             Kind::Number),
      number("overhead", "queue_switch_ns", &D::queueSwitchNs, Kind::Number),
      number("overhead", "mask_change_ns", &D::maskChangeNs, Kind::Number),

      number("power", "board_power_watts", &D::boardPowerWatts, Kind::Positive),
      number("power", "idle_power_watts", &D::idlePowerWatts, Kind::Number),
      number("power", "power_per_active_shader_engine_watts",
             &D::powerPerActiveShaderEngineWatts, Kind::Number),
      number("power", "power_per_active_cu_watts", &D::powerPerActiveCuWatts,
             Kind::Number),
      number("power", "energy_per_fp32_op_picojoules",
             &D::energyPerFp32OpPicojoules, Kind::Number),
      number("power", "energy_per_hbm_byte_picojoules",
             &D::energyPerHbmBytePicojoules, Kind::Number),
  };
  return fields;
}

//===----------------------------------------------------------------------===//
// Reading
//===----------------------------------------------------------------------===//

namespace {

/// Where a message points: the file, and the field within it.
struct Place {
  llvm::StringRef file;
  std::string field;

  llvm::Error error(const llvm::Twine &reason) const {
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   llvm::Twine(file) + ": " + field + ": " +
                                       reason);
  }
};

} // namespace

/// What a name without its unit most likely meant; empty if nothing.
static llvm::StringRef closestName(llvm::StringRef section,
                                   llvm::StringRef name) {
  for (const Field &field : schema())
    if (field.section == section && field.name.starts_with(name))
      return field.name;
  return "";
}

static llvm::Error refuseUnknown(const json::Object &object,
                                 llvm::ArrayRef<llvm::StringRef> known,
                                 llvm::StringRef section,
                                 llvm::StringRef file) {
  std::vector<llvm::StringRef> unknown;
  for (const auto &entry : object)
    if (!llvm::is_contained(known, llvm::StringRef(entry.first)))
      unknown.push_back(entry.first);
  if (unknown.empty())
    return llvm::Error::success();
  llvm::StringRef name = *llvm::min_element(unknown);
  Place place{file,
              section.empty() ? name.str() : (section + "." + name).str()};
  llvm::StringRef meant = closestName(section, name);
  if (!meant.empty())
    return place.error("unknown field; with its unit it is '" + meant + "'");
  return place.error("unknown field");
}

static llvm::Expected<std::string> readString(const json::Object &object,
                                              llvm::StringRef key,
                                              const Place &place) {
  const json::Value *value = object.get(key);
  if (!value)
    return place.error("missing");
  auto text = value->getAsString();
  if (!text)
    return place.error("must be a string");
  if (text->trim().empty())
    return place.error("is empty");
  return text->str();
}

static llvm::Error readCount(const json::Value &value, const Place &place,
                             int64_t &out) {
  auto integer = value.getAsInteger();
  if (!integer)
    return place.error("must be an integer");
  if (*integer < 1)
    return place.error("must be at least 1, is " + llvm::Twine(*integer));
  // Keeps every later product of a few counts inside 64 bits.
  if (*integer > (int64_t(1) << 48))
    return place.error("is too large: " + llvm::Twine(*integer));
  out = *integer;
  return llvm::Error::success();
}

static llvm::Error readNumber(const json::Value &value, const Place &place,
                              Kind kind, double &out) {
  auto number = value.getAsNumber();
  if (!number || !std::isfinite(*number))
    return place.error("must be a number");
  char text[32];
  std::snprintf(text, sizeof(text), "%g", *number);
  if (*number < 0)
    return place.error(llvm::Twine("must not be negative, is ") + text);
  if (kind != Kind::Number && *number == 0)
    return place.error("must be above 0");
  if (kind == Kind::Ratio && *number > 1)
    return place.error(llvm::Twine("must be at most 1, is ") + text);
  out = *number;
  return llvm::Error::success();
}

static llvm::Error readValue(const json::Value &value, const Field &field,
                             const Place &place, DeviceDescription &device) {
  switch (field.kind) {
  case Kind::Count:
    return readCount(value, place, device.*field.integer);
  case Kind::Positive:
  case Kind::Number:
  case Kind::Ratio:
    return readNumber(value, place, field.kind, device.*field.number);
  case Kind::Word: {
    auto text = value.getAsString();
    if (!text)
      return place.error("must be a string");
    device.*field.word = text->str();
    return llvm::Error::success();
  }
  case Kind::Counts: {
    const json::Array *array = value.getAsArray();
    if (!array || array->empty())
      return place.error("must be a list of integers, at least one");
    for (const json::Value &entry : *array) {
      int64_t count = 0;
      if (llvm::Error error = readCount(entry, place, count))
        return error;
      (device.*field.list).push_back(count);
    }
    return llvm::Error::success();
  }
  }
  return place.error("unknown kind of field");
}

static llvm::Error readField(const json::Object &section, const Field &field,
                             llvm::StringRef file, DeviceDescription &device) {
  std::string path = (field.section + "." + field.name).str();
  Place place{file, path};
  const json::Value *entry = section.get(field.name);
  if (!entry)
    return place.error("missing");
  const json::Object *object = entry->getAsObject();
  if (!object)
    return place.error("must be an object with value, source and confidence");
  llvm::StringRef known[] = {"value", "source", "confidence"};
  if (llvm::Error error = refuseUnknown(*object, known, path, file))
    return error;
  auto source = readString(*object, "source", {file, path + ".source"});
  if (!source)
    return source.takeError();
  auto confidence =
      readString(*object, "confidence", {file, path + ".confidence"});
  if (!confidence)
    return confidence.takeError();
  if (*confidence != "published" && *confidence != "measured" &&
      *confidence != "estimated")
    return Place{file, path + ".confidence"}.error(
        "must be published, measured or estimated, is '" + *confidence + "'");
  const json::Value *value = object->get("value");
  if (!value)
    return Place{file, path + ".value"}.error("missing");
  return readValue(*value, field, place, device);
}

/// What no single field can say.
static llvm::Error checkTopology(const DeviceDescription &device,
                                 llvm::StringRef file) {
  if (device.cuCount % device.shaderEngineCount != 0)
    return Place{file, "topology.cu_count"}.error(
        llvm::Twine(device.cuCount) + " is not a multiple of " +
        llvm::Twine(device.shaderEngineCount) + " shader engines");
  if (device.cuCount > 4096)
    return Place{file, "topology.cu_count"}.error("must be at most 4096, is " +
                                                  llvm::Twine(device.cuCount));
  if (device.maskBitOrder != "shader_engine_interleaved")
    return Place{file, "topology.mask_bit_order"}.error(
        "must be shader_engine_interleaved, is '" + device.maskBitOrder + "'");
  Place sizes{file, "topology.mask_sizes_cu_count"};
  for (size_t i = 1; i < device.maskSizesCuCount.size(); ++i)
    if (device.maskSizesCuCount[i] <= device.maskSizesCuCount[i - 1])
      return sizes.error("must ascend strictly");
  if (device.maskSizesCuCount.back() != device.cuCount)
    return sizes.error("must end with all " + llvm::Twine(device.cuCount) +
                       " CUs, ends with " +
                       llvm::Twine(device.maskSizesCuCount.back()));
  if (device.maxMaskedQueueCount > 1024)
    return Place{file, "topology.max_masked_queue_count"}.error(
        "must be at most 1024, is " + llvm::Twine(device.maxMaskedQueueCount));
  return llvm::Error::success();
}

static std::vector<llvm::StringRef> sectionNames() {
  std::vector<llvm::StringRef> names;
  for (const Field &field : schema())
    if (!llvm::is_contained(names, llvm::StringRef(field.section)))
      names.push_back(field.section);
  return names;
}

static llvm::Error readSection(const json::Object &root, llvm::StringRef name,
                               llvm::StringRef file,
                               DeviceDescription &device) {
  Place place{file, name.str()};
  const json::Value *value = root.get(name);
  if (!value)
    return place.error("missing");
  const json::Object *section = value->getAsObject();
  if (!section)
    return place.error("must be an object");
  std::vector<llvm::StringRef> known;
  for (const Field &field : schema())
    if (field.section == name)
      known.push_back(field.name);
  if (llvm::Error error = refuseUnknown(*section, known, name, file))
    return error;
  for (const Field &field : schema())
    if (field.section == name)
      if (llvm::Error error = readField(*section, field, file, device))
        return error;
  return llvm::Error::success();
}

llvm::Expected<DeviceDescription>
eclip::parseDeviceDescription(llvm::StringRef text, llvm::StringRef file) {
  llvm::Expected<json::Value> parsed = json::parse(text);
  if (!parsed)
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   llvm::Twine(file) + ": not JSON: " +
                                       llvm::toString(parsed.takeError()));
  const json::Object *root = parsed->getAsObject();
  if (!root)
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   llvm::Twine(file) + ": not a JSON object");
  std::vector<llvm::StringRef> known = sectionNames();
  known.insert(known.end(),
               {"schema_version", "name", "target", "description"});
  if (llvm::Error error = refuseUnknown(*root, known, "", file))
    return error;

  Place version{file, "schema_version"};
  if (!root->get("schema_version"))
    return version.error("missing");
  if (root->getInteger("schema_version").value_or(0) != 1)
    return version.error("must be 1");
  DeviceDescription device;
  for (auto [key, member] :
       {std::pair{llvm::StringRef("name"), &D::name},
        std::pair{llvm::StringRef("target"), &D::target}}) {
    auto read = readString(*root, key, {file, key.str()});
    if (!read)
      return read.takeError();
    device.*member = *read;
  }
  if (root->get("description"))
    if (auto read = readString(*root, "description", {file, "description"});
        !read)
      return read.takeError();
  for (llvm::StringRef section : sectionNames())
    if (llvm::Error error = readSection(*root, section, file, device))
      return error;
  if (llvm::Error error = checkTopology(device, file))
    return error;
  return device;
}

//===----------------------------------------------------------------------===//
// Finding
//===----------------------------------------------------------------------===//

namespace {
struct Builtin {
  llvm::StringLiteral name, text;
};
} // namespace

static const Builtin builtins[] = {
#include "Devices.inc"
};

std::vector<llvm::StringRef> eclip::builtinDeviceNames() {
  std::vector<llvm::StringRef> names;
  for (const Builtin &builtin : builtins)
    names.push_back(builtin.name);
  return names;
}

llvm::StringRef eclip::builtinDeviceText(llvm::StringRef name) {
  for (const Builtin &builtin : builtins)
    if (builtin.name == name)
      return builtin.text;
  return "";
}

llvm::Expected<DeviceDescription>
eclip::loadDeviceDescription(llvm::StringRef nameOrPath) {
  bool isPath = nameOrPath.contains('/') || nameOrPath.ends_with(".json");
  if (!isPath) {
    llvm::StringRef text = builtinDeviceText(nameOrPath);
    if (text.empty())
      return llvm::createStringError(
          llvm::inconvertibleErrorCode(),
          "unknown device '" + nameOrPath + "'; known are " +
              llvm::join(builtinDeviceNames(), ", ") +
              ", or give the path of a .json file");
    return parseDeviceDescription(text, (nameOrPath + ".json").str());
  }
  auto buffer = llvm::MemoryBuffer::getFile(nameOrPath, /*IsText=*/true);
  if (!buffer)
    return llvm::createStringError(
        buffer.getError(), nameOrPath + ": " + buffer.getError().message());
  return parseDeviceDescription((*buffer)->getBuffer(), nameOrPath);
}
