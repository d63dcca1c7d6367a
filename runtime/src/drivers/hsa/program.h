//===- program.h - a schedule as prepared AQL packets -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything that a request needs is built in create(), once for each slot and
// plan: kernel argument blocks, signals, and all packets of all queues with every
// address filled in. A slot runs one plan at a time, so its plans share the
// signals. A request arms its signals, reserves its places
// (reservation.h), copies the packets and rings one doorbell for each queue.
//
// At the end of each queue's packets the program adds a barrier-AND without
// dependencies, with the barrier bit and a system release. Together they count
// the slot's one `done` signal down from the number of queues to 0.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_HSA_PROGRAM_H
#define ECLIP_RUNTIME_DRIVERS_HSA_PROGRAM_H

#include "runtime/src/drivers/hsa/executable.h"
#include "runtime/src/packet.h"
#include "runtime/src/plan_queues.h"

namespace eclip::hsa {

class HsaProgram final : public Program {
public:
  explicit HsaProgram(Device &device) : device(device), executable(device) {}
  /// Also of a half-built program.
  ~HsaProgram();
  eclip_status create(const ProgramOptions &options, Error &error);

  void bind(uint32_t slot, uint32_t plan, Bound kind, uint32_t index,
            void *address) override;
  eclip_status submit(uint32_t slot, uint32_t plan, Error &error) override;
  eclip_status wait(uint32_t slot, uint64_t timeoutNs, Error &error) override;
  bool queueTimes(uint32_t slot, uint32_t queue,
                  eclip_queue_times *times) const override;
  void queueInfo(QueuePlace queue, eclip_queue_info *info) const override;
  uint32_t packetCount(uint32_t plan) const override {
    return plans[plan].packet_count;
  }
  void destroy() override;

private:
  static constexpr uint32_t kNone = UINT32_MAX;

  /// One queue of a plan; `queue` is its place in the device.
  struct Lane : TakenQueue {
    uint32_t first_packet = 0; // in a slot's packets
    uint32_t packet_count = 0; // with the added one; 0 if the queue is empty
    // The slot's signals that complete the first and the last dispatch.
    uint32_t first_signal = kNone, last_signal = kNone;
  };

  /// An argument that bind() may have to change.
  struct Relocation {
    uint32_t word; // in a slot's kernel arguments, in 8 bytes
    uint32_t index;
    Bound kind;
    uint64_t offset;
  };

  /// What a plan needs of every slot.
  struct Plan {
    const fb::Plan *file = nullptr;
    Array<Lane> lanes;
    uint32_t busy_lanes = 0; // with packets
    uint32_t packet_count = 0;
    uint32_t signal_count = 0;     // of its own, then for times
    uint64_t first_kernarg = 0;    // in a slot's, in 8 bytes
    uint32_t counts[kQueueLimit] = {}; // packets, by place in the device
    Array<Relocation> relocations;
  };

  struct Slot {
    Array<aql::Packet> packets;  // of all plans, one after the other
    uint64_t *kernargs = nullptr; // the same
    Array<hsa_signal_t> signals; // as many as the plan with most needs
    size_t signal_count = 0;     // created
    hsa_signal_t done{};
    bool has_done = false;
    NodePair pair{};
    bool has_pair = false;
    uint32_t plan = 0; // of the last submit
    // Work space of submit.
    uint64_t next[kQueueLimit];
    uint64_t end[kQueueLimit];
  };

  eclip_status createPlan(uint32_t plan, const ProgramOptions &options,
                          Error &error);
  eclip_status measure(Plan &plan, bool queueTimes, Error &error);
  eclip_status createSlot(Slot &slot, Error &error);
  eclip_status createSignals(Slot &slot, Error &error);
  void buildPackets(Plan &plan, Slot &slot, const SlotAddresses &addresses);
  void buildDispatch(Slot &slot, const SlotAddresses &addresses,
                     const fb::Packet &packet, aql::Packet *out,
                     uint32_t &kernargWord);
  void releaseSlot(Slot &slot);
  bool publish(Slot &slot);
  eclip_status publishAll(Slot &slot, Error &error);
  eclip_status failedSignal(int64_t value, Error &error);

  Device &device;
  Executable executable;
  const fb::Schedule *schedule = nullptr;
  void *constants = nullptr;
  uint64_t submit_timeout_ns = 0;
  Array<Plan> plans;
  uint32_t packets_per_slot = 0; // of all plans
  uint32_t signals_per_slot = 0; // of the plan with most
  uint64_t kernarg_words = 0;    // of one slot, all plans
  Array<Slot> slots;
};

} // namespace eclip::hsa

#endif // ECLIP_RUNTIME_DRIVERS_HSA_PROGRAM_H
