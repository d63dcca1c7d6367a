//===- QueueApi.cpp - hsa_queue_*, CU masks -------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The index functions take a queue handle at face value, as the real ones do:
// they are the fast path of every program. Everything else looks it up.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <bit>
#include <cstdlib>
#include <cstring>

using namespace eclip::vgpu;

//===----------------------------------------------------------------------===//
// HSA_CU_MASK
//===----------------------------------------------------------------------===//

namespace {

/// The grammar of AMD's documentation, without spaces:
///   mask  = set [; set]*         set = ids : cus
///   ids   = range [, range]*     range = ID | ID-ID
///   cus   = 0xHEX | ids
class MaskParser {
public:
  explicit MaskParser(const char *text) : p(text) {}

  bool parse(CuMask &mask, std::string &error) {
    bool limited = false;
    CuMask chosen = {0, 0};
    do {
      bool mine = false;
      CuMask set = {0, 0};
      if (!ids([&](uint64_t id) { mine |= id == 0; }, error) ||
          !take(':', error) || !cus(set, error))
        return false;
      if (mine) {
        limited = true;
        chosen[0] |= set[0];
        chosen[1] |= set[1];
      }
    } while (*p == ';' && *++p);
    if (*p) {
      error = std::string("unexpected '") + *p + "'";
      return false;
    }
    if (limited && !(chosen[0] & allCus[0]) && !(chosen[1] & allCus[1])) {
      error = "it leaves GPU 0 no CU";
      return false;
    }
    if (limited)
      mask = {chosen[0] & allCus[0], chosen[1] & allCus[1]};
    return true;
  }

private:
  bool take(char c, std::string &error) {
    if (*p != c) {
      error = std::string("'") + c + "' expected at \"" + p + "\"";
      return false;
    }
    ++p;
    return true;
  }
  bool number(uint64_t &value, std::string &error) {
    if (*p < '0' || *p > '9') {
      error = std::string("a number expected at \"") + p + "\"";
      return false;
    }
    for (value = 0; *p >= '0' && *p <= '9'; ++p)
      value = std::min<uint64_t>(value * 10 + uint64_t(*p - '0'), 1 << 20);
    return true;
  }
  template <class F> bool ids(const F &f, std::string &error) {
    for (;;) {
      uint64_t first, last;
      if (!number(first, error))
        return false;
      last = first;
      if (*p == '-') {
        ++p;
        if (!number(last, error))
          return false;
      }
      if (last < first) {
        error = "a range ends before it begins";
        return false;
      }
      for (uint64_t id = first; id <= last; ++id)
        f(id);
      if (*p != ',')
        return true;
      ++p;
    }
  }
  bool cus(CuMask &set, std::string &error) {
    if (p[0] == '0' && (p[1] == 'x' || p[1] == 'X')) {
      char *end;
      uint64_t bits = strtoull(p + 2, &end, 16);
      if (end == p + 2) {
        error = "hexadecimal digits expected after 0x";
        return false;
      }
      p = end;
      set = {uint32_t(bits), uint32_t(bits >> 32)};
      return true;
    }
    return ids(
        [&](uint64_t id) {
          if (id < device::cuCount)
            set[id / 32] |= 1u << (id % 32);
        },
        error);
  }

  const char *p;
};

} // namespace

bool eclip::vgpu::parseCuMaskVariable(const char *text, CuMask &mask,
                                      std::string &error) {
  return MaskParser(text).parse(mask, error);
}

//===----------------------------------------------------------------------===//
// Queues
//===----------------------------------------------------------------------===//

static amd_queue_t *amd(const hsa_queue_t *queue) {
  return reinterpret_cast<amd_queue_t *>(const_cast<hsa_queue_t *>(queue));
}

extern "C" {

hsa_status_t
hsa_queue_create(hsa_agent_t agent, uint32_t size, hsa_queue_type32_t type,
                 void (*callback)(hsa_status_t, hsa_queue_t *, void *),
                 void *data, uint32_t private_segment_size,
                 uint32_t group_segment_size, hsa_queue_t **queue) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (isCpu(agent))
    return HSA_STATUS_ERROR_INVALID_QUEUE_CREATION;
  if (!isGpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  if (!queue || !std::has_single_bit(size) || size > device::maxQueuePackets)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (type != HSA_QUEUE_TYPE_MULTI && type != HSA_QUEUE_TYPE_SINGLE)
    return type == HSA_QUEUE_TYPE_COOPERATIVE
               ? HSA_STATUS_ERROR_INVALID_QUEUE_CREATION
               : HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::unique_lock lock(rt->queueMutex);
  if (rt->queues.size() >= device::maxQueues)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  hsa_status_t status;
  std::shared_ptr<Queue> q =
      Queue::create(size, type, callback, data, rt->nextQueueId, status);
  if (!q)
    return status;
  ++rt->nextQueueId;
  *queue = q->handle();
  rt->queues.emplace(q->handle(), q);
  rt->processor.addQueue(std::move(q));
  return HSA_STATUS_SUCCESS;
}

/// A queue that the program serves itself: memory and indices, no processor.
hsa_status_t hsa_soft_queue_create(hsa_region_t region, uint32_t size,
                                   hsa_queue_type32_t type, uint32_t features,
                                   hsa_signal_t doorbell_signal,
                                   hsa_queue_t **queue) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!queue || !std::has_single_bit(size) || size > device::maxQueuePackets ||
      type > HSA_QUEUE_TYPE_SINGLE || features == 0 ||
      features >= 2 * HSA_QUEUE_FEATURE_AGENT_DISPATCH)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (!rt->signals.find(doorbell_signal))
    return HSA_STATUS_ERROR_INVALID_SIGNAL;
  auto *memory = static_cast<amd_queue_t *>(rt->memory.allocate(
      sizeof(amd_queue_t), MemoryKind::Runtime, PoolId::None, true));
  auto *ring = static_cast<char *>(rt->memory.allocate(
      size_t(size) * 64, MemoryKind::Runtime, PoolId::None, true));
  if (!memory || !ring) {
    rt->memory.free(memory, MemoryKind::Runtime);
    rt->memory.free(ring, MemoryKind::Runtime);
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  }
  for (uint32_t i = 0; i < size; ++i)
    ring[size_t(i) * 64] = HSA_PACKET_TYPE_INVALID;
  hsa_queue_t &q = memory->hsa_queue;
  q.type = type;
  q.features = features;
  q.base_address = ring;
  q.doorbell_signal = doorbell_signal;
  q.size = size;
  std::unique_lock lock(rt->queueMutex);
  q.id = rt->nextQueueId++;
  rt->softQueues.emplace(&q, ring);
  *queue = &q;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_queue_destroy(hsa_queue_t *queue) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!queue)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::shared_ptr<Queue> q;
  {
    std::unique_lock lock(rt->queueMutex);
    if (auto soft = rt->softQueues.find(queue); soft != rt->softQueues.end()) {
      rt->memory.free(soft->second, MemoryKind::Runtime);
      rt->memory.free(queue, MemoryKind::Runtime);
      rt->softQueues.erase(soft);
      return HSA_STATUS_SUCCESS;
    }
    auto it = rt->queues.find(queue);
    if (it == rt->queues.end())
      return HSA_STATUS_ERROR_INVALID_QUEUE;
    q = std::move(it->second);
    rt->queues.erase(it);
  }
  rt->processor.removeQueue(q);
  if (rt->checker.enabled()) {
    auto lock = rt->checker.lock();
    rt->checker.queueGone(q->id);
  }
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_queue_inactivate(hsa_queue_t *queue) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::shared_ptr<Queue> q = queue ? rt->findQueue(queue) : nullptr;
  if (!q)
    return HSA_STATUS_ERROR_INVALID_QUEUE;
  rt->processor.halt(*q);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_queue_set_priority(hsa_queue_t *queue,
                                        hsa_amd_queue_priority_t priority) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::shared_ptr<Queue> q = queue ? rt->findQueue(queue) : nullptr;
  if (!q)
    return HSA_STATUS_ERROR_INVALID_QUEUE;
  if (uint32_t(priority) > HSA_AMD_QUEUE_PRIORITY_HIGH)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  q->priority.store(priority);
  return HSA_STATUS_SUCCESS;
}

//===----------------------------------------------------------------------===//
// CU masks
//===----------------------------------------------------------------------===//

hsa_status_t hsa_amd_queue_cu_set_mask(const hsa_queue_t *queue,
                                       uint32_t num_cu_mask_count,
                                       const uint32_t *cu_mask) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::shared_ptr<Queue> q = queue ? rt->findQueue(queue) : nullptr;
  if (!q)
    return HSA_STATUS_ERROR_INVALID_QUEUE;
  if (num_cu_mask_count % 32 || (num_cu_mask_count && !cu_mask))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  // No mask at all asks for every CU; bits that are not given are 0.
  CuMask asked = num_cu_mask_count ? CuMask{0, 0} : allCus;
  for (uint32_t i = 0; i < num_cu_mask_count / 32 && i < asked.size(); ++i)
    asked[i] = cu_mask[i] & allCus[i];
  CuMask mask = {asked[0] & rt->cuMask[0], asked[1] & rt->cuMask[1]};
  if (!mask[0] && !mask[1])
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  q->setPlan(std::make_shared<CuPlan>(mask));
  return mask == asked ? HSA_STATUS_SUCCESS
                       : hsa_status_t(HSA_STATUS_CU_MASK_REDUCED);
}

hsa_status_t hsa_amd_queue_cu_get_mask(const hsa_queue_t *queue,
                                       uint32_t num_cu_mask_count,
                                       uint32_t *cu_mask) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::shared_ptr<Queue> q = queue ? rt->findQueue(queue) : nullptr;
  if (!q)
    return HSA_STATUS_ERROR_INVALID_QUEUE;
  if (!num_cu_mask_count || num_cu_mask_count % 32 || !cu_mask)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  CuMask mask = q->plan()->mask();
  for (uint32_t i = 0; i < num_cu_mask_count / 32; ++i)
    cu_mask[i] = i < mask.size() ? mask[i] : 0;
  return HSA_STATUS_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Indices
//===----------------------------------------------------------------------===//

#define LOAD(which, field, order, builtin)                                     \
  uint64_t hsa_queue_load_##which##_index_##order(const hsa_queue_t *queue) {  \
    return __atomic_load_n(&amd(queue)->field, builtin);                       \
  }
LOAD(read, read_dispatch_id, acquire, __ATOMIC_ACQUIRE)
LOAD(read, read_dispatch_id, scacquire, __ATOMIC_ACQUIRE)
LOAD(read, read_dispatch_id, relaxed, __ATOMIC_RELAXED)
LOAD(write, write_dispatch_id, acquire, __ATOMIC_ACQUIRE)
LOAD(write, write_dispatch_id, scacquire, __ATOMIC_ACQUIRE)
LOAD(write, write_dispatch_id, relaxed, __ATOMIC_RELAXED)

#define STORE(order, builtin)                                                  \
  void hsa_queue_store_write_index_##order(const hsa_queue_t *queue,           \
                                           uint64_t value) {                   \
    __atomic_store_n(&amd(queue)->write_dispatch_id, value, builtin);          \
  }                                                                            \
  /* The packet processor owns the read index of a GPU queue. */               \
  void hsa_queue_store_read_index_##order(const hsa_queue_t *queue,            \
                                          uint64_t value) {                    \
    if (!Queue::from(amd(queue)))                                              \
      __atomic_store_n(&amd(queue)->read_dispatch_id, value, builtin);         \
  }
STORE(relaxed, __ATOMIC_RELAXED)
STORE(release, __ATOMIC_RELEASE)
STORE(screlease, __ATOMIC_RELEASE)

#define UPDATE(order, builtin)                                                 \
  uint64_t hsa_queue_add_write_index_##order(const hsa_queue_t *queue,         \
                                             uint64_t value) {                 \
    return __atomic_fetch_add(&amd(queue)->write_dispatch_id, value, builtin); \
  }                                                                            \
  uint64_t hsa_queue_cas_write_index_##order(                                  \
      const hsa_queue_t *queue, uint64_t expected, uint64_t value) {           \
    __atomic_compare_exchange_n(&amd(queue)->write_dispatch_id, &expected,     \
                                value, false, __ATOMIC_SEQ_CST,                \
                                __ATOMIC_SEQ_CST);                             \
    return expected;                                                           \
  }
UPDATE(acq_rel, __ATOMIC_ACQ_REL)
UPDATE(scacq_screl, __ATOMIC_ACQ_REL)
UPDATE(acquire, __ATOMIC_ACQUIRE)
UPDATE(scacquire, __ATOMIC_ACQUIRE)
UPDATE(relaxed, __ATOMIC_RELAXED)
UPDATE(release, __ATOMIC_RELEASE)
UPDATE(screlease, __ATOMIC_RELEASE)

} // extern "C"
