//===- DeviceSchema.cpp - fields of a device description ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/DeviceSchema.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"
#include "llvm/Support/raw_ostream.h"

using namespace eclip;
namespace json = llvm::json;

using D = DeviceDescription;

static DeviceField integer(llvm::StringLiteral section,
                           llvm::StringLiteral name, FieldKind kind,
                           llvm::StringLiteral meaning, int64_t D::*member) {
  return {section, name, kind, meaning, member};
}
static DeviceField number(llvm::StringLiteral section, llvm::StringLiteral name,
                          FieldKind kind, llvm::StringLiteral meaning,
                          double D::*member) {
  return {section, name, kind, meaning, nullptr, member};
}
static DeviceField rate(llvm::StringLiteral section, llvm::StringLiteral name,
                        FieldKind kind, llvm::StringLiteral meaning,
                        std::array<double, kRateCount> D::*member, Rate rate) {
  return {section, name, kind, meaning, nullptr, nullptr, member, rate};
}

static const DeviceField fields[] = {
    integer("topology", "xcd_count", FieldKind::Count,
            "dies that each execute a part of every dispatch", &D::xcdCount),
    integer("topology", "shader_engine_count", FieldKind::Count,
            "shader engines, or SM groups, of all dies together",
            &D::shaderEngineCount),
    integer("topology", "cu_count", FieldKind::Count, "compute units, or SMs",
            &D::cuCount),
    {"topology", "mask_bit_order", FieldKind::Order,
     "which CU each bit of a mask is"},
    integer("topology", "mask_granule_cu_count", FieldKind::Count,
            "a mask has a multiple of this many CUs, or all",
            &D::maskGranuleCuCount),
    integer("topology", "mask_extra_cu_count", FieldKind::Integer,
            "CUs that a mask with the last whole granule gets besides",
            &D::maskExtraCuCount),
    {"topology", "mask_sizes_cu_count", FieldKind::Counts,
     "CU counts that a masked queue may have"},
    integer("topology", "max_masked_queue_count", FieldKind::Count,
            "masked queues before oversubscription", &D::maxMaskedQueueCount),
    integer("topology", "max_request_queue_count", FieldKind::Count,
            "masked queues that one request may switch among",
            &D::maxRequestQueueCount),

    integer("compute_unit", "wavefront_lane_count", FieldKind::Count,
            "work-items of a wavefront, or threads of a warp",
            &D::wavefrontLaneCount),
    integer("compute_unit", "simd_per_cu_count", FieldKind::Count,
            "SIMDs, or SM partitions", &D::simdPerCuCount),
    integer("compute_unit", "max_waves_per_simd_count", FieldKind::Count,
            "wavefronts that a SIMD holds", &D::maxWavesPerSimdCount),
    integer("compute_unit", "max_workgroups_per_cu_count", FieldKind::Count,
            "workgroups of several wavefronts that a CU holds",
            &D::maxWorkgroupsPerCuCount),
    integer("compute_unit", "vgprs_per_lane_count", FieldKind::Count,
            "vector registers that the wavefronts of a SIMD share",
            &D::vgprsPerLaneCount),
    integer("compute_unit", "vgpr_granule_count", FieldKind::Count,
            "step in which they are given out", &D::vgprGranuleCount),
    integer("compute_unit", "sgprs_per_simd_count", FieldKind::Count,
            "scalar registers that the wavefronts of a SIMD share",
            &D::sgprsPerSimdCount),
    integer("compute_unit", "sgpr_granule_count", FieldKind::Count,
            "step in which they are given out", &D::sgprGranuleCount),
    integer("compute_unit", "lds_per_cu_bytes", FieldKind::Count,
            "LDS, or shared memory", &D::ldsPerCuBytes),
    integer("compute_unit", "lds_granule_bytes", FieldKind::Count,
            "step in which it is given out", &D::ldsGranuleBytes),

    number("throughput", "engine_clock_mhz", FieldKind::Positive,
           "clock at the peak rates", &D::engineClockMhz),
    number("throughput", "memory_clock_mhz", FieldKind::Positive,
           "clock of the memory", &D::memoryClockMhz),
    rate("throughput", "peak_fp64_gflops", FieldKind::Positive,
         "vector instructions", &D::peakGigaops, Rate::Fp64),
    rate("throughput", "peak_fp32_gflops", FieldKind::Positive,
         "vector instructions", &D::peakGigaops, Rate::Fp32),
    rate("throughput", "peak_fp16_gflops", FieldKind::Positive,
         "packed and dot instructions", &D::peakGigaops, Rate::Fp16),
    rate("throughput", "peak_int8_gigaops", FieldKind::Positive,
         "dot instructions", &D::peakGigaops, Rate::Int8),
    rate("throughput", "peak_matrix_fp64_gflops", FieldKind::Number,
         "matrix instructions, 0 where there are none", &D::peakGigaops,
         Rate::MatrixFp64),
    rate("throughput", "peak_matrix_fp32_gflops", FieldKind::Number,
         "matrix instructions, 0 where there are none", &D::peakGigaops,
         Rate::MatrixFp32),
    rate("throughput", "peak_matrix_fp16_gflops", FieldKind::Number,
         "matrix instructions, 0 where there are none", &D::peakGigaops,
         Rate::MatrixFp16),
    rate("throughput", "peak_matrix_int8_gigaops", FieldKind::Number,
         "matrix instructions, 0 where there are none", &D::peakGigaops,
         Rate::MatrixInt8),
    number("throughput", "sustained_compute_ratio", FieldKind::Positive,
           "part of a vector peak that generated kernels reach",
           &D::sustainedComputeRatio),
    number("throughput", "sustained_matrix_ratio", FieldKind::Positive,
           "part of a matrix peak that generated kernels reach",
           &D::sustainedMatrixRatio),
    number("throughput", "saturating_waves_per_cu_count", FieldKind::Positive,
           "wavefronts at which a CU reaches its rate",
           &D::saturatingWavesPerCuCount),

    number("memory", "hbm_bandwidth_gigabytes_per_s", FieldKind::Positive,
           "peak", &D::hbmBandwidthGigabytesPerS),
    number("memory", "sustained_hbm_ratio", FieldKind::Positive,
           "part of the peak that kernels reach", &D::sustainedHbmRatio),
    number("memory", "hbm_latency_ns", FieldKind::Positive,
           "a load from HBM under load", &D::hbmLatencyNs),
    integer("memory", "outstanding_per_wave_bytes", FieldKind::Count,
            "what one wavefront has in flight to HBM",
            &D::outstandingPerWaveBytes),
    integer("memory", "outstanding_per_cu_bytes", FieldKind::Count,
            "what one CU has in flight to HBM at most",
            &D::outstandingPerCuBytes),
    number("memory", "l2_bandwidth_gigabytes_per_s", FieldKind::Positive,
           "of all channels together", &D::l2BandwidthGigabytesPerS),
    number("memory", "cu_l2_bandwidth_gigabytes_per_s", FieldKind::Positive,
           "port of one CU", &D::cuL2BandwidthGigabytesPerS),
    number("memory", "lds_bandwidth_gigabytes_per_s", FieldKind::Positive,
           "of all CUs together", &D::ldsBandwidthGigabytesPerS),
    integer("memory", "hbm_capacity_bytes", FieldKind::Count,
            "memory of the device", &D::hbmCapacityBytes),
    integer("memory", "l2_cache_bytes", FieldKind::Count,
            "of all dies together", &D::l2CacheBytes),
    integer("memory", "last_level_cache_bytes", FieldKind::Integer,
            "cache in front of HBM, 0 where there is none",
            &D::lastLevelCacheBytes),

    number("overhead", "kernel_launch_ns", FieldKind::Number,
           "of each dispatch, in a queue whose packets wait for each other",
           &D::kernelLaunchNs),
    number("overhead", "barrier_packet_ns", FieldKind::Number,
           "a barrier whose signals are already zero", &D::barrierPacketNs),
    number(
        "overhead", "queue_switch_ns", FieldKind::Number,
        "from a signal of one queue to a dispatch behind a barrier of another",
        &D::queueSwitchNs),
    number("overhead", "mask_change_ns", FieldKind::Number,
           "changing the mask of a queue while running", &D::maskChangeNs),

    number("sharing", "turn_ratio", FieldKind::Number,
           "part of the time of two kernels side by side on the same CUs by "
           "which each takes longer",
           &D::turnRatio),
    number("sharing", "pending_ratio", FieldKind::Number,
           "part of its time for which a kernel keeps its CUs from later ones",
           &D::pendingRatio),
    number("sharing", "workgroup_ns", FieldKind::Number,
           "longest that a kernel waits for workgroups of a lower priority",
           &D::workgroupNs),
    number("sharing", "launch_beside_ns", FieldKind::Number,
           "what each dispatch takes longer for each dispatch of other requests "
           "in as much time",
           &D::launchBesideNs),
    number("sharing", "memory_beside_ratio", FieldKind::Number,
           "part of a kernel's time that is stretched by the part of the "
           "bandwidth that others use",
           &D::memoryBesideRatio),

    number("power", "board_power_watts", FieldKind::Positive,
           "limit of the board", &D::boardPowerWatts),
    number("power", "idle_power_watts", FieldKind::Number,
           "of the board without work", &D::idlePowerWatts),
    number("power", "power_per_active_shader_engine_watts", FieldKind::Number,
           "of a shader engine with work", &D::powerPerActiveShaderEngineWatts),
    number("power", "power_per_active_cu_watts", FieldKind::Number,
           "of a CU with work, without its arithmetic",
           &D::powerPerActiveCuWatts),
    rate("power", "energy_per_fp64_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::Fp64),
    rate("power", "energy_per_fp32_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::Fp32),
    rate("power", "energy_per_fp16_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::Fp16),
    rate("power", "energy_per_int8_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::Int8),
    rate("power", "energy_per_matrix_fp64_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::MatrixFp64),
    rate("power", "energy_per_matrix_fp32_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::MatrixFp32),
    rate("power", "energy_per_matrix_fp16_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::MatrixFp16),
    rate("power", "energy_per_matrix_int8_op_picojoules", FieldKind::Number,
         "one operation, operands from registers", &D::energyPerOpPicojoules,
         Rate::MatrixInt8),
    number("power", "energy_per_hbm_byte_picojoules", FieldKind::Number,
           "one byte between HBM and L2", &D::energyPerHbmBytePicojoules),
    number("power", "energy_per_l2_byte_picojoules", FieldKind::Number,
           "one byte between L2 and a CU", &D::energyPerL2BytePicojoules),
};

llvm::ArrayRef<DeviceField> eclip::deviceFields() { return fields; }

namespace {
struct UnitLimit {
  llvm::StringLiteral suffix;
  double largest;
};
} // namespace

/// Longer suffixes before shorter ones.
static constexpr UnitLimit unitLimits[] = {
    {"_gigabytes_per_s", 1e7},
    {"_picojoules", 1e6},
    {"_gigaops", 1e9},
    {"_gflops", 1e9},
    {"_watts", 1e5},
    {"_bytes", 0x1p48},
    {"_count", 0x1p20},
    {"_ratio", 1},
    {"_mhz", 1e5},
    {"_ns", 1e9},
};

double eclip::largestValue(llvm::StringRef fieldName) {
  for (const UnitLimit &unit : unitLimits)
    if (fieldName.ends_with(unit.suffix))
      return unit.largest;
  return 0;
}

//===----------------------------------------------------------------------===//
// JSON Schema
//===----------------------------------------------------------------------===//

static json::Object numberSchema(llvm::StringRef type, double least,
                                 bool exclusive, llvm::StringRef name) {
  json::Object schema{{"type", type}};
  schema[exclusive ? "exclusiveMinimum" : "minimum"] = least;
  schema["maximum"] = largestValue(name);
  return schema;
}

static json::Object valueSchema(const DeviceField &field) {
  switch (field.kind) {
  case FieldKind::Count:
    return numberSchema("integer", 1, false, field.name);
  case FieldKind::Integer:
    return numberSchema("integer", 0, false, field.name);
  case FieldKind::Positive:
    return numberSchema("number", 0, true, field.name);
  case FieldKind::Number:
    return numberSchema("number", 0, false, field.name);
  case FieldKind::Counts:
    return json::Object{
        {"type", "array"},
        {"minItems", 1},
        {"items", numberSchema("integer", 1, false, field.name)}};
  case FieldKind::Order:
    break;
  }
  json::Array names;
  for (MaskBitOrder order :
       {MaskBitOrder::ShaderEngineInterleaved,
        MaskBitOrder::XcdThenShaderEngineInterleaved, MaskBitOrder::SmGroup})
    names.push_back(maskBitOrderName(order));
  return json::Object{{"enum", std::move(names)}};
}

static json::Object closedObject(json::Object properties,
                                 json::Array required) {
  return json::Object{{"type", "object"},
                      {"additionalProperties", false},
                      {"required", std::move(required)},
                      {"properties", std::move(properties)}};
}

static json::Object text() {
  return json::Object{{"type", "string"}, {"minLength", 1}};
}

static json::Object sectionSchema(llvm::StringRef section) {
  json::Object properties;
  json::Array required;
  for (const DeviceField &field : fields) {
    if (field.section != section)
      continue;
    json::Object entry = closedObject(
        json::Object{{"value", valueSchema(field)},
                     {"source", text()},
                     {"confidence",
                      json::Object{{"enum", json::Array{"published", "measured",
                                                        "estimated"}}}}},
        json::Array{"value", "source", "confidence"});
    entry["description"] = field.meaning;
    properties[field.name] = std::move(entry);
    required.push_back(field.name);
  }
  return closedObject(std::move(properties), std::move(required));
}

std::string eclip::deviceJsonSchema() {
  json::Object properties{
      {"schema_version", json::Object{{"const", kDeviceSchemaVersion}}},
      {"name", text()},
      {"target", text()},
      {"description", text()}};
  json::Array required{"schema_version", "name", "target"};
  llvm::StringRef last;
  for (const DeviceField &field : fields) {
    if (field.section == last)
      continue;
    last = field.section;
    properties[last] = sectionSchema(last);
    required.push_back(last);
  }
  json::Object root = closedObject(std::move(properties), std::move(required));
  root["$schema"] = "https://json-schema.org/draft/2020-12/schema";
  root["title"] = "ECLIP device description";
  std::string out;
  llvm::raw_string_ostream(out)
      << llvm::formatv("{0:2}\n", json::Value(std::move(root)));
  return out;
}
