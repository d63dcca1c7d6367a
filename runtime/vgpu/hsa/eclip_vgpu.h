/*===- eclip_vgpu.h - the virtual GPU's own calls ---------------*- C -*-===*\
|*
|* Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
|* SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
|*
|*===----------------------------------------------------------------------===*|
|*
|* What libhsa-runtime64.so.1 of the virtual GPU offers beyond HSA: symbols of
|* version node ECLIP_VGPU_1, which the real library lacks. A program that must
|* run with both looks them up with dlsym. All calls may be made by any thread
|* between hsa_init and hsa_shut_down; outside they return
|* HSA_STATUS_ERROR_NOT_INITIALIZED. See docs/virtual-gpu.md.
|*
\*===----------------------------------------------------------------------===*/

#ifndef ECLIP_VGPU_H
#define ECLIP_VGPU_H

#include <hsa/hsa.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ECLIP_VGPU_MAX_CUS 64

/* Totals since hsa_init or the last reset. Bit i of a CU mask is cu i here. */
typedef struct eclip_vgpu_counters_s {
  size_t struct_bytes;   /* set by the caller: sizeof *this */
  uint32_t cu_count;     /* 60 */
  uint32_t thread_count; /* host threads that run workgroups */
  uint64_t dispatches; /* kernel dispatch packets completed, failed included */
  uint64_t barriers;   /* barrier-AND and barrier-OR packets completed */
  uint64_t copies;     /* asynchronous copies completed */
  uint64_t workgroups; /* sum over the CUs */
  uint64_t instructions; /* wavefront instructions, sum over the CUs */
  uint64_t cu_workgroups[ECLIP_VGPU_MAX_CUS];
  uint64_t cu_instructions[ECLIP_VGPU_MAX_CUS];
} eclip_vgpu_counters_t;

/* Fills the first struct_bytes of *counters. Counters move while dispatches
 * run; wait for these to get a consistent set. */
hsa_status_t eclip_vgpu_get_counters(eclip_vgpu_counters_t *counters);
hsa_status_t eclip_vgpu_reset_counters(void);

/* Turns the checking mode on (1, or 2 to print findings on stderr too) or off
 * (0). Whatever was submitted before is taken as ordered before what follows,
 * so call it while nothing runs. Findings are kept. ECLIP_VGPU_CHECK=1 does the
 * same as 2 at hsa_init. */
hsa_status_t eclip_vgpu_checking_enable(int mode);

typedef enum eclip_vgpu_finding_kind_e {
  ECLIP_VGPU_FINDING_RACE = 1,         /* unordered conflicting accesses */
  ECLIP_VGPU_FINDING_OUT_OF_BOUNDS = 2 /* access outside every allocation */
} eclip_vgpu_finding_kind_t;

/* Queue ids are hsa_queue_t::id, UINT64_MAX for a copy; packets count from 0.
 * Strings live until the callback returns. */
typedef struct eclip_vgpu_finding_s {
  size_t struct_bytes;
  eclip_vgpu_finding_kind_t kind;
  const char *message; /* one line, complete */
  const char *first_kernel;
  const char *second_kernel; /* the same as the first unless it is a race */
  uint64_t first_queue, first_packet;
  uint64_t second_queue, second_packet;
  uint64_t address, bytes; /* of the first conflicting range; races only */
  uint64_t allocation;     /* where the allocation that holds it begins, or 0 */
  uint64_t occurrences;    /* of these kernels, queues and address */
} eclip_vgpu_finding_t;

/* Calls back once for each finding, oldest first; a callback that returns
 * something else than HSA_STATUS_SUCCESS ends the iteration, and its value is
 * returned. `forget` drops all findings afterwards. */
hsa_status_t eclip_vgpu_get_findings(
    hsa_status_t (*callback)(const eclip_vgpu_finding_t *finding, void *data),
    void *data, int forget);

#ifdef __cplusplus
}
#endif

#endif /* ECLIP_VGPU_H */
