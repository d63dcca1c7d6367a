//===- PacketProcessor.cpp - AQL packets ----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/PacketProcessor.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>

using namespace eclip::vgpu;

/// How often barriers look at signals that change behind the library's back.
static constexpr uint64_t pollNs = 2'000'000;
/// Packets of one queue before the next queue has its turn.
static constexpr int packetsPerTurn = 16;

//===----------------------------------------------------------------------===//
// Completion
//===----------------------------------------------------------------------===//

/// Decrements a packet's completion signal, or marks it failed: then its value
/// becomes minus the status, which a wait for "less than 1" sees.
static void completeSignal(hsa_signal_t handle, hsa_status_t status,
                           const Queue &queue, uint64_t startNs, uint64_t endNs,
                           const Clock *clock) {
  Runtime *rt = Runtime::get();
  amd_signal_t *s = handle.handle ? rt->signals.find(handle) : nullptr;
  if (!s || s->kind != AMD_SIGNAL_KIND_USER)
    return;
  if (queue.profiling.load(std::memory_order_relaxed)) {
    s->start_ts = startNs;
    s->end_ts = endNs;
    __atomic_or_fetch(&s->reserved3[0], SignalTimed, __ATOMIC_RELEASE);
  }
  auto change = [&] {
    if (status == HSA_STATUS_SUCCESS) {
      __atomic_fetch_sub(&s->value, 1, __ATOMIC_SEQ_CST);
      return;
    }
    __atomic_or_fetch(&s->reserved3[0], SignalFailed, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->value, -int64_t(status), __ATOMIC_SEQ_CST);
  };
  if (clock) {
    auto lock = rt->checker.lock();
    rt->checker.deviceChangesSignal(rt->signals.index(s), *clock);
    change();
  } else {
    change();
  }
}

static hsa_status_t statusOf(const RunResult &result) {
  switch (result.status) {
  case RunStatus::Ok:
    return HSA_STATUS_SUCCESS;
  case RunStatus::MemoryFault:
    return hsa_status_t(HSA_STATUS_ERROR_MEMORY_FAULT);
  case RunStatus::IllegalInstruction:
    return hsa_status_t(HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION);
  case RunStatus::Deadlock:
  case RunStatus::Aborted:
    break;
  }
  return HSA_STATUS_ERROR_EXCEPTION;
}

void PacketProcessor::dispatchEnded(Dispatch &d) {
  Runtime *rt = Runtime::get();
  uint64_t endNs = nowNs();
  hsa_status_t status = statusOf(d.failure);
  if (d.abort && status == HSA_STATUS_SUCCESS)
    status = HSA_STATUS_ERROR_EXCEPTION; // its queue was halted
  // The workers' stores are visible to whoever sees the signal: release here,
  // whatever the packet's release scope asks for.
  std::atomic_thread_fence(std::memory_order_seq_cst);
  const Clock *clock = nullptr;
  if (d.event) {
    rt->checker.dispatchEnded(*d.event, *d.recorder);
    clock = &d.event->clock;
  }
  if (status != HSA_STATUS_SUCCESS && !d.queue->halted.load()) {
    std::string message = d.failure.message; // names kernel and instruction
    if (d.failure.status == RunStatus::MemoryFault) {
      // The executor's message ends with the data address. The registry may
      // have refused an earlier one, which was then found to be none of the
      // kernel's.
      char address[32];
      snprintf(address, sizeof address, "0x%llx",
               (unsigned long long)d.faultAddress);
      std::string why = rt->memory.explainMiss(d.faultAddress);
      if (message.ends_with(address) && !why.empty())
        message += ": " + why;
      if (d.event)
        rt->checker.faulted(*d.event, message);
      rt->memoryFault(d.faultAddress);
    }
    d.queue->fail(status,
                  "packet " + std::to_string(d.packet) + ": " + message);
  }
  rt->counters.dispatches.fetch_add(1, std::memory_order_relaxed);
  rt->memory.leaveDispatch(d.memoryTicket);
  completeSignal(d.completion, status, *d.queue, d.startNs.load(), endNs,
                 clock);
  std::shared_ptr<Queue> queue = std::move(d.queue);
  {
    std::lock_guard lock(queue->dispatchMutex);
    std::erase_if(queue->dispatches,
                  [&](const auto &other) { return other.get() == &d; });
  }
  queue->packetDone(d.packet);
  rt->event.notify();
}

//===----------------------------------------------------------------------===//
// The loop
//===----------------------------------------------------------------------===//

void PacketProcessor::addQueue(std::shared_ptr<Queue> queue) {
  std::lock_guard lock(mutex);
  queues.push_back(std::move(queue));
  if (!thread.joinable() && !stopping)
    thread = std::thread([this] { loop(); });
}

void PacketProcessor::removeQueue(const std::shared_ptr<Queue> &queue) {
  queue->destroyed.store(true);
  {
    std::lock_guard lock(mutex);
    std::erase(queues, queue);
  }
  halt(*queue);
}

void PacketProcessor::halt(Queue &queue) {
  Runtime *rt = Runtime::get();
  queue.halted.store(true);
  queue.active.store(false);
  {
    // The pass that may still look at the queue ends here.
    std::lock_guard pass(passMutex);
  }
  {
    std::lock_guard lock(queue.dispatchMutex);
    for (auto &d : queue.dispatches)
      d->abort = true;
  }
  for (;;) {
    uint32_t ticket = rt->event.prepare();
    if (queue.inFlight.load() == 0) {
      rt->event.cancel();
      return;
    }
    rt->event.wait(ticket, pollNs);
  }
}

void PacketProcessor::stop() {
  std::thread stopped;
  {
    std::lock_guard lock(mutex);
    stopping = true;
    stopped = std::move(thread);
  }
  if (Runtime *rt = Runtime::get())
    rt->event.notify();
  if (stopped.joinable())
    stopped.join();
}

void PacketProcessor::loop() {
  Runtime *rt = Runtime::get();
  std::vector<std::shared_ptr<Queue>> mine;
  for (;;) {
    uint32_t ticket = rt->event.prepare();
    bool advanced = false, poll = false;
    {
      std::lock_guard pass(passMutex);
      {
        std::lock_guard lock(mutex);
        if (stopping) {
          rt->event.cancel();
          return;
        }
        mine = queues;
      }
      for (auto &queue : mine) {
        Step s = Step::Advanced;
        for (int i = 0; i < packetsPerTurn && s == Step::Advanced; ++i) {
          s = step(*queue);
          advanced |= s == Step::Advanced;
        }
        poll |= s == Step::Poll;
        advanced |= retire(*queue);
      }
      mine.clear();
    }
    if (advanced)
      rt->event.cancel();
    else
      rt->event.wait(ticket, poll ? pollNs : EventCount::forever);
  }
}

/// Gives back the slots of completed packets, in order. The program may then
/// see a read index that moved.
bool PacketProcessor::retire(Queue &q) {
  uint64_t before = q.retired;
  while (q.retired < q.cursor &&
         q.done[q.retired & q.sizeMask].load(std::memory_order_acquire)) {
    uint64_t slot = q.retired & q.sizeMask;
    q.done[slot].store(false, std::memory_order_relaxed);
    auto *header = reinterpret_cast<uint16_t *>(q.ringBase + slot * 64);
    __atomic_store_n(header, uint16_t(HSA_PACKET_TYPE_INVALID),
                     __ATOMIC_RELEASE);
    ++q.retired;
    __atomic_store_n(&q.amd->read_dispatch_id, q.retired, __ATOMIC_RELEASE);
  }
  return q.retired != before;
}

/// Packets that were published to a queue in the error state never run; whoever
/// waits for them gets the failed value instead of waiting for ever.
void PacketProcessor::drainFailed(Queue &q) {
  uint64_t limit =
      std::min(q.announced.load(),
               __atomic_load_n(&q.amd->write_dispatch_id, __ATOMIC_ACQUIRE));
  limit = std::min(limit, q.retired + q.sizeMask + 1);
  for (; q.cursor < limit; ++q.cursor) {
    char *slot = q.ringBase + (q.cursor & q.sizeMask) * 64;
    auto *packet = reinterpret_cast<hsa_barrier_and_packet_t *>(slot);
    uint16_t header = __atomic_load_n(&packet->header, __ATOMIC_ACQUIRE);
    if ((header & 0xff) == HSA_PACKET_TYPE_INVALID)
      return;
    completeSignal(packet->completion_signal, HSA_STATUS_ERROR_EXCEPTION, q, 0,
                   0, nullptr);
    q.done[q.cursor & q.sizeMask].store(true);
    Runtime::get()->event.notify();
  }
}

PacketProcessor::Step PacketProcessor::step(Queue &q) {
  if (q.failed.load()) {
    if (!q.destroyed.load())
      drainFailed(q);
    return Step::Idle;
  }
  if (!q.active.load())
    return Step::Idle;
  uint64_t announced = q.announced.load(std::memory_order_seq_cst);
  uint64_t written =
      __atomic_load_n(&q.amd->write_dispatch_id, __ATOMIC_ACQUIRE);
  if (q.cursor >= std::min(announced, written)) {
    if (q.cursor >= announced)
      return Step::Idle;
    if (!q.warnedDoorbell) {
      q.warnedDoorbell = true;
      report("warning: the doorbell of %s announced packet %llu, but its write "
             "index is %llu",
             q.label().c_str(), (unsigned long long)(announced - 1),
             (unsigned long long)written);
    }
    return Step::Poll;
  }
  uint64_t id = q.cursor;
  char *slot = q.ringBase + (id & q.sizeMask) * 64;
  if (id - q.retired > q.sizeMask)
    return Step::Idle; // the slot still belongs to a running packet
  uint16_t header =
      __atomic_load_n(reinterpret_cast<uint16_t *>(slot), __ATOMIC_ACQUIRE);
  unsigned type = header & 0xff;
  if (type == HSA_PACKET_TYPE_INVALID)
    return Step::Poll; // another producer has not finished it
  if ((header >> HSA_PACKET_HEADER_BARRIER & 1) && q.inFlight.load() != 0)
    return Step::Idle;
  switch (type) {
  case HSA_PACKET_TYPE_KERNEL_DISPATCH:
    dispatch(q, id, slot);
    return Step::Advanced;
  case HSA_PACKET_TYPE_BARRIER_AND:
  case HSA_PACKET_TYPE_BARRIER_OR:
    return barrier(q, id, slot, type == HSA_PACKET_TYPE_BARRIER_OR);
  case HSA_PACKET_TYPE_AGENT_DISPATCH:
    q.fail(HSA_STATUS_ERROR_INVALID_PACKET_FORMAT,
           "packet " + std::to_string(id) +
               " is an agent dispatch, which a GPU queue does not run");
    return Step::Advanced;
  case HSA_PACKET_TYPE_VENDOR_SPECIFIC:
    q.fail(HSA_STATUS_ERROR_INVALID_PACKET_FORMAT,
           "packet " + std::to_string(id) +
               " is vendor specific, which the virtual GPU does not support");
    return Step::Advanced;
  default:
    q.fail(HSA_STATUS_ERROR_INVALID_PACKET_FORMAT,
           "packet " + std::to_string(id) + " has the unknown type " +
               std::to_string(type));
    return Step::Advanced;
  }
}

//===----------------------------------------------------------------------===//
// Barriers
//===----------------------------------------------------------------------===//

PacketProcessor::Step PacketProcessor::barrier(Queue &q, uint64_t id,
                                               char *slot, bool isOr) {
  Runtime *rt = Runtime::get();
  auto *packet = reinterpret_cast<hsa_barrier_and_packet_t *>(slot);
  uint32_t deps[5];
  unsigned count = 0, zero = 0, failed = 0;
  bool checking = rt->checker.enabled();
  std::unique_lock<std::mutex> lock;
  if (checking)
    lock = rt->checker.lock();
  for (hsa_signal_t handle : packet->dep_signal) {
    if (handle.handle == 0)
      continue;
    amd_signal_t *s = rt->signals.find(handle);
    if (!s || s->kind != AMD_SIGNAL_KIND_USER) {
      if (lock)
        lock.unlock();
      q.fail(HSA_STATUS_ERROR_INVALID_PACKET_FORMAT,
             "barrier packet " + std::to_string(id) +
                 " waits for something that is not a live signal");
      return Step::Advanced;
    }
    deps[count++] = rt->signals.index(s);
    if (loadFlags(s) & SignalFailed)
      ++failed;
    else if (loadValue(s) == 0)
      ++zero;
  }
  bool passes = count == 0 || (isOr ? zero > 0 : zero == count);
  if (!passes) {
    if (lock)
      lock.unlock();
    if (isOr ? failed < count : failed == 0)
      return Step::Poll;
    q.fail(HSA_STATUS_ERROR_EXCEPTION, "barrier packet " + std::to_string(id) +
                                           " waits for a packet that failed");
    return Step::Advanced;
  }
  Clock clock;
  if (checking) {
    // One OR among several tells only what all of them have in common, and
    // nothing about those that are not there yet.
    bool known = !isOr || zero == count;
    clock = rt->checker.barrierPasses(
        q.id, id, packet->header >> HSA_PACKET_HEADER_BARRIER & 1,
        known ? std::vector<uint32_t>(deps, deps + count)
              : std::vector<uint32_t>(),
        isOr);
    lock.unlock();
  }
  std::atomic_thread_fence(std::memory_order_seq_cst);
  rt->counters.barriers.fetch_add(1, std::memory_order_relaxed);
  uint64_t now = nowNs();
  completeSignal(packet->completion_signal, HSA_STATUS_SUCCESS, q, now, now,
                 checking ? &clock : nullptr);
  q.done[id & q.sizeMask].store(true);
  q.cursor = id + 1;
  rt->event.notify();
  return Step::Advanced;
}

//===----------------------------------------------------------------------===//
// Dispatches
//===----------------------------------------------------------------------===//

namespace {
struct Refusal {
  hsa_status_t status = HSA_STATUS_SUCCESS;
  std::string message;
};
} // namespace

static uint64_t ceilDiv(uint64_t a, uint64_t b) { return (a + b - 1) / b; }

/// Shape of grid and workgroup, as far as the packet alone can be judged. The
/// statuses are those that the real runtime gives for the hardware's error
/// bits.
static Refusal checkShape(const hsa_kernel_dispatch_packet_t &p) {
  unsigned dims = p.setup & 3;
  if (dims == 0 || p.setup >> 2)
    return {HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
            "the setup field " + std::to_string(p.setup) +
                " does not give 1 to 3 dimensions"};
  uint32_t grid[3] = {p.grid_size_x, p.grid_size_y, p.grid_size_z};
  uint16_t group[3] = {p.workgroup_size_x, p.workgroup_size_y,
                       p.workgroup_size_z};
  uint64_t items = 1, groups = 1;
  for (unsigned i = 0; i < 3; ++i) {
    if (grid[i] == 0 || group[i] == 0 ||
        (i >= dims && (grid[i] != 1 || group[i] != 1)))
      return {HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
              "dimension " + std::to_string(i) + " has grid size " +
                  std::to_string(grid[i]) + " and workgroup size " +
                  std::to_string(group[i])};
    items *= group[i];
    if (__builtin_mul_overflow(groups, ceilDiv(grid[i], group[i]), &groups) ||
        groups > UINT32_MAX)
      return {HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS,
              "more than 2^32 - 1 workgroups"};
  }
  if (items > device::maxWorkgroup)
    return {HSA_STATUS_ERROR_INVALID_ARGUMENT,
            "a workgroup of " + std::to_string(items) +
                " work-items, but 1024 is the limit"};
  return {};
}

static Refusal checkResources(const hsa_kernel_dispatch_packet_t &p,
                              const Kernel &kernel) {
  Runtime *rt = Runtime::get();
  if (p.group_segment_size > device::ldsBytes ||
      p.group_segment_size < kernel.image.ldsBytes)
    return {HSA_STATUS_ERROR_INVALID_ALLOCATION,
            std::to_string(p.group_segment_size) +
                " bytes of LDS, but the kernel needs " +
                std::to_string(kernel.image.ldsBytes) + " and a CU has 65536"};
  if (p.private_segment_size < kernel.image.scratchBytes)
    return {HSA_STATUS_ERROR_INVALID_ALLOCATION,
            std::to_string(p.private_segment_size) +
                " bytes of scratch, but the kernel needs " +
                std::to_string(kernel.image.scratchBytes)};
  if (kernel.image.kernargBytes == 0)
    return {};
  uint64_t address = reinterpret_cast<uint64_t>(p.kernarg_address);
  MemoryMap::Range range = rt->memory.find(address);
  if (address % 16 != 0 || range.end < address + kernel.image.kernargBytes)
    return {hsa_status_t(HSA_STATUS_ERROR_MEMORY_FAULT),
            "the kernel argument address is not a 16-byte aligned block of " +
                std::to_string(kernel.image.kernargBytes) +
                " bytes that the GPU can access: " +
                rt->memory.explainMiss(address)};
  return {};
}

static std::shared_ptr<Dispatch>
makeDispatch(Queue &q, uint64_t id, const hsa_kernel_dispatch_packet_t &p,
             uint64_t packetAddress, std::shared_ptr<const Kernel> kernel) {
  auto d = std::make_shared<Dispatch>();
  d->queue = q.shared_from_this();
  d->packet = id;
  d->kernel = std::move(kernel);
  uint32_t grid[3] = {p.grid_size_x, p.grid_size_y, p.grid_size_z};
  uint16_t group[3] = {p.workgroup_size_x, p.workgroup_size_y,
                       p.workgroup_size_z};
  d->total = 1;
  for (int i = 0; i < 3; ++i) {
    d->info.gridSize[i] = grid[i];
    d->info.workgroupSize[i] = group[i];
    d->groups[i] = uint32_t(ceilDiv(grid[i], group[i]));
    d->total *= d->groups[i];
  }
  d->info.kernargAddress = reinterpret_cast<uint64_t>(p.kernarg_address);
  d->info.packetAddress = packetAddress;
  d->info.queueAddress = reinterpret_cast<uint64_t>(q.amd);
  d->info.dispatchId = id;
  d->info.ldsBytes = p.group_segment_size;
  d->info.scratchBytes = p.private_segment_size;
  d->completion = p.completion_signal;
  d->plan = q.plan();
  d->priority = q.priority.load();
  d->turn = q.workgroupTurn;
  q.workgroupTurn += d->total;
  return d;
}

void PacketProcessor::dispatch(Queue &q, uint64_t id, char *slot) {
  Runtime *rt = Runtime::get();
  hsa_kernel_dispatch_packet_t p;
  memcpy(&p, slot, sizeof p);
  std::string where = "packet " + std::to_string(id) + ": ";
  std::shared_ptr<const Kernel> kernel =
      rt->executables.kernel(p.kernel_object);
  if (!kernel) {
    char text[96];
    snprintf(text, sizeof text, "kernel object 0x%llx is not a loaded kernel",
             (unsigned long long)p.kernel_object);
    q.fail(HSA_STATUS_ERROR_INVALID_CODE_OBJECT, where + text);
    return;
  }
  where = "packet " + std::to_string(id) + ", kernel '" + kernel->name + "': ";
  if (p.completion_signal.handle) {
    amd_signal_t *s = rt->signals.find(p.completion_signal);
    if (!s || s->kind != AMD_SIGNAL_KIND_USER) {
      q.fail(HSA_STATUS_ERROR_INVALID_PACKET_FORMAT,
             where + "the completion signal is not a live signal");
      return;
    }
  }
  Refusal refusal = checkShape(p);
  if (refusal.status == HSA_STATUS_SUCCESS)
    refusal = checkResources(p, *kernel);
  std::string error;
  std::shared_ptr<const Program> program;
  if (refusal.status == HSA_STATUS_SUCCESS) {
    program = kernel->program(error);
    if (!program)
      refusal = {hsa_status_t(HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION), error};
  }
  if (refusal.status != HSA_STATUS_SUCCESS) {
    q.fail(refusal.status, where + refusal.message);
    return;
  }
  std::shared_ptr<Dispatch> d =
      makeDispatch(q, id, p, reinterpret_cast<uint64_t>(slot), kernel);
  d->program = std::move(program);
  d->memoryTicket = rt->memory.enterDispatch();
  if (rt->checker.enabled()) {
    auto lock = rt->checker.lock();
    d->event = rt->checker.dispatchStarts(
        q.id, id, p.header >> HSA_PACKET_HEADER_BARRIER & 1, kernel->name);
    d->recorder = std::make_unique<AccessRecorder>(Dispatcher::threadCount());
  }
  q.inFlight.fetch_add(1, std::memory_order_seq_cst);
  q.cursor = id + 1;
  {
    std::lock_guard lock(q.dispatchMutex);
    q.dispatches.push_back(d);
  }
  rt->dispatcher.submit(std::move(d));
}
