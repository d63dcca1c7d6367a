//===- Profile.cpp - measured times and energies of kernels ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/Profile.h"

#include "compiler/cost/JsonFields.h"
#include "compiler/cost/KernelHash.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/xxhash.h"

using namespace eclip;
namespace json = llvm::json;

static constexpr int64_t kProfileVersion = 1;
/// Eleven days in ns; a thousand kJ in nJ: keeps sums over schedules in range.
static constexpr int64_t kMostNs = 1000000000000000;
static constexpr int64_t kMostNj = 1000000000000000;

namespace {
struct SourceName {
  TimeSource source;
  llvm::StringLiteral name;
};
} // namespace

static constexpr SourceName sourceNames[] = {
    {TimeSource::DeviceClock, "device_clock"},
    {TimeSource::DeviceSequences, "device_sequences"},
    {TimeSource::VirtualGpuInstructions, "virtual_gpu_instructions"},
    {TimeSource::VirtualGpuHostTime, "virtual_gpu_host_time"},
};

std::optional<TimeSource> eclip::parseTimeSource(llvm::StringRef name) {
  for (const SourceName &entry : sourceNames)
    if (entry.name == name)
      return entry.source;
  return std::nullopt;
}

llvm::StringRef eclip::timeSourceName(TimeSource source) {
  return llvm::find_if(
             sourceNames,
             [&](const SourceName &entry) { return entry.source == source; })
      ->name;
}

const ProfilePoint *ProfileKernel::find(int64_t cuCount) const {
  auto it = llvm::find_if(points, [&](const ProfilePoint &point) {
    return point.cuCount == cuCount;
  });
  return it == points.end() ? nullptr : &*it;
}

//===----------------------------------------------------------------------===//
// Reading. Labels: docs/cost-model.md.
//===----------------------------------------------------------------------===//

namespace {
struct PointField {
  llvm::StringLiteral name;
  int64_t ProfilePoint::*member;
  int64_t least, most;
};
} // namespace

static constexpr PointField pointFields[] = {
    {"cu_count", &ProfilePoint::cuCount, 1, 4096},
    {"repetition_count", &ProfilePoint::repetitionCount, 1, 1000000000},
    {"time_ns", &ProfilePoint::timeNs, 1, kMostNs},
    {"time_min_ns", &ProfilePoint::timeMinNs, 1, kMostNs},
    {"time_p90_ns", &ProfilePoint::timeP90Ns, 1, kMostNs},
    {"time_mad_ns", &ProfilePoint::timeMadNs, 0, kMostNs},
};

static llvm::Expected<ProfilePoint> readPoint(const json::Value &value,
                                              const JsonPlace &place,
                                              const Profile &profile) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return place.error("must be an object");
  llvm::SmallVector<llvm::StringRef> known;
  for (const PointField &field : pointFields)
    known.push_back(field.name);
  known.push_back("energy_nj");
  if (llvm::Error error = refuseUnknownFields(*object, known, place)) // PF2
    return error;
  ProfilePoint point;
  for (const PointField &field : pointFields) { // PF3
    auto number =
        readInteger(*object, field.name, place, field.least, field.most);
    if (!number)
      return number.takeError();
    point.*field.member = *number;
  }
  if (point.timeMinNs > point.timeNs || point.timeNs > point.timeP90Ns)
    return (place / "time_ns")
        .error("must lie between time_min_ns and time_p90_ns");
  if (point.cuCount > profile.device.cuCount) // PF4
    return (place / "cu_count")
        .error(llvm::Twine(point.cuCount) + " is more than the device's " +
               llvm::Twine(profile.device.cuCount));
  if ((profile.energySource != "none") != (object->get("energy_nj") != nullptr))
    return (place / "energy_nj") // PF5
        .error(profile.energySource == "none"
                   ? "present, but energy_source is none"
                   : "missing, but energy_source is " + profile.energySource);
  if (object->get("energy_nj")) {
    auto energy = readInteger(*object, "energy_nj", place, 0, kMostNj);
    if (!energy)
      return energy.takeError();
    point.energyNj = *energy;
  }
  return point;
}

static llvm::Expected<ProfileKernel> readKernel(const json::Value &value,
                                                const JsonPlace &place,
                                                const Profile &profile) {
  const json::Object *object = value.getAsObject();
  if (!object)
    return place.error("must be an object");
  llvm::StringRef known[] = {"name", "points"};
  if (llvm::Error error = refuseUnknownFields(*object, known, place))
    return error;
  ProfileKernel kernel;
  auto name = readString(*object, "name", place);
  if (!name)
    return name.takeError();
  kernel.name = *name;
  auto points = readArray(*object, "points", place);
  if (!points)
    return points.takeError();
  if ((*points)->empty())
    return (place / "points").error("is empty");
  for (auto [i, entry] : llvm::enumerate(**points)) {
    JsonPlace at = place / ("points[" + llvm::Twine(i) + "]");
    auto point = readPoint(entry, at, profile);
    if (!point)
      return point.takeError();
    if (i > 0 && point->cuCount <= kernel.points.back().cuCount)
      return (at / "cu_count").error("must ascend strictly");
    kernel.points.push_back(*point);
  }
  return kernel;
}

static llvm::Error readStrings(
    const json::Object &object, const JsonPlace &place,
    llvm::ArrayRef<std::pair<llvm::StringLiteral, std::string *>> fields) {
  for (auto [name, out] : fields) {
    auto text = readString(object, name, place);
    if (!text)
      return text.takeError();
    *out = *text;
  }
  return llvm::Error::success();
}

static llvm::Error readDevice(const json::Object &root, const JsonPlace &place,
                              ProfileDevice &device) {
  auto object = readObject(root, "device", place);
  if (!object)
    return object.takeError();
  JsonPlace at = place / "device";
  llvm::StringRef known[] = {"name",   "target",  "cu_count",
                             "driver", "product", "library"};
  if (llvm::Error error = refuseUnknownFields(**object, known, at))
    return error;
  if (llvm::Error error = readStrings(**object, at,
                                      {{"name", &device.name},
                                       {"target", &device.target},
                                       {"driver", &device.driver},
                                       {"product", &device.product},
                                       {"library", &device.library}}))
    return error;
  auto cuCount = readInteger(**object, "cu_count", at, 1, 4096);
  if (!cuCount)
    return cuCount.takeError();
  device.cuCount = *cuCount;
  return llvm::Error::success();
}

/// Everything but the kernels.
static llvm::Error readHead(const json::Object &root, const JsonPlace &place,
                            Profile &profile) {
  if (!root.get("schema_version"))
    return (place / "schema_version").error("missing");
  if (root.getInteger("schema_version") != kProfileVersion) // PF1
    return (place / "schema_version")
        .error("must be " + llvm::Twine(kProfileVersion));
  llvm::StringRef known[] = {
      "schema_version", "device",       "time_source", "energy_source",
      "argument_data",  "tool_version", "updated_utc", "energy_absent_reason",
      "kernels"};
  if (llvm::Error error = refuseUnknownFields(root, known, place)) // PF2
    return error;
  if (llvm::Error error = readDevice(root, place, profile.device))
    return error;
  std::string source;
  if (llvm::Error error = readStrings(root, place,
                                      {{"time_source", &source},
                                       {"energy_source", &profile.energySource},
                                       {"argument_data", &profile.argumentData},
                                       {"tool_version", &profile.toolVersion},
                                       {"updated_utc", &profile.updatedUtc}}))
    return error;
  auto parsed = parseTimeSource(source);
  if (!parsed) // PF5
    return (place / "time_source")
        .error("must be device_clock, device_sequences, "
               "virtual_gpu_instructions or virtual_gpu_host_time, is '" +
               source + "'");
  profile.timeSource = *parsed;
  if (!llvm::is_contained({"none", "rocm_smi", "nvml_energy", "nvml_power"},
                          profile.energySource))
    return (place / "energy_source")
        .error("must be rocm_smi, nvml_energy, nvml_power or none, is '" + profile.energySource + "'");
  if (profile.energySource == "none")
    return readStrings(root, place,
                       {{"energy_absent_reason", &profile.energyAbsentReason}});
  if (root.get("energy_absent_reason"))
    return (place / "energy_absent_reason")
        .error("present beside energy_source " + profile.energySource);
  return llvm::Error::success();
}

llvm::Expected<Profile> eclip::parseProfile(llvm::StringRef text,
                                            llvm::StringRef file) {
  auto root = parseJsonObject(text, file, /*maxBytes=*/64 << 20); // PF1
  if (!root)
    return root.takeError();
  JsonPlace place{file, ""};
  Profile profile;
  if (llvm::Error error = readHead(*root, place, profile))
    return error;
  auto kernels = readObject(*root, "kernels", place);
  if (!kernels)
    return kernels.takeError();
  for (const auto &entry : **kernels) {
    JsonPlace at = place / "kernels" / llvm::StringRef(entry.first);
    if (!isKernelHash(entry.first)) // PF4
      return at.error("is no kernel hash: 32 hexadecimal digits");
    auto kernel = readKernel(entry.second, at, profile);
    if (!kernel)
      return kernel.takeError();
    profile.kernels.emplace(llvm::StringRef(entry.first).str(),
                            std::move(*kernel));
  }
  return profile;
}

llvm::Expected<Profile> eclip::loadProfile(llvm::StringRef path) {
  auto text = readTextFile(path);
  if (!text)
    return text.takeError();
  return parseProfile(*text, path);
}

//===----------------------------------------------------------------------===//
// Writing
//===----------------------------------------------------------------------===//

static json::Object pointToJson(const ProfilePoint &point) {
  json::Object object;
  for (const PointField &field : pointFields)
    object[field.name] = point.*field.member;
  if (point.energyNj)
    object["energy_nj"] = *point.energyNj;
  return object;
}

std::string eclip::profileToJson(const Profile &profile) {
  json::Object kernels;
  for (const auto &[hash, kernel] : profile.kernels) {
    json::Array points;
    for (const ProfilePoint &point : kernel.points)
      points.push_back(pointToJson(point));
    kernels[hash] =
        json::Object{{"name", kernel.name}, {"points", std::move(points)}};
  }
  json::Object root{
      {"schema_version", kProfileVersion},
      {"device", json::Object{{"name", profile.device.name},
                              {"target", profile.device.target},
                              {"cu_count", profile.device.cuCount},
                              {"driver", profile.device.driver},
                              {"product", profile.device.product},
                              {"library", profile.device.library}}},
      {"time_source", timeSourceName(profile.timeSource)},
      {"energy_source", profile.energySource},
      {"argument_data", profile.argumentData},
      {"tool_version", profile.toolVersion},
      {"updated_utc", profile.updatedUtc},
      {"kernels", std::move(kernels)}};
  if (profile.energySource == "none")
    root["energy_absent_reason"] = profile.energyAbsentReason;
  return llvm::formatv("{0:2}\n", json::Value(std::move(root))).str();
}

llvm::Error eclip::checkProfileDevice(const Profile &profile,
                                      llvm::StringRef file,
                                      llvm::StringRef name,
                                      llvm::StringRef target, int64_t cuCount) {
  JsonPlace place{file, "device"};
  if (profile.device.name != name)
    return (place / "name")
        .error("the profile is of '" + profile.device.name +
               "', the device is '" + name + "'");
  if (profile.device.target != target)
    return (place / "target")
        .error("the profile is of " + profile.device.target +
               ", the device is " + target);
  if (profile.device.cuCount != cuCount)
    return (place / "cu_count")
        .error("the profile is of " + llvm::Twine(profile.device.cuCount) +
               " CUs, the device has " + llvm::Twine(cuCount));
  return llvm::Error::success();
}

std::string eclip::profileHash(llvm::StringRef json) {
  return llvm::utohexstr(llvm::xxh3_64bits(json), /*LowerCase=*/true,
                         /*Width=*/16);
}
