//===- Device.h - a device that runs schedules of one kernel ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_DEVICE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_DEVICE_H

#include "tools/eclip-profile/Options.h"

#include "eclip/eclip.h"

#include "llvm/ADT/ArrayRef.h"
#include "llvm/Support/Error.h"

#include <memory>

namespace eclip::profiler {

/// Memory of the device.
class Buffer {
public:
  Buffer() = default;
  Buffer(const Buffer &) = delete;
  Buffer &operator=(const Buffer &) = delete;
  ~Buffer();
  /// Once. Outlived by the device.
  llvm::Error allocate(class Device &device, uint64_t bytes);
  void *address(uint64_t offset) const {
    return static_cast<char *>(memory) + offset;
  }
  llvm::Error write(uint64_t offset, llvm::ArrayRef<char> data);
  llvm::Error read(uint64_t offset, llvm::MutableArrayRef<char> data);

private:
  eclip_device *device = nullptr;
  void *memory = nullptr;
};

/// Device addresses of a schedule's inputs and outputs.
struct Bindings {
  std::vector<void *> inputs, outputs;
};

/// A loaded schedule with one request.
class Run {
public:
  Run(const Run &) = delete;
  Run &operator=(const Run &) = delete;
  ~Run();

  /// Which plan the next launches run; at first that of index 0.
  llvm::Error setPlan(uint32_t index);

  /// Submits and waits. The times of the only queue, by the device's clock.
  llvm::Expected<eclip_queue_times> launch(uint64_t timeoutNs);

private:
  friend class Device;
  explicit Run(eclip_device *device) : device(device) {}
  llvm::Error load(const std::vector<char> &file, const Bindings *bindings);
  llvm::Error writeZeros(uint32_t inputs);
  llvm::Error bind(const Bindings &bindings);

  eclip_device *device;
  eclip_schedule *schedule = nullptr;
  eclip_request *request = nullptr;
};

class Device {
public:
  Device() = default;
  Device(const Device &) = delete;
  Device &operator=(const Device &) = delete;
  ~Device();

  llvm::Error open(const Options &options);
  /// Outlived by the device. Without bindings the inputs are zero.
  llvm::Expected<std::unique_ptr<Run>> load(const std::vector<char> &file,
                                            const Bindings *bindings = nullptr);

  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;

private:
  friend class Buffer;
  eclip_device *device = nullptr;
};

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_DEVICE_H
