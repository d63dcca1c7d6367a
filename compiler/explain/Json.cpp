//===- Json.cpp - a report for scripts ------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// docs/report.schema.json is the contract: a field that appears here and not
// there fails the tests. `schema_version` rises when one changes its meaning or
// goes away.
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Write.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FormatVariadic.h"
#include "llvm/Support/JSON.h"

using namespace eclip;
namespace json = llvm::json;

static constexpr int64_t kSchemaVersion = 1;

/// Names in a model may be any bytes; JSON needs UTF-8.
static std::string text(llvm::StringRef name) { return json::fixUTF8(name); }

template <typename Range, typename Fn>
static json::Array mapped(const Range &range, Fn fn) {
  json::Array array;
  for (const auto &element : range)
    array.push_back(fn(element));
  return array;
}

static json::Array numbers(llvm::ArrayRef<int64_t> values) {
  return mapped(values, [](int64_t value) { return json::Value(value); });
}

static json::Object cost(const ReportCost &value) {
  return json::Object{{"time_ns", value.timeNs}, {"energy_nj", value.energyNj}};
}

static json::Value parts(const std::optional<PartTimes> &values) {
  if (!values)
    return nullptr;
  json::Object object;
  for (auto [i, ns] : llvm::enumerate(*values))
    object[(timePartName(static_cast<TimePart>(i)) + "_ns").str()] = ns;
  return object;
}

static json::Value bound(const std::optional<PartTimes> &values) {
  if (!values)
    return nullptr;
  return timePartName(largestPart(*values));
}

static json::Object device(const ReportDevice &device) {
  return json::Object{{"name", text(device.name)},
          {"target", text(device.target)},
          {"cu_count", device.topology.cuCount},
          {"shader_engine_count", device.topology.engineCount},
          {"xcd_count", device.topology.xcdCount},
          {"mask_bit_order", maskBitOrderName(device.topology.order)},
          {"mask_sizes_cu_count", numbers(device.maskSizes)},
          {"max_masked_queue_count", device.maxMaskedQueues},
          {"idle_mw", device.limits.idleMilliwatts},
          {"board_mw", device.limits.boardMilliwatts},
          {"hbm_bytes_per_s", device.limits.hbmBytesPerS},
          {"launch_ns", device.limits.launchNs}};
}

static json::Object launch(const ReportLaunch &launch) {
  return json::Object{{"kernel", text(launch.kernel)},
          {"kind", text(launch.kind)},
          {"nodes", mapped(launch.nodes,
                           [](const std::string &n) { return json::Value(text(n)); })},
          {"needed_cu_count", launch.neededCus},
          {"cost_source", text(launch.source)},
          {"time_ns", mapped(launch.costs,
                             [](const ReportCost &c) { return json::Value(c.timeNs); })},
          {"energy_nj", mapped(launch.costs, [](const ReportCost &c) {
             return json::Value(c.energyNj);
           })}};
}

static json::Object step(const ReportStep &step) {
  json::Object object = cost(step.cost);
  object["launch"] = static_cast<int64_t>(step.launch);
  object["group"] = static_cast<int64_t>(step.group);
  object["queue"] = static_cast<int64_t>(step.queue);
  object["cu_count"] = step.cuCount;
  object["start_ns"] = step.startNs;
  object["end_ns"] = step.endNs;
  object["bound"] = bound(step.parts);
  object["parts"] = parts(step.parts);
  return object;
}

static json::Object group(const ReportGroup &group) {
  json::Object object = cost(group.cost);
  object["name"] = text(group.name);
  object["cu_count"] = group.cuCount;
  object["queue"] = static_cast<int64_t>(group.queue);
  object["first_step"] = static_cast<int64_t>(group.firstStep);
  object["steps"] = static_cast<int64_t>(group.stepCount);
  object["start_ns"] = group.startNs;
  object["end_ns"] = group.endNs;
  return object;
}

static json::Object merge(const ReportMerge &merge) {
  json::Object object{
      {"first_step", static_cast<int64_t>(merge.firstStep)},
      {"steps", static_cast<int64_t>(merge.stepCount)},
      {"cu_count", merge.cuCount},
      {"switches_saved", merge.switchesSaved},
      {"change", cost(merge.change)},
      {"alone_objective_ppm", merge.aloneObjectivePpm},
      {"objective_ppm", merge.objectivePpm},
      {"breaks_limit", merge.breaksLimit}};
  object["shared_change"] =
      merge.sharedChange ? json::Value(cost(*merge.sharedChange)) : nullptr;
  object["others_change"] =
      merge.othersChange ? json::Value(cost(*merge.othersChange)) : nullptr;
  return object;
}

static json::Object switchObject(const ReportSwitch &found) {
  json::Object object = cost(found.cost);
  object["step"] = static_cast<int64_t>(found.step);
  object["from_cu_count"] = found.fromCus;
  object["to_cu_count"] = found.toCus;
  object["reason"] = switchReasonName(found.reason);
  object["merges"] = mapped(found.merges, merge);
  object["best_merge"] = found.merges.empty()
                             ? json::Value(nullptr)
                             : json::Value(static_cast<int64_t>(found.best));
  return object;
}

static json::Object queue(const ReportQueue &queue) {
  return json::Object{{"name", text(queue.name)},    {"cu_count", queue.cuCount},
          {"mask", numbers(queue.maskWords)}, {"launches", queue.launches},
          {"barriers", queue.barriers},  {"waits", queue.waits},
          {"busy_ns", queue.busyNs}};
}

static json::Object memory(const ReportMemory &memory) {
  return json::Object{{"arena_bytes", memory.arenaBytes},
          {"lower_bound_bytes", memory.lowerBoundBytes},
          {"peak_live_bytes", memory.peakLiveBytes},
          {"buffers", mapped(memory.buffers, [](const ReportBuffer &b) {
             return json::Object{{"offset_bytes", b.offset},
                                 {"bytes", b.bytes},
                                 {"first_step", static_cast<int64_t>(b.firstStep)},
                                 {"last_step", static_cast<int64_t>(b.lastStep)},
                                 {"start_ns", b.startNs},
                                 {"end_ns", b.endNs}};
           })}};
}

static json::Object share(const ReportShare &share) {
  json::Object object = cost(share.cost);
  object["name"] = text(share.name);
  object["kind"] = text(share.kind);
  object["launches"] = share.launches;
  object["bound"] = bound(share.parts);
  object["parts"] = parts(share.parts);
  return object;
}

static json::Value orNull(std::optional<int64_t> number) {
  return number ? json::Value(*number) : json::Value(nullptr);
}

static json::Object clustering(const ReportClustering &clustering) {
  json::Object object{{"objective", text(clustering.objective)},
                      {"optimal", clustering.optimal},
                      {"gap_ppm", orNull(clustering.gapPpm)}};
  object["time_limit_ns"] = orNull(clustering.timeLimitNs);
  return object;
}

static json::Object plan(const ReportPlan &plan) {
  json::Object object{{"name", text(plan.name)},
                      {"neighbours", plan.neighbours},
                      {"for_mix", plan.forMix},
                      {"clustering", clustering(plan.clustering)},
                      {"total", cost(plan.total)},
                      {"sequence", cost(plan.sequence)},
                      {"last_end_ns", plan.lastEndNs},
                      {"all_cus", cost(plan.allCus())},
                      {"uniform", mapped(plan.uniform, cost)},
                      {"switch_cost", cost(plan.switchCost)},
                      {"switch_time_ns", plan.switchTimeNs},
                      {"barriers", plan.barriers()},
                      {"parts", parts(plan.parts)},
                      {"groups", mapped(plan.groups, group)},
                      {"switches", mapped(plan.switches, switchObject)},
                      {"queues", mapped(plan.queues, queue)},
                      {"memory", memory(plan.memory)},
                      {"kinds", mapped(plan.kinds, share)},
                      {"top_by_time", mapped(plan.topByTime, share)},
                      {"top_by_energy", mapped(plan.topByEnergy, share)},
                      {"steps", mapped(plan.steps, step)}};
  object["shared"] = plan.shared ? json::Value(cost(*plan.shared)) : nullptr;
  return object;
}

static json::Object tensor(const ReportTensor &tensor) {
  return json::Object{{"name", text(tensor.name)},
          {"type", text(tensor.type)},
          {"bytes", tensor.bytes}};
}

static json::Object worker(const ReportWorker &worker) {
  return json::Object{{"name", text(worker.name)},
          {"model_hash", text(worker.modelHash)},
          {"kernel_count", static_cast<int64_t>(worker.kernelCount)},
          {"inputs", mapped(worker.inputs, tensor)},
          {"outputs", mapped(worker.outputs, tensor)},
          {"launches", mapped(worker.launches, launch)},
          {"plans", mapped(worker.plans, plan)}};
}

static json::Object mix(const ReportMix &mix) {
  return json::Object{
      {"objective", mix.objective},
      {"optimal", mix.optimal},
      {"gap_ppm", orNull(mix.gapPpm)},
      {"throughput_floor_ppm", mix.throughputFloorPpm},
      {"queues", mix.queues},
      {"max_queues", mix.maxQueues},
      {"workers", mapped(mix.workers,
                         [](const ReportMixWorker &own) {
                           return json::Object{
                               {"all_cus_alone", cost(own.allCusAlone)},
                               {"alone", cost(own.alone)},
                               {"shared", cost(own.shared)},
                               {"pays_ns", numbers(own.paysNs)}};
                         })},
      {"simulated", mapped(mix.ways, [](const ReportMixWay &way) {
         return json::Object{
             {"name", way.name},
             {"relative_throughput", way.throughput},
             {"relative_efficiency", way.efficiency},
             {"power_watts", way.watts},
             {"p95_ns", mapped(way.p95Ns, [](double ns) {
                return json::Value(static_cast<int64_t>(ns));
              })}};
       })}};
}

void eclip::writeJson(const Report &report, llvm::raw_ostream &os) {
  json::Object root{{"schema_version", kSchemaVersion},
                    {"compiler_version", text(report.compilerVersion)},
                    {"device", device(report.device)},
                    {"workers", mapped(report.workers, worker)}};
  root["mix"] = report.mix ? json::Value(mix(*report.mix)) : nullptr;
  os << llvm::formatv("{0}\n", json::Value(std::move(root)));
}
