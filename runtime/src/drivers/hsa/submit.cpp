//===- submit.cpp - run a slot's packets ----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/program.h"

#include "runtime/src/clock.h"

#include <sched.h>
#include <time.h>

using namespace eclip;
using namespace eclip::hsa;

namespace {
// How often a wait looks whether a queue has failed.
constexpr uint64_t kWaitSliceNs = 20 * 1000 * 1000;
constexpr uint64_t kNsPerSecond = 1000 * 1000 * 1000;

/// value * to / from, for units per second up to 10^10, without a 128-bit
/// division from another library.
uint64_t convert(uint64_t value, uint64_t from, uint64_t to) {
  return value / from * to + value % from * to / from;
}
} // namespace

/// Writes as many packets as the rings have room for, and rings the doorbells
/// of the queues that got some. True when all are written.
bool HsaProgram::publish(Slot &slot) {
  const Api &api = device.api;
  bool all = true;
  for (const Lane &lane : plans[slot.plan].lanes) {
    uint64_t &next = slot.next[lane.queue];
    const uint64_t end = slot.end[lane.queue];
    if (next == end)
      continue;
    hsa_queue_t *queue = device.queue(lane.queue).handle;
    auto *ring = static_cast<aql::Packet *>(queue->base_address);
    uint64_t room =
        api.hsa_queue_load_read_index_scacquire(queue) + queue->size;
    uint64_t limit = end < room ? end : room;
    all &= limit >= end;
    if (limit <= next)
      continue;
    // The packets not yet written are this lane's last ones.
    const aql::Packet *packet = slot.packets.data() + lane.first_packet +
                                (lane.packet_count - (end - next));
    for (; next < limit; ++next, ++packet)
      aql::publish(ring + (next & (queue->size - 1)), *packet);
    api.hsa_signal_store_screlease(queue->doorbell_signal,
                                   static_cast<hsa_signal_value_t>(next - 1));
  }
  return all;
}

/// Goes round the queues until everything is written: a full ring may be
/// waiting for packets that this request has yet to write to another one.
eclip_status HsaProgram::publishAll(Slot &slot, Error &error) {
  if (publish(slot))
    return ECLIP_OK;
  uint64_t deadline = nowNs() + submit_timeout_ns;
  for (unsigned rounds = 0; !publish(slot); ++rounds) {
    if (eclip_status status = device.health(error))
      return status;
    if (nowNs() > deadline) {
      // Places are reserved that nobody will fill: no queue gets past them.
      device.markLost(
          "a request waited %llu ms for room in its queues",
          static_cast<unsigned long long>(submit_timeout_ns / 1000000));
      return device.health(error);
    }
    if (rounds < 64) {
      sched_yield();
    } else {
      timespec pause = {0, 50 * 1000};
      nanosleep(&pause, nullptr);
    }
  }
  return ECLIP_OK;
}

eclip_status HsaProgram::submit(uint32_t index, uint32_t planIndex,
                                Error &error) {
  if (eclip_status status = device.health(error))
    return status;
  const Api &api = device.api;
  Slot &slot = slots[index];
  const Plan &plan = plans[planIndex];
  slot.plan = planIndex;
  // Nothing of this slot runs, so nobody else looks at its signals. Publishing
  // the packets releases these stores.
  for (uint32_t i = 0; i < plan.signal_count; ++i)
    api.hsa_signal_store_relaxed(slot.signals[i], 1);
  api.hsa_signal_store_relaxed(slot.done, plan.busy_lanes);
  uint64_t first[kQueueLimit];
  device.reservation.reserve(slot.pair, plan.counts, first);
  for (const Lane &lane : plan.lanes) {
    const Queue &queue = device.queue(lane.queue);
    slot.next[lane.queue] = first[lane.queue] - queue.origin;
    slot.end[lane.queue] = slot.next[lane.queue] + lane.packet_count;
    // The library's own write index follows; ours decides who gets which place.
    if (lane.packet_count)
      api.hsa_queue_add_write_index_relaxed(queue.handle, lane.packet_count);
  }
  return publishAll(slot, error);
}

/// A packet that does not run because its queue failed leaves a negative value.
/// The queue's error callback tells why; it may still be on its way.
eclip_status HsaProgram::failedSignal(int64_t value, Error &error) {
  constexpr unsigned patienceMs = 2000;
  for (unsigned ms = 0; ms < patienceMs && !device.isLost(); ++ms) {
    timespec pause = {0, 1000 * 1000};
    nanosleep(&pause, nullptr);
  }
  device.markLost("packets of a request failed with status 0x%llx",
                  static_cast<unsigned long long>(-value));
  return device.health(error);
}

eclip_status HsaProgram::wait(uint32_t index, uint64_t timeoutNs,
                              Error &error) {
  const Api &api = device.api;
  const Slot &slot = slots[index];
  const uint64_t begin = timeoutNs == 0 ? 0 : nowNs();
  uint64_t left = timeoutNs;
  for (;;) {
    uint64_t slice = left < kWaitSliceNs ? left : kWaitSliceNs;
    uint64_t ticks = convert(slice, kNsPerSecond, device.ticks_per_second);
    hsa_signal_value_t value = api.hsa_signal_wait_scacquire(
        slot.done, HSA_SIGNAL_CONDITION_LT, 1, ticks, HSA_WAIT_STATE_BLOCKED);
    if (value == 0)
      return ECLIP_OK;
    if (value < 0)
      return failedSignal(value, error);
    if (eclip_status status = device.health(error))
      return status;
    uint64_t passed = timeoutNs == 0 ? 0 : nowNs() - begin;
    if (passed >= timeoutNs)
      return error.fail(ECLIP_ERROR_TIMEOUT,
                        "the request still runs after %llu ms",
                        static_cast<unsigned long long>(timeoutNs / 1000000));
    left = timeoutNs - passed;
  }
}

bool HsaProgram::queueTimes(uint32_t index, uint32_t queue,
                            eclip_queue_times *times) const {
  const Slot &slot = slots[index];
  const Lane &lane = plans[slot.plan].lanes[queue];
  if (lane.first_signal == kNone)
    return false;
  const Api &api = device.api;
  hsa_amd_profiling_dispatch_time_t first = {}, last = {};
  if (api.hsa_amd_profiling_get_dispatch_time(device.agent,
                                              slot.signals[lane.first_signal],
                                              &first) != HSA_STATUS_SUCCESS ||
      api.hsa_amd_profiling_get_dispatch_time(device.agent,
                                              slot.signals[lane.last_signal],
                                              &last) != HSA_STATUS_SUCCESS)
    return false;
  times->start_ns = convert(first.start, device.ticks_per_second, kNsPerSecond);
  times->end_ns = convert(last.end, device.ticks_per_second, kNsPerSecond);
  return times->end_ns != 0;
}
