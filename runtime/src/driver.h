//===- driver.h - what a driver gives to the runtime ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Two interfaces: Driver, an open device with memory, and Program, one schedule
// prepared on it. The cut is at whole schedules and not at queues and packets,
// so that a driver may turn a schedule into whatever replays fastest: prepared
// AQL packets here, a graph elsewhere.
//
// Drivers know nothing of each other. Objects are destroyed through destroy(),
// never through delete: they live in the caller's memory.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVER_H
#define ECLIP_RUNTIME_DRIVER_H

#include "runtime/schema/schedule_generated.h"
#include "runtime/src/memory.h"

namespace eclip {

/// Device addresses of what a schedule's arguments point into, for one slot.
/// The arrays have one entry each input or output.
struct SlotAddresses {
  void *arena;
  void *const *inputs;
  void *const *outputs;
};

/// What a program takes over from the schedule. The schedule outlives it.
struct ProgramOptions {
  const fb::Schedule *schedule; // verified
  void *constants;              // device address
  uint32_t slot_count;
  const SlotAddresses *slots; // slot_count of them, read in create only
  bool queue_times;
  uint64_t submit_timeout_ns;
};

/// Which buffers of a slot a caller may replace.
enum class Bound { Input, Output };

/// A schedule prepared on a device. Different slots may be used by different
/// threads at the same time; one slot by one thread at a time.
class Program {
public:
  /// Points the arguments that use input or output `index` of `slot` elsewhere.
  /// The slot is not running.
  virtual void bind(uint32_t slot, Bound kind, uint32_t index,
                    void *address) = 0;
  /// Starts the slot's packets. No allocation, no lock.
  virtual eclip_status submit(uint32_t slot, Error &error) = 0;
  /// ECLIP_ERROR_TIMEOUT leaves the slot running.
  virtual eclip_status wait(uint32_t slot, uint64_t timeoutNs,
                            Error &error) = 0;
  /// Times of queue `queue` in the slot's last run; false if unknown.
  virtual bool queueTimes(uint32_t slot, uint32_t queue,
                          eclip_queue_times *times) const = 0;
  virtual void queueInfo(uint32_t queue, eclip_queue_info *info) const = 0;
  /// Packets that one request writes.
  virtual uint32_t packetCount() const = 0;
  /// No slot runs, or the device is lost and its queues are stopped.
  virtual void destroy() = 0;

protected:
  ~Program() = default;
};

/// An open device. Thread safe.
class Driver {
public:
  /// All but the counts of queues and schedules; strings live with the driver.
  virtual void describe(eclip_device_info *info) const = 0;
  virtual uint32_t queueCount() const = 0;

  /// Memory that the device reaches, 256-byte aligned, `bytes` > 0.
  virtual eclip_status allocate(uint64_t bytes, const char *purpose,
                                void **address, Error &error) = 0;
  virtual void deallocate(void *address) = 0;
  virtual eclip_status upload(void *to, const void *from, size_t bytes,
                              Error &error) = 0;
  virtual eclip_status download(void *to, const void *from, size_t bytes,
                                Error &error) = 0;

  /// Says whether schedules for this target can run here, before anything large
  /// is allocated for them.
  virtual eclip_status checkTarget(const fb::Schedule &schedule,
                                   Error &error) = 0;
  virtual eclip_status createProgram(const ProgramOptions &options,
                                     Program **program, Error &error) = 0;

  /// Stops all queues; every wait and submit from now on is
  /// ECLIP_ERROR_DEVICE_LOST with this message.
  virtual void stop(const char *message) = 0;
  /// ECLIP_OK or ECLIP_ERROR_DEVICE_LOST.
  virtual eclip_status health(Error &error) const = 0;

  virtual void destroy() = 0;

protected:
  ~Driver() = default;
};

/// One row of the driver table in device.cpp. `library` is a path or a name for
/// the system's search.
struct DriverOptions {
  const char *driver;
  const char *library;
  uint32_t device_index;
  uint32_t queue_packets;
  Memory memory;
};

eclip_status openHsaDriver(const DriverOptions &options, Driver **driver,
                           Error &error);
eclip_status openCudaDriver(const DriverOptions &options, Driver **driver,
                            Error &error);

} // namespace eclip

#endif // ECLIP_RUNTIME_DRIVER_H
