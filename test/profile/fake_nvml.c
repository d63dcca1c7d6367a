/* The calls of NVML that eclip-profile and the benchmarks make, for one GPU that
 * draws 250 W of the 300 W that hold its clock at 1755 MHz, and whose energy
 * counter moves by 25 J every 100 ms.
 *
 * Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
 * SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
 */
#include <stdio.h>
#include <time.h>

#pragma GCC visibility push(default)

int nvmlInit_v2(void) { return 0; }
int nvmlShutdown(void) { return 0; }

int nvmlSystemGetDriverVersion(char *text, unsigned bytes) {
  snprintf(text, bytes, "580.0");
  return 0;
}

int nvmlDeviceGetHandleByIndex_v2(unsigned index, void **device) {
  static int gpu;
  *device = &gpu;
  return index != 0;
}

int nvmlDeviceGetName(void *device, char *text, unsigned bytes) {
  (void)device;
  snprintf(text, bytes, "Fake GPU");
  return 0;
}

int nvmlDeviceGetTotalEnergyConsumption(void *device, unsigned long long *mj) {
  struct timespec now;
  (void)device;
  clock_gettime(CLOCK_MONOTONIC, &now);
  *mj = (now.tv_sec * 10ull + now.tv_nsec / 100000000) * 25000;
  return 0;
}

int nvmlDeviceGetEnforcedPowerLimit(void *device, unsigned *milliwatts) {
  (void)device;
  *milliwatts = 300000;
  return 0;
}

int nvmlDeviceGetClockInfo(void *device, int clock, unsigned *mhz) {
  (void)device;
  *mhz = clock == 1 ? 1755 : 0; /* of the SMs */
  return clock != 1;
}

int nvmlDeviceGetCurrentClocksThrottleReasons(void *device,
                                              unsigned long long *reasons) {
  (void)device;
  *reasons = 0x4; /* software power cap */
  return 0;
}

int nvmlDeviceGetPowerUsage(void *device, unsigned *milliwatts) {
  (void)device;
  *milliwatts = 250000;
  return 0;
}
