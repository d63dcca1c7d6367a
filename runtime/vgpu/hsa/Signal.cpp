//===- Signal.cpp - signals and waiting for them --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Signal.h"
#include "runtime/vgpu/hsa/Queue.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>
#include <sys/mman.h>

using namespace eclip::vgpu;

/// How often a waiter looks for changes that bypass the library.
static constexpr uint64_t pollNs = 5'000'000;

SignalTable::SignalTable(MemoryRegistry &memory) : memory(memory) {
  size_t bytes = size_t(capacity) * sizeof(amd_signal_t);
  void *p = mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (p == MAP_FAILED)
    return;
  base = static_cast<amd_signal_t *>(p);
  // Kernels may use signals whose address they get.
  memory.add(reinterpret_cast<uint64_t>(p), bytes, MemoryKind::Runtime, true);
}

SignalTable::~SignalTable() {
  if (!base)
    return;
  memory.remove(reinterpret_cast<uint64_t>(base), MemoryKind::Runtime);
  munmap(base, size_t(capacity) * sizeof(amd_signal_t));
}

amd_signal_t *SignalTable::create(int64_t value, amd_queue_t *queue) {
  std::lock_guard lock(mutex);
  uint32_t slot;
  if (!base)
    return nullptr;
  // A freed slot waits behind 4096 others, so a stale handle is found out.
  if (freed.size() > 4096 || (used == capacity && !freed.empty())) {
    slot = freed.front();
    freed.pop_front();
  } else if (used < capacity) {
    slot = used++;
  } else {
    return nullptr;
  }
  amd_signal_t *s = base + slot;
  memset(static_cast<void *>(s), 0, sizeof *s);
  s->value = value;
  s->queue_ptr = queue;
  __atomic_store_n(&s->kind,
                   queue ? AMD_SIGNAL_KIND_DOORBELL : AMD_SIGNAL_KIND_USER,
                   __ATOMIC_RELEASE);
  return s;
}

void SignalTable::destroy(amd_signal_t *signal) {
  std::lock_guard lock(mutex);
  __atomic_store_n(&signal->kind, AMD_SIGNAL_KIND_INVALID, __ATOMIC_RELEASE);
  freed.push_back(index(signal));
}

bool eclip::vgpu::conditionHolds(hsa_signal_condition_t condition,
                                 int64_t value, int64_t reference) {
  switch (condition) {
  case HSA_SIGNAL_CONDITION_EQ:
    return value == reference;
  case HSA_SIGNAL_CONDITION_NE:
    return value != reference;
  case HSA_SIGNAL_CONDITION_LT:
    return value < reference;
  case HSA_SIGNAL_CONDITION_GTE:
    return value >= reference;
  }
  return false;
}

static int64_t apply(amd_signal_t *s, SignalOp op, int64_t operand,
                     int64_t expected) {
  volatile int64_t *p = &s->value;
  switch (op) {
  case SignalOp::Store:
    __atomic_and_fetch(&s->reserved3[0], ~(SignalFailed | SignalTimed),
                       __ATOMIC_SEQ_CST);
    return __atomic_exchange_n(p, operand, __ATOMIC_SEQ_CST);
  case SignalOp::Exchange:
    return __atomic_exchange_n(p, operand, __ATOMIC_SEQ_CST);
  case SignalOp::Cas:
    __atomic_compare_exchange_n(p, &expected, operand, false, __ATOMIC_SEQ_CST,
                                __ATOMIC_SEQ_CST);
    return expected;
  case SignalOp::Add:
    return __atomic_fetch_add(p, operand, __ATOMIC_SEQ_CST);
  case SignalOp::Subtract:
    return __atomic_fetch_sub(p, operand, __ATOMIC_SEQ_CST);
  case SignalOp::And:
    return __atomic_fetch_and(p, operand, __ATOMIC_SEQ_CST);
  case SignalOp::Or:
    return __atomic_fetch_or(p, operand, __ATOMIC_SEQ_CST);
  case SignalOp::Xor:
    return __atomic_fetch_xor(p, operand, __ATOMIC_SEQ_CST);
  }
  return 0;
}

int64_t eclip::vgpu::hostModifySignal(hsa_signal_t signal, SignalOp op,
                                      int64_t operand, int64_t expected) {
  Runtime *rt = Runtime::get();
  amd_signal_t *s = rt ? rt->signals.find(signal) : nullptr;
  if (!s)
    return 0;
  if (s->kind == AMD_SIGNAL_KIND_DOORBELL) {
    if (op == SignalOp::Store || op == SignalOp::Exchange)
      Queue::from(s->queue_ptr)->ring(uint64_t(operand));
    return 0;
  }
  int64_t before;
  if (rt->checker.enabled()) {
    auto lock = rt->checker.lock();
    rt->checker.hostChangesSignal(rt->signals.index(s), op == SignalOp::Store);
    before = apply(s, op, operand, expected);
  } else {
    before = apply(s, op, operand, expected);
  }
  rt->event.notify();
  return before;
}

/// Loads a value and, in checking mode, orders the host after whatever made it.
static int64_t observe(Runtime *rt, amd_signal_t *s,
                       const hsa_signal_condition_t *condition,
                       int64_t reference) {
  if (!rt->checker.enabled())
    return loadValue(s);
  auto lock = rt->checker.lock();
  int64_t value = loadValue(s);
  if (!condition || conditionHolds(*condition, value, reference))
    rt->checker.hostSeesSignal(rt->signals.index(s));
  return value;
}

int64_t eclip::vgpu::hostLoadSignal(hsa_signal_t signal) {
  Runtime *rt = Runtime::get();
  amd_signal_t *s = rt ? rt->signals.find(signal) : nullptr;
  return s ? observe(rt, s, nullptr, 0) : 0;
}

uint32_t eclip::vgpu::hostWaitAny(uint32_t count, const hsa_signal_t *signals,
                                  const hsa_signal_condition_t *conditions,
                                  const hsa_signal_value_t *references,
                                  uint64_t timeoutNs, int64_t *value) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return UINT32_MAX;
  uint64_t start = nowNs();
  for (;;) {
    uint32_t ticket = rt->event.prepare();
    for (uint32_t i = 0; i < count; ++i) {
      amd_signal_t *s = rt->signals.find(signals[i]);
      if (!s)
        continue;
      int64_t seen = observe(rt, s, &conditions[i], references[i]);
      bool holds = conditionHolds(conditions[i], seen, references[i]);
      if (holds || (count == 1 && value))
        *value = seen;
      if (holds) {
        rt->event.cancel();
        return i;
      }
    }
    uint64_t passed = nowNs() - start;
    if (passed >= timeoutNs) {
      rt->event.cancel();
      return UINT32_MAX;
    }
    rt->event.wait(ticket, std::min(pollNs, timeoutNs - passed));
  }
}

AsyncHandlers::~AsyncHandlers() { stop(); }

void AsyncHandlers::start() {
  if (!thread.joinable() && !stopping)
    thread = std::thread([this] { loop(); });
}

void AsyncHandlers::add(hsa_signal_t signal, hsa_signal_condition_t condition,
                        int64_t value, hsa_amd_signal_handler handler,
                        void *arg) {
  std::lock_guard lock(mutex);
  entries.push_back({signal, condition, value, handler, arg, {}});
  start();
  Runtime::get()->event.notify();
}

void AsyncHandlers::run(std::function<void()> function) {
  std::lock_guard lock(mutex);
  entries.push_back(
      {{0}, HSA_SIGNAL_CONDITION_EQ, 0, nullptr, nullptr, std::move(function)});
  start();
  Runtime::get()->event.notify();
}

void AsyncHandlers::stop() {
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

void AsyncHandlers::loop() {
  Runtime *rt = Runtime::get();
  for (;;) {
    uint32_t ticket = rt->event.prepare();
    Entry ready{};
    int64_t value = 0;
    bool found = false;
    {
      std::lock_guard lock(mutex);
      if (stopping) {
        rt->event.cancel();
        return;
      }
      for (size_t i = 0; i < entries.size() && !found; ++i) {
        Entry &e = entries[i];
        amd_signal_t *s = e.function ? nullptr : rt->signals.find(e.signal);
        if (!e.function) {
          if (!s) // destroyed: the handler can never be called
            continue;
          value = observe(rt, s, &e.condition, e.value);
          if (!conditionHolds(e.condition, value, e.value))
            continue;
        }
        ready = e;
        found = true;
        entries.erase(entries.begin() + long(i));
      }
    }
    if (!found) {
      rt->event.wait(ticket, pollNs);
      continue;
    }
    rt->event.cancel();
    if (ready.function) {
      ready.function();
    } else if (ready.handler(value, ready.arg)) {
      std::lock_guard lock(mutex);
      entries.push_back(ready);
    }
  }
}
