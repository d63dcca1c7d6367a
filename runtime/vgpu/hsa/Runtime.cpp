//===- Runtime.cpp - hsa_init, system information -------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace eclip::vgpu;

std::atomic<Runtime *> Runtime::current{nullptr};
static std::mutex initMutex;

void eclip::vgpu::report(const char *format, ...) {
  char text[2048];
  int used = snprintf(text, sizeof text, "eclip-vgpu: ");
  va_list list;
  va_start(list, format);
  vsnprintf(text + used, sizeof text - size_t(used) - 1, format, list);
  va_end(list);
  strcat(text, "\n");
  fputs(text, stderr);
}

Runtime::Runtime() = default;
Runtime::~Runtime() = default;

hsa_status_t Runtime::init() {
  std::lock_guard lock(initMutex);
  if (Runtime *rt = get()) {
    if (rt->references == UINT32_MAX)
      return HSA_STATUS_ERROR_REFCOUNT_OVERFLOW;
    ++rt->references;
    return HSA_STATUS_SUCCESS;
  }
  auto *rt = new Runtime;
  rt->dispatcher.onComplete = PacketProcessor::dispatchEnded;
  if (const char *text = getenv("HSA_CU_MASK")) {
    std::string error;
    if (!parseCuMaskVariable(text, rt->cuMask, error))
      report("warning: HSA_CU_MASK ignored: %s", error.c_str());
  }
  const char *check = getenv("ECLIP_VGPU_CHECK");
  if (check && *check && strcmp(check, "0") != 0)
    rt->checker.enable(true, true);
  current.store(rt, std::memory_order_release);
  return HSA_STATUS_SUCCESS;
}

/// Prints the total of the checking mode; each finding was printed when found.
static void summarize(Checker &checker) {
  if (!checker.prints())
    return;
  std::vector<Finding> findings = checker.takeFindings(false);
  uint64_t occurrences = 0;
  for (const Finding &f : findings)
    occurrences += f.occurrences;
  report("checking: %zu findings, %llu occurrences", findings.size(),
         (unsigned long long)occurrences);
}

hsa_status_t Runtime::shutDown() {
  std::lock_guard lock(initMutex);
  Runtime *rt = get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (--rt->references)
    return HSA_STATUS_SUCCESS;
  // Queues the program left: stop them, then every thread, then free.
  for (auto &[handle, queue] : rt->queues)
    rt->processor.removeQueue(queue);
  rt->copies.stop();
  rt->processor.stop();
  rt->dispatcher.stop();
  rt->handlers.stop();
  rt->queues.clear();
  rt->executables.executables.clear();
  summarize(rt->checker);
  // Destructors may still ask for the runtime while it goes.
  delete rt;
  current.store(nullptr, std::memory_order_release);
  return HSA_STATUS_SUCCESS;
}

std::shared_ptr<Queue> Runtime::findQueue(const hsa_queue_t *handle) {
  std::shared_lock lock(queueMutex);
  auto it = queues.find(handle);
  return it == queues.end() ? nullptr : it->second;
}

/// Tells the program's handler, on the handlers' thread.
void Runtime::memoryFault(uint64_t address) {
  std::lock_guard lock(eventMutex);
  if (!systemEvent)
    return;
  handlers.run([call = systemEvent, data = systemEventData, address] {
    hsa_amd_event_t e{};
    e.event_type = HSA_AMD_GPU_MEMORY_FAULT_EVENT;
    e.memory_fault.agent = device::gpuAgent;
    e.memory_fault.virtual_address = address;
    e.memory_fault.fault_reason_mask = HSA_AMD_MEMORY_FAULT_PAGE_NOT_PRESENT;
    call(&e, data);
  });
}

namespace {
struct StatusText {
  int status;
  const char *text;
};
constexpr StatusText statusTexts[] = {
#define S(name)                                                                \
  { name, #name }
    S(HSA_STATUS_SUCCESS),
    S(HSA_STATUS_INFO_BREAK),
    S(HSA_STATUS_ERROR),
    S(HSA_STATUS_ERROR_INVALID_ARGUMENT),
    S(HSA_STATUS_ERROR_INVALID_QUEUE_CREATION),
    S(HSA_STATUS_ERROR_INVALID_ALLOCATION),
    S(HSA_STATUS_ERROR_INVALID_AGENT),
    S(HSA_STATUS_ERROR_INVALID_REGION),
    S(HSA_STATUS_ERROR_INVALID_SIGNAL),
    S(HSA_STATUS_ERROR_INVALID_QUEUE),
    S(HSA_STATUS_ERROR_OUT_OF_RESOURCES),
    S(HSA_STATUS_ERROR_INVALID_PACKET_FORMAT),
    S(HSA_STATUS_ERROR_RESOURCE_FREE),
    S(HSA_STATUS_ERROR_NOT_INITIALIZED),
    S(HSA_STATUS_ERROR_REFCOUNT_OVERFLOW),
    S(HSA_STATUS_ERROR_INCOMPATIBLE_ARGUMENTS),
    S(HSA_STATUS_ERROR_INVALID_INDEX),
    S(HSA_STATUS_ERROR_INVALID_ISA),
    S(HSA_STATUS_ERROR_INVALID_ISA_NAME),
    S(HSA_STATUS_ERROR_INVALID_CODE_OBJECT),
    S(HSA_STATUS_ERROR_INVALID_EXECUTABLE),
    S(HSA_STATUS_ERROR_FROZEN_EXECUTABLE),
    S(HSA_STATUS_ERROR_INVALID_SYMBOL_NAME),
    S(HSA_STATUS_ERROR_VARIABLE_ALREADY_DEFINED),
    S(HSA_STATUS_ERROR_VARIABLE_UNDEFINED),
    S(HSA_STATUS_ERROR_EXCEPTION),
    S(HSA_STATUS_ERROR_INVALID_CODE_SYMBOL),
    S(HSA_STATUS_ERROR_INVALID_EXECUTABLE_SYMBOL),
    S(HSA_STATUS_ERROR_INVALID_FILE),
    S(HSA_STATUS_ERROR_INVALID_CODE_OBJECT_READER),
    S(HSA_STATUS_ERROR_INVALID_CACHE),
    S(HSA_STATUS_ERROR_INVALID_WAVEFRONT),
    S(HSA_STATUS_ERROR_INVALID_SIGNAL_GROUP),
    S(HSA_STATUS_ERROR_INVALID_RUNTIME_STATE),
    S(HSA_STATUS_ERROR_FATAL),
    S(HSA_STATUS_ERROR_INVALID_MEMORY_POOL),
    S(HSA_STATUS_ERROR_MEMORY_APERTURE_VIOLATION),
    S(HSA_STATUS_ERROR_ILLEGAL_INSTRUCTION),
    S(HSA_STATUS_ERROR_MEMORY_FAULT),
    S(HSA_STATUS_CU_MASK_REDUCED),
#undef S
};
} // namespace

template <class T> static hsa_status_t give(void *value, T what) {
  memcpy(value, &what, sizeof what);
  return HSA_STATUS_SUCCESS;
}

static bool extensionOffered(uint16_t extension) {
  return extension == HSA_EXTENSION_AMD_PROFILER ||
         extension == HSA_EXTENSION_AMD_LOADER;
}

extern "C" {

/// The debugger's list of loaded code objects: empty, no debugger attaches.
struct {
  int32_t version;
  int32_t padding;
  void *map, *breakpoint;
  int64_t state;
  void *base;
} _amdgpu_r_debug __attribute__((visibility("default"))) = {};

hsa_status_t hsa_init() { return Runtime::init(); }
hsa_status_t hsa_shut_down() { return Runtime::shutDown(); }

hsa_status_t hsa_status_string(hsa_status_t status,
                               const char **status_string) {
  if (!status_string)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (const StatusText &s : statusTexts)
    if (s.status == int(status)) {
      *status_string = s.text;
      return HSA_STATUS_SUCCESS;
    }
  *status_string = nullptr;
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_system_get_info(hsa_system_info_t attribute, void *value) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  switch (attribute) {
  case HSA_SYSTEM_INFO_VERSION_MAJOR:
    return give<uint16_t>(value, 1);
  case HSA_SYSTEM_INFO_VERSION_MINOR:
    return give<uint16_t>(value, 1);
  case HSA_SYSTEM_INFO_TIMESTAMP:
    return give<uint64_t>(value, nowNs());
  case HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY:
    return give<uint64_t>(value, 1000000000);
  case HSA_SYSTEM_INFO_SIGNAL_MAX_WAIT:
    return give<uint64_t>(value, UINT64_MAX);
  case HSA_SYSTEM_INFO_ENDIANNESS:
    return give(value, HSA_ENDIANNESS_LITTLE);
  case HSA_SYSTEM_INFO_MACHINE_MODEL:
    return give(value, HSA_MACHINE_MODEL_LARGE);
  case HSA_SYSTEM_INFO_EXTENSIONS: {
    auto *bits = static_cast<uint8_t *>(value);
    memset(bits, 0, 128);
    for (uint16_t e = 0; e < 1024; ++e)
      if (extensionOffered(e))
        bits[e / 8] |= uint8_t(1u << (e % 8));
    return HSA_STATUS_SUCCESS;
  }
  case HSA_AMD_SYSTEM_INFO_BUILD_VERSION:
    return give<const char *>(value, "eclip-vgpu");
  case HSA_AMD_SYSTEM_INFO_SVM_SUPPORTED:
  case HSA_AMD_SYSTEM_INFO_SVM_ACCESSIBLE_BY_DEFAULT:
    return give<bool>(value, false);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_extension_get_name(uint16_t extension, const char **name) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!name)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  switch (extension) {
  case HSA_EXTENSION_FINALIZER:
    *name = "HSA_EXTENSION_FINALIZER";
    break;
  case HSA_EXTENSION_IMAGES:
    *name = "HSA_EXTENSION_IMAGES";
    break;
  case HSA_EXTENSION_PERFORMANCE_COUNTERS:
    *name = "HSA_EXTENSION_PERFORMANCE_COUNTERS";
    break;
  case HSA_EXTENSION_PROFILING_EVENTS:
    *name = "HSA_EXTENSION_PROFILING_EVENTS";
    break;
  case HSA_EXTENSION_AMD_PROFILER:
    *name = "HSA_EXTENSION_AMD_PROFILER";
    break;
  case HSA_EXTENSION_AMD_LOADER:
    *name = "HSA_EXTENSION_AMD_LOADER";
    break;
  case HSA_EXTENSION_AMD_AQLPROFILE:
    *name = "HSA_EXTENSION_AMD_AQLPROFILE";
    break;
  default:
    *name = "HSA_EXTENSION_INVALID";
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_system_major_extension_supported(uint16_t extension,
                                                  uint16_t version_major,
                                                  uint16_t *version_minor,
                                                  bool *result) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!version_minor || !result)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *result = extensionOffered(extension) && version_major == 1;
  if (*result)
    *version_minor = extension == HSA_EXTENSION_AMD_LOADER ? 3 : 0;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_system_extension_supported(uint16_t extension,
                                            uint16_t version_major,
                                            uint16_t version_minor,
                                            bool *result) {
  uint16_t minor = 0;
  hsa_status_t status = hsa_system_major_extension_supported(
      extension, version_major, &minor, result);
  if (status == HSA_STATUS_SUCCESS && *result)
    *result = version_minor <= minor;
  return status;
}

hsa_status_t hsa_system_get_major_extension_table(uint16_t extension,
                                                  uint16_t version_major,
                                                  size_t table_length,
                                                  void *table) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!table || table_length == 0 || !extensionOffered(extension) ||
      version_major != 1)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  memset(table, 0, table_length);
  if (extension == HSA_EXTENSION_AMD_LOADER)
    fillLoaderTable(table, table_length);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_system_get_extension_table(uint16_t extension,
                                            uint16_t version_major,
                                            uint16_t version_minor,
                                            void *table) {
  size_t bytes = sizeof(hsa_ven_amd_loader_1_00_pfn_t);
  if (extension == HSA_EXTENSION_AMD_LOADER) {
    const size_t sizes[] = {sizeof(hsa_ven_amd_loader_1_00_pfn_t),
                            sizeof(hsa_ven_amd_loader_1_01_pfn_t),
                            sizeof(hsa_ven_amd_loader_1_02_pfn_t),
                            sizeof(hsa_ven_amd_loader_1_03_pfn_t)};
    if (version_minor >= std::size(sizes))
      return HSA_STATUS_ERROR_INVALID_ARGUMENT;
    bytes = sizes[version_minor];
  } else if (extension == HSA_EXTENSION_AMD_PROFILER) {
    return Runtime::get() ? HSA_STATUS_SUCCESS
                          : HSA_STATUS_ERROR_NOT_INITIALIZED;
  }
  return hsa_system_get_major_extension_table(extension, version_major, bytes,
                                              table);
}

hsa_status_t
hsa_amd_register_system_event_handler(hsa_amd_system_event_callback_t callback,
                                      void *data) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  std::lock_guard lock(rt->eventMutex);
  if (callback && rt->systemEvent)
    return HSA_STATUS_ERROR;
  rt->systemEvent = callback;
  rt->systemEventData = data;
  return HSA_STATUS_SUCCESS;
}

} // extern "C"
