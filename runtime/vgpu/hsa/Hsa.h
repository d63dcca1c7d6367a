//===- Hsa.h - the HSA headers, exported ------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Every file of the library that defines an HSA function includes this, so that
// the compiler compares its signature with AMD's declaration. Some of those
// declarations lack HSA_API; the pragma gives all of them default visibility,
// and the version script (from exports.txt) decides what leaves the library.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_HSA_H
#define ECLIP_VGPU_HSA_HSA_H

#pragma GCC visibility push(default)
#include <hsa/hsa.h>
#include <hsa/hsa_ext_amd.h>
#include <hsa/hsa_ext_finalize.h>
#include <hsa/hsa_ext_image.h>
#include <hsa/hsa_ven_amd_loader.h>

#include <hsa/amd_hsa_queue.h>
#include <hsa/amd_hsa_signal.h>
#pragma GCC visibility pop

namespace eclip::vgpu {

static_assert(sizeof(hsa_kernel_dispatch_packet_t) == 64);
static_assert(sizeof(hsa_barrier_and_packet_t) == 64);
static_assert(sizeof(amd_signal_t) == 64);

/// What the virtual device is. Sources: AMD's published MI50 data and the
/// driver's own report of a gfx906 board.
namespace device {
inline constexpr uint32_t cuCount = 60;
inline constexpr uint32_t shaderEngines = 4;
inline constexpr uint32_t simdsPerCu = 4;
inline constexpr uint32_t wavesPerCu = 40;
inline constexpr uint32_t wavefrontSize = 64;
inline constexpr uint32_t ldsBytes = 64 * 1024;
inline constexpr uint32_t maxWorkgroup = 1024;
inline constexpr uint64_t localMemoryBytes = 16ull << 30;
inline constexpr uint32_t maxQueues = 128;
inline constexpr uint32_t minQueuePackets = 64;
inline constexpr uint32_t maxQueuePackets = 131072;
inline constexpr char isaName[] = "amdgcn-amd-amdhsa--gfx906:sramecc+:xnack-";
inline constexpr hsa_agent_t cpuAgent{0x1000};
inline constexpr hsa_agent_t gpuAgent{0x2000};
inline constexpr hsa_isa_t isa{0x3000};
} // namespace device

inline bool isCpu(hsa_agent_t agent) {
  return agent.handle == device::cpuAgent.handle;
}
inline bool isGpu(hsa_agent_t agent) {
  return agent.handle == device::gpuAgent.handle;
}

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_HSA_H
