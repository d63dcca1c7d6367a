//===- DeviceDescription.cpp - loader of device descriptions --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/DeviceDescription.h"

#include "compiler/cost/DeviceSchema.h"
#include "compiler/cost/JsonFields.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <cstdio>

using namespace eclip;
namespace json = llvm::json;

using D = DeviceDescription;

static std::string format(double value) {
  char text[32];
  std::snprintf(text, sizeof(text), "%g", value);
  return text;
}

//===----------------------------------------------------------------------===//
// Fields. Labels: docs/device-schema.md.
//===----------------------------------------------------------------------===//

static llvm::Error readCounts(const json::Value &value, const JsonPlace &place,
                              double most, std::vector<int64_t> &out) {
  const json::Array *array = value.getAsArray();
  if (!array || array->empty())
    return place.error("must be a list of integers, at least one"); // DD4
  for (const json::Value &entry : *array) {
    auto count = readInteger(entry, place, 1, static_cast<int64_t>(most));
    if (!count)
      return count.takeError();
    out.push_back(*count);
  }
  return llvm::Error::success();
}

static llvm::Error readOrder(const json::Value &value, const JsonPlace &place,
                             MaskBitOrder &out) {
  auto name = value.getAsString();
  auto order = name ? parseMaskBitOrder(*name) : std::nullopt;
  if (!order) { // DD4
    std::string found = name ? ", is '" + name->str() + "'" : "";
    return place.error("must be shader_engine_interleaved, "
                       "xcd_then_shader_engine_interleaved or sm_group" +
                       found);
  }
  out = *order;
  return llvm::Error::success();
}

/// DD4 to DD6: the value of one field.
static llvm::Error readValue(const json::Value &value, const DeviceField &field,
                             const JsonPlace &place, D &device) {
  double most = largestValue(field.name);
  switch (field.kind) {
  case FieldKind::Count:
  case FieldKind::Integer: {
    auto count = readInteger(value, place, field.kind == FieldKind::Count,
                             static_cast<int64_t>(most));
    if (!count)
      return count.takeError();
    device.*field.integer = *count;
    return llvm::Error::success();
  }
  case FieldKind::Positive:
  case FieldKind::Number: {
    auto number =
        readNumber(value, place, field.kind == FieldKind::Positive, most);
    if (!number)
      return number.takeError();
    if (field.rates)
      (device.*field.rates)[static_cast<size_t>(field.rate)] = *number;
    else
      device.*field.number = *number;
    return llvm::Error::success();
  }
  case FieldKind::Counts:
    return readCounts(value, place, most, device.maskSizesCuCount);
  case FieldKind::Order:
    break;
  }
  return readOrder(value, place, device.maskBitOrder);
}

/// DD3: a number without where it comes from is no number.
static llvm::Error readField(const json::Object &section,
                             const DeviceField &field,
                             const JsonPlace &sectionPlace, D &device) {
  JsonPlace place = sectionPlace / field.name;
  const json::Value *entry = section.get(field.name);
  if (!entry)
    return place.error("missing");
  const json::Object *object = entry->getAsObject();
  if (!object)
    return place.error("must be an object with value, source and confidence");
  llvm::StringRef known[] = {"value", "source", "confidence"};
  if (llvm::Error error = refuseUnknownFields(*object, known, place))
    return error;
  auto source = readString(*object, "source", place);
  if (!source)
    return source.takeError();
  auto confidence = readString(*object, "confidence", place);
  if (!confidence)
    return confidence.takeError();
  if (*confidence != "published" && *confidence != "measured" &&
      *confidence != "estimated")
    return (place / "confidence")
        .error("must be published, measured or estimated, is '" + *confidence +
               "'");
  const json::Value *value = object->get("value");
  if (!value)
    return (place / "value").error("missing");
  return readValue(*value, field, place, device);
}

static llvm::Error readSection(const json::Object &root, llvm::StringRef name,
                               const JsonPlace &rootPlace, D &device) {
  auto section = readObject(root, name, rootPlace);
  if (!section)
    return section.takeError();
  JsonPlace place = rootPlace / name;
  std::vector<llvm::StringRef> known;
  for (const DeviceField &field : deviceFields())
    if (field.section == name)
      known.push_back(field.name);
  if (llvm::Error error = refuseUnknownFields(**section, known, place)) // DD2
    return error;
  for (const DeviceField &field : deviceFields())
    if (field.section == name)
      if (llvm::Error error = readField(**section, field, place, device))
        return error;
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// What no single field can say
//===----------------------------------------------------------------------===//

/// DD7, DD8: dies, engines and CUs fit together and fit the order.
static llvm::Error checkTopology(const D &device, const JsonPlace &place) {
  if (device.cuCount > 4096)
    return (place / "cu_count")
        .error("must be at most 4096, is " + llvm::Twine(device.cuCount));
  if (device.cuCount % device.xcdCount != 0)
    return (place / "cu_count")
        .error(llvm::Twine(device.cuCount) + " is not a multiple of " +
               llvm::Twine(device.xcdCount) + " XCDs");
  if (device.shaderEngineCount % device.xcdCount != 0)
    return (place / "shader_engine_count")
        .error(llvm::Twine(device.shaderEngineCount) +
               " is not a multiple of " + llvm::Twine(device.xcdCount) +
               " XCDs");
  if (device.shaderEngineCount > device.cuCount)
    return (place / "shader_engine_count")
        .error(llvm::Twine(device.shaderEngineCount) +
               " shader engines have only " + llvm::Twine(device.cuCount) +
               " CUs");
  bool severalDies =
      device.maskBitOrder == MaskBitOrder::XcdThenShaderEngineInterleaved;
  if (severalDies != (device.xcdCount > 1))
    return (place / "mask_bit_order")
        .error(maskBitOrderName(device.maskBitOrder) + " does not fit " +
               llvm::Twine(device.xcdCount) +
               (device.xcdCount > 1 ? " XCDs" : " XCD"));
  // A mask's description in the schedule counts equal parts.
  if (!severalDies && device.cuCount % device.shaderEngineCount != 0)
    return (place / "cu_count")
        .error(llvm::Twine(device.cuCount) + " is not a multiple of " +
               llvm::Twine(device.shaderEngineCount) + " shader engines");
  return llvm::Error::success();
}

/// DD9: the CU counts on offer.
static llvm::Error checkMasks(const D &device, const JsonPlace &place) {
  JsonPlace sizes = place / "mask_sizes_cu_count";
  for (size_t i = 1; i < device.maskSizesCuCount.size(); ++i)
    if (device.maskSizesCuCount[i] <= device.maskSizesCuCount[i - 1])
      return sizes.error("must ascend strictly");
  if (device.maskSizesCuCount.back() != device.cuCount)
    return sizes.error("must end with all " + llvm::Twine(device.cuCount) +
                       " CUs, ends with " +
                       llvm::Twine(device.maskSizesCuCount.back()));
  for (int64_t size : device.maskSizesCuCount)
    if (size != device.cuCount && size % device.maskGranuleCuCount != 0)
      return sizes.error(llvm::Twine(size) + " is not a multiple of " +
                         llvm::Twine(device.maskGranuleCuCount) + " CUs");
  if (device.maskGranuleCuCount % device.xcdCount != 0)
    return (place / "mask_granule_cu_count")
        .error("must be a multiple of " + llvm::Twine(device.xcdCount) +
               " XCDs, is " + llvm::Twine(device.maskGranuleCuCount));
  if (int64_t rest = device.cuCount % device.maskGranuleCuCount;
      device.maskExtraCuCount != 0 && device.maskExtraCuCount != rest)
    return (place / "mask_extra_cu_count")
        .error("must be 0 or what whole granules leave over, " +
               llvm::Twine(rest) + " CUs, is " +
               llvm::Twine(device.maskExtraCuCount));
  if (device.maxMaskedQueueCount > 1024)
    return (place / "max_masked_queue_count")
        .error("must be at most 1024, is " +
               llvm::Twine(device.maxMaskedQueueCount));
  if (device.maxRequestQueueCount > device.maxMaskedQueueCount)
    return (place / "max_request_queue_count")
        .error("must be at most max_masked_queue_count, " +
               llvm::Twine(device.maxMaskedQueueCount) + ", is " +
               llvm::Twine(device.maxRequestQueueCount));
  return llvm::Error::success();
}

/// DD10: a field that must not exceed another.
static llvm::Error atMost(const JsonPlace &root, llvm::StringRef field,
                          double value, llvm::StringRef otherField,
                          double other) {
  if (value <= other)
    return llvm::Error::success();
  return (root / field)
      .error(format(value) + " is more than " + otherField + ", " +
             format(other));
}

static llvm::Error checkRelations(const D &device, const JsonPlace &root) {
  struct Relation {
    llvm::StringRef smaller;
    double value;
    llvm::StringRef larger;
    double limit;
  };
  auto whole = [](int64_t count) { return static_cast<double>(count); };
  const Relation relations[] = {
      {"compute_unit.vgpr_granule_count", whole(device.vgprGranuleCount),
       "compute_unit.vgprs_per_lane_count", whole(device.vgprsPerLaneCount)},
      {"compute_unit.sgpr_granule_count", whole(device.sgprGranuleCount),
       "compute_unit.sgprs_per_simd_count", whole(device.sgprsPerSimdCount)},
      {"compute_unit.lds_granule_bytes", whole(device.ldsGranuleBytes),
       "compute_unit.lds_per_cu_bytes", whole(device.ldsPerCuBytes)},
      {"memory.outstanding_per_wave_bytes",
       whole(device.outstandingPerWaveBytes), "memory.outstanding_per_cu_bytes",
       whole(device.outstandingPerCuBytes)},
      {"memory.hbm_bandwidth_gigabytes_per_s", device.hbmBandwidthGigabytesPerS,
       "memory.l2_bandwidth_gigabytes_per_s", device.l2BandwidthGigabytesPerS},
      {"memory.l2_bandwidth_gigabytes_per_s", device.l2BandwidthGigabytesPerS,
       "memory.lds_bandwidth_gigabytes_per_s",
       device.ldsBandwidthGigabytesPerS},
      {"memory.l2_cache_bytes", whole(device.l2CacheBytes),
       "memory.hbm_capacity_bytes", whole(device.hbmCapacityBytes)},
  };
  for (const Relation &r : relations)
    if (llvm::Error error = atMost(root, r.smaller, r.value, r.larger, r.limit))
      return error;
  double active =
      device.idlePowerWatts +
      device.powerPerActiveShaderEngineWatts * whole(device.shaderEngineCount) +
      device.powerPerActiveCuWatts * whole(device.cuCount);
  if (active > device.boardPowerWatts)
    return (root / "power.board_power_watts")
        .error(format(device.boardPowerWatts) +
               " is less than idle power with all shader engines and CUs "
               "active, " +
               format(active));
  return llvm::Error::success();
}

//===----------------------------------------------------------------------===//
// The whole
//===----------------------------------------------------------------------===//

static std::vector<llvm::StringRef> sectionNames() {
  std::vector<llvm::StringRef> names;
  for (const DeviceField &field : deviceFields())
    if (!llvm::is_contained(names, llvm::StringRef(field.section)))
      names.push_back(field.section);
  return names;
}

static llvm::Error readHead(const json::Object &root, const JsonPlace &place,
                            D &device) {
  std::vector<llvm::StringRef> known = sectionNames();
  known.insert(known.end(),
               {"schema_version", "name", "target", "description"});
  if (llvm::Error error = refuseUnknownFields(root, known, place)) // DD2
    return error;
  if (!root.get("schema_version"))
    return (place / "schema_version").error("missing");
  if (root.getInteger("schema_version") != kDeviceSchemaVersion) // DD1
    return (place / "schema_version")
        .error("must be " + llvm::Twine(kDeviceSchemaVersion));
  for (auto [key, member] :
       {std::pair{llvm::StringRef("name"), &D::name},
        std::pair{llvm::StringRef("target"), &D::target}}) {
    auto read = readString(root, key, place);
    if (!read)
      return read.takeError();
    device.*member = *read;
  }
  if (root.get("description"))
    if (auto read = readString(root, "description", place); !read)
      return read.takeError();
  return llvm::Error::success();
}

llvm::Expected<DeviceDescription>
eclip::parseDeviceDescription(llvm::StringRef text, llvm::StringRef file) {
  auto root = parseJsonObject(text, file, /*maxBytes=*/1 << 20); // DD1
  if (!root)
    return root.takeError();
  JsonPlace place{file, ""};
  DeviceDescription device;
  if (llvm::Error error = readHead(*root, place, device))
    return error;
  for (llvm::StringRef section : sectionNames())
    if (llvm::Error error = readSection(*root, section, place, device))
      return error;
  if (llvm::Error error = checkTopology(device, place / "topology"))
    return error;
  if (llvm::Error error = checkMasks(device, place / "topology"))
    return error;
  if (llvm::Error error = checkRelations(device, place))
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
  if (nameOrPath.contains('/') || nameOrPath.ends_with(".json")) {
    auto text = readTextFile(nameOrPath);
    if (!text)
      return text.takeError();
    return parseDeviceDescription(*text, nameOrPath);
  }
  llvm::StringRef text = builtinDeviceText(nameOrPath);
  if (text.empty())
    return llvm::createStringError(llvm::inconvertibleErrorCode(),
                                   "unknown device '" + nameOrPath +
                                       "'; known are " +
                                       llvm::join(builtinDeviceNames(), ", ") +
                                       ", or give the path of a .json file");
  return parseDeviceDescription(text, (nameOrPath + ".json").str());
}
