//===- Workers.cpp - schedules under a closed load ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-bench/Workers.h"

#include "tools/common/PlanChoice.h"

#include <algorithm>
#include <cstring>
#include <thread>

using namespace eclip;
using namespace eclip::bench;
using tool::nowNs;

// A request that takes longer than this has hung.
static constexpr uint64_t kTimeoutNs = 120ull * 1000 * 1000 * 1000;
// Completions that a window may have before its vector grows.
static constexpr size_t kExpectedCompletions = 1 << 16;

Workers::~Workers() {
  closeAll();
  eclip_device_close(handle, nullptr);
}

void Workers::closeAll() {
  for (auto &worker : all)
    tool::closeSchedule(worker->requests, worker->schedule, handle);
  all.clear();
}

ExitCode Workers::fail(eclip_status status) {
  message = text;
  return tool::exitCodeOf(status);
}

ExitCode Workers::open(const Options &options) {
  if (eclip_status s =
          tool::openDevice(options.device, &handle, &device, &error))
    return fail(s);
  return load(options, options.files);
}

ExitCode Workers::load(const Options &options,
                       const std::vector<std::string> &files) {
  closeAll();
  for (const std::string &file : files) {
    all.push_back(std::make_unique<Worker>());
    all.back()->file = file;
    if (ExitCode code = loadOne(options, *all.back())) {
      closeAll();
      return code;
    }
  }
  return ExitOk;
}

ExitCode Workers::loadOne(const Options &options, Worker &worker) {
  eclip_schedule_options scheduleOptions = ECLIP_SCHEDULE_OPTIONS_INIT;
  scheduleOptions.slots = options.inFlight;
  scheduleOptions.no_queue_times = !options.queueTimes;
  scheduleOptions.private_queues = options.privateQueues;
  if (auto s = eclip_schedule_load_file(handle, worker.file.c_str(),
                                        &scheduleOptions, &worker.schedule,
                                        &error))
    return fail(s);
  if (auto s = eclip_schedule_get_info(worker.schedule, &worker.info, &error))
    return fail(s);
  for (uint32_t i = 0; i < worker.info.plan_count; ++i)
    worker.plans.push_back(tool::planName(worker.schedule, i));
  if (!tool::choosePlan(worker.schedule, options.plan, message)) {
    message = worker.file + ": " + message;
    return ExitBadInput;
  }
  for (uint32_t slot = 0; slot < options.inFlight; ++slot) {
    eclip_request *request = nullptr;
    if (auto s = eclip_request_acquire(worker.schedule, &request, &error))
      return fail(s);
    worker.requests.push_back(request);
    if (ExitCode code = writeInputs(worker, request))
      return code;
  }
  return ExitOk;
}

/// Floats in [-1, 1) and integers in [1, 100]: valid tokens, and true where a
/// mask is meant. Zeros would draw less power than data does.
ExitCode Workers::writeInputs(Worker &worker, eclip_request *request) {
  for (uint32_t i = 0; i < worker.info.input_count; ++i) {
    eclip_tensor_info tensor = ECLIP_TENSOR_INFO_INIT;
    if (auto s = eclip_schedule_get_input(worker.schedule, i, &tensor, &error))
      return fail(s);
    std::vector<uint8_t> data(tensor.bytes);
    size_t width = eclip_element_bytes(tensor.type);
    uint32_t state = 12345;
    for (size_t at = 0; at + width <= data.size(); at += width) {
      state = state * 1664525u + 1013904223u;
      if (tensor.type == ECLIP_F32) {
        float value = float(state >> 8) / float(1u << 23) - 1.0f;
        std::memcpy(&data[at], &value, sizeof(value));
      } else if (tensor.type == ECLIP_F64) {
        double value = double(state >> 8) / double(1u << 23) - 1.0;
        std::memcpy(&data[at], &value, sizeof(value));
      } else if (tensor.type == ECLIP_F16) { // sign and mantissa below one
        uint16_t value = uint16_t((state >> 16 & 0x8000u) | 0x3800u |
                                  (state >> 8 & 0x3ffu));
        std::memcpy(&data[at], &value, sizeof(value));
      } else {
        data[at] = tensor.type == ECLIP_BOOL ? 1 : uint8_t(1 + (state >> 8) % 100);
      }
    }
    if (auto s = eclip_request_write_input(request, i, data.data(), data.size(),
                                           &error))
      return fail(s);
  }
  return ExitOk;
}

/// False after a failure, which is the lane's then. `wanted`: when its latency
/// begins, or 0 for its submit.
bool Workers::finish(Lane &lane, size_t slot, Window window, uint64_t wanted) {
  char line[1024] = "";
  eclip_error own = ECLIP_ERROR_INIT(line);
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  if (eclip_request_wait(lane.requests[slot], kTimeoutNs, &own) ||
      eclip_request_get_stats(lane.requests[slot], &stats, &own)) {
    lane.failure = line;
    return false;
  }
  uint64_t end = nowNs();
  if (end >= window.beginNs && end < window.endNs)
    lane.completions.push_back({end, wanted ? end - wanted : stats.host_ns,
                                stats.submit_ns, stats.device_ns, stats.plan});
  return true;
}

bool Workers::submit(Lane &lane, size_t slot) {
  char line[1024] = "";
  eclip_error own = ECLIP_ERROR_INIT(line);
  if (!eclip_request_submit(lane.requests[slot], &own))
    return true;
  lane.failure = line;
  return false;
}

void Workers::workFreely(Lane &lane, Window window) {
  size_t slots = lane.requests.size(), running = 0, next = 0;
  while (nowNs() < window.endNs) {
    // Round robin: the slot that is needed next was submitted longest ago.
    if (running == slots) {
      if (!finish(lane, next, window, 0))
        return;
      --running;
    }
    if (!submit(lane, next))
      return;
    ++running;
    next = (next + 1) % slots;
  }
  for (size_t slot = (next + slots - running) % slots; running; --running) {
    if (!finish(lane, slot, window, 0))
      return;
    slot = (slot + 1) % slots;
  }
}

/// In order of arrival, as one stream would: tickets, not a mutex, which lets
/// the thread that has just left come in again.
void Workers::workInTurn(Lane &lane, Window window) {
  for (bool good = true; good && nowNs() < window.endNs;) {
    uint64_t wanted = nowNs();
    uint64_t ticket = tickets.fetch_add(1);
    while (serving.load(std::memory_order_acquire) != ticket)
      std::this_thread::yield();
    good = submit(lane, 0) && finish(lane, 0, window, wanted);
    serving.store(ticket + 1, std::memory_order_release);
  }
}

ExitCode Workers::run(const WindowOptions &options, Window &window) {
  std::vector<Lane> lanes;
  for (size_t at = 0; at < all.size(); ++at) {
    auto &worker = all[at];
    worker->completions.clear();
    if (options.only >= 0 && size_t(options.only) != at)
      continue;
    for (size_t i = 0; i < worker->requests.size(); ++i) {
      if (i == 0 || options.oneAtATime)
        lanes.push_back({worker.get(), {}, {}, {}});
      lanes.back().requests.push_back(worker->requests[i]);
    }
  }
  for (Lane &lane : lanes)
    lane.completions.reserve(kExpectedCompletions);
  window.beginNs = nowNs() + uint64_t(options.warmupSeconds * 1e9);
  window.endNs = window.beginNs + uint64_t(options.seconds * 1e9);
  std::vector<std::thread> threads;
  for (Lane &lane : lanes)
    threads.emplace_back([&] {
      options.oneAtATime ? workInTurn(lane, window) : workFreely(lane, window);
    });
  for (std::thread &thread : threads)
    thread.join();
  for (Lane &lane : lanes) {
    if (!lane.failure.empty()) {
      message = lane.worker->file + ": " + lane.failure;
      return ExitRunFailed;
    }
    auto &list = lane.worker->completions;
    list.insert(list.end(), lane.completions.begin(), lane.completions.end());
    std::sort(list.begin(), list.end(), [](const auto &a, const auto &b) {
      return a.endNs < b.endNs;
    });
  }
  return ExitOk;
}
