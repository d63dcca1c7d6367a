//===- device.cpp - open an NVIDIA GPU, its memory and its end ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/device.h"

#include "runtime/src/drivers/cuda/target.h"
#include "runtime/src/locked.h"

#include <stdio.h>

using namespace eclip;
using namespace eclip::cuda;

eclip_status eclip::openCudaDriver(const DriverOptions &options,
                                   Driver **driver, Error &error) {
  return openDevice<Device>(options, driver, error);
}

eclip_status Device::open(const DriverOptions &options, Error &error) {
  if (eclip_status status = Api::load(options.library, &api, error))
    return status;
  snprintf(library, sizeof(library), "%s", options.library);
  if (abi::Result result = api.init(0))
    return error.fail(ECLIP_ERROR_NO_DEVICE,
                      "cuda: no usable NVIDIA GPU here: cuInit: %s (%d)",
                      api.name(result), result);
  int count = 0;
  if (abi::Result result = api.deviceCount(&count))
    return api.fail(error, result, "cuDeviceGetCount");
  if (options.device_index >= static_cast<uint32_t>(count))
    return error.fail(ECLIP_ERROR_NO_DEVICE,
                      "cuda: no NVIDIA GPU with index %u: %s finds %d",
                      options.device_index, library, count);
  if (abi::Result result =
          api.deviceGet(&handle, static_cast<int>(options.device_index)))
    return api.fail(error, result, "cuDeviceGet");
  if (eclip_status status = readProperties(error))
    return status;
  if (abi::Result result = api.retainPrimary(&primary, handle)) {
    primary = nullptr;
    return api.fail(error, result, "cuDevicePrimaryCtxRetain");
  }
  Current current(api, primary);
  if (abi::Result result =
          api.createStream(&copy_stream, abi::kStreamNonBlocking)) {
    copy_stream = nullptr;
    return api.fail(error, result, "cuStreamCreate");
  }
  if (eclip_status status = readPriorities(error))
    return status;
  return partitions.open(api, handle, primary, sm_count, error);
}

/// Evenly over the device's range, whose highest number is the lowest priority
/// and the one of all work that asks for none.
eclip_status Device::readPriorities(Error &error) {
  int least = 0, greatest = 0;
  if (abi::Result result = api.priorityRange(&least, &greatest))
    return api.fail(error, result, "cuCtxGetStreamPriorityRange");
  for (int i = 0; i <= static_cast<int>(kMaxPriority); ++i)
    priorities[i] =
        least + (greatest - least) * i / static_cast<int>(kMaxPriority);
  return ECLIP_OK;
}

void Device::destroy() {
  Memory from = memory;
  const Api functions = api;
  const abi::Context context = primary;
  const abi::Device gpu = handle;
  pthread_mutex_destroy(&mutex);
  if (copy_stream) {
    Current current(api, primary);
    api.destroyStream(copy_stream);
  }
  from.destroy(this); // green contexts go before the primary one
  if (context)
    functions.releasePrimary(gpu);
}

eclip_status Device::readProperties(Error &error) {
  int sms = 0, shared = 0;
  struct {
    int attribute;
    int *value;
  } const queries[] = {{abi::kMultiprocessorCount, &sms},
                       {abi::kComputeMajor, &compute_major},
                       {abi::kComputeMinor, &compute_minor},
                       {abi::kMaxSharedBytesOptIn, &shared}};
  for (const auto &query : queries)
    if (abi::Result result =
            api.deviceAttribute(query.value, query.attribute, handle))
      return api.fail(error, result, "cuDeviceGetAttribute");
  if (sms < 1)
    return error.fail(ECLIP_ERROR_DRIVER, "cuda: the GPU has no SMs");
  sm_count = static_cast<uint32_t>(sms);
  max_shared_bytes = static_cast<uint32_t>(shared);
  snprintf(isa, sizeof(isa), "%s%d%d", kTargetPrefix, compute_major,
           compute_minor);
  if (api.deviceName(product, sizeof(product), handle) != abi::kSuccess)
    snprintf(product, sizeof(product), "%s", isa);
  product[sizeof(product) - 1] = 0;
  return ECLIP_OK;
}

void Device::describe(eclip_device_info *info) const {
  info->driver = "cuda";
  info->name = product;
  info->isa = isa;
  info->library_path = library;
  info->cu_count = sm_count;
  info->shader_engines = 0;
}

uint32_t Device::queueCount() const {
  Locked lock(mutex);
  return partitions.count();
}

eclip_status Device::takePartition(const MaskWords &mask,
                                   uint32_t maxPartitions, bool isPrivate,
                                   uint32_t *index, bool *shared,
                                   Error &error) {
  Locked lock(mutex);
  return partitions.take(mask, maxPartitions, isPrivate, index, shared, error);
}

void Device::givePartition(uint32_t index) {
  Locked lock(mutex);
  partitions.give(index);
}

static abi::DevicePointer pointerOf(const void *address) {
  return reinterpret_cast<uintptr_t>(address);
}

eclip_status Device::allocate(uint64_t bytes, const char *purpose,
                              void **address, Error &error) {
  Current current(api, primary);
  abi::DevicePointer pointer = 0;
  if (abi::Result result = api.allocate(&pointer, bytes))
    return error.fail(ECLIP_ERROR_OUT_OF_MEMORY,
                      "%s: device memory: %llu bytes: cuMemAlloc: %s (%d)",
                      purpose, static_cast<unsigned long long>(bytes),
                      api.name(result), result);
  *address = reinterpret_cast<void *>(static_cast<uintptr_t>(pointer));
  return ECLIP_OK;
}

void Device::deallocate(void *address) {
  Current current(api, primary);
  api.release(pointerOf(address));
}

eclip_status Device::finishCopy(abi::Result result, const char *call,
                                Error &error) {
  if (result == abi::kSuccess)
    result = api.synchronizeStream(copy_stream);
  return result ? api.fail(error, result, call) : ECLIP_OK;
}

eclip_status Device::upload(void *to, const void *from, size_t bytes,
                            Error &error) {
  Current current(api, primary);
  return finishCopy(api.copyToDevice(pointerOf(to), from, bytes, copy_stream),
                    "cuMemcpyHtoDAsync", error);
}

eclip_status Device::download(void *to, const void *from, size_t bytes,
                              Error &error) {
  Current current(api, primary);
  return finishCopy(api.copyToHost(to, pointerOf(from), bytes, copy_stream),
                    "cuMemcpyDtoHAsync", error);
}

eclip_status Device::checkTarget(const fb::Schedule &schedule, Error &error) {
  if (eclip_status status = health(error))
    return status;
  for (const fb::Kernel *kernel : *schedule.kernels()) {
    const fb::CodeObject &object =
        *schedule.code_objects()->Get(kernel->code_object());
    if (!targetRuns(object, compute_major, compute_minor))
      return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                        "kernel '%s' is for %s, the device is %s",
                        kernel->name()->c_str(), object.isa()->c_str(), isa);
    if (kernel->lds_bytes() > max_shared_bytes)
      return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                        "kernel '%s' needs %u bytes of shared memory, the "
                        "device has %u",
                        kernel->name()->c_str(), kernel->lds_bytes(),
                        max_shared_bytes);
  }
  const fb::Device &wanted = *schedule.device();
  if (wanted.cu_count() != sm_count)
    return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                      "compiled for %s with %u SMs, the device has %u",
                      wanted.name()->c_str(), wanted.cu_count(), sm_count);
  return checkMasks(schedule, error);
}

/// At both ends: which one a schedule gets depends on the others, and whether it
/// loads should not.
eclip_status Device::checkMasks(const fb::Schedule &schedule,
                                Error &error) const {
  for (const fb::Plan *plan : *schedule.plans())
    for (const fb::Queue *queue : *plan->queues())
      for (End end : {End::Near, End::Far})
        if (eclip_status status =
                partitions.check(maskAt(*queue, end), error)) {
          error.prepend(queue->name()->c_str());
          error.prepend(plan->name()->c_str());
          return status;
        }
  return ECLIP_OK;
}
