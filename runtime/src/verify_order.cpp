//===- verify_order.cpp - barriers and signals, and that all of it ends ---===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/packet.h"
#include "runtime/src/verify.h"

using namespace eclip;

#define AT "plan '%s': queue '%s' packet %u"
#define BAD(...) error.fail(ECLIP_ERROR_BAD_FILE, __VA_ARGS__)

namespace {
constexpr uint32_t kNobody = UINT32_MAX;

/// Which queue completes each signal.
using Completers = Array<uint32_t>;
} // namespace

/// F30 and F31, for one barrier.
static eclip_status verifyBarrier(const fb::Packet &packet,
                                  const Completers &completers,
                                  const char *planName, const char *queueName,
                                  uint32_t queue, uint32_t index,
                                  Error &error) {
  aql::Barrier image;
  memcpy(&image, packet.image()->bytes()->data(), sizeof(image));
  uint64_t rest =
      image.reserved0 | image.reserved1 | image.reserved2 | image.completion;
  for (uint64_t dependency : image.dependency)
    rest |= dependency;
  if (rest)
    return BAD("F30: " AT ": image of the barrier holds a signal "
               "or reserved bits; the loader writes those",
               planName, queueName, index);
  if (packet.arguments() && packet.arguments()->size())
    return BAD("F30: " AT ": a barrier has no arguments",
               planName, queueName, index);
  uint32_t count = packet.waits() ? packet.waits()->size() : 0;
  if (count < 1 || count > aql::kMaxDependencies)
    return BAD("F31: " AT ": waits for %u signals, expected 1 to "
               "5",
               planName, queueName, index, count);
  for (uint32_t i = 0; i < count; ++i) {
    uint32_t signal = packet.waits()->Get(i);
    if (signal >= completers.size())
      return BAD("F31: " AT ": waits for signal %u of %zu",
                 planName, queueName, index, signal, completers.size());
    if (completers[signal] == queue)
      return BAD("F31: " AT ": waits for signal %u of its own "
                 "queue",
                 planName, queueName, index, signal);
  }
  return ECLIP_OK;
}

/// F32: every signal has one packet that completes it.
static eclip_status findCompleters(const fb::Plan &plan,
                                   Completers &completers, Error &error) {
  for (uint32_t q = 0; q < plan.queues()->size(); ++q) {
    const fb::Queue &queue = *plan.queues()->Get(q);
    for (uint32_t p = 0; p < packetCount(queue); ++p) {
      int64_t signal = queue.packets()->Get(p)->completion();
      if (signal == -1)
        continue;
      if (signal < 0 || signal >= static_cast<int64_t>(completers.size()))
        return BAD(
            "F32: " AT ": completion is signal %lld of %zu",
            plan.name()->c_str(), queue.name()->c_str(), p, static_cast<long long>(signal),
            completers.size());
      if (completers[signal] != kNobody)
        return BAD("F32: " AT ": signal %lld is completed twice",
                   plan.name()->c_str(), queue.name()->c_str(), p, static_cast<long long>(signal));
      completers[signal] = q;
    }
  }
  for (size_t i = 0; i < completers.size(); ++i)
    if (completers[i] == kNobody)
      return BAD("F32: plan '%s': signal %zu is completed by no packet",
                 plan.name()->c_str(), i);
  return ECLIP_OK;
}

/// F33: runs the queues as the device would, each up to a barrier whose signals
/// are not all complete, until nothing moves. What is left would wait forever.
/// Each round but the last passes a barrier, and looks at every queue once.
static eclip_status verifyEnds(const fb::Plan &plan,
                               Completers &completers, Error &error) {
  constexpr uint32_t done = kNobody; // completers are not needed any more
  uint32_t next[kMaxQueues] = {};
  for (bool moved = true; moved;) {
    moved = false;
    for (uint32_t q = 0; q < plan.queues()->size(); ++q) {
      const fb::Queue &queue = *plan.queues()->Get(q);
      for (; next[q] < packetCount(queue); ++next[q], moved = true) {
        const fb::Packet &packet = *queue.packets()->Get(next[q]);
        bool ready = true;
        if (packet.kind() == fb::PacketKind::BarrierAnd)
          for (uint32_t signal : *packet.waits())
            ready &= completers[signal] == done;
        if (!ready)
          break;
        if (packet.completion() >= 0)
          completers[packet.completion()] = done;
      }
    }
  }
  for (uint32_t q = 0; q < plan.queues()->size(); ++q) {
    const fb::Queue &queue = *plan.queues()->Get(q);
    if (next[q] < packetCount(queue))
      return BAD("F33: " AT ": waits for signals that are never "
                 "completed before it: the queues wait for each other",
                 plan.name()->c_str(), queue.name()->c_str(), next[q]);
  }
  return ECLIP_OK;
}

eclip_status eclip::verifyOrder(const fb::Plan &plan,
                                const Memory &memory, Error &error) {
  uint64_t packets = 0;
  for (const fb::Queue *queue : *plan.queues())
    packets += packetCount(*queue);
  // Bounds the allocation below by the file's own size.
  if (plan.signal_count() > packets)
    return BAD("F32: plan '%s': signal_count is %u, but there are only %llu "
               "packets",
               plan.name()->c_str(), plan.signal_count(),
               static_cast<unsigned long long>(packets));
  Completers completers;
  if (!completers.allocate(memory, plan.signal_count()))
    return error.outOfMemory(plan.signal_count() * 4ull, "verification");
  for (uint32_t &completer : completers)
    completer = kNobody;
  if (eclip_status status = findCompleters(plan, completers, error))
    return status;
  for (uint32_t q = 0; q < plan.queues()->size(); ++q) {
    const fb::Queue &queue = *plan.queues()->Get(q);
    for (uint32_t p = 0; p < packetCount(queue); ++p) {
      const fb::Packet &packet = *queue.packets()->Get(p);
      if (packet.kind() == fb::PacketKind::Dispatch) {
        if (packet.waits() && packet.waits()->size())
          return BAD("F31: " AT ": a dispatch waits for signals",
                     plan.name()->c_str(), queue.name()->c_str(), p);
      } else if (eclip_status status = verifyBarrier(
                     packet, completers, plan.name()->c_str(),
                     queue.name()->c_str(), q, p, error)) {
        return status;
      }
    }
  }
  return verifyEnds(plan, completers, error);
}
