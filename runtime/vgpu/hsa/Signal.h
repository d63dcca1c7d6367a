//===- Signal.h - signals and waiting for them ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A signal's handle is the address of AMD's 64-byte amd_signal_t, as in the
// real library. All of them lie in one reserved range, so a handle in a packet
// can be checked before it is followed. Every change made through the library
// wakes whoever waits; a change through hsa_amd_signal_value_pointer, or by a
// kernel, is found by polling.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_SIGNAL_H
#define ECLIP_VGPU_HSA_SIGNAL_H

#include "runtime/vgpu/hsa/EventCount.h"
#include "runtime/vgpu/hsa/Hsa.h"
#include "runtime/vgpu/hsa/Memory.h"

#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace eclip::vgpu {

/// Bits of amd_signal_t::reserved3[0], which is ours to use.
enum SignalFlag : uint32_t {
  SignalFailed = 1, ///< the packet that completes it failed; a store clears it
  SignalTimed = 2   ///< start_ts and end_ts are those of a profiled packet
};

class SignalTable {
public:
  /// At most this many signals live at once (64 MiB of address space).
  static constexpr uint32_t capacity = 1u << 20;

  explicit SignalTable(MemoryRegistry &memory);
  ~SignalTable();

  /// Null if there are `capacity` already. Doorbells belong to `queue`.
  amd_signal_t *create(int64_t value, amd_queue_t *queue = nullptr);
  void destroy(amd_signal_t *signal);

  /// The live signal behind a handle, or null.
  amd_signal_t *find(hsa_signal_t signal) const {
    uint64_t offset = signal.handle - reinterpret_cast<uint64_t>(base);
    if (offset >= uint64_t(capacity) * sizeof(amd_signal_t) || offset % 64)
      return nullptr;
    auto *s = reinterpret_cast<amd_signal_t *>(signal.handle);
    return __atomic_load_n(&s->kind, __ATOMIC_ACQUIRE) ==
                   AMD_SIGNAL_KIND_INVALID
               ? nullptr
               : s;
  }
  uint32_t index(const amd_signal_t *signal) const {
    return uint32_t(signal - base);
  }

private:
  MemoryRegistry &memory;
  amd_signal_t *base = nullptr;
  std::mutex mutex;
  uint32_t used = 0;
  std::deque<uint32_t> freed; ///< oldest first
};

inline int64_t loadValue(const amd_signal_t *s) {
  return __atomic_load_n(&s->value, __ATOMIC_SEQ_CST);
}
inline uint32_t loadFlags(const amd_signal_t *s) {
  return __atomic_load_n(&s->reserved3[0], __ATOMIC_ACQUIRE);
}
bool conditionHolds(hsa_signal_condition_t condition, int64_t value,
                    int64_t reference);

enum class SignalOp { Store, Exchange, Cas, Add, Subtract, And, Or, Xor };

/// What the host's hsa_signal_* calls do; returns the value before. A store to
/// a doorbell rings its queue, every other change of a doorbell is ignored.
int64_t hostModifySignal(hsa_signal_t signal, SignalOp op, int64_t operand,
                         int64_t expected = 0);
int64_t hostLoadSignal(hsa_signal_t signal);
/// Index of the first satisfied entry, or UINT32_MAX after `timeoutNs`.
uint32_t hostWaitAny(uint32_t count, const hsa_signal_t *signals,
                     const hsa_signal_condition_t *conditions,
                     const hsa_signal_value_t *references, uint64_t timeoutNs,
                     int64_t *value);

/// Calls the program's handlers for signals, each on one thread of the library.
class AsyncHandlers {
public:
  ~AsyncHandlers();
  void add(hsa_signal_t signal, hsa_signal_condition_t condition, int64_t value,
           hsa_amd_signal_handler handler, void *arg);
  void run(std::function<void()> function);
  void stop();

private:
  struct Entry {
    hsa_signal_t signal;
    hsa_signal_condition_t condition;
    int64_t value;
    hsa_amd_signal_handler handler;
    void *arg;
    std::function<void()> function; ///< if set, runs at once, and nothing else
  };
  void start();
  void loop();

  std::mutex mutex;
  std::vector<Entry> entries;
  std::thread thread;
  bool stopping = false;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_SIGNAL_H
