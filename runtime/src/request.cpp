//===- request.cpp - requests: from acquire to release --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/clock.h"
#include "runtime/src/schedule.h"

using namespace eclip;

using ull = unsigned long long;
using State = eclip_request::State;
#define INVALID(...) error.fail(ECLIP_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

static State stateOf(const eclip_request &request) {
  return static_cast<State>(request.state.load(std::memory_order_acquire));
}

static void setState(eclip_request &request, State state) {
  request.state.store(state, std::memory_order_release);
}

/// Fails unless the request is acquired and at rest.
static eclip_status checkAtRest(const eclip_request &request, const char *what,
                                Error &error) {
  switch (stateOf(request)) {
  case eclip_request::Ready:
  case eclip_request::Done:
  case eclip_request::Failed:
    return ECLIP_OK;
  case eclip_request::Running:
    return error.fail(ECLIP_ERROR_STATE, "%s: the request runs; wait first",
                      what);
  case eclip_request::Free:
    break;
  }
  return error.fail(ECLIP_ERROR_STATE, "%s: the request was released", what);
}

static eclip_status
checkTensor(const flatbuffers::Vector<flatbuffers::Offset<fb::Tensor>> &tensors,
            uint32_t index, size_t bytes, const char *what, Error &error) {
  if (index >= tensors.size())
    return INVALID("%s %u: the schedule has %u", what, index, tensors.size());
  const fb::Tensor &tensor = *tensors.Get(index);
  if (bytes != tensor.bytes())
    return INVALID("%s '%s': %zu bytes given, it has %llu", what,
                   tensor.name()->c_str(), bytes, ull(tensor.bytes()));
  return ECLIP_OK;
}

extern "C" eclip_status eclip_request_acquire(eclip_schedule *schedule,
                                              eclip_request **out,
                                              eclip_error *sink) {
  Error error(sink);
  if (!schedule || !out)
    return INVALID("eclip_request_acquire: schedule or request is NULL");
  for (eclip_request &slot : schedule->slots) {
    uint32_t expected = eclip_request::Free;
    if (slot.state.compare_exchange_strong(expected, eclip_request::Ready,
                                           std::memory_order_acquire,
                                           std::memory_order_relaxed)) {
      *out = &slot;
      return ECLIP_OK;
    }
  }
  return error.fail(ECLIP_ERROR_BUSY, "all %zu slots are in use",
                    schedule->slots.size());
}

/// Gives a plan's packets the buffers that the request has now.
static void applyBindings(eclip_request &request, uint32_t plan) {
  size_t inputs = request.inputs.size(), outputs = request.outputs.size();
  void **applied = request.applied.data() + plan * (inputs + outputs);
  Program &program = *request.schedule->program;
  auto apply = [&](Bound kind, const Array<void *> &wanted) {
    for (uint32_t i = 0; i < wanted.size(); ++i, ++applied)
      if (*applied != wanted[i]) {
        program.bind(request.index, plan, kind, i, wanted[i]);
        *applied = wanted[i];
      }
  };
  apply(Bound::Input, request.inputs);
  apply(Bound::Output, request.outputs);
}

extern "C" eclip_status
eclip_request_write_input(eclip_request *request, uint32_t index,
                          const void *data, size_t bytes, eclip_error *sink) {
  Error error(sink);
  if (!request || !data)
    return INVALID("eclip_request_write_input: request or data is NULL");
  if (eclip_status status = checkAtRest(*request, "write_input", error))
    return status;
  if (eclip_status status = checkTensor(*request->schedule->root->inputs(),
                                        index, bytes, "input", error))
    return status;
  request->inputs[index] = request->own_inputs[index];
  if (eclip_status status = request->schedule->device->driver->upload(
          request->own_inputs[index], data, bytes, error))
    return status;
  request->input_given[index] = true;
  return ECLIP_OK;
}

static eclip_status checkBinding(const char *what, const void *buffer,
                                 size_t bytes, Error &error) {
  if (!buffer && bytes)
    return INVALID("%s: buffer is NULL", what);
  if (reinterpret_cast<uintptr_t>(buffer) % 256)
    return INVALID("%s: the buffer's address is not a multiple of 256", what);
  return ECLIP_OK;
}

extern "C" eclip_status eclip_request_bind_input(eclip_request *request,
                                                 uint32_t index, void *buffer,
                                                 size_t bytes,
                                                 eclip_error *sink) {
  Error error(sink);
  if (!request)
    return INVALID("eclip_request_bind_input: request is NULL");
  if (eclip_status status = checkAtRest(*request, "bind_input", error))
    return status;
  if (eclip_status status = checkBinding("bind_input", buffer, bytes, error))
    return status;
  const auto &inputs = *request->schedule->root->inputs();
  size_t expected = bytes;
  if (!buffer && index < inputs.size())
    expected = inputs.Get(index)->bytes();
  if (eclip_status status =
          checkTensor(inputs, index, expected, "input", error))
    return status;
  request->inputs[index] = buffer ? buffer : request->own_inputs[index];
  // The slot's own buffer holds nothing that was meant for this request.
  request->input_given[index] = buffer != nullptr;
  return ECLIP_OK;
}

extern "C" eclip_status eclip_request_bind_output(eclip_request *request,
                                                  uint32_t index, void *buffer,
                                                  size_t bytes,
                                                  eclip_error *sink) {
  Error error(sink);
  if (!request)
    return INVALID("eclip_request_bind_output: request is NULL");
  if (eclip_status status = checkAtRest(*request, "bind_output", error))
    return status;
  if (eclip_status status = checkBinding("bind_output", buffer, bytes, error))
    return status;
  const auto &outputs = *request->schedule->root->outputs();
  size_t expected = bytes;
  if (!buffer && index < outputs.size())
    expected = outputs.Get(index)->bytes();
  if (eclip_status status =
          checkTensor(outputs, index, expected, "output", error))
    return status;
  request->outputs[index] = buffer ? buffer : request->own_outputs[index];
  // What the buffer holds is no result of this request yet.
  if (stateOf(*request) == eclip_request::Done)
    setState(*request, eclip_request::Ready);
  return ECLIP_OK;
}

extern "C" eclip_status eclip_request_submit(eclip_request *request,
                                             eclip_error *sink) {
  Error error(sink);
  if (!request)
    return INVALID("eclip_request_submit: request is NULL");
  if (eclip_status status = checkAtRest(*request, "submit", error))
    return status;
  eclip_schedule &schedule = *request->schedule;
  for (uint32_t i = 0; i < request->input_given.size(); ++i)
    if (!request->input_given[i])
      return INVALID("input '%s': neither written nor bound",
                     schedule.root->inputs()->Get(i)->name()->c_str());
  request->submitted_ns = nowNs();
  request->plan = schedule.active_plan.load(std::memory_order_relaxed);
  applyBindings(*request, request->plan);
  eclip_status status =
      schedule.program->submit(request->index, request->plan, error);
  request->submit_ns = nowNs() - request->submitted_ns;
  setState(*request, status ? eclip_request::Failed : eclip_request::Running);
  return status;
}

extern "C" eclip_status eclip_request_wait(eclip_request *request,
                                           uint64_t timeout_ns,
                                           eclip_error *sink) {
  Error error(sink);
  if (!request)
    return INVALID("eclip_request_wait: request is NULL");
  switch (stateOf(*request)) {
  case eclip_request::Done:
    return ECLIP_OK;
  case eclip_request::Running:
    break;
  case eclip_request::Failed:
    if (eclip_status status = request->schedule->device->driver->health(error))
      return status;
    [[fallthrough]];
  default:
    return error.fail(ECLIP_ERROR_STATE, "wait: the request was not submitted");
  }
  eclip_status status =
      request->schedule->program->wait(request->index, timeout_ns, error);
  if (status == ECLIP_ERROR_TIMEOUT)
    return status;
  request->done_ns = nowNs();
  setState(*request, status ? eclip_request::Failed : eclip_request::Done);
  return status;
}

extern "C" eclip_status eclip_request_read_output(eclip_request *request,
                                                  uint32_t index, void *data,
                                                  size_t bytes,
                                                  eclip_error *sink) {
  Error error(sink);
  if (!request || !data)
    return INVALID("eclip_request_read_output: request or data is NULL");
  if (stateOf(*request) != eclip_request::Done)
    return error.fail(ECLIP_ERROR_STATE,
                      "read_output: the request has no results; submit and "
                      "wait first");
  if (eclip_status status = checkTensor(*request->schedule->root->outputs(),
                                        index, bytes, "output", error))
    return status;
  return request->schedule->device->driver->download(
      data, request->outputs[index], bytes, error);
}

extern "C" eclip_status eclip_request_get_stats(const eclip_request *request,
                                                eclip_request_stats *out,
                                                eclip_error *sink) {
  Error error(sink);
  if (!request || !out)
    return INVALID("eclip_request_get_stats: request or stats is NULL");
  if (stateOf(*request) != eclip_request::Done)
    return error.fail(ECLIP_ERROR_STATE,
                      "get_stats: the request is not done; wait first");
  eclip_request_stats stats = ECLIP_REQUEST_STATS_INIT;
  if (eclip_status status =
          readStruct(out, &stats, sizeof(stats), "eclip_request_stats", error))
    return status;
  if (stats.queue_capacity && !stats.queues)
    return INVALID("eclip_request_stats: queue_capacity is %u, queues is NULL",
                   stats.queue_capacity);
  const Program &program = *request->schedule->program;
  stats.host_ns = request->done_ns - request->submitted_ns;
  stats.submit_ns = request->submit_ns;
  stats.submitted_packets = program.packetCount(request->plan);
  stats.plan = request->plan;
  uint64_t first = UINT64_MAX, last = 0;
  const fb::Plan &plan = *request->schedule->root->plans()->Get(request->plan);
  for (uint32_t q = 0; q < plan.queues()->size(); ++q) {
    eclip_queue_times times = {0, 0};
    if (program.queueTimes(request->index, q, &times)) {
      first = times.start_ns < first ? times.start_ns : first;
      last = times.end_ns > last ? times.end_ns : last;
    }
    if (q < stats.queue_capacity)
      stats.queues[q] = times;
  }
  stats.device_ns = last > first ? last - first : 0;
  return writeStruct(&stats, out, sizeof(stats), "eclip_request_stats", error);
}

extern "C" eclip_status eclip_request_release(eclip_request *request,
                                              eclip_error *sink) {
  Error error(sink);
  if (!request)
    return ECLIP_OK;
  if (stateOf(*request) == eclip_request::Running) {
    // It may have ended without anybody looking.
    eclip_status status =
        request->schedule->program->wait(request->index, 0, error);
    if (status == ECLIP_ERROR_TIMEOUT)
      return error.fail(ECLIP_ERROR_BUSY, "release: the request runs; wait "
                                          "first");
  } else if (eclip_status status = checkAtRest(*request, "release", error)) {
    return status;
  }
  for (uint32_t i = 0; i < request->inputs.size(); ++i) {
    request->inputs[i] = request->own_inputs[i];
    request->input_given[i] = false;
  }
  for (uint32_t i = 0; i < request->outputs.size(); ++i)
    request->outputs[i] = request->own_outputs[i];
  setState(*request, eclip_request::Free);
  return ECLIP_OK;
}
