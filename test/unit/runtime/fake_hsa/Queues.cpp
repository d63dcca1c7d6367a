//===- Queues.cpp - queues and kernels of the fake HSA library ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/fake_hsa/State.h"

#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

using namespace eclip::fake;

namespace {
/// Lies in every ring slot that nobody owns: a published packet that still has
/// some of it was not complete.
constexpr uint8_t kPoison = 0xa5;
constexpr uint64_t kPoisonWord = 0xa5a5a5a5a5a5a5a5;
constexpr uint16_t kInvalid = HSA_PACKET_TYPE_INVALID;
} // namespace

struct eclip::fake::Queue {
  hsa_queue_t handle{}; // first: hsa_queue_t * is this object's address
  std::atomic<uint64_t> readIndex{0}, writeIndex{0}, announced{0};
  std::atomic<bool> stop{false}, failed{false}, active{true};
  bool maskSet = false;
  void (*callback)(hsa_status_t, hsa_queue_t *, void *) = nullptr;
  void *callbackData = nullptr;
  Signal doorbell;
  uint8_t *ring = nullptr;
  std::thread processor;
  std::mutex stepping; // held by the processor while it looks at packets

  uint8_t *slot(uint64_t index) {
    return ring + (index & (handle.size - 1)) * 64;
  }
  void loop();
  bool step();
  void run(const uint8_t *packet);
  void runDispatch(const hsa_kernel_dispatch_packet_t &packet);
  bool runBarrier(const hsa_barrier_and_packet_t &packet);
  void fail(hsa_status_t status);
};

static void pause(uint64_t ns) {
  timespec time = {time_t(ns / 1000000000), long(ns % 1000000000)};
  nanosleep(&time, nullptr);
}

// ---- kernels

static void copyKernel(const uint64_t *a, uint32_t items) {
  std::memcpy(reinterpret_cast<void *>(a[1]),
              reinterpret_cast<const void *>(a[0]), items * 4);
}
static void slowKernel(const uint64_t *a, uint32_t items) {
  pause(library.control.slowKernelMicroseconds * 1000ull);
  copyKernel(a, items);
}
static void addKernel(const uint64_t *a, uint32_t items) {
  auto *x = reinterpret_cast<const float *>(a[0]);
  auto *y = reinterpret_cast<const float *>(a[1]);
  auto *out = reinterpret_cast<float *>(a[2]);
  for (uint32_t i = 0; i < items; ++i)
    out[i] = x[i] + y[i];
}
static void doubleKernel(const uint64_t *a, uint32_t items) {
  const uint64_t arguments[3] = {a[0], a[0], a[1]};
  addKernel(arguments, items);
}

static const Kernel kKernels[] = {{"copy", 16, 0, 2, copyKernel},
                                  {"add", 24, 0, 3, addKernel},
                                  {"double", 16, 256, 2, doubleKernel},
                                  {"slow", 16, 0, 2, slowKernel},
                                  {"fault", 16, 0, 2, nullptr}};

const Kernel *eclip::fake::findKernel(const char *symbol) {
  for (const Kernel &kernel : kKernels)
    if (std::string(kernel.name) + ".kd" == symbol)
      return &kernel;
  return nullptr;
}

// ---- the packet processor

void Queue::fail(hsa_status_t status) {
  failed = true;
  if (library.control.failSignals)
    for (uint64_t i = readIndex; i < writeIndex; ++i) {
      auto *packet = reinterpret_cast<hsa_barrier_and_packet_t *>(slot(i));
      if ((__atomic_load_n(&packet->header, __ATOMIC_ACQUIRE) & 0xff) !=
              kInvalid &&
          packet->completion_signal.handle)
        if (Signal *s = signalOf(packet->completion_signal))
          s->value = -int64_t(status);
    }
  if (library.control.failCallback && callback)
    callback(status, &handle, callbackData);
}

void Queue::runDispatch(const hsa_kernel_dispatch_packet_t &packet) {
  auto *kernel = reinterpret_cast<const Kernel *>(packet.kernel_object);
  const char *failing = library.control.failingKernel;
  if (!kernel->run || (failing && std::strcmp(failing, kernel->name) == 0))
    return fail(HSA_STATUS_ERROR_EXCEPTION);
  if (packet.group_segment_size < kernel->groupBytes)
    breach("kernel %s with %u bytes of LDS", kernel->name,
           packet.group_segment_size);
  if (reinterpret_cast<uint64_t>(packet.kernarg_address) % 64)
    breach("kernel arguments not on a cache line");
  uint64_t start = nowTicks();
  kernel->run(static_cast<const uint64_t *>(packet.kernarg_address),
              packet.grid_size_x);
  library.counters.dispatches++;
  if (!packet.completion_signal.handle)
    return;
  if (Signal *s = signalOf(packet.completion_signal)) {
    s->startTicks = start;
    s->endTicks = nowTicks();
    if (s->value.fetch_sub(1) != 1)
      breach("a dispatch completed a signal that was not 1");
  }
}

bool Queue::runBarrier(const hsa_barrier_and_packet_t &packet) {
  for (hsa_signal_t dependency : packet.dep_signal)
    if (dependency.handle) {
      Signal *s = signalOf(dependency);
      if (s && s->value.load() != 0)
        return false;
    }
  library.counters.barriers++;
  if (packet.completion_signal.handle)
    if (Signal *s = signalOf(packet.completion_signal))
      s->value.fetch_sub(1);
  return true;
}

/// Processes one packet if there is one. The barrier bit is kept by processing
/// packets one after the other.
bool Queue::step() {
  uint64_t index = readIndex;
  if (failed || !active || library.control.stalled)
    return false;
  if (!library.control.eager && index >= announced)
    return false;
  uint8_t *place = slot(index);
  uint16_t header =
      __atomic_load_n(reinterpret_cast<uint16_t *>(place), __ATOMIC_ACQUIRE);
  unsigned type = header & 0xff;
  if (type == kInvalid)
    return false;
  alignas(64) uint8_t packet[64];
  std::memcpy(packet, place, sizeof(packet));
  for (int i = 0; i < 8; ++i)
    if (std::memcmp(packet + i * 8, &kPoisonWord, 8) == 0)
      breach("packet %llu has a header before its body",
             static_cast<unsigned long long>(index));
  if (!maskSet)
    breach("a packet in a queue without a mask");
  if (!(header & 1u << HSA_PACKET_HEADER_BARRIER))
    breach("a packet without the barrier bit");
  if (type == HSA_PACKET_TYPE_BARRIER_AND) {
    if (!runBarrier(*reinterpret_cast<hsa_barrier_and_packet_t *>(packet)))
      return false;
  } else if (type == HSA_PACKET_TYPE_KERNEL_DISPATCH) {
    runDispatch(*reinterpret_cast<hsa_kernel_dispatch_packet_t *>(packet));
    if (failed)
      return false;
  } else {
    breach("a packet of type %u", type);
  }
  std::memset(place + 2, kPoison, 62);
  __atomic_store_n(reinterpret_cast<uint16_t *>(place), kInvalid,
                   __ATOMIC_RELEASE);
  readIndex = index + 1;
  return true;
}

void Queue::loop() {
  auto advance = [this] {
    std::lock_guard lock(stepping);
    return step();
  };
  while (!stop)
    if (!advance())
      pause(library.control.eager ? 1000 : 10000);
}

/// Called by whoever submits, so it allocates nothing.
void eclip::fake::ringDoorbell(Queue &queue, int64_t value) {
  library.counters.doorbells++;
  uint64_t index = uint64_t(value);
  uint16_t header = __atomic_load_n(
      reinterpret_cast<uint16_t *>(queue.slot(index)), __ATOMIC_ACQUIRE);
  // Read after the header: a processed packet is invalid again.
  if ((header & 0xff) == kInvalid && queue.readIndex <= index)
    breach("a doorbell for packet %llu, which has no header yet",
           static_cast<unsigned long long>(index));
  if (index >= queue.readIndex + queue.handle.size)
    breach("a doorbell for packet %llu, which has no room in the ring",
           static_cast<unsigned long long>(index));
  uint64_t old = queue.announced.load();
  while (old < index + 1 &&
         !queue.announced.compare_exchange_weak(old, index + 1))
    ;
}

// ---- the API

static Queue &queueOf(const hsa_queue_t *queue) {
  return *reinterpret_cast<Queue *>(const_cast<hsa_queue_t *>(queue));
}

FAKE_API hsa_status_t
hsa_queue_create(hsa_agent_t, uint32_t size, hsa_queue_type32_t type,
                 void (*callback)(hsa_status_t, hsa_queue_t *, void *),
                 void *data, uint32_t, uint32_t, hsa_queue_t **out) {
  if (size & (size - 1) || size > library.control.queueMaxSize)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (!mayCreate() ||
      library.counters.queues >= int64_t(library.control.maxQueues))
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  auto *queue = new Queue();
  queue->ring = static_cast<uint8_t *>(std::aligned_alloc(64, size * 64ull));
  std::memset(queue->ring, kPoison, size * 64ull);
  for (uint32_t i = 0; i < size; ++i)
    std::memcpy(queue->ring + i * 64ull, &kInvalid, 2);
  queue->handle.type = type;
  queue->handle.base_address = queue->ring;
  queue->handle.size = size;
  queue->callback = callback;
  queue->callbackData = data;
  queue->doorbell.doorbellOf = queue;
  queue->handle.doorbell_signal.handle =
      reinterpret_cast<uint64_t>(&queue->doorbell);
  queue->processor = std::thread([queue] { queue->loop(); });
  library.counters.queues++;
  *out = &queue->handle;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_queue_destroy(hsa_queue_t *handle) {
  Queue &queue = queueOf(handle);
  if (queue.active && !queue.failed && queue.readIndex < queue.announced)
    breach("a queue destroyed with packets in it");
  queue.stop = true;
  queue.processor.join();
  std::free(queue.ring);
  library.counters.queues--;
  delete &queue;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_queue_inactivate(hsa_queue_t *handle) {
  Queue &queue = queueOf(handle);
  queue.active = false;
  std::lock_guard lock(queue.stepping); // what was running has ended
  return HSA_STATUS_SUCCESS;
}

FAKE_API uint64_t
hsa_queue_load_read_index_scacquire(const hsa_queue_t *handle) {
  return queueOf(handle).readIndex;
}

FAKE_API uint64_t hsa_queue_add_write_index_relaxed(const hsa_queue_t *handle,
                                                    uint64_t value) {
  return queueOf(handle).writeIndex.fetch_add(value);
}

FAKE_API hsa_status_t hsa_amd_queue_cu_set_mask(const hsa_queue_t *handle,
                                                uint32_t bits,
                                                const uint32_t *mask) {
  Queue &queue = queueOf(handle);
  if (bits % 32 || !mask)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (!mayCreate())
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  if (queue.maskSet)
    breach("a mask set twice");
  if (queue.writeIndex != 0)
    breach("a mask set after packets");
  queue.maskSet = true;
  return library.control.maskReduced
             ? static_cast<hsa_status_t>(HSA_STATUS_CU_MASK_REDUCED)
             : HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t
hsa_amd_queue_set_priority(hsa_queue_t *handle,
                           hsa_amd_queue_priority_t priority) {
  Queue &queue = queueOf(handle);
  if (priority != HSA_AMD_QUEUE_PRIORITY_HIGH)
    breach("a priority of %d", int(priority));
  if (!mayCreate())
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  if (queue.writeIndex != 0)
    breach("a priority set after packets");
  ++library.counters.highPriorities;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_amd_profiling_set_profiler_enabled(hsa_queue_t *,
                                                             int) {
  return HSA_STATUS_SUCCESS;
}
