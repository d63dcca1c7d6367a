/* The calls of ROCm SMI that eclip-profile makes, for one GPU whose energy
 * counter moves by 1000 counts of 15.3 microjoules at every read.
 *
 * Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdint.h>

#pragma GCC visibility push(default)

int rsmi_init(uint64_t flags) { return flags != 0; }

int rsmi_shut_down(void) { return 0; }

int rsmi_num_monitor_devices(uint32_t *count) {
  *count = 1;
  return 0;
}

int rsmi_dev_energy_count_get(uint32_t device, uint64_t *count,
                              float *microjoules_per_count,
                              uint64_t *timestamp_ns) {
  static uint64_t reads;
  if (device != 0)
    return 1;
  *count = 1000 * ++reads;
  *microjoules_per_count = 15.3f;
  *timestamp_ns = reads;
  return 0;
}
