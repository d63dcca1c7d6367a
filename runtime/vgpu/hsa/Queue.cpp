//===- Queue.cpp - user-mode queues ---------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Queue.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>

using namespace eclip::vgpu;

CuPlan::CuPlan(CuMask mask) : words(mask) {
  std::vector<uint8_t> perEngine[device::shaderEngines];
  for (uint32_t cu = 0; cu < device::cuCount; ++cu)
    if (mask[cu / 32] >> (cu % 32) & 1)
      perEngine[cu % device::shaderEngines].push_back(uint8_t(cu));
  for (auto &engine : perEngine)
    if (!engine.empty())
      engines.push_back(std::move(engine));
}

/// The queue's address, in the part of amd_queue_t that is reserved for nobody.
static void setBackPointer(amd_queue_t *amd, Queue *queue) {
  memcpy(&amd->reserved4[0], &queue, sizeof queue);
}

Queue *Queue::from(amd_queue_t *amd) {
  Queue *queue;
  memcpy(&queue, &amd->reserved4[0], sizeof queue);
  return queue;
}

std::shared_ptr<Queue> Queue::create(uint32_t packets, uint32_t type,
                                     Callback callback, void *data, uint64_t id,
                                     hsa_status_t &status) {
  Runtime *rt = Runtime::get();
  status = HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  std::shared_ptr<Queue> q(new Queue);
  q->id = id;
  q->name = "queue " + std::to_string(id);
  q->callback = callback;
  q->callbackData = data;
  q->sizeMask = packets - 1;
  q->done.reset(new std::atomic<bool>[packets]());
  q->amd = static_cast<amd_queue_t *>(rt->memory.allocate(
      sizeof(amd_queue_t), MemoryKind::Runtime, PoolId::None, true));
  q->ringBase = static_cast<char *>(rt->memory.allocate(
      size_t(packets) * 64, MemoryKind::Runtime, PoolId::None, true));
  amd_signal_t *doorbell = q->amd ? rt->signals.create(0, q->amd) : nullptr;
  if (!q->ringBase || !doorbell)
    return nullptr;
  for (uint32_t i = 0; i < packets; ++i)
    q->ringBase[size_t(i) * 64] = HSA_PACKET_TYPE_INVALID;
  amd_queue_t &a = *q->amd;
  a.hsa_queue.type = type;
  a.hsa_queue.features = HSA_QUEUE_FEATURE_KERNEL_DISPATCH;
  a.hsa_queue.base_address = q->ringBase;
  a.hsa_queue.doorbell_signal.handle = reinterpret_cast<uint64_t>(doorbell);
  a.hsa_queue.size = packets;
  a.hsa_queue.id = id;
  a.read_dispatch_id_field_base_byte_offset =
      uint32_t(offsetof(amd_queue_t, read_dispatch_id));
  a.max_cu_id = device::cuCount - 1;
  a.max_wave_id = device::wavesPerCu - 1;
  a.queue_properties = AMD_QUEUE_PROPERTIES_IS_PTR64;
  setBackPointer(&a, q.get());
  q->cuPlan = std::make_shared<CuPlan>(rt->cuMask);
  status = HSA_STATUS_SUCCESS;
  return q;
}

Queue::~Queue() {
  Runtime *rt = Runtime::get();
  if (!rt)
    return;
  if (amd) {
    hsa_signal_t doorbell = amd->hsa_queue.doorbell_signal;
    if (amd_signal_t *s = rt->signals.find(doorbell))
      rt->signals.destroy(s);
    rt->memory.free(amd, MemoryKind::Runtime);
  }
  if (ringBase)
    rt->memory.free(ringBase, MemoryKind::Runtime);
}

void Queue::ring(uint64_t packet) {
  Runtime *rt = Runtime::get();
  uint64_t limit = packet + 1;
  if (rt->checker.enabled()) {
    auto lock = rt->checker.lock();
    rt->checker.hostRings(id, limit);
  }
  uint64_t old = announced.load(std::memory_order_relaxed);
  while (
      old < limit && limit != 0 &&
      !announced.compare_exchange_weak(old, limit, std::memory_order_seq_cst))
    ;
  rt->event.notify();
}

void Queue::fail(hsa_status_t status, const std::string &message) {
  if (failed.exchange(true))
    return;
  active.store(false);
  Runtime *rt = Runtime::get();
  const char *text = nullptr;
  hsa_status_string(status, &text);
  report("error: %s stopped: %s (%s)", name.c_str(), message.c_str(),
         text ? text : "unknown status");
  if (!callback)
    return;
  auto self = shared_from_this();
  rt->handlers.run([self, status] {
    if (!self->destroyed.load())
      self->callback(status, self->handle(), self->callbackData);
  });
}

void Queue::packetDone(uint64_t packet) {
  done[packet & sizeMask].store(true, std::memory_order_release);
  inFlight.fetch_sub(1, std::memory_order_seq_cst);
}

std::shared_ptr<const CuPlan> Queue::plan() const {
  std::lock_guard lock(planMutex);
  return cuPlan;
}

void Queue::setPlan(std::shared_ptr<const CuPlan> next) {
  std::lock_guard lock(planMutex);
  cuPlan = std::move(next);
}
