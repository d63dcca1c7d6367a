//===- queue.cpp - masked queues and who shares them ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/device.h"

#include <stdio.h>

using namespace eclip;
using namespace eclip::hsa;

static_assert(kQueueLimit == kMaxQueues,
              "a schedule's queues all have a place");

/// Runs on a thread of the library: record, and leave the rest to wait().
static void queueError(hsa_status_t status, hsa_queue_t *handle, void *data) {
  const auto &queue = *static_cast<const Queue *>(data);
  Device &device = *queue.device;
  char mask[80]; // highest CU first; enough for 256 of them
  size_t length = 0;
  uint32_t shown = queue.mask_words < 8 ? queue.mask_words : 8;
  for (uint32_t i = shown; i-- > 0;)
    length +=
        snprintf(mask + length, sizeof(mask) - length, "%08x", queue.mask[i]);
  device.markLost("queue %llu (CU mask %s) stopped: status 0x%x: %s",
                  handle ? static_cast<unsigned long long>(handle->id) : 0,
                  mask, static_cast<unsigned>(status), device.api.text(status));
}

eclip_status Device::createQueue(Queue &queue, Error &error) {
  // The size of scratch is the device's business: UINT32_MAX lets each packet
  // say what it needs.
  hsa_status_t status = api.hsa_queue_create(
      agent, ring_packets, HSA_QUEUE_TYPE_MULTI, queueError, &queue, UINT32_MAX,
      UINT32_MAX, &queue.handle);
  if (status != HSA_STATUS_SUCCESS) {
    queue.handle = nullptr;
    return error.fail(ECLIP_ERROR_RESOURCES,
                      "hsa_queue_create: status 0x%x: %s",
                      static_cast<unsigned>(status), api.text(status));
  }
  status = api.hsa_amd_queue_cu_set_mask(queue.handle, queue.mask_words * 32,
                                         queue.mask);
  // Success too: HSA_CU_MASK in the environment took CUs away.
  queue.mask_reduced =
      status == static_cast<hsa_status_t>(HSA_STATUS_CU_MASK_REDUCED);
  if (status != HSA_STATUS_SUCCESS && !queue.mask_reduced) {
    api.hsa_queue_destroy(queue.handle);
    queue.handle = nullptr;
    return api.fail(error, status, "hsa_amd_queue_cu_set_mask");
  }
  // HSA has one level above the normal one. Its low one would put all other
  // queues behind those of other programs.
  if (queue.priority)
    if (hsa_status_t refused = api.hsa_amd_queue_set_priority(
            queue.handle, HSA_AMD_QUEUE_PRIORITY_HIGH)) {
      api.hsa_queue_destroy(queue.handle);
      queue.handle = nullptr;
      return api.fail(error, refused, "hsa_amd_queue_set_priority");
    }
  // Times are a service; a library that cannot give them is not refused.
  api.hsa_amd_profiling_set_profiler_enabled(queue.handle, 1);
  return ECLIP_OK;
}

static bool hasMask(const Queue &queue, const MaskWords &mask) {
  return queue.handle && queue.mask_words == mask.size() &&
         memcmp(queue.mask, mask.data(), mask.size() * 4) == 0;
}

eclip_status Device::takeQueue(const MaskWords &mask, uint32_t priority,
                               uint32_t maxQueues, bool isPrivate,
                               uint32_t *index, bool *shared, Error &error) {
  Locked lock(mutex);
  uint32_t used = 0, free = kQueueLimit;
  for (uint32_t i = 0; i < kQueueLimit; ++i) {
    if (!isPrivate && !queues[i].is_private && hasMask(queues[i], mask) &&
        queues[i].priority == priority) {
      ++queues[i].users;
      *index = i;
      *shared = true;
      return ECLIP_OK;
    }
    if (queues[i].handle)
      ++used;
    else if (free == kQueueLimit)
      free = i;
  }
  if (used >= maxQueues || free == kQueueLimit)
    return error.fail(ECLIP_ERROR_RESOURCES,
                      "%u masked queues are open, those of all schedules and "
                      "their plans together; the device runs %u",
                      used, maxQueues < kQueueLimit ? maxQueues : kQueueLimit);
  Queue &queue = queues[free];
  queue.device = this;
  queue.mask_words = mask.size();
  queue.priority = priority;
  memcpy(queue.mask, mask.data(), mask.size() * 4);
  if (eclip_status status = createQueue(queue, error))
    return status;
  // Nobody reserves on this place before it has a user.
  queue.origin = reservation.next(free);
  queue.users = 1;
  queue.is_private = isPrivate;
  *index = free;
  *shared = false;
  return ECLIP_OK;
}

void Device::giveQueue(uint32_t index) {
  Locked lock(mutex);
  Queue &queue = queues[index];
  if (--queue.users)
    return;
  api.hsa_queue_destroy(queue.handle);
  queue.handle = nullptr;
}

uint32_t Device::queueCount() const {
  Locked lock(mutex);
  uint32_t count = 0;
  for (const Queue &queue : queues)
    count += queue.handle != nullptr;
  return count;
}

void Device::stopQueues() {
  Locked lock(mutex);
  if (queues_stopped)
    return;
  queues_stopped = true;
  for (Queue &queue : queues)
    if (queue.handle)
      api.hsa_queue_inactivate(queue.handle);
}

eclip_status Device::takePair(NodePair *pair, Error &error) {
  Locked lock(mutex);
  if (!reservation.takePair(pair))
    return error.fail(ECLIP_ERROR_RESOURCES,
                      "a device has at most %u slots over all schedules",
                      Reservation::kMaxPairs);
  return ECLIP_OK;
}

void Device::givePair(NodePair pair) {
  Locked lock(mutex);
  reservation.givePair(pair);
}
