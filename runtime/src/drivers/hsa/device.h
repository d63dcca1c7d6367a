//===- device.h - an AMD GPU, real or virtual -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_HSA_DEVICE_H
#define ECLIP_RUNTIME_DRIVERS_HSA_DEVICE_H

#include "runtime/src/driver.h"
#include "runtime/src/drivers/hsa/api.h"
#include "runtime/src/drivers/hsa/reservation.h"
#include "runtime/src/locked.h"
#include "runtime/src/lost.h"

#include <limits.h>

namespace eclip::hsa {

class Device;

/// A masked hardware queue. Its mask and priority are applied between creation
/// and the first packet and never changed. Shared by all programs with both,
/// unless it is private.
struct Queue {
  Device *device = nullptr;
  hsa_queue_t *handle = nullptr; // null: the place is free
  uint32_t users = 0;            // under the device's mutex
  bool mask_reduced = false;
  bool is_private = false; // its one user shares it with nobody
  uint32_t priority = 0;   // of the schedule file
  uint64_t origin = 0; // place of the ring's packet 0 in the reservation
  uint32_t mask_words = 0;
  uint32_t mask[128] = {};
};

class Device final : public Driver, public LostState {
public:
  explicit Device(const Memory &memory) : memory(memory) {}
  /// Everything between construction and use; on failure destroy().
  eclip_status open(const DriverOptions &options, Error &error);

  void describe(eclip_device_info *info) const override;
  uint32_t queueCount() const override;
  eclip_status allocate(uint64_t bytes, const char *purpose, void **address,
                        Error &error) override;
  void deallocate(void *address) override;
  eclip_status upload(void *to, const void *from, size_t bytes,
                      Error &error) override;
  eclip_status download(void *to, const void *from, size_t bytes,
                        Error &error) override;
  eclip_status checkTarget(const fb::Schedule &schedule, Error &error) override;
  eclip_status createProgram(const ProgramOptions &options, Program **program,
                             Error &error) override;
  void stop(const char *message) override;
  eclip_status health(Error &error) const override {
    return checkLost(error);
  }
  void destroy() override;

  /// Memory that the host writes and the device reads kernel arguments from.
  eclip_status allocateKernargs(uint64_t bytes, void **address, Error &error);

  /// A queue with this mask and priority, new or shared, to be given back; a
  /// private one is always new. `maxQueues` is what the schedule says that the
  /// device runs.
  eclip_status takeQueue(const MaskWords &mask, uint32_t priority,
                         uint32_t maxQueues, bool isPrivate, uint32_t *index,
                         bool *shared, Error &error);
  void giveQueue(uint32_t index);
  const Queue &queue(uint32_t index) const { return queues[index]; }

  eclip_status takePair(NodePair *pair, Error &error);
  void givePair(NodePair pair);

  /// Stops the queues of a lost device, so that their memory can be freed.
  /// Waits for packet processors; not from a callback.
  void stopQueues();

  /// Is `isa` (with or without features behind a colon) this device's?
  bool hasIsa(const char *isa) const;

  Memory memory;
  Api api{};
  hsa_agent_t agent{};
  Reservation reservation;
  uint64_t ticks_per_second = 1000000000;

private:
  eclip_status findAgents(uint32_t index, Error &error);
  eclip_status findPools(Error &error);
  eclip_status readProperties(const DriverOptions &options, Error &error);
  eclip_status allocateFrom(hsa_amd_memory_pool_t pool, size_t granule,
                            uint64_t bytes, void **address, Error &error);
  eclip_status createQueue(Queue &queue, Error &error);

  bool initialized = false;
  hsa_agent_t host{};
  bool has_host = false;
  hsa_amd_memory_pool_t device_pool{}, kernarg_pool{};
  size_t device_granule = 4096, kernarg_granule = 4096;
  bool host_reaches_device_pool = false;
  uint32_t ring_packets = 0;

  char driver_name[16] = {}, product[64] = {}, isa[64] = {};
  char library[PATH_MAX] = {};
  uint32_t cu_count = 0, shader_engines = 0;

  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // queues, pairs
  Queue queues[kQueueLimit];
  bool queues_stopped = false;
};

} // namespace eclip::hsa

#endif // ECLIP_RUNTIME_DRIVERS_HSA_DEVICE_H
