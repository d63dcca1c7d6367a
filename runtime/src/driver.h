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

#include "runtime/src/memory.h"
#include "runtime/src/verify.h"

namespace eclip {

/// Device addresses of what a schedule's arguments point into, for one slot.
/// The arrays have one entry each input or output.
struct SlotAddresses {
  void *arena;
  void *const *inputs;
  void *const *outputs;
};

/// The address that an argument's kernel gets. `constants` is where the
/// schedule's are on the device.
inline uint64_t addressOf(const fb::Argument &argument,
                          const SlotAddresses &slot, const void *constants) {
  const void *base = nullptr;
  switch (argument.kind()) {
  case fb::BufferKind::Arena:
    base = slot.arena;
    break;
  case fb::BufferKind::Constant:
    base = constants;
    break;
  case fb::BufferKind::Input:
    base = slot.inputs[argument.index()];
    break;
  case fb::BufferKind::Output:
    base = slot.outputs[argument.index()];
    break;
  }
  return reinterpret_cast<uintptr_t>(base) + argument.offset();
}

/// What a program takes over from the schedule. The schedule outlives it.
struct ProgramOptions {
  const fb::Schedule *schedule; // verified
  End end;                      // of the device, for all plans
  void *constants;              // device address
  uint32_t slot_count;
  const SlotAddresses *slots; // slot_count of them, read in create only
  bool queue_times;
  bool private_queues; // shared by the schedule's own plans only
  uint64_t submit_timeout_ns;
};

/// Which buffers of a slot a caller may replace.
enum class Bound { Input, Output };

/// A queue of a schedule.
struct QueuePlace {
  uint32_t plan, queue;
};

/// A schedule prepared on a device, with all of its plans. Different slots may
/// be used by different threads at the same time; one slot by one thread at a
/// time.
class Program {
public:
  /// Points the arguments that use input or output `index` of `slot` elsewhere,
  /// for one plan. The slot is not running. No allocation, no lock.
  virtual void bind(uint32_t slot, uint32_t plan, Bound kind, uint32_t index,
                    void *address) = 0;
  /// Starts the slot's packets of `plan`. No allocation, no lock.
  virtual eclip_status submit(uint32_t slot, uint32_t plan, Error &error) = 0;
  /// ECLIP_ERROR_TIMEOUT leaves the slot running.
  virtual eclip_status wait(uint32_t slot, uint64_t timeoutNs,
                            Error &error) = 0;
  /// Times of queue `queue`, of the plan that the slot ran last; false if
  /// unknown.
  virtual bool queueTimes(uint32_t slot, uint32_t queue,
                          eclip_queue_times *times) const = 0;
  virtual void queueInfo(QueuePlace queue, eclip_queue_info *info) const = 0;
  /// Packets that one request writes.
  virtual uint32_t packetCount(uint32_t plan) const = 0;
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

/// What every driver's open does: makes a Device, opens it, destroys a half-open
/// one.
template <typename Device>
eclip_status openDevice(const DriverOptions &options, Driver **driver,
                        Error &error) {
  auto *device = options.memory.make<Device>(options.memory);
  if (!device)
    return error.outOfMemory(sizeof(Device), "a device");
  if (eclip_status status = device->open(options, error)) {
    device->destroy();
    return status;
  }
  *driver = device;
  return ECLIP_OK;
}

/// The same for a Program.
template <typename Prepared, typename Device>
eclip_status makeProgram(Device &device, const ProgramOptions &options,
                         Program **out, Error &error) {
  auto *program = device.memory.template make<Prepared>(device);
  if (!program)
    return error.outOfMemory(sizeof(Prepared), "a program");
  if (eclip_status status = program->create(options, error)) {
    program->destroy();
    return status;
  }
  *out = program;
  return ECLIP_OK;
}

eclip_status openHsaDriver(const DriverOptions &options, Driver **driver,
                           Error &error);
eclip_status openCudaDriver(const DriverOptions &options, Driver **driver,
                            Error &error);

} // namespace eclip

#endif // ECLIP_RUNTIME_DRIVER_H
