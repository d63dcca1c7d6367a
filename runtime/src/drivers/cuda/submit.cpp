//===- submit.cpp - run a slot's graph ------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/program.h"

#include "runtime/src/clock.h"

#include <sched.h>
#include <time.h>

using namespace eclip;
using namespace eclip::cuda;

namespace {
// A wait asks without pause for this long: most requests end in it, and a sleep
// would show in their latency. Then it yields, then it sleeps.
constexpr uint64_t kSpinNs = 2 * 1000 * 1000;
constexpr uint64_t kYieldNs = 20 * 1000 * 1000;
constexpr long kPauseNs = 50 * 1000;
} // namespace

/// The error of a running kernel comes back from whatever call is next, and from
/// all after it: CUDA is of no use to the process any more, not even after
/// cuDevicePrimaryCtxReset (tried with driver 580 on an H100).
eclip_status CudaProgram::failed(abi::Result result, const char *call,
                                 Error &error) {
  device.markLost("%s: %s (%d)", call, device.api.name(result), result);
  return device.health(error);
}

void CudaProgram::bind(uint32_t slotIndex, uint32_t planIndex, Bound kind,
                       uint32_t tensor, void *address) {
  const Api &api = device.api;
  const Plan &plan = plans[planIndex];
  SlotGraph &graph = slots[slotIndex].graphs[planIndex];
  fb::BufferKind wanted =
      kind == Bound::Input ? fb::BufferKind::Input : fb::BufferKind::Output;
  Current current(api, device.primary);
  for (uint32_t i = 0; i < plan.graph.nodes().size(); ++i) {
    const auto *arguments = plan.graph.nodes()[i].packet->arguments();
    bool changed = false;
    for (uint32_t a = 0; arguments && a < arguments->size(); ++a) {
      const fb::Argument &argument = *arguments->Get(a);
      if (argument.kind() != wanted || argument.index() != tensor)
        continue;
      graph.arguments[plan.first_argument[i] + a] =
          reinterpret_cast<uintptr_t>(address) + argument.offset();
      changed = true;
    }
    if (!changed)
      continue;
    // kernarg_bytes is at most 4096: 512 arguments (F14).
    void *pointers[512];
    abi::KernelNode params = describe(plan, graph, i, pointers);
    if (abi::Result result =
            api.setKernelNode(graph.exec, graph.nodes[i], &params))
      device.markLost("cuGraphExecKernelNodeSetParams: %s (%d)",
                      api.name(result), result);
  }
}

eclip_status CudaProgram::submit(uint32_t index, uint32_t plan,
                                 Error &error) {
  if (eclip_status status = device.health(error))
    return status;
  const Api &api = device.api;
  Slot &slot = slots[index];
  slot.plan = plan;
  Current current(api, device.primary);
  if (queue_times)
    if (abi::Result result = api.recordEvent(slot.begin, slot.stream))
      return failed(result, "cuEventRecord", error);
  if (abi::Result result = api.launchGraph(slot.graphs[plan].exec, slot.stream))
    return failed(result, "cuGraphLaunch", error);
  // The request is under way: a kernel that has failed already is for wait().
  if (abi::Result result = api.recordEvent(slot.done, slot.stream))
    device.markLost("a request: %s (%d)", api.name(result), result);
  return ECLIP_OK;
}

eclip_status CudaProgram::wait(uint32_t index, uint64_t timeoutNs,
                               Error &error) {
  const Api &api = device.api;
  const Slot &slot = slots[index];
  Current current(api, device.primary);
  const uint64_t begin = nowNs();
  for (;;) {
    // First, because the event of a request that submit saw fail is none.
    if (eclip_status status = device.health(error))
      return status;
    abi::Result result = api.queryEvent(slot.done);
    if (result == abi::kSuccess)
      return ECLIP_OK;
    if (result != abi::kNotReady)
      return failed(result, "a request", error);
    uint64_t passed = nowNs() - begin;
    if (passed >= timeoutNs)
      return error.fail(ECLIP_ERROR_TIMEOUT,
                        "the request still runs after %llu ms",
                        static_cast<unsigned long long>(timeoutNs / 1000000));
    if (passed < kSpinNs)
      continue;
    if (passed < kYieldNs) {
      sched_yield();
    } else {
      timespec pause = {0, kPauseNs};
      nanosleep(&pause, nullptr);
    }
  }
}

/// Times count from the request's own start on the device: events tell
/// differences only, and as floats, whose resolution a common origin would eat.
bool CudaProgram::queueTimes(uint32_t index, uint32_t queue,
                             eclip_queue_times *times) const {
  const Slot &slot = slots[index];
  if (!queue_times)
    return false;
  const Array<abi::Event> &events = slot.graphs[slot.plan].queue_events;
  if (!events[queue * 2])
    return false;
  const Api &api = device.api;
  Current current(api, device.primary);
  float start = 0, end = 0;
  if (api.elapsedTime(&start, slot.begin, events[queue * 2]) !=
          abi::kSuccess ||
      api.elapsedTime(&end, slot.begin, events[queue * 2 + 1]) !=
          abi::kSuccess)
    return false;
  times->start_ns = static_cast<uint64_t>(static_cast<double>(start) * 1e6);
  times->end_ns = static_cast<uint64_t>(static_cast<double>(end) * 1e6);
  return times->end_ns != 0;
}
