//===- System.cpp - agents, memory, code and signals of the fake HSA library
//--===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/fake_hsa/State.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>

using namespace eclip::fake;

namespace {
constexpr uint64_t kGpu = 1, kCpu = 2;
constexpr uint64_t kGpuPool = 10, kKernargPool = 11;
std::mutex messagesMutex;
std::string messagesText;

const char *messages() {
  std::lock_guard lock(messagesMutex);
  return messagesText.c_str();
}

void resetLibrary();
} // namespace

Library eclip::fake::library = {{}, {}, {0}, messages, resetLibrary};

namespace {
void resetLibrary() {
  library.control.~Control();
  new (&library.control) Control();
  library.counters.~Counters();
  new (&library.counters) Counters();
  library.breaches = 0;
  std::lock_guard lock(messagesMutex);
  messagesText.clear();
}
} // namespace

FAKE_API Library *eclip_fake_hsa() { return &library; }

void eclip::fake::breach(const char *format, ...) {
  char text[256];
  va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof(text), format, arguments);
  va_end(arguments);
  if (library.breaches.fetch_add(1) >= 8)
    return;
  std::lock_guard lock(messagesMutex);
  messagesText += std::string(text) + "\n";
}

bool eclip::fake::mayCreate() {
  library.counters.creations++;
  return library.control.creationsLeft.fetch_sub(1) > 0;
}

uint64_t eclip::fake::nowTicks() {
  timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (now.tv_sec * 1000000000ull + now.tv_nsec) / 10;
}

// ---- system and agents

FAKE_API hsa_status_t hsa_init() {
  if (library.control.noGpu)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  library.counters.initializations++;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_shut_down() {
  library.counters.initializations--;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_status_string(hsa_status_t status,
                                        const char **text) {
  switch (unsigned(status)) {
  case HSA_STATUS_ERROR_OUT_OF_RESOURCES:
    *text = "HSA_STATUS_ERROR_OUT_OF_RESOURCES: fake";
    break;
  case HSA_STATUS_ERROR_EXCEPTION:
    *text = "HSA_STATUS_ERROR_EXCEPTION: fake";
    break;
  default:
    *text = "fake status";
  }
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_system_get_info(hsa_system_info_t which,
                                          void *value) {
  if (which != HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *static_cast<uint64_t *>(value) = 100000000;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_iterate_agents(hsa_status_t (*callback)(hsa_agent_t,
                                                                  void *),
                                         void *data) {
  hsa_status_t status = callback({kCpu}, data);
  return status == HSA_STATUS_SUCCESS ? callback({kGpu}, data) : status;
}

FAKE_API hsa_status_t hsa_agent_get_info(hsa_agent_t agent,
                                         hsa_agent_info_t which, void *value) {
  const Control &c = library.control;
  switch (unsigned(which)) {
  case HSA_AGENT_INFO_DEVICE:
    *static_cast<hsa_device_type_t *>(value) =
        agent.handle == kGpu ? HSA_DEVICE_TYPE_GPU : HSA_DEVICE_TYPE_CPU;
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT:
    *static_cast<uint32_t *>(value) = c.cuCount;
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_AGENT_INFO_NUM_SHADER_ENGINES:
    *static_cast<uint32_t *>(value) = c.shaderEngines;
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_AGENT_INFO_PRODUCT_NAME:
    std::strcpy(static_cast<char *>(value), "Fake MI50");
    return HSA_STATUS_SUCCESS;
  case HSA_AGENT_INFO_QUEUE_MAX_SIZE:
    *static_cast<uint32_t *>(value) = c.queueMaxSize;
    return HSA_STATUS_SUCCESS;
  case HSA_AGENT_INFO_QUEUE_MIN_SIZE:
    *static_cast<uint32_t *>(value) = c.queueMinSize;
    return HSA_STATUS_SUCCESS;
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

FAKE_API hsa_status_t hsa_agent_iterate_isas(
    hsa_agent_t, hsa_status_t (*callback)(hsa_isa_t, void *), void *data) {
  return callback({1}, data);
}

FAKE_API hsa_status_t hsa_isa_get_info_alt(hsa_isa_t, hsa_isa_info_t which,
                                           void *value) {
  const char *isa = library.control.isa;
  if (which == HSA_ISA_INFO_NAME_LENGTH)
    *static_cast<uint32_t *>(value) = uint32_t(std::strlen(isa));
  else if (which == HSA_ISA_INFO_NAME)
    std::memcpy(value, isa, std::strlen(isa));
  else
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return HSA_STATUS_SUCCESS;
}

// ---- memory

FAKE_API hsa_status_t hsa_amd_agent_iterate_memory_pools(
    hsa_agent_t agent, hsa_status_t (*callback)(hsa_amd_memory_pool_t, void *),
    void *data) {
  return callback({agent.handle == kGpu ? kGpuPool : kKernargPool}, data);
}

FAKE_API hsa_status_t hsa_amd_memory_pool_get_info(
    hsa_amd_memory_pool_t pool, hsa_amd_memory_pool_info_t which, void *value) {
  switch (which) {
  case HSA_AMD_MEMORY_POOL_INFO_SEGMENT:
    *static_cast<hsa_amd_segment_t *>(value) = HSA_AMD_SEGMENT_GLOBAL;
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS:
    *static_cast<uint32_t *>(value) =
        pool.handle == kGpuPool
            ? HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED
            : HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_KERNARG_INIT |
                  HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED;
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALLOWED:
    *static_cast<bool *>(value) = true;
    return HSA_STATUS_SUCCESS;
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_GRANULE:
    *static_cast<size_t *>(value) = 4096;
    return HSA_STATUS_SUCCESS;
  default:
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

FAKE_API hsa_status_t hsa_amd_agent_memory_pool_get_info(
    hsa_agent_t, hsa_amd_memory_pool_t, hsa_amd_agent_memory_pool_info_t,
    void *value) {
  *static_cast<hsa_amd_memory_pool_access_t *>(value) =
      library.control.hostReachesMemory
          ? HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT
          : HSA_AMD_MEMORY_POOL_ACCESS_NEVER_ALLOWED;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_amd_memory_pool_allocate(hsa_amd_memory_pool_t,
                                                   size_t bytes, uint32_t,
                                                   void **pointer) {
  if (bytes == 0 || bytes % 4096)
    breach("allocation of %zu bytes, not of the pool's granule", bytes);
  if (!mayCreate() || bytes > 1ull << 32)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  *pointer = std::aligned_alloc(4096, bytes);
  if (!*pointer)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  std::memset(*pointer, 0xa5, bytes);
  library.counters.allocations++;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_amd_memory_pool_free(void *pointer) {
  if (!pointer)
    breach("free of a null pointer");
  std::free(pointer);
  library.counters.allocations--;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_amd_agents_allow_access(uint32_t,
                                                  const hsa_agent_t *agents,
                                                  const uint32_t *,
                                                  const void *) {
  if (agents[0].handle != kGpu)
    breach("access allowed to another agent than the GPU");
  return mayCreate() ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_OUT_OF_RESOURCES;
}

FAKE_API hsa_status_t hsa_memory_copy(void *to, const void *from,
                                      size_t bytes) {
  library.counters.copies++;
  std::memcpy(to, from, bytes);
  return HSA_STATUS_SUCCESS;
}

// ---- code

FAKE_API hsa_status_t hsa_code_object_reader_create_from_memory(
    const void *data, size_t bytes, hsa_code_object_reader_t *reader) {
  if (bytes < 64 || std::memcmp(data,
                                "\x7f"
                                "ELF",
                                4) != 0)
    return HSA_STATUS_ERROR_INVALID_CODE_OBJECT;
  if (!mayCreate())
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  reader->handle = reinterpret_cast<uint64_t>(data);
  library.counters.readers++;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_code_object_reader_destroy(hsa_code_object_reader_t) {
  library.counters.readers--;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t
hsa_executable_create_alt(hsa_profile_t, hsa_default_float_rounding_mode_t,
                          const char *, hsa_executable_t *executable) {
  if (!mayCreate())
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  executable->handle = 77;
  library.counters.executables++;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_executable_load_agent_code_object(
    hsa_executable_t, hsa_agent_t, hsa_code_object_reader_t, const char *,
    hsa_loaded_code_object_t *) {
  return mayCreate() ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_OUT_OF_RESOURCES;
}

FAKE_API hsa_status_t hsa_executable_freeze(hsa_executable_t, const char *) {
  return mayCreate() ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_OUT_OF_RESOURCES;
}

FAKE_API hsa_status_t hsa_executable_destroy(hsa_executable_t) {
  library.counters.executables--;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_executable_get_symbol_by_name(
    hsa_executable_t, const char *name, const hsa_agent_t *,
    hsa_executable_symbol_t *symbol) {
  const Kernel *kernel = findKernel(name);
  if (!kernel)
    return HSA_STATUS_ERROR_INVALID_SYMBOL_NAME;
  symbol->handle = reinterpret_cast<uint64_t>(kernel);
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_executable_symbol_get_info(
    hsa_executable_symbol_t symbol, hsa_executable_symbol_info_t which,
    void *value) {
  auto *kernel = reinterpret_cast<const Kernel *>(symbol.handle);
  switch (which) {
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_OBJECT:
    *static_cast<uint64_t *>(value) = symbol.handle;
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_KERNARG_SEGMENT_SIZE:
    *static_cast<uint32_t *>(value) = kernel->kernargBytes;
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_GROUP_SEGMENT_SIZE:
    *static_cast<uint32_t *>(value) = kernel->groupBytes;
    return HSA_STATUS_SUCCESS;
  case HSA_EXECUTABLE_SYMBOL_INFO_KERNEL_PRIVATE_SEGMENT_SIZE:
    *static_cast<uint32_t *>(value) = 0;
    return HSA_STATUS_SUCCESS;
  default:
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  }
}

// ---- signals

Signal *eclip::fake::signalOf(hsa_signal_t handle) {
  auto *signal = reinterpret_cast<Signal *>(handle.handle);
  if (signal && signal->magic == kSignalMagic)
    return signal;
  breach("use of a signal that is not alive");
  return nullptr;
}

FAKE_API hsa_status_t hsa_signal_create(hsa_signal_value_t value, uint32_t,
                                        const hsa_agent_t *,
                                        hsa_signal_t *signal) {
  if (!mayCreate())
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  auto *s = new Signal();
  s->value = value;
  signal->handle = reinterpret_cast<uint64_t>(s);
  library.counters.signals++;
  return HSA_STATUS_SUCCESS;
}

FAKE_API hsa_status_t hsa_signal_destroy(hsa_signal_t handle) {
  if (Signal *s = signalOf(handle)) {
    s->magic = 0;
    library.counters.signals--;
    delete s;
  }
  return HSA_STATUS_SUCCESS;
}

FAKE_API void hsa_signal_store_relaxed(hsa_signal_t handle,
                                       hsa_signal_value_t value) {
  if (Signal *s = signalOf(handle)) {
    if (s->doorbellOf)
      breach("a doorbell rung without release");
    s->value.store(value, std::memory_order_relaxed);
  }
}

FAKE_API void hsa_signal_store_screlease(hsa_signal_t handle,
                                         hsa_signal_value_t value) {
  Signal *s = signalOf(handle);
  if (s && s->doorbellOf)
    ringDoorbell(*s->doorbellOf, value);
  else if (s)
    s->value.store(value);
}

FAKE_API hsa_signal_value_t hsa_signal_wait_scacquire(
    hsa_signal_t handle, hsa_signal_condition_t condition,
    hsa_signal_value_t compare, uint64_t timeoutTicks, hsa_wait_state_t) {
  Signal *s = signalOf(handle);
  if (!s || condition != HSA_SIGNAL_CONDITION_LT) {
    breach("a wait that the driver is not known to make");
    return 0;
  }
  uint64_t begin = nowTicks();
  for (;;) {
    int64_t value = s->value.load();
    if (value < compare || nowTicks() - begin >= timeoutTicks)
      return value;
    timespec pause = {0, 20000};
    nanosleep(&pause, nullptr);
  }
}

FAKE_API hsa_status_t hsa_amd_profiling_get_dispatch_time(
    hsa_agent_t, hsa_signal_t handle, hsa_amd_profiling_dispatch_time_t *time) {
  Signal *s = signalOf(handle);
  if (!s || library.control.noTimes)
    return HSA_STATUS_ERROR;
  *time = {s->startTicks, s->endTicks};
  return HSA_STATUS_SUCCESS;
}
