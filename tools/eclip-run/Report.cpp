//===- Report.cpp - what eclip-run prints ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Report.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstring>

using namespace eclip::tool;
using Json = nlohmann::ordered_json;

namespace {
struct Spread {
  uint64_t min, median, mean, max;
};
} // namespace

static Spread spread(const std::vector<RequestTimes> &times,
                     uint64_t RequestTimes::*field) {
  std::vector<uint64_t> values;
  for (const RequestTimes &t : times)
    values.push_back(t.*field);
  std::sort(values.begin(), values.end());
  uint64_t sum = 0;
  for (uint64_t v : values)
    sum += v;
  return {values.front(), values[values.size() / 2], sum / values.size(),
          values.back()};
}

static double halfToDouble(uint16_t bits) {
  int exponent = bits >> 10 & 31, mantissa = bits & 1023;
  double value = exponent == 0    ? std::ldexp(mantissa, -24)
                 : exponent == 31 ? (mantissa ? NAN : INFINITY)
                                  : std::ldexp(1024 + mantissa, exponent - 25);
  return bits >> 15 ? -value : value;
}

template <typename T> static double load(const uint8_t *place) {
  T value;
  std::memcpy(&value, place, sizeof(value));
  return double(value);
}

static double element(const Tensor &tensor, size_t i) {
  const uint8_t *place =
      tensor.data.data() + i * eclip_element_bytes(tensor.type.type);
  switch (tensor.type.type) {
  case ECLIP_F32:
    return load<float>(place);
  case ECLIP_F16: {
    uint16_t bits;
    std::memcpy(&bits, place, sizeof(bits));
    return halfToDouble(bits);
  }
  case ECLIP_F64:
    return load<double>(place);
  case ECLIP_I8:
    return load<int8_t>(place);
  case ECLIP_U8:
  case ECLIP_BOOL:
    return load<uint8_t>(place);
  case ECLIP_I16:
    return load<int16_t>(place);
  case ECLIP_U16:
    return load<uint16_t>(place);
  case ECLIP_I32:
    return load<int32_t>(place);
  case ECLIP_U32:
    return load<uint32_t>(place);
  case ECLIP_I64:
    return load<int64_t>(place);
  case ECLIP_U64:
    return load<uint64_t>(place);
  }
  return 0;
}

/// "[0,17]" for the place of element `i`.
static std::string place(const TensorType &type, size_t i) {
  std::string text;
  for (size_t d = type.dims.size(); d-- > 0; i /= type.dims[d])
    text = std::to_string(i % type.dims[d]) + (text.empty() ? "" : ",") + text;
  return "[" + text + "]";
}

static void printOutput(const Tensor &tensor) {
  size_t count = tensor.data.size() / eclip_element_bytes(tensor.type.type);
  double smallest = INFINITY, largest = -INFINITY;
  size_t where = 0, strange = 0;
  for (size_t i = 0; i < count; ++i) {
    double value = element(tensor, i);
    strange += !std::isfinite(value);
    smallest = std::fmin(smallest, value);
    if (value > largest) {
      largest = value;
      where = i;
    }
  }
  std::printf("output %s %s: %g to %g, largest at %s", tensor.name.c_str(),
              tensor.type.text().c_str(), smallest, largest,
              place(tensor.type, where).c_str());
  if (strange)
    std::printf(", %zu not finite", strange);
  if (!tensor.file.empty())
    std::printf(" -> %s", tensor.file.c_str());
  std::printf("\n");
}

void eclip::tool::printText(const Options &options, const Session &session,
                            const VgpuReport &vgpu) {
  std::printf("%s on %s (%s, %u CUs)\n", session.schedule.model_name,
              session.device.name, session.device.isa, session.device.cu_count);
  if (session.schedule.plan_count > 1)
    std::printf("plan %s (%u of %u)\n", session.plan.name, session.planIndex,
                session.schedule.plan_count);
  for (const Queue &queue : session.queues)
    std::printf("queue %s: %u CUs, %u packets, %.3f ms%s\n", queue.name.c_str(),
                queue.cuCount, queue.packetCount,
                double(queue.times.end_ns - queue.times.start_ns) * 1e-6,
                queue.maskReduced ? ", mask reduced by HSA_CU_MASK" : "");
  for (const Tensor &output : session.outputs)
    printOutput(output);
  Spread host = spread(session.times, &RequestTimes::hostNs);
  std::printf("%zu request%s, %u in flight: %.3f ms median, %.3f to %.3f ms\n",
              session.times.size(), session.times.size() == 1 ? "" : "s",
              options.inFlight, double(host.median) * 1e-6,
              double(host.min) * 1e-6, double(host.max) * 1e-6);
  if (vgpu.present)
    std::printf("virtual GPU: %llu wavefront instructions\n",
                static_cast<unsigned long long>(vgpu.instructions));
}

static Json toJson(const Spread &s) {
  return {
      {"min", s.min}, {"median", s.median}, {"mean", s.mean}, {"max", s.max}};
}

static Json toJson(const std::vector<Tensor> &tensors) {
  Json list = Json::array();
  for (const Tensor &tensor : tensors)
    list.push_back({{"name", tensor.name},
                    {"type", eclip_element_name(tensor.type.type)},
                    {"dims", tensor.type.dims},
                    {"bytes", tensor.data.size()},
                    {"file", tensor.file}});
  return list;
}

static Json toJson(const std::vector<Queue> &queues) {
  Json list = Json::array();
  for (const Queue &queue : queues)
    list.push_back({{"name", queue.name},
                    {"cu_count", queue.cuCount},
                    {"mask", queue.mask},
                    {"mask_reduced", queue.maskReduced},
                    {"priority", queue.priority},
                    {"packets", queue.packetCount},
                    {"start_ns", queue.times.start_ns},
                    {"end_ns", queue.times.end_ns}});
  return list;
}

void eclip::tool::printJson(const Options &options, const Session &session,
                            const VgpuReport &vgpu) {
  const eclip_schedule_info &schedule = session.schedule;
  Json report = {
      {"file", options.file},
      {"model", schedule.model_name},
      {"device",
       {{"driver", session.device.driver},
        {"name", session.device.name},
        {"isa", session.device.isa},
        {"cu_count", session.device.cu_count},
        {"library", session.device.library_path}}},
      {"requests", session.times.size()},
      {"in_flight", options.inFlight},
      {"precision", schedule.precision},
      {"plan",
       {{"index", session.planIndex},
        {"name", session.plan.name},
        {"neighbours", session.plan.neighbours},
        {"for_mix", session.plan.for_mix != 0},
        {"predicted_time_ns", session.plan.predicted_time_ns},
        {"predicted_energy_nj", session.plan.predicted_energy_nj}}},
      {"plans", schedule.plan_count},
      {"dispatches_per_request", session.plan.dispatch_count},
      {"barriers_per_request", session.plan.barrier_count},
      {"packets_per_request", session.packetsPerRequest},
      {"arena_bytes", schedule.arena_bytes},
      {"constants_bytes", schedule.constants_bytes},
      {"load_time_ns", session.loadNs},
      {"total_time_ns", session.totalNs},
      {"request_time_ns", toJson(spread(session.times, &RequestTimes::hostNs))},
      {"submit_time_ns",
       toJson(spread(session.times, &RequestTimes::submitNs))},
      {"device_time_ns",
       toJson(spread(session.times, &RequestTimes::deviceNs))},
      {"queues", toJson(session.queues)},
      {"inputs", toJson(session.inputs)},
      {"outputs", toJson(session.outputs)}};
  if (vgpu.present) {
    report["vgpu"] = {{"instructions", vgpu.instructions},
                      {"dispatches", vgpu.dispatches},
                      {"workgroups_per_cu", vgpu.workgroupsPerCu},
                      {"instructions_per_cu", vgpu.instructionsPerCu}};
    if (options.check)
      report["vgpu"]["findings"] = vgpu.findings;
  }
  // Names come from the model and need not be UTF-8.
  std::printf(
      "%s\n",
      report.dump(2, ' ', false, Json::error_handler_t::replace).c_str());
}
