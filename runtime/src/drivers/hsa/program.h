//===- program.h - a schedule as prepared AQL packets -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything that a request needs is built in create(), once for each slot:
// kernel argument blocks, signals, and all packets of all queues with every
// address filled in. A request arms its signals, reserves its places
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

namespace eclip::hsa {

class HsaProgram final : public Program {
public:
  explicit HsaProgram(Device &device) : device(device), executable(device) {}
  /// Also of a half-built program.
  ~HsaProgram();
  eclip_status create(const ProgramOptions &options, Error &error);

  void bind(uint32_t slot, Bound kind, uint32_t index, void *address) override;
  eclip_status submit(uint32_t slot, Error &error) override;
  eclip_status wait(uint32_t slot, uint64_t timeoutNs, Error &error) override;
  bool queueTimes(uint32_t slot, uint32_t queue,
                  eclip_queue_times *times) const override;
  void queueInfo(uint32_t queue, eclip_queue_info *info) const override;
  uint32_t packetCount() const override { return packets_per_slot; }
  void destroy() override;

private:
  static constexpr uint32_t kNone = UINT32_MAX;

  /// One queue of the schedule; `lane` is its place in the device.
  struct Lane {
    uint32_t lane = kNone;
    bool shared = false;
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

  struct Slot {
    Array<aql::Packet> packets;
    uint64_t *kernargs = nullptr;
    Array<hsa_signal_t> signals; // those of the schedule, then those for times
    size_t signal_count = 0;     // created
    hsa_signal_t done{};
    bool has_done = false;
    NodePair pair{};
    bool has_pair = false;
    // Work space of submit.
    uint64_t next[kQueueLimit];
    uint64_t end[kQueueLimit];
  };

  eclip_status takeQueues(Error &error);
  eclip_status measure(bool queueTimes, Error &error);
  eclip_status createSlot(Slot &slot, Error &error);
  eclip_status createSignals(Slot &slot, Error &error);
  void buildPackets(Slot &slot, const SlotAddresses &addresses);
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
  Array<Lane> lanes;
  uint32_t busy_lanes = 0; // with packets
  uint32_t packets_per_slot = 0;
  uint32_t signals_per_slot = 0;
  uint64_t kernarg_words = 0; // of one slot
  uint32_t counts[kQueueLimit] = {};
  Array<Relocation> relocations;
  Array<Slot> slots;
};

} // namespace eclip::hsa

#endif // ECLIP_RUNTIME_DRIVERS_HSA_PROGRAM_H
