//===- Dispatcher.h - workgroups onto host threads --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One pool of host threads for all queues. Each worker goes round the running
// dispatches and takes a few workgroups from each in turn, so queues that run
// at the same time progress at the same rate. A dispatch waits while one of a
// higher priority with a CU of its mask has workgroups that nobody has claimed;
// what has been claimed runs to its end, as on hardware. A claim is one atomic
// add; the list of dispatches is copied by a worker only when it changed.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_DISPATCHER_H
#define ECLIP_VGPU_HSA_DISPATCHER_H

#include "runtime/vgpu/exec/Executor.h"
#include "runtime/vgpu/hsa/Checker.h"
#include "runtime/vgpu/hsa/EventCount.h"
#include "runtime/vgpu/hsa/Executable.h"
#include "runtime/vgpu/hsa/Queue.h"

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace eclip::vgpu {

/// One kernel dispatch packet from its launch to its completion.
struct Dispatch {
  std::shared_ptr<Queue> queue;
  uint64_t packet = 0;
  std::shared_ptr<const Kernel> kernel;
  std::shared_ptr<const Program> program;
  DispatchInfo info{};
  uint32_t groups[3] = {0, 0, 0};
  uint64_t total = 0; ///< workgroups
  std::shared_ptr<const CuPlan> plan;
  int priority = 0;  ///< of the queue at the launch
  uint64_t turn = 0; ///< of the plan, for the first workgroup
  hsa_signal_t completion{0};
  uint64_t memoryTicket = 0;
  std::shared_ptr<CheckedEvent> event;      ///< checking mode only
  std::unique_ptr<AccessRecorder> recorder; ///< checking mode only

  std::atomic<uint64_t> next{0};     ///< workgroup to claim
  std::atomic<uint64_t> finished{0}; ///< claimed and done, or given up
  std::atomic<uint64_t> startNs{0};
  std::atomic<uint64_t> instructions{0};
  std::atomic<bool> abort{false};
  /// What the executor reads now and then. It takes the place of an atomic
  /// load: a byte, for which the compiler emits one load.
  const volatile bool *abortFlag() const {
    static_assert(sizeof(std::atomic<bool>) == sizeof(bool));
    return reinterpret_cast<const volatile bool *>(&abort);
  }
  std::mutex failureMutex;
  RunResult failure;         ///< the first; Ok if none
  uint64_t faultAddress = 0; ///< of a memory fault; 0 if it is not known
};

/// What each CU has done; written by all workers.
struct Counters {
  struct alignas(64) Cu {
    std::atomic<uint64_t> workgroups{0};
    std::atomic<uint64_t> instructions{0};
  };
  Cu cu[device::cuCount];
  std::atomic<uint64_t> dispatches{0};
  std::atomic<uint64_t> barriers{0};
  std::atomic<uint64_t> copies{0};
};

class Dispatcher {
public:
  Dispatcher(const MemoryMap &memory, Counters &counters)
      : memory(memory), counters(counters) {}
  ~Dispatcher() { stop(); }

  /// Called by a worker when the last workgroup of a dispatch has ended.
  std::function<void(Dispatch &)> onComplete;

  void submit(std::shared_ptr<Dispatch> dispatch);
  void stop();
  static unsigned threadCount(); ///< ECLIP_VGPU_THREADS, else all host cores

private:
  void start();
  void work(unsigned index);
  static bool
  mustWait(const Dispatch &dispatch,
           const std::vector<std::shared_ptr<Dispatch>> &running);
  bool runSome(const std::shared_ptr<Dispatch> &dispatch,
               WorkgroupRunner &runner, unsigned index);
  void finish(const std::shared_ptr<Dispatch> &dispatch, uint64_t count);
  void fail(Dispatch &dispatch, RunResult &&result);

  const MemoryMap &memory;
  Counters &counters;
  EventCount event;
  std::mutex mutex;
  std::vector<std::shared_ptr<Dispatch>> active;
  std::atomic<uint64_t> version{0}; ///< of `active`
  std::vector<std::thread> threads;
  std::atomic<bool> stopping{false};
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_DISPATCHER_H
