//===- Checker.h - the checking mode ----------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Finds pairs of conflicting accesses that nothing orders. What really happened
// in time plays no part: every dispatch, copy and host operation carries a
// vector clock of what must have completed before it, and two events that touch
// the same bytes, one of them writing, must be ordered by their clocks.
//
// Clocks flow like this (happens-before):
//   host      -> packet      through the doorbell that announced the packet
//   packet    -> packet      of the same queue: from the completion of all
//                            earlier packets through a barrier bit; without
//                            one, only from what had to be done before the
//                            earlier ones were launched
//   packet    -> signal      a completion joins its clock into the signal
//   signal    -> packet      a barrier-AND takes the clocks of its signals; a
//                            barrier-OR only what all of them have in common
//   signal    -> host        a wait that is satisfied, or a load
//   host      -> signal      a store replaces the clock, other changes join
//   copies                   like packets: after their signals and the host
// The host counts as one actor: its threads order themselves by means that the
// library cannot see.
//
// A clock has one entry per chain, a chain being events that follow each other.
// A queue whose packets all have the barrier bit is one chain; unordered
// packets open new ones, which are reused as soon as their last event is
// ordered before.
//
// dispatchEnded, copyEnded, faulted, hostCopies and the queries take the lock
// themselves; everything else expects lock() to be held.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_CHECKER_H
#define ECLIP_VGPU_HSA_CHECKER_H

#include "runtime/vgpu/hsa/AccessSet.h"
#include "runtime/vgpu/hsa/Memory.h"

#include <atomic>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

namespace eclip::vgpu {

using Clock = std::vector<uint64_t>;

/// Something that accesses memory.
struct CheckedEvent {
  std::string what; ///< "kernel 'NAME' (queue 1, packet 3)"
  std::string name; ///< the kernel's, or "copy"
  uint64_t queue = UINT64_MAX, packet = 0;
  uint32_t chain = 0;
  uint64_t tick = 0;
  Clock clock; ///< with its own tick: what is done once it has completed
  uint64_t generation = 0;
};

struct Finding {
  enum Kind { Race = 1, OutOfBounds = 2 };
  Kind kind = Race;
  std::string message;
  std::string firstKernel, secondKernel;
  uint64_t firstQueue = 0, firstPacket = 0, secondQueue = 0, secondPacket = 0;
  uint64_t address = 0, bytes = 0;
  uint64_t allocation = 0;  ///< its start
  uint64_t occurrences = 1; ///< of the same pair at the same place
};

class Checker {
public:
  explicit Checker(const MemoryRegistry &memory) : memory(memory) {}

  bool enabled() const { return on.load(std::memory_order_relaxed); }
  bool prints() const { return enabled() && printing; }
  /// Starts anew: what came before is ordered before everything after.
  void enable(bool enabled, bool print);
  std::unique_lock<std::mutex> lock() { return std::unique_lock(mutex); }

  // Host.
  void hostRings(uint64_t queue, uint64_t limit);
  void hostChangesSignal(uint32_t signal, bool store);
  void hostSeesSignal(uint32_t signal);
  /// A synchronous copy or fill through the library.
  void hostCopies(const char *call, uint64_t destination, uint64_t source,
                  uint64_t bytes);

  // Device.
  std::shared_ptr<CheckedEvent> dispatchStarts(uint64_t queue, uint64_t packet,
                                               bool barrierBit,
                                               const std::string &kernel);
  void dispatchEnded(CheckedEvent &event, AccessRecorder &recorder);
  void faulted(const CheckedEvent &event, const std::string &message);
  Clock barrierPasses(uint64_t queue, uint64_t packet, bool barrierBit,
                      const std::vector<uint32_t> &signals, bool isOr);
  void deviceChangesSignal(uint32_t signal, const Clock &clock);
  void queueGone(uint64_t queue);

  // Asynchronous copies.
  std::shared_ptr<CheckedEvent> copySubmitted();
  void copyStarts(CheckedEvent &event, const std::vector<uint32_t> &signals);
  void copyEnded(CheckedEvent &event, uint64_t destination, uint64_t source,
                 uint64_t bytes);

  /// Addresses are about to be reused.
  void memoryFreed(uint64_t begin, uint64_t end);

  std::vector<Finding> takeFindings(bool forget);
  /// Dispatches whose accesses are still kept; for tests of the bound.
  size_t keptEvents();

private:
  struct Record {
    std::shared_ptr<const CheckedEvent> event;
    AccessSet accesses;
    size_t bytes;
  };
  struct Doorbell {
    uint64_t limit;
    Clock clock;
  };
  struct QueueState {
    Clock launched;  ///< before any later packet
    Clock completed; ///< of all packets so far
    std::deque<Doorbell> doorbells;
    std::map<uint64_t, Clock> late; ///< announced after a higher packet was
    uint64_t next = 0;              ///< packet
    uint32_t chain = 0;             ///< used last
  };

  void begin(CheckedEvent &event, Clock clock, uint32_t &preferred);
  Clock launchClock(QueueState &queue, uint64_t packet, bool barrierBit);
  void compare(const std::shared_ptr<const CheckedEvent> &event,
               AccessSet &&accesses);
  void addFinding(Finding &&finding);
  void forget();
  Finding describe(const CheckedEvent &first, const CheckedEvent &second,
                   const Conflict &conflict) const;

  const MemoryRegistry &memory;
  std::atomic<bool> on{false};
  bool printing = false;
  std::mutex mutex;
  uint64_t generation = 0;
  Clock host;
  std::vector<uint64_t>
      tops; ///< last tick of each chain; chain 0 is the host's
  uint32_t copyChain = 0;
  std::unordered_map<uint64_t, QueueState> queues;
  std::unordered_map<uint32_t, Clock> signals;
  std::list<Record> records;
  size_t recordBytes = 0;
  std::vector<std::weak_ptr<CheckedEvent>> running; ///< begun or submitted
  unsigned sinceForget = 0;
  bool warnedBound = false;
  std::vector<Finding> findings;
  std::map<std::string, size_t> known; ///< by what makes findings the same
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_CHECKER_H
