//===- CopyEngine.cpp - asynchronous copies -------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/CopyEngine.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>

using namespace eclip::vgpu;

static constexpr uint64_t pollNs = 2'000'000;

void CopyEngine::submit(void *destination, const void *source, size_t bytes,
                        std::vector<hsa_signal_t> dependencies,
                        hsa_signal_t completion) {
  Runtime *rt = Runtime::get();
  Copy copy{destination, source,  bytes, std::move(dependencies),
            completion,  nullptr, false};
  if (rt->checker.enabled()) {
    auto lock = rt->checker.lock();
    copy.event = rt->checker.copySubmitted();
  }
  {
    std::lock_guard lock(mutex);
    pending.push_back(std::move(copy));
    if (!thread.joinable() && !stopping)
      thread = std::thread([this] { loop(); });
  }
  rt->event.notify();
}

void CopyEngine::stop() {
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

bool CopyEngine::ready(Copy &copy) {
  Runtime *rt = Runtime::get();
  std::unique_lock<std::mutex> lock;
  if (copy.event)
    lock = rt->checker.lock();
  std::vector<uint32_t> signals;
  for (hsa_signal_t handle : copy.dependencies) {
    amd_signal_t *s = rt->signals.find(handle);
    if (!s)
      continue; // destroyed: the program says that it needs no waiting for
    if (loadFlags(s) & SignalFailed)
      copy.failed = true;
    else if (loadValue(s) != 0)
      return false;
    signals.push_back(rt->signals.index(s));
  }
  if (copy.event)
    rt->checker.copyStarts(*copy.event, signals);
  return true;
}

void CopyEngine::perform(Copy &copy) {
  Runtime *rt = Runtime::get();
  uint64_t start = nowNs();
  if (!copy.failed)
    memmove(copy.destination, copy.source, copy.bytes);
  uint64_t end = nowNs();
  rt->counters.copies.fetch_add(1, std::memory_order_relaxed);
  if (copy.event && !copy.failed)
    rt->checker.copyEnded(*copy.event,
                          reinterpret_cast<uint64_t>(copy.destination),
                          reinterpret_cast<uint64_t>(copy.source), copy.bytes);
  amd_signal_t *s =
      copy.completion.handle ? rt->signals.find(copy.completion) : nullptr;
  if (!s)
    return;
  if (rt->timeCopies) {
    s->start_ts = start;
    s->end_ts = end;
    __atomic_or_fetch(&s->reserved3[0], SignalTimed, __ATOMIC_RELEASE);
  }
  std::unique_lock<std::mutex> lock;
  if (copy.event) {
    lock = rt->checker.lock();
    rt->checker.deviceChangesSignal(rt->signals.index(s), copy.event->clock);
  }
  if (copy.failed) {
    __atomic_or_fetch(&s->reserved3[0], SignalFailed, __ATOMIC_SEQ_CST);
    __atomic_store_n(&s->value, -int64_t(HSA_STATUS_ERROR_EXCEPTION),
                     __ATOMIC_SEQ_CST);
  } else {
    __atomic_fetch_sub(&s->value, 1, __ATOMIC_SEQ_CST);
  }
  if (lock)
    lock.unlock();
  rt->event.notify();
}

void CopyEngine::loop() {
  Runtime *rt = Runtime::get();
  for (;;) {
    uint32_t ticket = rt->event.prepare();
    std::list<Copy> now;
    bool waiting;
    {
      std::lock_guard lock(mutex);
      if (stopping) {
        rt->event.cancel();
        return;
      }
      for (auto it = pending.begin(); it != pending.end();) {
        auto next = std::next(it);
        if (ready(*it))
          now.splice(now.end(), pending, it);
        it = next;
      }
      waiting = !pending.empty();
    }
    if (now.empty()) {
      rt->event.wait(ticket, waiting ? pollNs : EventCount::forever);
      continue;
    }
    rt->event.cancel();
    for (Copy &copy : now)
      perform(copy);
  }
}
