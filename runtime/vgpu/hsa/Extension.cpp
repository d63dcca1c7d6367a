//===- Extension.cpp - counters and findings for programs -----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/hsa/Runtime.h"

#pragma GCC visibility push(default)
#include "runtime/vgpu/hsa/eclip_vgpu.h"
#pragma GCC visibility pop

#include <cstring>

using namespace eclip::vgpu;

static_assert(device::cuCount <= ECLIP_VGPU_MAX_CUS);

extern "C" {

hsa_status_t eclip_vgpu_get_counters(eclip_vgpu_counters_t *counters) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!counters || counters->struct_bytes < sizeof(size_t))
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  eclip_vgpu_counters_t c{};
  c.struct_bytes = counters->struct_bytes;
  c.cu_count = device::cuCount;
  c.thread_count = Dispatcher::threadCount();
  c.dispatches = rt->counters.dispatches.load();
  c.barriers = rt->counters.barriers.load();
  c.copies = rt->counters.copies.load();
  for (uint32_t i = 0; i < device::cuCount; ++i) {
    c.cu_workgroups[i] = rt->counters.cu[i].workgroups.load();
    c.cu_instructions[i] = rt->counters.cu[i].instructions.load();
    c.workgroups += c.cu_workgroups[i];
    c.instructions += c.cu_instructions[i];
  }
  memcpy(counters, &c, std::min(c.struct_bytes, sizeof c));
  return HSA_STATUS_SUCCESS;
}

hsa_status_t eclip_vgpu_reset_counters(void) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  rt->counters.dispatches.store(0);
  rt->counters.barriers.store(0);
  rt->counters.copies.store(0);
  for (auto &cu : rt->counters.cu) {
    cu.workgroups.store(0);
    cu.instructions.store(0);
  }
  return HSA_STATUS_SUCCESS;
}

hsa_status_t eclip_vgpu_checking_enable(int mode) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (mode < 0 || mode > 2)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  rt->checker.enable(mode != 0, mode == 2);
  return HSA_STATUS_SUCCESS;
}

hsa_status_t eclip_vgpu_get_findings(
    hsa_status_t (*callback)(const eclip_vgpu_finding_t *, void *), void *data,
    int forget) {
  Runtime *rt = Runtime::get();
  if (!rt)
    return HSA_STATUS_ERROR_NOT_INITIALIZED;
  if (!callback)
    return HSA_STATUS_ERROR_INVALID_ARGUMENT;
  for (const Finding &f : rt->checker.takeFindings(forget != 0)) {
    eclip_vgpu_finding_t out{};
    out.struct_bytes = sizeof out;
    out.kind = f.kind == Finding::Race ? ECLIP_VGPU_FINDING_RACE
                                       : ECLIP_VGPU_FINDING_OUT_OF_BOUNDS;
    out.message = f.message.c_str();
    out.first_kernel = f.firstKernel.c_str();
    out.second_kernel = f.secondKernel.c_str();
    out.first_queue = f.firstQueue;
    out.first_packet = f.firstPacket;
    out.second_queue = f.secondQueue;
    out.second_packet = f.secondPacket;
    out.address = f.address;
    out.bytes = f.bytes;
    out.allocation = f.allocation;
    out.occurrences = f.occurrences;
    hsa_status_t status = callback(&out, data);
    if (status != HSA_STATUS_SUCCESS)
      return status;
  }
  return HSA_STATUS_SUCCESS;
}

} // extern "C"
