//===- Session.cpp - a device, a schedule, and requests on it -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Session.h"

#include "tools/common/PlanChoice.h"

using namespace eclip::tool;

Session::~Session() {
  closeSchedule(requests, scheduleHandle, deviceHandle);
  eclip_device_close(deviceHandle, nullptr);
}

ExitCode Session::fail(eclip_status status) {
  message = text;
  return exitCodeOf(status);
}

ExitCode Session::open(const Options &options) {
  if (eclip_status s =
          openDevice(options.device, &deviceHandle, &device, &error))
    return fail(s);
  eclip_schedule_options scheduleOptions = ECLIP_SCHEDULE_OPTIONS_INIT;
  scheduleOptions.slots = options.inFlight;
  scheduleOptions.private_queues = options.privateQueues;
  uint64_t started = nowNs();
  if (eclip_status s =
          eclip_schedule_load_file(deviceHandle, options.file.c_str(),
                                   &scheduleOptions, &scheduleHandle, &error))
    return fail(s);
  loadNs = nowNs() - started;
  if (ExitCode code = setPlan(options.plan))
    return code;
  if (ExitCode code = queryTensors())
    return code;
  return queryQueues();
}

/// Sets the plan and reads what it is.
ExitCode Session::setPlan(const std::string &wanted) {
  if (!choosePlan(scheduleHandle, wanted, message))
    return ExitBadInput;
  if (eclip_status s =
          eclip_schedule_get_info(scheduleHandle, &schedule, &error))
    return fail(s);
  planIndex = schedule.active_plan;
  return fail(
      eclip_schedule_get_plan(scheduleHandle, planIndex, &plan, &error));
}

static Tensor makeTensor(const eclip_tensor_info &info) {
  Tensor tensor;
  tensor.name = info.name;
  tensor.type.type = info.type;
  tensor.type.dims.assign(info.dims, info.dims + info.rank);
  return tensor;
}

ExitCode Session::queryTensors() {
  eclip_tensor_info tensor = ECLIP_TENSOR_INFO_INIT;
  for (uint32_t i = 0; i < schedule.input_count; ++i) {
    if (auto s = eclip_schedule_get_input(scheduleHandle, i, &tensor, &error))
      return fail(s);
    inputs.push_back(makeTensor(tensor));
  }
  for (uint32_t i = 0; i < schedule.output_count; ++i) {
    if (auto s = eclip_schedule_get_output(scheduleHandle, i, &tensor, &error))
      return fail(s);
    outputs.push_back(makeTensor(tensor));
    outputs.back().data.resize(tensor.bytes);
  }
  return ExitOk;
}

ExitCode Session::queryQueues() {
  for (uint32_t i = 0; i < plan.queue_count; ++i) {
    eclip_queue_info info = ECLIP_QUEUE_INFO_INIT;
    if (auto s = eclip_schedule_get_plan_queue(scheduleHandle, planIndex, i,
                                               &info, &error))
      return fail(s);
    Queue queue;
    queue.name = info.name;
    queue.mask.assign(info.mask, info.mask + info.mask_words);
    queue.cuCount = info.cu_count;
    queue.packetCount = info.packet_count;
    queue.maskReduced = info.mask_reduced != 0;
    queue.priority = info.priority;
    queues.push_back(std::move(queue));
  }
  return ExitOk;
}

ExitCode Session::start(size_t slot) {
  return fail(eclip_request_submit(requests[slot], &error));
}

ExitCode Session::finish(size_t slot, uint64_t timeoutNs) {
  if (auto s = eclip_request_wait(requests[slot], timeoutNs, &error))
    return fail(s);
  std::vector<eclip_queue_times> queueTimes(queues.size());
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  stats.queues = queueTimes.data();
  stats.queue_capacity = uint32_t(queueTimes.size());
  if (auto s = eclip_request_get_stats(requests[slot], &stats, &error))
    return fail(s);
  times.push_back({stats.host_ns, stats.submit_ns, stats.device_ns});
  packetsPerRequest = stats.submitted_packets;
  for (size_t q = 0; q < queues.size(); ++q)
    queues[q].times = queueTimes[q];
  return ExitOk;
}

/// The outputs of all slots must be the same bytes: they had the same inputs,
/// and no kernel's result depends on the order in which workgroups run.
ExitCode Session::readOutputs() {
  for (size_t slot = 0; slot < requests.size(); ++slot)
    for (uint32_t i = 0; i < outputs.size(); ++i) {
      Tensor &output = outputs[i];
      std::vector<uint8_t> other(slot ? output.data.size() : 0);
      std::vector<uint8_t> &data = slot ? other : output.data;
      if (auto s = eclip_request_read_output(requests[slot], i, data.data(),
                                             data.size(), &error))
        return fail(s);
      if (slot && other != output.data) {
        message = "output '" + output.name +
                  "' differs between requests with the same inputs";
        return ExitRunFailed;
      }
    }
  return ExitOk;
}

ExitCode Session::run(const Options &options) {
  for (uint32_t slot = 0; slot < options.inFlight; ++slot) {
    eclip_request *request = nullptr;
    if (auto s = eclip_request_acquire(scheduleHandle, &request, &error))
      return fail(s);
    requests.push_back(request);
    for (uint32_t i = 0; i < inputs.size(); ++i)
      if (auto s = eclip_request_write_input(request, i, inputs[i].data.data(),
                                             inputs[i].data.size(), &error))
        return fail(s);
  }
  auto timeoutNs = uint64_t(options.timeoutSeconds * 1e9);
  uint64_t started = nowNs();
  // Round robin: the slot that is needed next is the one submitted longest ago.
  for (uint64_t i = 0; i < options.requests + options.inFlight; ++i) {
    size_t slot = i % options.inFlight;
    if (i >= options.inFlight)
      if (ExitCode code = finish(slot, timeoutNs))
        return code;
    if (i < options.requests)
      if (ExitCode code = start(slot))
        return code;
  }
  totalNs = nowNs() - started;
  return readOutputs();
}
