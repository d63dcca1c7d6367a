//===- Profiling.cpp - dispatch and copy times ----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A tick is a nanosecond of the host's monotonic clock, for the device as well
// as for the system: the times say how long the simulation took, not how long a
// GPU would.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

using namespace eclip::vgpu;

/// The times in a signal, if its last packet was timed.
static hsa_status_t times(hsa_signal_t signal, uint64_t &start, uint64_t &end) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  amd_signal_t *s = rt->signals.find(signal);
  if (!s || s->kind != AMD_SIGNAL_KIND_USER)
    return HSA_STATUS_ERROR_INVALID_SIGNAL;
  if (!(loadFlags(s) & SignalTimed))
    return HSA_STATUS_ERROR;
  start = s->start_ts;
  end = s->end_ts;
  return HSA_STATUS_SUCCESS;
}

extern "C" {

hsa_status_t hsa_amd_profiling_set_profiler_enabled(hsa_queue_t *queue,
                                                    int enable) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::shared_ptr<Queue> q = queue ? rt->findQueue(queue) : nullptr;
  if (!q)
    return HSA_STATUS_ERROR_INVALID_QUEUE;
  q->profiling.store(enable != 0);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_profiling_async_copy_enable(bool enable) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  rt->timeCopies.store(enable);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t
hsa_amd_profiling_get_dispatch_time(hsa_agent_t agent, hsa_signal_t signal,
                                    hsa_amd_profiling_dispatch_time_t *time) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!time)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (!isGpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  return times(signal, time->start, time->end);
}

hsa_status_t hsa_amd_profiling_get_async_copy_time(
    hsa_signal_t signal, hsa_amd_profiling_async_copy_time_t *time) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!time)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return times(signal, time->start, time->end);
}

hsa_status_t hsa_amd_profiling_convert_tick_to_system_domain(
    hsa_agent_t agent, uint64_t agent_tick, uint64_t *system_tick) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!system_tick)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (!isGpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  *system_tick = agent_tick;
  return HSA_STATUS_SUCCESS;
}

} // extern "C"
