//===- device.cpp - an open device ----------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/plans.h"

#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

using namespace eclip;

#define INVALID(...) error.fail(ECLIP_ERROR_INVALID_ARGUMENT, __VA_ARGS__)

namespace {
constexpr char kHsaLibrary[] = "libhsa-runtime64.so.1";
constexpr char kCudaLibrary[] = "libcuda.so.1";
constexpr uint32_t kDefaultQueuePackets = 16384;
} // namespace

/// Where this library lies, up to and with the last slash.
static bool ownDirectory(char (&directory)[PATH_MAX]) {
  Dl_info info;
  if (!dladdr(reinterpret_cast<const void *>(&eclip_device_open), &info) ||
      !info.dli_fname || !realpath(info.dli_fname, directory))
    return false;
  char *slash = strrchr(directory, '/');
  if (slash)
    slash[1] = 0;
  return slash != nullptr;
}

static eclip_status findVgpuLibrary(char (&path)[PATH_MAX], Error &error) {
  if (const char *given = getenv("ECLIP_VGPU_LIBRARY")) {
    if (snprintf(path, sizeof(path), "%s", given) >= int(sizeof(path)))
      return INVALID("ECLIP_VGPU_LIBRARY: path is too long");
    return ECLIP_OK;
  }
  char directory[PATH_MAX];
  if (!ownDirectory(directory))
    return error.fail(ECLIP_ERROR_NO_DEVICE,
                      "vgpu: cannot tell where libeclip is; set "
                      "ECLIP_VGPU_LIBRARY");
  for (const char *relative : {"vgpu/", "../lib/vgpu/"})
    if (snprintf(path, sizeof(path), "%s%s%s", directory, relative,
                 kHsaLibrary) < int(sizeof(path)) &&
        access(path, R_OK) == 0)
      return ECLIP_OK;
  return error.fail(ECLIP_ERROR_NO_DEVICE,
                    "vgpu: no vgpu/%s or ../lib/vgpu/%s beside %s; set "
                    "ECLIP_VGPU_LIBRARY",
                    kHsaLibrary, kHsaLibrary, directory);
}

static eclip_status openDriver(const eclip_device_options &options,
                               const Memory &memory, Driver **driver,
                               Error &error) {
  DriverOptions driverOptions = {options.driver, options.library_path,
                                 options.device_index, options.queue_packets,
                                 memory};
  uint32_t &packets = driverOptions.queue_packets;
  if (packets == 0)
    packets = kDefaultQueuePackets;
  if (packets & (packets - 1))
    return INVALID("queue_packets is %u, expected a power of two", packets);
  if (strcmp(options.driver, "hsa") == 0) {
    if (!options.library_path)
      driverOptions.library = kHsaLibrary;
    return openHsaDriver(driverOptions, driver, error);
  }
  if (strcmp(options.driver, "vgpu") == 0) {
    char path[PATH_MAX];
    if (!options.library_path) {
      if (eclip_status status = findVgpuLibrary(path, error))
        return status;
      driverOptions.library = path;
    }
    return openHsaDriver(driverOptions, driver, error);
  }
  if (strcmp(options.driver, "cuda") == 0) {
    if (!options.library_path)
      driverOptions.library = kCudaLibrary;
    return openCudaDriver(driverOptions, driver, error);
  }
  return error.fail(ECLIP_ERROR_UNSUPPORTED,
                    "driver '%s' is unknown, expected hsa, vgpu or cuda",
                    options.driver);
}

extern "C" eclip_status eclip_device_open(const eclip_device_options *given,
                                          eclip_device **out,
                                          eclip_error *sink) {
  Error error(sink);
  if (!given || !out)
    return INVALID("eclip_device_open: options or device is NULL");
  eclip_device_options options = ECLIP_DEVICE_OPTIONS_INIT;
  if (eclip_status status = readStruct(given, &options, sizeof(options),
                                       "eclip_device_options", error))
    return status;
  if (!options.driver)
    return INVALID(
        "eclip_device_options: driver is NULL, expected hsa, vgpu or cuda");
  Memory memory;
  if (eclip_status status = Memory::create(options.allocator, &memory, error))
    return status;
  auto *device = memory.make<eclip_device>();
  if (!device)
    return error.outOfMemory(sizeof(eclip_device), "a device");
  device->memory = memory;
  if (eclip_status status =
          openDriver(options, memory, &device->driver, error)) {
    memory.destroy(device);
    return status;
  }
  *out = device;
  return ECLIP_OK;
}

extern "C" eclip_status eclip_device_close(eclip_device *device,
                                           eclip_error *sink) {
  Error error(sink);
  if (!device)
    return ECLIP_OK;
  if (uint32_t count = scheduleCount(*device))
    return error.fail(ECLIP_ERROR_BUSY, "%u schedules are open on the device",
                      count);
  device->driver->destroy();
  pthread_mutex_destroy(&device->mutex);
  Memory memory = device->memory;
  memory.destroy(device);
  return ECLIP_OK;
}

extern "C" eclip_status eclip_device_get_info(const eclip_device *device,
                                              eclip_device_info *out,
                                              eclip_error *sink) {
  Error error(sink);
  if (!device || !out)
    return INVALID("eclip_device_get_info: device or info is NULL");
  eclip_device_info info = ECLIP_DEVICE_INFO_INIT;
  device->driver->describe(&info);
  info.queue_count = device->driver->queueCount();
  info.schedule_count = scheduleCount(*device);
  return writeStruct(&info, out, sizeof(info), "eclip_device_info", error);
}

extern "C" eclip_status eclip_device_stop(eclip_device *device,
                                          eclip_error *sink) {
  Error error(sink);
  if (!device)
    return INVALID("eclip_device_stop: device is NULL");
  device->driver->stop("the caller stopped the device");
  return ECLIP_OK;
}

extern "C" eclip_status eclip_buffer_allocate(eclip_device *device,
                                              size_t bytes, void **buffer,
                                              eclip_error *sink) {
  Error error(sink);
  if (!device || !buffer || bytes == 0)
    return INVALID("eclip_buffer_allocate: device or buffer is NULL, or bytes "
                   "is 0");
  return device->driver->allocate(bytes, "a buffer", buffer, error);
}

extern "C" eclip_status eclip_buffer_free(eclip_device *device, void *buffer,
                                          eclip_error *sink) {
  Error error(sink);
  if (!device)
    return INVALID("eclip_buffer_free: device is NULL");
  if (buffer)
    device->driver->deallocate(buffer);
  return ECLIP_OK;
}

extern "C" eclip_status eclip_buffer_write(eclip_device *device, void *buffer,
                                           const void *data, size_t bytes,
                                           eclip_error *sink) {
  Error error(sink);
  if (!device || !buffer || !data)
    return INVALID("eclip_buffer_write: device, buffer or data is NULL");
  return device->driver->upload(buffer, data, bytes, error);
}

extern "C" eclip_status eclip_buffer_read(eclip_device *device, void *data,
                                          const void *buffer, size_t bytes,
                                          eclip_error *sink) {
  Error error(sink);
  if (!device || !buffer || !data)
    return INVALID("eclip_buffer_read: device, buffer or data is NULL");
  return device->driver->download(data, buffer, bytes, error);
}
