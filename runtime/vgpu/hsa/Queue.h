//===- Queue.h - user-mode queues -------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the program sees of a queue is AMD's amd_queue_t: hsa_queue_t first, the
// write index and the read index at their documented places. The packet
// processor keeps a cursor of its own: it launches packets in order, and gives
// a slot back (header INVALID, then the read index with release) when that
// packet and all before it have completed, so a running kernel may still read
// its dispatch packet.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_QUEUE_H
#define ECLIP_VGPU_HSA_QUEUE_H

#include "runtime/vgpu/hsa/Hsa.h"

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace eclip::vgpu {

struct Dispatch;

/// CUs as mask words in MI50's bit order: bit i is CU i / 4 of shader engine
/// i mod 4.
using CuMask = std::array<uint32_t, 2>;
inline constexpr CuMask allCus = {0xffffffffu, 0x0fffffffu};
static_assert(device::cuCount == 60);

/// The order in which the workgroups of a queue visit the CUs of its mask:
/// strictly one shader engine after the other, as the hardware's dispatcher
/// does, and within each engine one CU after the other. An engine with few CUs
/// in the mask therefore gets as many workgroups as one with all of them.
class CuPlan {
public:
  explicit CuPlan(CuMask mask);
  CuMask mask() const { return words; }
  uint32_t cuOf(uint64_t workgroup) const {
    const auto &engine = engines[workgroup % engines.size()];
    return engine[(workgroup / engines.size()) % engine.size()];
  }

private:
  CuMask words;
  std::vector<std::vector<uint8_t>> engines; ///< only those with CUs
};

/// The part of HSA_CU_MASK that concerns the one GPU; all CUs if it is unset.
/// False, with a reason, if the text is malformed.
bool parseCuMaskVariable(const char *text, CuMask &mask, std::string &error);

class Queue : public std::enable_shared_from_this<Queue> {
public:
  using Callback = void (*)(hsa_status_t, hsa_queue_t *, void *);

  /// Null, with a status, if memory or signals ran out.
  static std::shared_ptr<Queue> create(uint32_t packets, uint32_t type,
                                       Callback callback, void *data,
                                       uint64_t id, hsa_status_t &status);
  ~Queue();

  static Queue *from(amd_queue_t *amd);

  hsa_queue_t *handle() const { return &amd->hsa_queue; }
  const std::string &label() const { return name; }

  /// Somebody stored to the doorbell: packets up to `packet` may be processed.
  void ring(uint64_t packet);

  /// Puts the queue into the error state (first error only): message on stderr,
  /// the program's callback on the handlers' thread.
  void fail(hsa_status_t status, const std::string &message);

  /// The completion of packet `id`: called once per launched packet.
  void packetDone(uint64_t id);

  uint64_t id = 0;
  amd_queue_t *amd = nullptr;
  char *ringBase = nullptr;
  uint64_t sizeMask = 0;
  std::atomic<bool> active{true};
  std::atomic<bool> failed{false};
  std::atomic<bool> halted{false}; ///< by hsa_queue_inactivate or _destroy
  std::atomic<bool> destroyed{false};
  std::atomic<bool> profiling{false};
  std::atomic<int> priority{HSA_AMD_QUEUE_PRIORITY_NORMAL};

  /// One past the highest packet that a doorbell announced.
  std::atomic<uint64_t> announced{0};
  /// Launched and not completed. Launching is in order, so zero means that all
  /// packets before `cursor` have completed.
  std::atomic<uint64_t> inFlight{0};

  // Used by the packet processor's thread only.
  uint64_t cursor = 0;  ///< next packet to launch
  uint64_t retired = 0; ///< next packet whose slot goes back
  uint64_t workgroupTurn = 0;
  bool warnedDoorbell = false;
  std::unique_ptr<std::atomic<bool>[]> done; ///< one for each slot

  std::shared_ptr<const CuPlan> plan() const;
  void setPlan(std::shared_ptr<const CuPlan> next);

  /// In-flight dispatches, so that destroying the queue can stop them.
  std::mutex dispatchMutex;
  std::vector<std::shared_ptr<Dispatch>> dispatches;

private:
  Queue() = default;
  std::string name;
  Callback callback = nullptr;
  void *callbackData = nullptr;
  mutable std::mutex planMutex;
  std::shared_ptr<const CuPlan> cuPlan;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_QUEUE_H
