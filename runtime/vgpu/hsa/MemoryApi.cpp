//===- MemoryApi.cpp - pools, regions, copies -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// All memory is host memory; what differs between pools is who may touch it. As
// on a real MI50, memory of the host's pools is out of the GPU's reach until
// hsa_amd_agents_allow_access, and memory from hsa_memory_allocate is within
// it.
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>
#include <unistd.h>

using namespace eclip::vgpu;

template <class T> static hsa_status_t give(void *value, T what) {
  memcpy(value, &what, sizeof what);
  return HSA_STATUS_SUCCESS;
}

static constexpr size_t granule = 4096;

static bool isPool(uint64_t handle) {
  return handle >= uint64_t(PoolId::SystemFine) &&
         handle <= uint64_t(PoolId::Group);
}

static uint64_t poolBytes(PoolId pool) {
  switch (pool) {
  case PoolId::Local:
    return device::localMemoryBytes;
  case PoolId::Group:
    return device::ldsBytes;
  default:
    return uint64_t(sysconf(_SC_PHYS_PAGES)) * uint64_t(sysconf(_SC_PAGESIZE));
  }
}

static uint32_t globalFlags(PoolId pool) {
  switch (pool) {
  case PoolId::SystemFine:
    return HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED;
  case PoolId::SystemKernarg:
    return HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED |
           HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_KERNARG_INIT;
  case PoolId::SystemCoarse:
  case PoolId::Local:
    return HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_COARSE_GRAINED;
  default:
    return 0;
  }
}

static hsa_status_t checkAgent(hsa_agent_t agent) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  return isCpu(agent) || isGpu(agent) ? HSA_STATUS_SUCCESS
                                      : HSA_STATUS_ERROR_INVALID_AGENT;
}

/// Tells the checker about a synchronous copy or fill.
static void noteCopy(const char *call, const void *destination,
                     const void *source, size_t bytes) {
  Runtime *rt = Runtime::get();
  if (rt->checker.enabled())
    rt->checker.hostCopies(call, reinterpret_cast<uint64_t>(destination),
                           reinterpret_cast<uint64_t>(source), bytes);
}

extern "C" {

//===----------------------------------------------------------------------===//
// Pools
//===----------------------------------------------------------------------===//

hsa_status_t hsa_amd_agent_iterate_memory_pools(
    hsa_agent_t agent, hsa_status_t (*callback)(hsa_amd_memory_pool_t, void *),
    void *data) {
  hsa_status_t status = checkAgent(agent);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  static constexpr PoolId ofCpu[] = {PoolId::SystemFine, PoolId::SystemKernarg,
                                     PoolId::SystemCoarse};
  static constexpr PoolId ofGpu[] = {PoolId::Local, PoolId::Group};
  const PoolId *pools = isCpu(agent) ? ofCpu : ofGpu;
  size_t count = isCpu(agent) ? std::size(ofCpu) : std::size(ofGpu);
  for (size_t i = 0; i < count; ++i)
    if ((status = callback({uint64_t(pools[i])}, data)) != HSA_STATUS_SUCCESS)
      return status;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_memory_pool_get_info(hsa_amd_memory_pool_t memory_pool,
                                          hsa_amd_memory_pool_info_t attribute,
                                          void *value) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!isPool(memory_pool.handle))
    return hsa_status_t(HSA_STATUS_ERROR_INVALID_MEMORY_POOL);
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  PoolId pool = PoolId(memory_pool.handle);
  bool allocates = pool != PoolId::Group;
  switch (attribute) {
  case HSA_AMD_MEMORY_POOL_INFO_SEGMENT:
    return give(value,
                allocates ? HSA_AMD_SEGMENT_GLOBAL : HSA_AMD_SEGMENT_GROUP);
  case HSA_AMD_MEMORY_POOL_INFO_GLOBAL_FLAGS:
    return give<uint32_t>(value, globalFlags(pool));
  case HSA_AMD_MEMORY_POOL_INFO_SIZE:
    return give<size_t>(value, poolBytes(pool));
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALLOWED:
    return give<bool>(value, allocates);
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_GRANULE:
  case HSA_AMD_MEMORY_POOL_INFO_RUNTIME_ALLOC_ALIGNMENT:
    return give<size_t>(value, allocates ? granule : 0);
  case HSA_AMD_MEMORY_POOL_INFO_ACCESSIBLE_BY_ALL:
    // Can be made so, as the real library means it: each allocation still needs
    // hsa_amd_agents_allow_access.
    return give<bool>(value, pool <= PoolId::SystemCoarse);
  case HSA_AMD_MEMORY_POOL_INFO_ALLOC_MAX_SIZE:
    return give<size_t>(value, allocates ? poolBytes(pool) : 0);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_amd_memory_pool_allocate(hsa_amd_memory_pool_t memory_pool,
                                          size_t size, uint32_t flags,
                                          void **ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!isPool(memory_pool.handle))
    return hsa_status_t(HSA_STATUS_ERROR_INVALID_MEMORY_POOL);
  if (size == 0 || !ptr)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  PoolId pool = PoolId(memory_pool.handle);
  if (pool == PoolId::Group)
    return HSA_STATUS_ERROR_INVALID_ALLOCATION;
  *ptr =
      rt->memory.allocate(size, MemoryKind::Pool, pool, pool == PoolId::Local);
  return *ptr ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_OUT_OF_RESOURCES;
}

hsa_status_t hsa_amd_memory_pool_free(void *ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!ptr)
    return HSA_STATUS_SUCCESS;
  Allocation a;
  uint64_t address = reinterpret_cast<uint64_t>(ptr);
  if (!rt->memory.info(address, a) || a.begin != address ||
      a.kind != MemoryKind::Pool)
    return HSA_STATUS_ERROR_INVALID_ALLOCATION;
  if (rt->checker.enabled()) {
    // Before the addresses can be handed out again.
    auto lock = rt->checker.lock();
    rt->checker.memoryFreed(a.begin, a.end);
  }
  return rt->memory.free(ptr, MemoryKind::Pool)
             ? HSA_STATUS_SUCCESS
             : HSA_STATUS_ERROR_INVALID_ALLOCATION;
}

hsa_status_t hsa_amd_agent_memory_pool_get_info(
    hsa_agent_t agent, hsa_amd_memory_pool_t memory_pool,
    hsa_amd_agent_memory_pool_info_t attribute, void *value) {
  hsa_status_t status = checkAgent(agent);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (!isPool(memory_pool.handle))
    return hsa_status_t(HSA_STATUS_ERROR_INVALID_MEMORY_POOL);
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  PoolId pool = PoolId(memory_pool.handle);
  bool gpuPool = pool == PoolId::Local || pool == PoolId::Group;
  bool own = gpuPool == isGpu(agent);
  switch (attribute) {
  case HSA_AMD_AGENT_MEMORY_POOL_INFO_ACCESS:
    if (pool == PoolId::Group && !own)
      return give(value, HSA_AMD_MEMORY_POOL_ACCESS_NEVER_ALLOWED);
    return give(value, own ? HSA_AMD_MEMORY_POOL_ACCESS_ALLOWED_BY_DEFAULT
                           : HSA_AMD_MEMORY_POOL_ACCESS_DISALLOWED_BY_DEFAULT);
  case HSA_AMD_AGENT_MEMORY_POOL_INFO_NUM_LINK_HOPS:
    return give<uint32_t>(value, own ? 0 : 1);
  case HSA_AMD_AGENT_MEMORY_POOL_INFO_LINK_INFO: {
    if (own)
      return HSA_STATUS_SUCCESS; // no hop, nothing to fill
    hsa_amd_memory_pool_link_info_t link{};
    link.atomic_support_32bit = link.atomic_support_64bit = true;
    link.coherent_support = true;
    link.link_type = HSA_AMD_LINK_INFO_TYPE_PCIE;
    link.numa_distance = 20;
    return give(value, link);
  }
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_amd_agents_allow_access(uint32_t num_agents,
                                         const hsa_agent_t *agents,
                                         const uint32_t *flags,
                                         const void *ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!num_agents || !agents || flags || !ptr)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  bool gpu = false;
  for (uint32_t i = 0; i < num_agents; ++i) {
    if (!isCpu(agents[i]) && !isGpu(agents[i]))
      return HSA_STATUS_ERROR_INVALID_AGENT;
    gpu |= isGpu(agents[i]);
  }
  return rt->memory.allowGpu(ptr, gpu) ? HSA_STATUS_SUCCESS
                                       : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_amd_memory_pool_can_migrate(hsa_amd_memory_pool_t source,
                                             hsa_amd_memory_pool_t destination,
                                             bool *result) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!isPool(source.handle) || !isPool(destination.handle))
    return hsa_status_t(HSA_STATUS_ERROR_INVALID_MEMORY_POOL);
  if (!result)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *result = false;
  return HSA_STATUS_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Regions: the same memory under its older name
//===----------------------------------------------------------------------===//

hsa_status_t hsa_agent_iterate_regions(hsa_agent_t agent,
                                       hsa_status_t (*callback)(hsa_region_t,
                                                                void *),
                                       void *data) {
  hsa_status_t status = checkAgent(agent);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (PoolId pool : {PoolId::SystemFine, PoolId::SystemKernarg,
                      PoolId::SystemCoarse, PoolId::Local, PoolId::Group}) {
    bool gpuOnly = pool == PoolId::Local || pool == PoolId::Group;
    if ((gpuOnly && isCpu(agent)) ||
        (pool == PoolId::SystemCoarse && isGpu(agent)))
      continue;
    if ((status = callback({uint64_t(pool)}, data)) != HSA_STATUS_SUCCESS)
      return status;
  }
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_region_get_info(hsa_region_t region,
                                 hsa_region_info_t attribute, void *value) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!isPool(region.handle))
    return HSA_STATUS_ERROR_INVALID_REGION;
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  PoolId pool = PoolId(region.handle);
  bool allocates = pool != PoolId::Group;
  switch (uint32_t(attribute)) {
  case HSA_REGION_INFO_SEGMENT:
    return give(value, allocates ? HSA_REGION_SEGMENT_GLOBAL
                                 : HSA_REGION_SEGMENT_GROUP);
  case HSA_REGION_INFO_GLOBAL_FLAGS:
    return give<uint32_t>(value, globalFlags(pool)); // the same three bits
  case HSA_REGION_INFO_SIZE:
    return give<size_t>(value, poolBytes(pool));
  case HSA_REGION_INFO_ALLOC_MAX_SIZE:
    return give<size_t>(value, allocates ? poolBytes(pool) : 0);
  case HSA_REGION_INFO_ALLOC_MAX_PRIVATE_WORKGROUP_SIZE:
    return HSA_STATUS_ERROR_INVALID_ARGUMENT; // for private segments only
  case HSA_REGION_INFO_RUNTIME_ALLOC_ALLOWED:
    return give<bool>(value, allocates);
  case HSA_REGION_INFO_RUNTIME_ALLOC_GRANULE:
  case HSA_REGION_INFO_RUNTIME_ALLOC_ALIGNMENT:
    return give<size_t>(value, allocates ? granule : 0);
  case HSA_AMD_REGION_INFO_HOST_ACCESSIBLE:
    return give<bool>(value, allocates);
  case HSA_AMD_REGION_INFO_BASE:
    return give<void *>(value, nullptr);
  case HSA_AMD_REGION_INFO_BUS_WIDTH:
    return give<uint32_t>(value, pool == PoolId::Local ? 4096 : 0);
  case HSA_AMD_REGION_INFO_MAX_CLOCK_FREQUENCY:
    return give<uint32_t>(value, pool == PoolId::Local ? 1000 : 0);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_memory_allocate(hsa_region_t region, size_t size, void **ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!isPool(region.handle))
    return HSA_STATUS_ERROR_INVALID_REGION;
  if (size == 0 || !ptr)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  PoolId pool = PoolId(region.handle);
  if (pool == PoolId::Group)
    return HSA_STATUS_ERROR_INVALID_ALLOCATION;
  *ptr = rt->memory.allocate(size, MemoryKind::Pool, pool, true);
  return *ptr ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_OUT_OF_RESOURCES;
}

hsa_status_t hsa_memory_free(void *ptr) {
  return hsa_amd_memory_pool_free(ptr);
}

hsa_status_t hsa_memory_assign_agent(void *ptr, hsa_agent_t agent,
                                     hsa_access_permission_t access) {
  hsa_status_t status = checkAgent(agent);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (!ptr || access < HSA_ACCESS_PERMISSION_RO ||
      access > HSA_ACCESS_PERMISSION_RW)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return HSA_STATUS_SUCCESS; // one copy of the memory: ownership changes
                             // nothing
}

/// As in the real library for a discrete GPU: accepted, and makes nothing
/// accessible. hsa_amd_memory_lock does.
hsa_status_t hsa_memory_register(void *ptr, size_t size) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  return size == 0 && ptr ? HSA_STATUS_ERROR_INVALID_ARGUMENT
                          : HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_memory_deregister(void *ptr, size_t size) {
  return Runtime::get() ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_NOT_INITIALIZED;
}

//===----------------------------------------------------------------------===//
// Copies
//===----------------------------------------------------------------------===//

hsa_status_t hsa_memory_copy(void *dst, const void *src, size_t size) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!dst || !src)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (size == 0)
    return HSA_STATUS_SUCCESS;
  if (!rt->memory.staysInside(dst, size) || !rt->memory.staysInside(src, size))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  noteCopy("hsa_memory_copy", dst, src, size);
  memmove(dst, src, size);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_memory_fill(void *ptr, uint32_t value, size_t count) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!ptr || reinterpret_cast<uint64_t>(ptr) % 4)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (count == 0)
    return HSA_STATUS_SUCCESS;
  if (count > SIZE_MAX / 4 || !rt->memory.contains(ptr, count * 4))
    return HSA_STATUS_ERROR_INVALID_ALLOCATION;
  noteCopy("hsa_amd_memory_fill", ptr, nullptr, count * 4);
  auto *words = static_cast<uint32_t *>(ptr);
  for (size_t i = 0; i < count; ++i)
    words[i] = value;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_memory_async_copy(void *dst, hsa_agent_t dst_agent,
                                       const void *src, hsa_agent_t src_agent,
                                       size_t size, uint32_t num_dep_signals,
                                       const hsa_signal_t *dep_signals,
                                       hsa_signal_t completion_signal) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!dst || !src || (num_dep_signals && !dep_signals) ||
      (!num_dep_signals && dep_signals))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  if (checkAgent(dst_agent) || checkAgent(src_agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  amd_signal_t *s = rt->signals.find(completion_signal);
  if (!s || s->kind != AMD_SIGNAL_KIND_USER)
    return HSA_STATUS_ERROR_INVALID_SIGNAL;
  for (uint32_t i = 0; i < num_dep_signals; ++i)
    if (!rt->signals.find(dep_signals[i]))
      return HSA_STATUS_ERROR_INVALID_SIGNAL;
  // A DMA engine reaches allocations and locked memory, not the program's heap.
  if (size &&
      (!rt->memory.contains(dst, size) || !rt->memory.contains(src, size)))
    return HSA_STATUS_ERROR_INVALID_ALLOCATION;
  rt->copies.submit(dst, src, size,
                    {dep_signals, dep_signals + num_dep_signals},
                    completion_signal);
  return HSA_STATUS_SUCCESS;
}

//===----------------------------------------------------------------------===//
// Locked memory and what is known of a pointer
//===----------------------------------------------------------------------===//

hsa_status_t hsa_amd_memory_lock_to_pool(void *host_ptr, size_t size,
                                         hsa_agent_t *agents, int num_agent,
                                         hsa_amd_memory_pool_t pool,
                                         uint32_t flags, void **agent_ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (agent_ptr)
    *agent_ptr = nullptr;
  if (!host_ptr || !size || !agent_ptr || num_agent < 0 || flags ||
      (agents == nullptr) != (num_agent == 0))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (int i = 0; i < num_agent; ++i)
    if (!isCpu(agents[i]) && !isGpu(agents[i]))
      return HSA_STATUS_ERROR_INVALID_AGENT;
  if (!isPool(pool.handle) || pool.handle > uint64_t(PoolId::SystemCoarse))
    return hsa_status_t(HSA_STATUS_ERROR_INVALID_MEMORY_POOL);
  if (!rt->memory.lock(host_ptr, size))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *agent_ptr = host_ptr;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_memory_lock(void *host_ptr, size_t size,
                                 hsa_agent_t *agents, int num_agent,
                                 void **agent_ptr) {
  return hsa_amd_memory_lock_to_pool(host_ptr, size, agents, num_agent,
                                     {uint64_t(PoolId::SystemFine)}, 0,
                                     agent_ptr);
}

hsa_status_t hsa_amd_memory_unlock(void *host_ptr) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!host_ptr)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  rt->memory.unlock(host_ptr); // unknown pointers are accepted, as in ROCr
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_pointer_info(const void *ptr, hsa_amd_pointer_info_t *info,
                                  void *(*alloc)(size_t),
                                  uint32_t *num_agents_accessible,
                                  hsa_agent_t **accessible) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!ptr || !info || info->size == 0 ||
      (alloc && (!num_agents_accessible || !accessible)))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  hsa_amd_pointer_info_t out{};
  out.size = uint32_t(std::min<size_t>(info->size, sizeof out));
  Allocation a;
  bool known = rt->memory.info(reinterpret_cast<uint64_t>(ptr), a) &&
               (a.kind == MemoryKind::Pool || a.kind == MemoryKind::Locked);
  if (known) {
    out.type = a.kind == MemoryKind::Pool ? HSA_EXT_POINTER_TYPE_HSA
                                          : HSA_EXT_POINTER_TYPE_LOCKED;
    out.agentBaseAddress = out.hostBaseAddress =
        reinterpret_cast<void *>(a.begin);
    out.sizeInBytes = a.end - a.begin;
    out.userData = a.userData;
    out.agentOwner =
        a.pool == PoolId::Local ? device::gpuAgent : device::cpuAgent;
    out.global_flags =
        a.kind == MemoryKind::Locked
            ? uint32_t(HSA_AMD_MEMORY_POOL_GLOBAL_FLAG_FINE_GRAINED)
            : globalFlags(a.pool);
  }
  memcpy(info, &out, out.size);
  if (!alloc)
    return HSA_STATUS_SUCCESS;
  *num_agents_accessible = known ? (a.gpuAccess ? 2 : 1) : 0;
  *accessible = nullptr;
  if (!known)
    return HSA_STATUS_SUCCESS;
  auto *list = static_cast<hsa_agent_t *>(
      alloc(*num_agents_accessible * sizeof(hsa_agent_t)));
  if (!list)
    return HSA_STATUS_ERROR_OUT_OF_RESOURCES;
  list[0] = device::cpuAgent;
  if (a.gpuAccess)
    list[1] = device::gpuAgent;
  *accessible = list;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_amd_pointer_info_set_userdata(const void *ptr,
                                               void *userdata) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  return rt->memory.setUserData(ptr, userdata)
             ? HSA_STATUS_SUCCESS
             : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_amd_register_deallocation_callback(
    void *ptr, hsa_amd_deallocation_callback_t callback, void *user_data) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!ptr || !callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return rt->memory.addCallback(ptr, {callback, user_data})
             ? HSA_STATUS_SUCCESS
             : HSA_STATUS_ERROR_INVALID_ALLOCATION;
}

hsa_status_t hsa_amd_deregister_deallocation_callback(
    void *ptr, hsa_amd_deallocation_callback_t callback) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!ptr || !callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return rt->memory.removeCallback(ptr, callback)
             ? HSA_STATUS_SUCCESS
             : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_amd_coherency_get_type(hsa_agent_t agent,
                                        hsa_amd_coherency_type_t *type) {
  hsa_status_t status = checkAgent(agent);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (!type)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *type = HSA_AMD_COHERENCY_TYPE_COHERENT;
  return HSA_STATUS_SUCCESS;
}

/// Host memory is always coherent; asking for less changes nothing.
hsa_status_t hsa_amd_coherency_set_type(hsa_agent_t agent,
                                        hsa_amd_coherency_type_t type) {
  hsa_status_t status = checkAgent(agent);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  return uint32_t(type) > HSA_AMD_COHERENCY_TYPE_NONCOHERENT
             ? HSA_STATUS_ERROR_INVALID_ARGUMENT
             : HSA_STATUS_SUCCESS;
}

} // extern "C"
