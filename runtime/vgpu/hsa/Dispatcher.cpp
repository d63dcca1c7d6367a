//===- Dispatcher.cpp - workgroups onto host threads ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Dispatcher.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <algorithm>
#include <cstdlib>
#include <sched.h>

using namespace eclip::vgpu;

static unsigned chooseThreadCount() {
  if (const char *text = getenv("ECLIP_VGPU_THREADS")) {
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text && !*end && n >= 1 && n <= 1024)
      return unsigned(n);
    report("warning: ECLIP_VGPU_THREADS=%s is not a number from 1 to 1024; "
           "using all cores",
           text);
  }
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0)
    return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

unsigned Dispatcher::threadCount() {
  static const unsigned count = chooseThreadCount();
  return count;
}

void Dispatcher::start() {
  unsigned count = threadCount();
  for (unsigned i = 0; i < count; ++i)
    threads.emplace_back([this, i] { work(i); });
}

void Dispatcher::stop() {
  std::vector<std::thread> stopped;
  {
    std::lock_guard lock(mutex);
    stopping.store(true);
    for (auto &d : active)
      d->abort = true;
    stopped.swap(threads);
  }
  event.notify();
  for (auto &t : stopped)
    t.join();
}

void Dispatcher::submit(std::shared_ptr<Dispatch> dispatch) {
  {
    std::lock_guard lock(mutex);
    if (threads.empty() && !stopping.load())
      start();
    active.push_back(std::move(dispatch));
    version.fetch_add(1, std::memory_order_seq_cst);
  }
  event.notify();
}

void Dispatcher::work(unsigned index) {
  WorkgroupRunner runner(index);
  std::vector<std::shared_ptr<Dispatch>> mine;
  uint64_t seen = UINT64_MAX;
  for (;;) {
    uint32_t ticket = event.prepare();
    if (stopping.load()) {
      event.cancel();
      return;
    }
    if (version.load(std::memory_order_seq_cst) != seen) {
      std::lock_guard lock(mutex);
      mine = active;
      seen = version.load();
    }
    if (mine.empty()) {
      event.wait(ticket, EventCount::forever);
      continue;
    }
    event.cancel();
    // One turn of each dispatch; drop those without workgroups left to claim.
    // The list is walked by hand: priorities look at all of it meanwhile.
    bool exhausted = false;
    for (const std::shared_ptr<Dispatch> &d : mine)
      exhausted |= !mustWait(*d, mine) && !runSome(d, runner, index);
    if (exhausted)
      std::erase_if(mine, [](const std::shared_ptr<Dispatch> &d) {
        return d->next.load(std::memory_order_relaxed) >= d->total;
      });
  }
}

bool Dispatcher::mustWait(
    const Dispatch &dispatch,
    const std::vector<std::shared_ptr<Dispatch>> &running) {
  const CuMask &mask = dispatch.plan->mask();
  for (const std::shared_ptr<Dispatch> &other : running) {
    if (other->priority <= dispatch.priority ||
        other->next.load(std::memory_order_relaxed) >= other->total)
      continue;
    const CuMask &theirs = other->plan->mask();
    for (size_t word = 0; word < mask.size(); ++word)
      if (mask[word] & theirs[word])
        return true;
  }
  return false;
}

/// Claims and runs a few workgroups. False if there are none left to claim.
bool Dispatcher::runSome(const std::shared_ptr<Dispatch> &dispatch,
                         WorkgroupRunner &runner, unsigned index) {
  Dispatch &d = *dispatch;
  // Small claims keep queues interleaved and the end of a dispatch balanced.
  uint64_t want = std::clamp<uint64_t>(d.total / 256, 1, 4);
  uint64_t first = d.next.fetch_add(want, std::memory_order_relaxed);
  if (first >= d.total)
    return false;
  uint64_t last = std::min(first + want, d.total);
  uint64_t zero = 0;
  if (first == 0)
    d.startNs.compare_exchange_strong(zero, nowNs());
  for (uint64_t n = first; n < last; ++n) {
    if (d.abort)
      break;
    uint64_t plane = uint64_t(d.groups[0]) * d.groups[1];
    uint32_t id[3] = {uint32_t(n % d.groups[0]),
                      uint32_t(n / d.groups[0] % d.groups[1]),
                      uint32_t(n / plane)};
    MemoryRegistry::clearMiss();
    RunResult result = runner.run(*d.program, d.info, id, memory,
                                  d.recorder.get(), d.abortFlag());
    Counters::Cu &cu = counters.cu[d.plan->cuOf(d.turn + n)];
    cu.workgroups.fetch_add(1, std::memory_order_relaxed);
    cu.instructions.fetch_add(result.instructions, std::memory_order_relaxed);
    d.instructions.fetch_add(result.instructions, std::memory_order_relaxed);
    if (result.status != RunStatus::Ok)
      fail(d, std::move(result));
  }
  bool more = last < d.total;
  finish(dispatch, last - first);
  return more;
}

void Dispatcher::fail(Dispatch &d, RunResult &&result) {
  {
    std::lock_guard lock(d.failureMutex);
    // An abort is the consequence of another workgroup's fault.
    if (d.failure.status == RunStatus::Ok ||
        d.failure.status == RunStatus::Aborted) {
      d.failure = std::move(result);
      // The executor asked for the range on this thread just before.
      if (d.failure.status == RunStatus::MemoryFault)
        d.faultAddress = MemoryRegistry::lastMiss();
    }
  }
  d.abort = true;
}

void Dispatcher::finish(const std::shared_ptr<Dispatch> &dispatch,
                        uint64_t count) {
  Dispatch &d = *dispatch;
  if (d.abort) {
    // Give up what nobody has claimed yet. Claims after this see next >= total.
    uint64_t claimed = d.next.exchange(d.total, std::memory_order_relaxed);
    if (claimed < d.total)
      count += d.total - claimed;
  }
  if (d.finished.fetch_add(count, std::memory_order_acq_rel) + count != d.total)
    return;
  {
    std::lock_guard lock(mutex);
    std::erase(active, dispatch);
    version.fetch_add(1, std::memory_order_seq_cst);
  }
  onComplete(d);
}
