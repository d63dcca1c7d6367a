//===- Report.cpp - what eclip-bench prints -------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-bench/Report.h"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstdio>
#include <map>
#include <string>

using namespace eclip::bench;
using Json = nlohmann::ordered_json;

namespace {
struct Spread {
  uint64_t p50 = 0, p95 = 0, p99 = 0, mean = 0, max = 0;
};
} // namespace

/// Nearest rank.
static uint64_t percentile(const std::vector<uint64_t> &sorted, unsigned p) {
  size_t rank = (sorted.size() * p + 99) / 100;
  return sorted[std::max<size_t>(rank, 1) - 1];
}

static Spread spread(const Worker &worker, uint64_t Completion::*field) {
  std::vector<uint64_t> values;
  uint64_t sum = 0;
  for (const Completion &completion : worker.completions) {
    values.push_back(completion.*field);
    sum += completion.*field;
  }
  if (values.empty())
    return {};
  std::sort(values.begin(), values.end());
  return {percentile(values, 50), percentile(values, 95),
          percentile(values, 99), sum / values.size(), values.back()};
}

/// Between the first and the last completion: whole requests over their time.
static double perSecond(const Worker &worker) {
  const auto &ends = worker.completions;
  if (ends.size() < 2)
    return 0;
  return double(ends.size() - 1) /
         (double(ends.back().endNs - ends.front().endNs) * 1e-9);
}

/// Requests of each plan that ran, by its name.
static std::map<std::string, uint64_t> plansOf(const Worker &worker) {
  std::map<std::string, uint64_t> counts;
  for (const Completion &completion : worker.completions)
    ++counts[worker.plans[completion.plan]];
  return counts;
}

static Json toJson(const Spread &s) {
  return {{"p50", s.p50},
          {"p95", s.p95},
          {"p99", s.p99},
          {"mean", s.mean},
          {"max", s.max}};
}

// Names come from the model and need not be UTF-8.
static void printLine(const Json &json) {
  std::printf("%s\n",
              json.dump(-1, ' ', false, Json::error_handler_t::replace).c_str());
  std::fflush(stdout);
}

/// CUs of each queue of the plan that a submit would run now.
static Json queueCus(const Worker &worker) {
  Json list = Json::array();
  eclip_schedule_info info = ECLIP_SCHEDULE_INFO_INIT;
  eclip_plan_info plan = ECLIP_PLAN_INFO_INIT;
  if (eclip_schedule_get_info(worker.schedule, &info, nullptr) ||
      eclip_schedule_get_plan(worker.schedule, info.active_plan, &plan,
                              nullptr))
    return list;
  for (uint32_t i = 0; i < plan.queue_count; ++i) {
    eclip_queue_info queue = ECLIP_QUEUE_INFO_INIT;
    if (!eclip_schedule_get_plan_queue(worker.schedule, info.active_plan, i,
                                       &queue, nullptr))
      list.push_back(queue.cu_count);
  }
  return list;
}

void eclip::bench::printReady(const Options &options, const Workers &workers) {
  Json list = Json::array();
  for (const auto &worker : workers.all)
    list.push_back({{"file", worker->file},
                    {"model", worker->info.model_name},
                    {"dispatches", worker->info.dispatch_count},
                    {"queues", worker->info.queue_count},
                    {"queue_cus", queueCus(*worker)}});
  printLine({{"ready", true},
             {"device",
              {{"driver", workers.device.driver},
               {"name", workers.device.name},
               {"cu_count", workers.device.cu_count}}},
             {"in_flight", options.inFlight},
             {"workers", std::move(list)}});
}

void eclip::bench::printError(const std::string &message) {
  printLine({{"error", message}});
}

static void printJson(const Options &options, const Workers &workers,
                      Window window) {
  Json list = Json::array();
  for (const auto &worker : workers.all) {
    Json entry = {
        {"model", worker->info.model_name},
        {"file", worker->file},
        {"requests", worker->completions.size()},
        {"plans", plansOf(*worker)},
        {"per_second", perSecond(*worker)},
        {"latency_ns", toJson(spread(*worker, &Completion::latencyNs))},
        {"submit_ns", toJson(spread(*worker, &Completion::submitNs))}};
    if (options.queueTimes)
      entry["device_ns"] = toJson(spread(*worker, &Completion::deviceNs));
    list.push_back(std::move(entry));
  }
  printLine({{"window", {{"begin_ns", window.beginNs}, {"end_ns", window.endNs}}},
             {"in_flight", options.inFlight},
             {"workers", std::move(list)}});
}

void eclip::bench::printWindow(const Options &options, const Workers &workers,
                               Window window) {
  if (options.json || options.serve)
    return printJson(options, workers, window);
  std::printf("%s (%s), %u in flight each, %.3f s\n", workers.device.name,
              workers.device.driver, options.inFlight,
              double(window.endNs - window.beginNs) * 1e-9);
  for (const auto &worker : workers.all) {
    Spread latency = spread(*worker, &Completion::latencyNs);
    Spread submit = spread(*worker, &Completion::submitNs);
    std::printf("%s: %.1f requests/s, latency %.3f ms median, %.3f ms p95, "
                "submit %.1f us, plan",
                worker->info.model_name, perSecond(*worker),
                double(latency.p50) * 1e-6, double(latency.p95) * 1e-6,
                double(submit.p50) * 1e-3);
    const char *separator = " ";
    for (const auto &[plan, count] : plansOf(*worker)) {
      std::printf("%s%s", separator, plan.c_str());
      separator = ", ";
    }
    std::printf("\n");
  }
}
