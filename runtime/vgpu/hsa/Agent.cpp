//===- Agent.cpp - what the virtual MI50 says about itself ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#include <cstring>
#include <string_view>
#include <unistd.h>

using namespace eclip::vgpu;

static constexpr hsa_wavefront_t wavefront64{0x3064};
static constexpr hsa_cache_t caches[] = {{0x5001}, {0x5002}};
/// Vector L1 of a CU, and the L2 that all CUs share.
static constexpr uint32_t cacheBytes[] = {16 * 1024, 4096 * 1024};

template <class T> static hsa_status_t give(void *value, T what) {
  memcpy(value, &what, sizeof what);
  return HSA_STATUS_SUCCESS;
}

/// Names are given in a fixed field of `room` bytes, NUL-padded.
static hsa_status_t giveText(void *value, std::string_view text, size_t room) {
  memset(value, 0, room);
  memcpy(value, text.data(), std::min(text.size(), room - 1));
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t agentExtensions(void *value, bool gpu) {
  auto *bits = static_cast<uint8_t *>(value);
  memset(bits, 0, 128);
  if (gpu)
    bits[HSA_EXTENSION_AMD_PROFILER / 8] |= 1u
                                            << (HSA_EXTENSION_AMD_PROFILER % 8);
  return HSA_STATUS_SUCCESS;
}

static hsa_status_t commonInfo(bool gpu, uint32_t attribute, void *value) {
  switch (attribute) {
  case HSA_AGENT_INFO_NAME:
    return giveText(value, gpu ? "gfx906" : "Host CPU", 64);
  case HSA_AGENT_INFO_VENDOR_NAME:
    return giveText(value, gpu ? "AMD" : "CPU", 64);
  case HSA_AGENT_INFO_FEATURE:
    return give<uint32_t>(value, gpu ? HSA_AGENT_FEATURE_KERNEL_DISPATCH : 0);
  case HSA_AGENT_INFO_MACHINE_MODEL:
    return give(value, HSA_MACHINE_MODEL_LARGE);
  case HSA_AGENT_INFO_PROFILE:
    return give(value, gpu ? HSA_PROFILE_BASE : HSA_PROFILE_FULL);
  case HSA_AGENT_INFO_DEFAULT_FLOAT_ROUNDING_MODE:
    return give(value, HSA_DEFAULT_FLOAT_ROUNDING_MODE_NEAR);
  case HSA_AGENT_INFO_BASE_PROFILE_DEFAULT_FLOAT_ROUNDING_MODES:
    return give(value, gpu ? HSA_DEFAULT_FLOAT_ROUNDING_MODE_NEAR
                           : HSA_DEFAULT_FLOAT_ROUNDING_MODE_DEFAULT);
  case HSA_AGENT_INFO_FAST_F16_OPERATION:
    return give<bool>(value, gpu);
  case HSA_AGENT_INFO_WAVEFRONT_SIZE:
    return give<uint32_t>(value, gpu ? device::wavefrontSize : 0);
  case HSA_AGENT_INFO_WORKGROUP_MAX_DIM: {
    uint16_t limit = gpu ? device::maxWorkgroup : 0;
    uint16_t dims[3] = {limit, limit, limit};
    memcpy(value, dims, sizeof dims);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_AGENT_INFO_WORKGROUP_MAX_SIZE:
    return give<uint32_t>(value, gpu ? device::maxWorkgroup : 0);
  case HSA_AGENT_INFO_GRID_MAX_DIM: {
    uint32_t limit = gpu ? UINT32_MAX : 0;
    return give(value, hsa_dim3_t{limit, limit, limit});
  }
  case HSA_AGENT_INFO_GRID_MAX_SIZE:
    return give<uint32_t>(value, gpu ? UINT32_MAX : 0);
  case HSA_AGENT_INFO_FBARRIER_MAX_SIZE:
    return give<uint32_t>(value, gpu ? 32 : 0);
  case HSA_AGENT_INFO_QUEUES_MAX:
    return give<uint32_t>(value, gpu ? device::maxQueues : 0);
  case HSA_AGENT_INFO_QUEUE_MIN_SIZE:
    return give<uint32_t>(value, gpu ? device::minQueuePackets : 0);
  case HSA_AGENT_INFO_QUEUE_MAX_SIZE:
    return give<uint32_t>(value, gpu ? device::maxQueuePackets : 0);
  case HSA_AGENT_INFO_QUEUE_TYPE:
    return give<uint32_t>(value, HSA_QUEUE_TYPE_MULTI);
  case HSA_AGENT_INFO_NODE:
    return give<uint32_t>(value, gpu ? 1 : 0);
  case HSA_AGENT_INFO_DEVICE:
    return give(value, gpu ? HSA_DEVICE_TYPE_GPU : HSA_DEVICE_TYPE_CPU);
  case HSA_AGENT_INFO_CACHE_SIZE: {
    uint32_t sizes[4] = {gpu ? cacheBytes[0] : 0, gpu ? cacheBytes[1] : 0, 0,
                         0};
    memcpy(value, sizes, sizeof sizes);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_AGENT_INFO_ISA:
    return give(value, gpu ? device::isa : hsa_isa_t{0});
  case HSA_AGENT_INFO_EXTENSIONS:
    return agentExtensions(value, gpu);
  case HSA_AGENT_INFO_VERSION_MAJOR:
  case HSA_AGENT_INFO_VERSION_MINOR:
    return give<uint16_t>(value, 1);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

/// AMD's own attributes. Numbers of the MI50: 1725 MHz engine clock, HBM2 with
/// 4096 bits at 1000 MHz, PCI device 0x66a1.
static hsa_status_t amdInfo(bool gpu, uint32_t attribute, void *value) {
  switch (attribute) {
  case HSA_AMD_AGENT_INFO_CHIP_ID:
    return give<uint32_t>(value, gpu ? 0x66a1 : 0);
  case HSA_AMD_AGENT_INFO_CACHELINE_SIZE:
    return give<uint32_t>(value, 64);
  case HSA_AMD_AGENT_INFO_COMPUTE_UNIT_COUNT:
  case HSA_AMD_AGENT_INFO_COOPERATIVE_COMPUTE_UNIT_COUNT:
    return give<uint32_t>(value, gpu ? device::cuCount
                                     : uint32_t(sysconf(_SC_NPROCESSORS_ONLN)));
  case HSA_AMD_AGENT_INFO_MAX_CLOCK_FREQUENCY:
    return give<uint32_t>(value, gpu ? 1725 : 0);
  case HSA_AMD_AGENT_INFO_DRIVER_NODE_ID:
    return give<uint32_t>(value, gpu ? 1 : 0);
  case HSA_AMD_AGENT_INFO_MAX_ADDRESS_WATCH_POINTS:
    return give<uint32_t>(value, gpu ? 4 : 1);
  case HSA_AMD_AGENT_INFO_BDFID:
    return give<uint32_t>(value, gpu ? 0x0300 : 0);
  case HSA_AMD_AGENT_INFO_MEMORY_WIDTH:
    return give<uint32_t>(value, gpu ? 4096 : 0);
  case HSA_AMD_AGENT_INFO_MEMORY_MAX_FREQUENCY:
    return give<uint32_t>(value, gpu ? 1000 : 0);
  case HSA_AMD_AGENT_INFO_PRODUCT_NAME:
    return giveText(value, gpu ? "Virtual MI50 (ECLIP)" : "Host CPU", 64);
  case HSA_AMD_AGENT_INFO_MAX_WAVES_PER_CU:
    return give<uint32_t>(value, gpu ? device::wavesPerCu : 0);
  case HSA_AMD_AGENT_INFO_NUM_SIMDS_PER_CU:
    return give<uint32_t>(value, gpu ? device::simdsPerCu : 0);
  case HSA_AMD_AGENT_INFO_NUM_SHADER_ENGINES:
    return give<uint32_t>(value, gpu ? device::shaderEngines : 0);
  case HSA_AMD_AGENT_INFO_NUM_SHADER_ARRAYS_PER_SE:
    return give<uint32_t>(value, gpu ? 1 : 0);
  case HSA_AMD_AGENT_INFO_HDP_FLUSH:
    return give(value, hsa_amd_hdp_flush_t{nullptr, nullptr});
  case HSA_AMD_AGENT_INFO_DOMAIN:
    return give<uint32_t>(value, 0);
  case HSA_AMD_AGENT_INFO_COOPERATIVE_QUEUES:
    return give<bool>(value, false);
  case HSA_AMD_AGENT_INFO_UUID:
    return giveText(value, gpu ? "GPU-ec11b00000000906" : "CPU-XX", 21);
  case HSA_AMD_AGENT_INFO_ASIC_REVISION:
    return give<uint32_t>(value, gpu ? 1 : 0);
  case HSA_AMD_AGENT_INFO_SVM_DIRECT_HOST_ACCESS:
    return give<bool>(value, false);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

static hsa_status_t checkAgent(hsa_agent_t agent, const void *argument) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!isGpu(agent) && !isCpu(agent))
    return HSA_STATUS_ERROR_INVALID_AGENT;
  return argument ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

static hsa_status_t checkIsa(hsa_isa_t isa, const void *argument) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (isa.handle != device::isa.handle)
    return HSA_STATUS_ERROR_INVALID_ISA;
  return argument ? HSA_STATUS_SUCCESS : HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

extern "C" {

hsa_status_t hsa_iterate_agents(hsa_status_t (*callback)(hsa_agent_t, void *),
                                void *data) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  hsa_status_t status = callback(device::cpuAgent, data);
  return status == HSA_STATUS_SUCCESS ? callback(device::gpuAgent, data)
                                      : status;
}

hsa_status_t hsa_agent_get_info(hsa_agent_t agent, hsa_agent_info_t attribute,
                                void *value) {
  hsa_status_t status = checkAgent(agent, value);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  uint32_t a = uint32_t(attribute);
  return a >= HSA_AMD_AGENT_INFO_CHIP_ID ? amdInfo(isGpu(agent), a, value)
                                         : commonInfo(isGpu(agent), a, value);
}

hsa_status_t hsa_agent_get_exception_policies(hsa_agent_t agent,
                                              hsa_profile_t profile,
                                              uint16_t *mask) {
  hsa_status_t status = checkAgent(agent, mask);
  if (status == HSA_STATUS_SUCCESS)
    *mask = 0;
  return status;
}

hsa_status_t hsa_agent_major_extension_supported(uint16_t extension,
                                                 hsa_agent_t agent,
                                                 uint16_t version_major,
                                                 uint16_t *version_minor,
                                                 bool *result) {
  hsa_status_t status = checkAgent(agent, result);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  if (!version_minor)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  *result = isGpu(agent) && extension == HSA_EXTENSION_AMD_PROFILER &&
            version_major == 1;
  if (*result)
    *version_minor = 0;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_agent_extension_supported(uint16_t extension,
                                           hsa_agent_t agent,
                                           uint16_t version_major,
                                           uint16_t version_minor,
                                           bool *result) {
  uint16_t minor = 0;
  hsa_status_t status = hsa_agent_major_extension_supported(
      extension, agent, version_major, &minor, result);
  if (status == HSA_STATUS_SUCCESS)
    *result = *result && version_minor <= minor;
  return status;
}

hsa_status_t hsa_agent_iterate_caches(hsa_agent_t agent,
                                      hsa_status_t (*callback)(hsa_cache_t,
                                                               void *),
                                      void *data) {
  hsa_status_t status =
      checkAgent(agent, reinterpret_cast<const void *>(callback));
  if (status != HSA_STATUS_SUCCESS || isCpu(agent))
    return status;
  for (hsa_cache_t cache : caches)
    if ((status = callback(cache, data)) != HSA_STATUS_SUCCESS)
      return status;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_cache_get_info(hsa_cache_t cache, hsa_cache_info_t attribute,
                                void *value) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  uint64_t level = cache.handle - caches[0].handle;
  if (level > 1)
    return HSA_STATUS_ERROR_INVALID_CACHE;
  if (!value)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  const char *name = level ? "gfx906 L2" : "gfx906 L1";
  switch (attribute) {
  case HSA_CACHE_INFO_NAME_LENGTH:
    return give<uint32_t>(value, uint32_t(strlen(name)));
  case HSA_CACHE_INFO_NAME:
    memcpy(value, name, strlen(name) + 1);
    return HSA_STATUS_SUCCESS;
  case HSA_CACHE_INFO_LEVEL:
    return give<uint8_t>(value, uint8_t(level + 1));
  case HSA_CACHE_INFO_SIZE:
    return give<uint32_t>(value, cacheBytes[level]);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_agent_iterate_isas(hsa_agent_t agent,
                                    hsa_status_t (*callback)(hsa_isa_t, void *),
                                    void *data) {
  hsa_status_t status =
      checkAgent(agent, reinterpret_cast<const void *>(callback));
  if (status != HSA_STATUS_SUCCESS || isCpu(agent))
    return status;
  return callback(device::isa, data);
}

hsa_status_t hsa_isa_from_name(const char *name, hsa_isa_t *isa) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!name || !isa)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  // A feature that the name leaves out is compatible with either setting.
  std::string_view text = name, base = "amdgcn-amd-amdhsa--gfx906";
  if (!text.starts_with(base))
    return HSA_STATUS_ERROR_INVALID_ISA_NAME;
  std::string_view features = text.substr(base.size());
  if (features != "" && features != ":sramecc+" && features != ":xnack-" &&
      features != ":sramecc+:xnack-")
    return HSA_STATUS_ERROR_INVALID_ISA_NAME;
  *isa = device::isa;
  return HSA_STATUS_SUCCESS;
}

hsa_status_t hsa_isa_get_info_alt(hsa_isa_t isa, hsa_isa_info_t attribute,
                                  void *value) {
  hsa_status_t status = checkIsa(isa, value);
  if (status != HSA_STATUS_SUCCESS)
    return status;
  switch (attribute) {
  case HSA_ISA_INFO_NAME_LENGTH:
    return give<uint32_t>(value, sizeof device::isaName);
  case HSA_ISA_INFO_NAME:
    memcpy(value, device::isaName, sizeof device::isaName);
    return HSA_STATUS_SUCCESS;
  case HSA_ISA_INFO_CALL_CONVENTION_COUNT:
    return give<uint32_t>(value, 1);
  case HSA_ISA_INFO_CALL_CONVENTION_INFO_WAVEFRONT_SIZE:
    return give<uint32_t>(value, device::wavefrontSize);
  case HSA_ISA_INFO_CALL_CONVENTION_INFO_WAVEFRONTS_PER_COMPUTE_UNIT:
    return give<uint32_t>(value, device::wavesPerCu);
  case HSA_ISA_INFO_MACHINE_MODELS: {
    bool models[2] = {false, true};
    memcpy(value, models, sizeof models);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_ISA_INFO_PROFILES: {
    bool profiles[2] = {true, false};
    memcpy(value, profiles, sizeof profiles);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_ISA_INFO_DEFAULT_FLOAT_ROUNDING_MODES:
  case HSA_ISA_INFO_BASE_PROFILE_DEFAULT_FLOAT_ROUNDING_MODES: {
    bool modes[3] = {false, false, true};
    memcpy(value, modes, sizeof modes);
    return HSA_STATUS_SUCCESS;
  }
  case HSA_ISA_INFO_FAST_F16_OPERATION:
    return give<bool>(value, true);
  case HSA_ISA_INFO_WORKGROUP_MAX_DIM:
    return commonInfo(true, HSA_AGENT_INFO_WORKGROUP_MAX_DIM, value);
  case HSA_ISA_INFO_WORKGROUP_MAX_SIZE:
    return give<uint32_t>(value, device::maxWorkgroup);
  case HSA_ISA_INFO_GRID_MAX_DIM:
    return commonInfo(true, HSA_AGENT_INFO_GRID_MAX_DIM, value);
  case HSA_ISA_INFO_GRID_MAX_SIZE:
    return give<uint64_t>(value, UINT32_MAX);
  case HSA_ISA_INFO_FBARRIER_MAX_SIZE:
    return give<uint32_t>(value, 32);
  }
  return HSA_STATUS_ERROR_INVALID_ARGUMENT;
}

hsa_status_t hsa_isa_get_info(hsa_isa_t isa, hsa_isa_info_t attribute,
                              uint32_t index, void *value) {
  return index ? HSA_STATUS_ERROR_INVALID_INDEX
               : hsa_isa_get_info_alt(isa, attribute, value);
}

hsa_status_t hsa_isa_get_exception_policies(hsa_isa_t isa,
                                            hsa_profile_t profile,
                                            uint16_t *mask) {
  hsa_status_t status = checkIsa(isa, mask);
  if (status == HSA_STATUS_SUCCESS)
    *mask = 0;
  return status;
}

hsa_status_t hsa_isa_get_round_method(hsa_isa_t isa, hsa_fp_type_t fp_type,
                                      hsa_flush_mode_t flush_mode,
                                      hsa_round_method_t *round_method) {
  hsa_status_t status = checkIsa(isa, round_method);
  if (status == HSA_STATUS_SUCCESS)
    *round_method = HSA_ROUND_METHOD_SINGLE;
  return status;
}

hsa_status_t
hsa_isa_iterate_wavefronts(hsa_isa_t isa,
                           hsa_status_t (*callback)(hsa_wavefront_t, void *),
                           void *data) {
  hsa_status_t status = checkIsa(isa, reinterpret_cast<const void *>(callback));
  return status == HSA_STATUS_SUCCESS ? callback(wavefront64, data) : status;
}

hsa_status_t hsa_wavefront_get_info(hsa_wavefront_t wavefront,
                                    hsa_wavefront_info_t attribute,
                                    void *value) {
  if (!Runtime::get())
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (wavefront.handle != wavefront64.handle)
    return HSA_STATUS_ERROR_INVALID_WAVEFRONT;
  if (!value || attribute != HSA_WAVEFRONT_INFO_SIZE)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  return give<uint32_t>(value, device::wavefrontSize);
}

hsa_status_t hsa_isa_compatible(hsa_isa_t code_object_isa, hsa_isa_t agent_isa,
                                bool *result) {
  hsa_status_t status = checkIsa(code_object_isa, result);
  if (status == HSA_STATUS_SUCCESS)
    status = checkIsa(agent_isa, result);
  if (status == HSA_STATUS_SUCCESS)
    *result = true;
  return status;
}

} // extern "C"
