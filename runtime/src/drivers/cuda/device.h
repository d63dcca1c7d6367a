//===- device.h - an NVIDIA GPU ---------------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_DEVICE_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_DEVICE_H

#include "runtime/src/driver.h"
#include "runtime/src/drivers/cuda/partition.h"
#include "runtime/src/lost.h"

#include <limits.h>
#include <pthread.h>

namespace eclip::cuda {

/// Makes a context current for a scope and brings the caller's back: the
/// program around us may have contexts of its own.
class Current {
public:
  Current(const Api &api, abi::Context context) : api(api) {
    pushed = api.pushContext(context) == abi::kSuccess;
  }
  ~Current() {
    abi::Context ignored;
    if (pushed)
      api.popContext(&ignored);
  }
  Current(const Current &) = delete;
  Current &operator=(const Current &) = delete;

private:
  const Api &api;
  bool pushed;
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
  /// Requests fail from now on. Kernels that run go on to their end: the
  /// driver has no call that stops them.
  void stop(const char *message) override { markLost("%s", message); }
  eclip_status health(Error &error) const override { return checkLost(error); }
  void destroy() override;

  eclip_status takePartition(const MaskWords &mask, uint32_t maxPartitions,
                             bool isPrivate, uint32_t *index, bool *shared,
                             Error &error);
  void givePartition(uint32_t index);
  /// Of a partition that the caller holds.
  abi::Context context(uint32_t index) const {
    return partitions.context(index);
  }
  uint32_t smsOf(uint32_t index) const { return partitions.smsOf(index); }

  Memory memory;
  Api api{};
  abi::Device handle = 0;
  abi::Context primary = nullptr;
  uint32_t max_shared_bytes = 0; // of a block, with opt-in
  /// CUDA's number for each priority of a schedule file.
  int priorities[kMaxPriority + 1] = {};

private:
  eclip_status readProperties(Error &error);
  eclip_status readPriorities(Error &error);
  eclip_status checkMasks(const fb::Schedule &schedule, Error &error) const;
  eclip_status finishCopy(abi::Result result, const char *call, Error &error);

  /// All copies of the device. cuMemcpyHtoD on the default stream may return
  /// before the bytes have arrived, and our streams do not wait for that one.
  abi::Stream copy_stream = nullptr;

  char product[64] = {}, isa[64] = {};
  char library[PATH_MAX] = {};
  int compute_major = 0, compute_minor = 0;
  uint32_t sm_count = 0;

  mutable pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER; // partitions
  Partitions partitions;
};

} // namespace eclip::cuda

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_DEVICE_H
