//===- device.cpp - open an AMD GPU, its memory and its end ---------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/hsa/device.h"

#include <stdio.h>

using namespace eclip;
using namespace eclip::hsa;

eclip_status eclip::openHsaDriver(const DriverOptions &options, Driver **driver,
                                  Error &error) {
  return openDevice<Device>(options, driver, error);
}

eclip_status Device::open(const DriverOptions &options, Error &error) {
  if (eclip_status status = Api::load(options.library, &api, error))
    return status;
  snprintf(library, sizeof(library), "%s", options.library);
  snprintf(driver_name, sizeof(driver_name), "%s", options.driver);
  if (!reservation.create(memory))
    return error.outOfMemory(1 << 18, "the queues' reservations");
  if (hsa_status_t result = api.hsa_init(); result != HSA_STATUS_SUCCESS)
    return error.fail(ECLIP_ERROR_NO_DEVICE,
                      "%s: no usable AMD GPU here: hsa_init: status 0x%x: %s",
                      options.driver, static_cast<unsigned>(result),
                      api.text(result));
  initialized = true;
  if (eclip_status status = findAgents(options.device_index, error))
    return status;
  if (eclip_status status = findPools(error))
    return status;
  return readProperties(options, error);
}

void Device::destroy() {
  if (initialized)
    api.hsa_shut_down();
  pthread_mutex_destroy(&mutex);
  Memory from = memory;
  from.destroy(this);
}

namespace {
struct AgentSearch {
  const Api *api;
  uint32_t wanted, gpus = 0;
  hsa_agent_t gpu{}, host{};
  bool has_gpu = false, has_host = false;
};

struct PoolSearch {
  const Api *api;
  hsa_amd_memory_pool_t coarse{}, fine{}, kernarg{};
  bool has_coarse = false, has_fine = false, has_kernarg = false;
};
} // namespace

static hsa_status_t visitAgent(hsa_agent_t agent, void *data) {
  auto &search = *static_cast<AgentSearch *>(data);
  hsa_device_type_t type;
  hsa_status_t status =
      search.api->hsa_agent_get_info(agent, HSA_AGENT_INFO_DEVICE, &type);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (type == HSA_DEVICE_TYPE_GPU && search.gpus++ == search.wanted) {
    search.gpu = agent;
    search.has_gpu = true;
  } else if (type == HSA_DEVICE_TYPE_CPU && !search.has_host) {
    search.host = agent;
    search.has_host = true;
  }
  return HSA_STATUS_SUCCESS;
}

eclip_status Device::findAgents(uint32_t index, Error &error) {
  AgentSearch search{&api, index};
  hsa_status_t status = api.hsa_iterate_agents(visitAgent, &search);
  if (status != HSA_STATUS_SUCCESS)
    return api.fail(error, status, "hsa_iterate_agents");
  if (!search.has_gpu)
    return error.fail(ECLIP_ERROR_NO_DEVICE,
                      "%s: no AMD GPU with index %u: %s finds %u", driver_name,
                      index, library, search.gpus);
  agent = search.gpu;
  host = search.host;
  has_host = search.has_host;
  return ECLIP_OK;
}

static hsa_status_t visitPool(hsa_amd_memory_pool_t pool, void *data) {
  auto &search = *static_cast<PoolSearch *>(data);
  hsa_amd_segment_t segment;
  bool allocatable = false;
  uint32_t flags = 0;
  const Api &api = *search.api;
  if (api.hsa_amd_memory_pool_get_info(pool, HSA_AMD_MEMORY_POOL_INFO_SEGMENT,
                                       &segment) != HSA_STATUS_SUCCESS ||
      segment != HSA_AMD_SEGMENT_GLOBAL ||
      api.hsa_amd_memory_pool_get_info(
          pool, HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALLOWED, &allocatable) !=
          HSA_STATUS_SUCCESS ||
      !allocatable ||
      api.hsa_amd_memory_pool_get_info(pool,
                                       HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS,
                                       &flags) != HSA_STATUS_SUCCESS)
    return HSA_STATUS_SUCCESS; // not one for us; go on
  auto take = [&](hsa_amd_memory_pool_t &place, bool &has) {
    if (!has)
      place = pool;
    has = true;
  };
  if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_KERNARG_INIT)
    take(search.kernarg, search.has_kernarg);
  if (flags & HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED)
    take(search.coarse, search.has_coarse);
  else
    take(search.fine, search.has_fine);
  return HSA_STATUS_SUCCESS;
}

/// Arenas, constants, inputs and outputs go to the GPU's own memory, kernel
/// arguments to host memory that it reads.
eclip_status Device::findPools(Error &error) {
  PoolSearch gpu{&api}, cpu{&api};
  hsa_status_t status =
      api.hsa_amd_agent_iterate_memory_pools(agent, visitPool, &gpu);
  if (status == HSA_STATUS_SUCCESS && has_host)
    status = api.hsa_amd_agent_iterate_memory_pools(host, visitPool, &cpu);
  if (status != HSA_STATUS_SUCCESS)
    return api.fail(error, status, "hsa_amd_agent_iterate_memory_pools");
  if (!gpu.has_coarse && !gpu.has_fine)
    return error.fail(ECLIP_ERROR_DRIVER,
                      "%s: the GPU has no memory pool to allocate from",
                      driver_name);
  device_pool = gpu.has_coarse ? gpu.coarse : gpu.fine;
  if (cpu.has_kernarg)
    kernarg_pool = cpu.kernarg;
  else if (gpu.has_kernarg)
    kernarg_pool = gpu.kernarg;
  else
    return error.fail(ECLIP_ERROR_DRIVER,
                      "%s: no memory pool for kernel arguments", driver_name);
  auto granule = [&](hsa_amd_memory_pool_t pool, size_t *bytes) {
    size_t value = 0;
    if (api.hsa_amd_memory_pool_get_info(
            pool, HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_GRANULE, &value) ==
            HSA_STATUS_SUCCESS &&
        value)
      *bytes = value;
  };
  granule(device_pool, &device_granule);
  granule(kernarg_pool, &kernarg_granule);
  // Only where the host reaches the pool as a matter of course (an APU, the
  // virtual GPU) is a plain copy the fast way; through a PCIe aperture reads
  // are far slower than the library's copy.
  hsa_amd_memory_pool_access_t access =
      HSA_AMD_MEMORY_POOL_ACCESS_NEVER_ALLOWED;
  host_reaches_device_pool =
      has_host &&
      api.hsa_amd_agent_memory_pool_get_info(
          host, device_pool, HSA_AMD_AGENT_MEMORY_POOL_INFO_ACCESS, &access) ==
          HSA_STATUS_SUCCESS &&
      access == HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT;
  return ECLIP_OK;
}

namespace {
struct IsaSearch {
  const Api *api;
  char *name; // 64 bytes, empty until found
};
} // namespace

static hsa_status_t visitIsa(hsa_isa_t isa, void *data) {
  auto &search = *static_cast<IsaSearch *>(data);
  uint32_t length = 0;
  char name[256] = {};
  if (search.api->hsa_isa_get_info_alt(isa, HSA_ISA_INFO_NAME_LENGTH,
                                       &length) != HSA_STATUS_SUCCESS ||
      length >= sizeof(name) ||
      search.api->hsa_isa_get_info_alt(isa, HSA_ISA_INFO_NAME, name) !=
          HSA_STATUS_SUCCESS)
    return HSA_STATUS_SUCCESS;
  snprintf(search.name, 64, "%s", name);
  return HSA_STATUS_INFO_BREAK; // the first is the preferred one
}

eclip_status Device::readProperties(const DriverOptions &options,
                                    Error &error) {
  IsaSearch search{&api, isa};
  api.hsa_agent_iterate_isas(agent, visitIsa, &search);
  if (!isa[0])
    return error.fail(ECLIP_ERROR_DRIVER, "%s: the GPU names no ISA",
                      driver_name);
  auto attribute = [&](uint32_t which, void *value) {
    return api.hsa_agent_get_info(agent, static_cast<hsa_agent_info_t>(which),
                                  value) == HSA_STATUS_SUCCESS;
  };
  if (!attribute(HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT, &cu_count) || !cu_count)
    return error.fail(ECLIP_ERROR_DRIVER, "%s: the GPU has no compute units",
                      driver_name);
  if (!attribute(HSA_AMD_AGENT_INFO_NUM_SHADER_ENGINES, &shader_engines))
    shader_engines = 0;
  char name[64] = {};
  if (attribute(HSA_AMD_AGENT_INFO_PRODUCT_NAME, name) && name[0])
    snprintf(product, sizeof(product), "%.63s", name);
  else
    snprintf(product, sizeof(product), "%s", isa);
  uint32_t largest = 0;
  ring_packets = options.queue_packets;
  if (attribute(HSA_AGENT_INFO_QUEUE_MAX_SIZE, &largest) && largest &&
      ring_packets > largest)
    ring_packets = largest;
  uint32_t smallest = 0;
  if (attribute(HSA_AGENT_INFO_QUEUE_MIN_SIZE, &smallest) &&
      ring_packets < smallest)
    ring_packets = smallest;
  uint64_t frequency = 0;
  if (api.hsa_system_get_info(HSA_SYSTEM_INFO_TIMESTAMP_FREQUENCY,
                              &frequency) == HSA_STATUS_SUCCESS &&
      frequency)
    ticks_per_second = frequency;
  return ECLIP_OK;
}

void Device::describe(eclip_device_info *info) const {
  info->driver = driver_name;
  info->name = product;
  info->isa = isa;
  info->library_path = library;
  info->cu_count = cu_count;
  info->shader_engines = shader_engines;
}

eclip_status Device::allocateFrom(hsa_amd_memory_pool_t pool, size_t granule,
                                  uint64_t bytes, void **address,
                                  Error &error) {
  uint64_t rounded;
  if (__builtin_add_overflow(bytes, granule - 1, &rounded))
    return error.outOfMemory(bytes, "device memory");
  rounded -= rounded % granule;
  void *pointer = nullptr;
  hsa_status_t status =
      api.hsa_amd_memory_pool_allocate(pool, rounded, 0, &pointer);
  if (status != HSA_STATUS_SUCCESS || !pointer)
    return error.fail(ECLIP_ERROR_OUT_OF_MEMORY,
                      "device memory: %llu bytes: "
                      "hsa_amd_memory_pool_allocate: status 0x%x: %s",
                      static_cast<unsigned long long>(rounded),
                      static_cast<unsigned>(status), api.text(status));
  status = api.hsa_amd_agents_allow_access(1, &agent, nullptr, pointer);
  if (status != HSA_STATUS_SUCCESS) {
    api.hsa_amd_memory_pool_free(pointer);
    return api.fail(error, status, "hsa_amd_agents_allow_access");
  }
  *address = pointer;
  return ECLIP_OK;
}

eclip_status Device::allocate(uint64_t bytes, const char *purpose,
                              void **address, Error &error) {
  eclip_status status =
      allocateFrom(device_pool, device_granule, bytes, address, error);
  if (status)
    error.prepend(purpose);
  return status;
}

eclip_status Device::allocateKernargs(uint64_t bytes, void **address,
                                      Error &error) {
  eclip_status status =
      allocateFrom(kernarg_pool, kernarg_granule, bytes, address, error);
  if (status)
    error.prepend("kernel arguments");
  return status;
}

void Device::deallocate(void *address) {
  api.hsa_amd_memory_pool_free(address);
}

eclip_status Device::upload(void *to, const void *from, size_t bytes,
                            Error &error) {
  if (host_reaches_device_pool) {
    memcpy(to, from, bytes);
    return ECLIP_OK;
  }
  hsa_status_t status = api.hsa_memory_copy(to, from, bytes);
  return status == HSA_STATUS_SUCCESS
             ? ECLIP_OK
             : api.fail(error, status, "hsa_memory_copy");
}

eclip_status Device::download(void *to, const void *from, size_t bytes,
                              Error &error) {
  return upload(to, from, bytes, error);
}

bool Device::hasIsa(const char *name) const {
  size_t own = strcspn(isa, ":"), other = strcspn(name, ":");
  return own == other && memcmp(isa, name, own) == 0;
}

eclip_status Device::checkTarget(const fb::Schedule &schedule, Error &error) {
  if (eclip_status status = health(error))
    return status;
  const fb::Device &wanted = *schedule.device();
  for (const fb::Kernel *kernel : *schedule.kernels()) {
    const char *name =
        schedule.code_objects()->Get(kernel->code_object())->isa()->c_str();
    if (!hasIsa(name))
      return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                        "kernel '%s' is for %s, the device is %s",
                        kernel->name()->c_str(), name, isa);
  }
  if (wanted.cu_count() > cu_count)
    return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                      "compiled for %s with %u CUs, the device has %u",
                      wanted.name()->c_str(), wanted.cu_count(), cu_count);
  // The order of a mask's bits depends on the number of shader engines.
  if (shader_engines && wanted.shader_engines() != shader_engines)
    return error.fail(ECLIP_ERROR_INCOMPATIBLE_DEVICE,
                      "compiled for %s with %u shader engines, the device has "
                      "%u",
                      wanted.name()->c_str(), wanted.shader_engines(),
                      shader_engines);
  return ECLIP_OK;
}

void Device::stop(const char *message) {
  markLost("%s", message);
  stopQueues();
}
