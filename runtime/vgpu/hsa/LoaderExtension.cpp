//===- LoaderExtension.cpp - the AMD loader's function table --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// As in the real library these functions are reached only through
// hsa_system_get_extension_table; their names are not exported.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <algorithm>
#include <cstring>

using namespace eclip::vgpu;

static hsa_status_t queryHostAddress(const void *device_address,
                                     const void **host_address) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!device_address || !host_address)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *host_address = device_address; // the same address space
  return HSA_STATUS_SUCCESS;
}

template <class F> static hsa_status_t forSegments(Runtime *rt, const F &f) {
  for (auto &[key, executable] : rt->executables.executables)
    for (auto &object : executable->objects)
      for (const auto &segment : object->segments)
        f(*executable, *object, segment);
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t
querySegmentDescriptors(hsa_ven_amd_loader_segment_descriptor_t *descriptors,
                        size_t *count) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!count)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::lock_guard lock(rt->executables.mutex);
  size_t total = 0;
  forSegments(rt, [&](auto &, auto &, auto &) { ++total; });
  if (!descriptors) {
    *count = total;
    return HSA_STATUS_SUCCESS;
  }
  if (*count != total)
    return HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS;
  size_t i = 0;
  forSegments(rt, [&](Executable &e, LoadedCodeObject &o,
                      const LoadedCodeObject::Range &s) {
    descriptors[i++] = {device::gpuAgent,
                        {reinterpret_cast<uint64_t>(&e)},
                        HSA_VEN_AMD_LOADER_CODE_OBJECT_STORAGE_TYPE_MEMORY,
                        o.storage,
                        o.storageBytes,
                        0,
                        reinterpret_cast<const void *>(s.begin),
                        s.bytes};
  });
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t queryExecutable(const void *device_address,
                                    hsa_executable_t *executable) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!device_address || !executable)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::lock_guard lock(rt->executables.mutex);
  uint64_t address = reinterpret_cast<uint64_t>(device_address);
  hsa_status_t status = HSA_STATUS_ERROR_INVALID_ARGUMENT;
  forSegments(rt, [&](Executable &e, LoadedCodeObject &,
                      const LoadedCodeObject::Range &s) {
    if (address - s.begin < s.bytes) {
      executable->handle = reinterpret_cast<uint64_t>(&e);
      status = HSA_STATUS_SUCCESS;
    }
  });
  return status;
}

static hsa_status_t iterateLoadedCodeObjects(
    hsa_executable_t executable,
    hsa_status_t (*callback)(hsa_executable_t, hsa_loaded_code_object_t,
                             void *),
    void *data) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::lock_guard lock(rt->executables.mutex);
  Executable *e = rt->executables.find(executable);
  if (!e)
    return HSA_STATUS_ERROR_INVALID_EXECUTABLE;
  for (auto &o : e->objects) {
    hsa_status_t status =
        callback(executable, {reinterpret_cast<uint64_t>(o.get())}, data);
    if (status != HSA_STATUS_SUCCESS)
      return status;
  }
  return HSA_STATUS_SUCCESS;
}

template <class T> static hsa_status_t give(void *value, T what) {
  memcpy(value, &what, sizeof what);
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t
loadedCodeObjectInfo(hsa_loaded_code_object_t handle,
                     hsa_ven_amd_loader_loaded_code_object_info_t attribute,
                     void *value) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::lock_guard lock(rt->executables.mutex);
  LoadedCodeObject *o = rt->executables.find(handle);
  if (!o)
    return HSA_STATUS_ERROR_INVALID_CODE_OBJECT;
  uint64_t base = reinterpret_cast<uint64_t>(o->mapping);
  switch (attribute) {
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_EXECUTABLE:
    return give(value,
                hsa_executable_t{reinterpret_cast<uint64_t>(o->executable)});
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_KIND:
    return give<uint32_t>(value,
                          HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_KIND_AGENT);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_AGENT:
    return give(value, device::gpuAgent);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_CODE_OBJECT_STORAGE_TYPE:
    return give<uint32_t>(value,
                          HSA_VEN_AMD_LOADER_CODE_OBJECT_STORAGE_TYPE_MEMORY);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_CODE_OBJECT_STORAGE_MEMORY_BASE:
    return give<uint64_t>(value, reinterpret_cast<uint64_t>(o->storage));
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_CODE_OBJECT_STORAGE_MEMORY_SIZE:
    return give<uint64_t>(value, o->storageBytes);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_CODE_OBJECT_STORAGE_FILE:
    return give<int>(value, o->file);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_LOAD_DELTA:
    return give<int64_t>(value, int64_t(base - o->fileBegin));
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_LOAD_BASE:
    return give<uint64_t>(value, base);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_LOAD_SIZE:
    return give<uint64_t>(value, o->mappingBytes);
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_URI_LENGTH:
    return give<uint32_t>(value, uint32_t(o->uri.size()));
  case HSA_VEN_AMD_LOADER_LOADED_CODE_OBJECT_INFO_URI:
    memcpy(value, o->uri.data(), o->uri.size());
    return HSA_STATUS_SUCCESS;
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

static hsa_status_t readerFromPartOfFile(hsa_file_t file, size_t offset,
                                         size_t size,
                                         hsa_code_object_reader_t *reader) {
  if (size == 0)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return createReader(file, offset, size, reader);
}

static hsa_status_t
iterateExecutables(hsa_status_t (*callback)(hsa_executable_t, void *),
                   void *data) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  std::lock_guard lock(rt->executables.mutex);
  for (auto &[key, executable] : rt->executables.executables) {
    hsa_status_t status =
        callback({reinterpret_cast<uint64_t>(executable.get())}, data);
    if (status != HSA_STATUS_SUCCESS)
      return status;
  }
  return HSA_STATUS_SUCCESS;
}

void eclip::vgpu::fillLoaderTable(void *table, size_t bytes) {
  hsa_ven_amd_loader_1_03_pfn_t all = {
      queryHostAddress,         querySegmentDescriptors, queryExecutable,
      iterateLoadedCodeObjects, loadedCodeObjectInfo,    readerFromPartOfFile,
      iterateExecutables};
  memcpy(table, &all, std::min(bytes, sizeof all));
}
