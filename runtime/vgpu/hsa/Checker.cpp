//===- Checker.cpp - the checking mode ------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Checker.h"
#include "runtime/vgpu/hsa/Runtime.h"

#include <algorithm>

using namespace eclip::vgpu;

/// Events are looked through for ones that can be forgotten every so often.
static constexpr unsigned forgetInterval = 16;
/// A program that never waits would keep everything: the oldest is given up at
/// this many bytes of bitmaps, or chains, and a warning says so once.
static constexpr size_t maxRecordBytes = size_t(1) << 30;
static constexpr size_t maxChains = 4096;
static constexpr size_t maxFindings = 4096;

static void join(Clock &into, const Clock &other) {
  if (into.size() < other.size())
    into.resize(other.size());
  for (size_t i = 0; i < other.size(); ++i)
    into[i] = std::max(into[i], other[i]);
}

static void meet(Clock &into, const Clock &other) {
  if (into.size() > other.size())
    into.resize(other.size());
  for (size_t i = 0; i < into.size(); ++i)
    into[i] = std::min(into[i], other[i]);
}

/// Whether `event` has completed for somebody with this clock.
static bool before(const CheckedEvent &event, const Clock &clock) {
  return event.chain < clock.size() && clock[event.chain] >= event.tick;
}

void Checker::enable(bool enabled, bool print) {
  std::lock_guard guard(mutex);
  on.store(enabled);
  printing = print;
  ++generation;
  host.assign(1, 0);
  tops.assign(1, 0);
  copyChain = 0;
  queues.clear();
  signals.clear();
  records.clear();
  running.clear();
  recordBytes = 0;
  warnedBound = false;
}

/// Gives the event a place on a chain whose last event is ordered before it.
void Checker::begin(CheckedEvent &event, Clock clock, uint32_t &preferred) {
  auto follows = [&](size_t chain) {
    return chain < clock.size() && tops[chain] <= clock[chain];
  };
  size_t chain = 0;
  if (preferred != 0 && follows(preferred)) {
    chain = preferred;
  } else {
    for (size_t c = 1; c < tops.size() && chain == 0; ++c)
      if (follows(c))
        chain = c;
  }
  if (chain == 0 && tops.size() >= maxChains) {
    if (!warnedBound)
      report("checking: more than %zu unordered packets at once; some races "
             "will not be found",
             maxChains);
    warnedBound = true;
    chain = tops.size() - 1;
  }
  if (chain == 0) {
    chain = tops.size();
    tops.push_back(0);
  }
  if (clock.size() <= chain)
    clock.resize(chain + 1);
  event.chain = uint32_t(chain);
  event.tick = ++tops[chain];
  clock[chain] = event.tick;
  event.clock = std::move(clock);
  event.generation = generation;
  preferred = event.chain;
}

//===----------------------------------------------------------------------===//
// Host
//===----------------------------------------------------------------------===//

void Checker::hostRings(uint64_t queue, uint64_t limit) {
  QueueState &q = queues[queue];
  if (!q.doorbells.empty() && limit <= q.doorbells.back().limit) {
    q.late[limit - 1] = host;
    return;
  }
  if (!q.doorbells.empty() && q.doorbells.back().clock == host)
    q.doorbells.back().limit = limit;
  else
    q.doorbells.push_back({limit, host});
  if (++sinceForget >= forgetInterval)
    forget();
}

void Checker::hostChangesSignal(uint32_t signal, bool store) {
  Clock &c = signals[signal];
  if (store)
    c = host;
  else
    join(c, host);
}

void Checker::hostSeesSignal(uint32_t signal) {
  auto it = signals.find(signal);
  if (it != signals.end())
    join(host, it->second);
}

void Checker::hostCopies(const char *call, uint64_t destination,
                         uint64_t source, uint64_t bytes) {
  AccessSet accesses;
  accesses.add(destination, destination + bytes, true);
  if (source)
    accesses.add(source, source + bytes, false);
  accesses.seal();
  std::lock_guard guard(mutex);
  auto event = std::make_shared<CheckedEvent>();
  event->name = call;
  event->what = std::string(call) + " of the host";
  event->chain = 0;
  event->tick = ++tops[0];
  host[0] = event->tick;
  event->clock = host;
  event->generation = generation;
  compare(event, std::move(accesses));
}

//===----------------------------------------------------------------------===//
// Packets
//===----------------------------------------------------------------------===//

Clock Checker::launchClock(QueueState &q, uint64_t packet, bool barrierBit) {
  while (!q.doorbells.empty() && q.doorbells.front().limit <= packet)
    q.doorbells.pop_front();
  Clock clock = q.launched;
  join(clock, q.doorbells.empty() ? host : q.doorbells.front().clock);
  if (auto it = q.late.find(packet); it != q.late.end()) {
    join(clock, it->second);
    q.late.erase(it);
  }
  if (barrierBit)
    join(clock, q.completed);
  q.next = packet + 1;
  return clock;
}

std::shared_ptr<CheckedEvent>
Checker::dispatchStarts(uint64_t queue, uint64_t packet, bool barrierBit,
                        const std::string &kernel) {
  QueueState &q = queues[queue];
  auto event = std::make_shared<CheckedEvent>();
  event->name = kernel;
  event->what = "kernel '" + kernel + "' (queue " + std::to_string(queue) +
                ", packet " + std::to_string(packet) + ")";
  event->queue = queue;
  event->packet = packet;
  q.launched = launchClock(q, packet, barrierBit);
  begin(*event, q.launched, q.chain);
  running.push_back(event);
  return event;
}

void Checker::dispatchEnded(CheckedEvent &event, AccessRecorder &recorder) {
  AccessSet accesses = recorder.take();
  std::lock_guard guard(mutex);
  if (event.generation != generation)
    return;
  if (auto it = queues.find(event.queue); it != queues.end())
    join(it->second.completed, event.clock);
  for (auto &weak : running)
    if (auto shared = weak.lock(); shared.get() == &event) {
      weak.reset();
      compare(shared, std::move(accesses));
      break;
    }
  if (++sinceForget >= forgetInterval)
    forget();
}

Clock Checker::barrierPasses(uint64_t queue, uint64_t packet, bool barrierBit,
                             const std::vector<uint32_t> &deps, bool isOr) {
  QueueState &q = queues[queue];
  Clock clock = launchClock(q, packet, barrierBit);
  Clock seen;
  for (size_t i = 0; i < deps.size(); ++i) {
    const Clock &c = signals[deps[i]];
    if (isOr && i > 0)
      meet(seen, c);
    else
      join(seen, c);
  }
  join(clock, seen);
  q.launched = clock;
  join(q.completed, clock);
  return clock;
}

void Checker::deviceChangesSignal(uint32_t signal, const Clock &clock) {
  join(signals[signal], clock);
}

void Checker::queueGone(uint64_t queue) { queues.erase(queue); }

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

std::shared_ptr<CheckedEvent> Checker::copySubmitted() {
  auto event = std::make_shared<CheckedEvent>();
  event->name = "hsa_amd_memory_async_copy";
  event->what = event->name;
  event->clock = host;
  event->generation = generation;
  event->chain = UINT32_MAX; // not begun
  running.push_back(event);
  return event;
}

void Checker::copyStarts(CheckedEvent &event,
                         const std::vector<uint32_t> &deps) {
  if (event.generation != generation)
    return;
  Clock clock = std::move(event.clock);
  for (uint32_t signal : deps)
    join(clock, signals[signal]);
  begin(event, std::move(clock), copyChain);
}

void Checker::copyEnded(CheckedEvent &event, uint64_t destination,
                        uint64_t source, uint64_t bytes) {
  AccessSet accesses;
  accesses.add(destination, destination + bytes, true);
  accesses.add(source, source + bytes, false);
  accesses.seal();
  std::lock_guard guard(mutex);
  if (event.generation != generation)
    return;
  for (auto &weak : running)
    if (auto shared = weak.lock(); shared.get() == &event) {
      weak.reset();
      compare(shared, std::move(accesses));
      break;
    }
}

//===----------------------------------------------------------------------===//
// Records and findings
//===----------------------------------------------------------------------===//

void Checker::compare(const std::shared_ptr<const CheckedEvent> &event,
                      AccessSet &&accesses) {
  if (accesses.empty())
    return;
  Conflict conflict;
  for (const Record &r : records) {
    // The other ended first, so it cannot be ordered after this one.
    if (before(*r.event, event->clock))
      continue;
    if (AccessSet::conflict(r.accesses, accesses, conflict))
      addFinding(describe(*r.event, *event, conflict));
  }
  size_t bytes = accesses.heapBytes();
  records.push_back({event, std::move(accesses), bytes});
  recordBytes += bytes;
  while (recordBytes > maxRecordBytes && records.size() > 1) {
    forget();
    if (recordBytes <= maxRecordBytes || records.size() <= 1)
      break;
    if (!warnedBound)
      report("checking: more than 1 GiB of accesses are not ordered before "
             "what comes next; some races will not be found");
    warnedBound = true;
    recordBytes -= records.front().bytes;
    records.pop_front();
  }
}

/// Drops the events that are ordered before everything that can still come:
/// whatever runs, waits in a queue, or the host submits from now on.
void Checker::forget() {
  sinceForget = 0;
  Clock floor = host;
  for (auto &[id, q] : queues) {
    if (q.doorbells.empty() || q.doorbells.back().limit <= q.next)
      continue; // its next packet will come after the host's present clock
    const Clock *announced = &q.doorbells.front().clock;
    for (const Doorbell &d : q.doorbells)
      if (d.limit > q.next) {
        announced = &d.clock;
        break;
      }
    Clock next = q.launched;
    join(next, *announced);
    meet(floor, next);
  }
  std::erase_if(running, [](const auto &weak) { return weak.expired(); });
  for (auto &weak : running)
    if (auto event = weak.lock())
      meet(floor, event->clock);
  for (auto it = records.begin(); it != records.end();) {
    if (before(*it->event, floor)) {
      recordBytes -= it->bytes;
      it = records.erase(it);
    } else {
      ++it;
    }
  }
}

void Checker::memoryFreed(uint64_t begin, uint64_t end) {
  for (Record &r : records)
    r.accesses.erase(begin, end);
}

Finding Checker::describe(const CheckedEvent &first, const CheckedEvent &second,
                          const Conflict &conflict) const {
  Finding f;
  f.firstKernel = first.name;
  f.firstQueue = first.queue;
  f.firstPacket = first.packet;
  f.secondKernel = second.name;
  f.secondQueue = second.queue;
  f.secondPacket = second.packet;
  f.address = conflict.begin;
  f.bytes = conflict.end - conflict.begin;
  Allocation a;
  std::string place = "memory that is no allocation any more";
  uint64_t base = 0;
  if (memory.info(conflict.begin, a)) {
    base = f.allocation = a.begin;
    place = "allocation #" + std::to_string(a.id) + " (" +
            std::to_string(a.end - a.begin) + " bytes)";
  }
  f.message = "race: " + first.what +
              (conflict.firstWrites ? " writes" : " reads") + " and " +
              second.what + (conflict.secondWrites ? " writes" : " reads") +
              " bytes [" + std::to_string(conflict.begin - base) + ", " +
              std::to_string(conflict.end - base) + ") of " + place;
  if (conflict.totalBytes != f.bytes)
    f.message += ", " + std::to_string(conflict.totalBytes) + " bytes in all";
  f.message += ", and nothing orders them";
  return f;
}

void Checker::addFinding(Finding &&f) {
  std::string key = std::to_string(f.kind) + "|" + f.firstKernel + "|" +
                    std::to_string(f.firstQueue) + "|" + f.secondKernel + "|" +
                    std::to_string(f.secondQueue) + "|" +
                    std::to_string(f.address);
  auto [it, fresh] = known.try_emplace(key, findings.size());
  if (!fresh) {
    ++findings[it->second].occurrences;
    return;
  }
  if (findings.size() >= maxFindings) {
    known.erase(it);
    return;
  }
  if (printing)
    report("%s", f.message.c_str());
  findings.push_back(std::move(f));
}

void Checker::faulted(const CheckedEvent &event, const std::string &message) {
  Finding f;
  f.kind = Finding::OutOfBounds;
  f.firstKernel = f.secondKernel = event.name;
  f.firstQueue = f.secondQueue = event.queue;
  f.firstPacket = f.secondPacket = event.packet;
  f.message = "out of bounds: " + event.what + ": " + message;
  std::lock_guard guard(mutex);
  addFinding(std::move(f));
}

std::vector<Finding> Checker::takeFindings(bool forgetThem) {
  std::lock_guard guard(mutex);
  std::vector<Finding> result = findings;
  if (forgetThem) {
    findings.clear();
    known.clear();
  }
  return result;
}

size_t Checker::keptEvents() {
  std::lock_guard guard(mutex);
  forget();
  return records.size();
}
