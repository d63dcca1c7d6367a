//===- Energy.cpp - the device's energy counter ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Energy.h"

#include <dlfcn.h>

using namespace eclip::profiler;

EnergyCounter::~EnergyCounter() {
  if (shutDown)
    shutDown();
}

bool EnergyCounter::refuse(const llvm::Twine &reason) {
  absentReason = reason.str();
  energyCountGet = nullptr;
  return false;
}

bool EnergyCounter::open(const Options &options) {
  if (options.noEnergy)
    return refuse("--no-energy was given");
  if (options.driver == "vgpu" && options.smiLibrary.empty())
    return refuse("the virtual GPU has no energy counter");
  std::string name =
      options.smiLibrary.empty() ? "librocm_smi64.so.1" : options.smiLibrary;
  void *library = dlopen(name.c_str(), RTLD_NOW);
  if (!library) {
    const char *why = dlerror();
    return refuse("ROCm SMI: " + llvm::Twine(why ? why : name.c_str()));
  }
  // Declared here: the calls of rocm_smi.h that are needed, so that neither
  // building nor starting needs the library.
  auto init = reinterpret_cast<int (*)(uint64_t)>(dlsym(library, "rsmi_init"));
  auto count = reinterpret_cast<int (*)(uint32_t *)>(
      dlsym(library, "rsmi_num_monitor_devices"));
  auto energy = reinterpret_cast<EnergyCountGet>(
      dlsym(library, "rsmi_dev_energy_count_get"));
  auto end = reinterpret_cast<ShutDown>(dlsym(library, "rsmi_shut_down"));
  if (!init || !count || !energy || !end)
    return refuse("ROCm SMI: " + name + " lacks the energy counter's calls");
  if (int status = init(0))
    return refuse("ROCm SMI: rsmi_init fails with " + llvm::Twine(status));
  shutDown = end;
  uint32_t devices = 0;
  if (count(&devices) || options.deviceIndex >= devices)
    return refuse("ROCm SMI: has no device " +
                  llvm::Twine(options.deviceIndex));
  device = options.deviceIndex;
  energyCountGet = energy;
  if (!readMicrojoules())
    return refuse("ROCm SMI: this GPU has no energy counter");
  return true;
}

std::optional<double> EnergyCounter::readMicrojoules() {
  uint64_t value = 0, timestampNs = 0;
  float resolution = 0;
  if (!energyCountGet ||
      energyCountGet(device, &value, &resolution, &timestampNs) != 0 ||
      !(resolution > 0))
    return std::nullopt;
  return static_cast<double>(value) * resolution;
}
