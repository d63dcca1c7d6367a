//===- EnergyLibraries.cpp - ROCm SMI and NVML, opened at run time --------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The few calls that are needed are declared here, so that neither building nor
// starting needs the libraries or their headers.
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Energy.h"

#include "llvm/ADT/SmallString.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"

#include <cstdlib>
#include <dlfcn.h>

using namespace eclip::profiler;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// A library by --smi-library or its usual name. `what` begins messages.
static llvm::Expected<void *> openLibrary(const Options &options,
                                          const char *usual, const char *what) {
  const char *name =
      options.smiLibrary.empty() ? usual : options.smiLibrary.c_str();
  if (void *library = dlopen(name, RTLD_NOW))
    return library;
  const char *why = dlerror();
  return refuse(llvm::Twine(what) + ": " + (why ? why : name));
}

template <typename F> static F *find(void *library, const char *symbol) {
  return reinterpret_cast<F *>(dlsym(library, symbol));
}

llvm::Expected<EnergyReader>
eclip::profiler::openRocmSmi(const Options &options) {
  auto library = openLibrary(options, "librocm_smi64.so.1", "ROCm SMI");
  if (!library)
    return library.takeError();
  auto *init = find<int(uint64_t)>(*library, "rsmi_init");
  auto *count = find<int(uint32_t *)>(*library, "rsmi_num_monitor_devices");
  auto *energy = find<int(uint32_t, uint64_t *, float *, uint64_t *)>(
      *library, "rsmi_dev_energy_count_get");
  auto *end = find<int()>(*library, "rsmi_shut_down");
  if (!init || !count || !energy || !end)
    return refuse("ROCm SMI: the library lacks the energy counter's calls");
  if (int status = init(0))
    return refuse("ROCm SMI: rsmi_init fails with " + llvm::Twine(status));
  static int (*shutDown)() = nullptr;
  shutDown = end;
  std::atexit([] { shutDown(); });
  uint32_t devices = 0, device = options.device.index;
  if (count(&devices) || device >= devices)
    return refuse("ROCm SMI: has no device " + llvm::Twine(device));
  EnergyReader reader;
  reader.source = "rocm_smi";
  reader.read = [=]() -> std::optional<double> {
    uint64_t value = 0, timestampNs = 0;
    float microjoulesPerCount = 0;
    if (energy(device, &value, &microjoulesPerCount, &timestampNs) != 0 ||
        !(microjoulesPerCount > 0))
      return std::nullopt;
    return static_cast<double>(value) * microjoulesPerCount;
  };
  if (!reader.read())
    return refuse("ROCm SMI: this GPU has no energy counter");
  return reader;
}

namespace {
using NvmlDevice = struct NvmlDeviceHandle *;

/// nvmlFieldValue_t
struct NvmlField {
  unsigned field, scope;
  long long timestampUs, latencyUs;
  int valueType, result;
  union {
    double d;
    unsigned ui;
    unsigned long long ull;
  } value;
};
static_assert(sizeof(NvmlField) == 40);

/// NVML_FI_DEV_POWER_INSTANT: milliwatts now. nvmlDeviceGetPowerUsage() is the
/// mean over a second on an H100, longer than most windows.
constexpr unsigned kPowerInstant = 186;

struct Nvml {
  int (*init)();
  int (*shutDown)();
  int (*deviceByIndex)(unsigned, NvmlDevice *);
  int (*deviceName)(NvmlDevice, char *, unsigned);
  int (*totalEnergy)(NvmlDevice, unsigned long long *millijoules);
  int (*powerUsage)(NvmlDevice, unsigned *milliwatts);
  int (*fieldValues)(NvmlDevice, int count, NvmlField *fields);
};
} // namespace

static std::optional<double> nvmlWatts(const Nvml &nvml, NvmlDevice device) {
  NvmlField field = {};
  field.field = kPowerInstant;
  if (nvml.fieldValues && nvml.fieldValues(device, 1, &field) == 0 &&
      field.result == 0)
    return field.value.ui * 1e-3;
  unsigned milliwatts = 0;
  if (nvml.powerUsage(device, &milliwatts))
    return std::nullopt;
  return milliwatts * 1e-3;
}

static llvm::Expected<NvmlDevice> openDevice(const Nvml &nvml,
                                             const Options &options,
                                             llvm::StringRef product) {
  if (int status = nvml.init())
    return refuse("NVML: nvmlInit fails with " + llvm::Twine(status));
  static int (*shutDown)() = nullptr;
  shutDown = nvml.shutDown;
  std::atexit([] { shutDown(); });
  NvmlDevice device = nullptr;
  if (nvml.deviceByIndex(options.device.index, &device))
    return refuse("NVML: has no device " + llvm::Twine(options.device.index));
  char name[96] = "";
  if (nvml.deviceName(device, name, sizeof(name)) || product != name)
    return refuse("NVML: its device " + llvm::Twine(options.device.index) +
                  " is '" + name + "', CUDA's is '" + product +
                  "'; CUDA_DEVICE_ORDER=PCI_BUS_ID gives both one order");
  return device;
}

llvm::Expected<EnergyReader>
eclip::profiler::openNvml(const Options &options, llvm::StringRef product) {
  auto library = openLibrary(options, "libnvidia-ml.so.1", "NVML");
  if (!library)
    return library.takeError();
  Nvml nvml = {};
  nvml.init = find<int()>(*library, "nvmlInit_v2");
  nvml.shutDown = find<int()>(*library, "nvmlShutdown");
  nvml.deviceByIndex = find<int(unsigned, NvmlDevice *)>(
      *library, "nvmlDeviceGetHandleByIndex_v2");
  nvml.deviceName =
      find<int(NvmlDevice, char *, unsigned)>(*library, "nvmlDeviceGetName");
  nvml.totalEnergy = find<int(NvmlDevice, unsigned long long *)>(
      *library, "nvmlDeviceGetTotalEnergyConsumption");
  nvml.powerUsage =
      find<int(NvmlDevice, unsigned *)>(*library, "nvmlDeviceGetPowerUsage");
  nvml.fieldValues = find<int(NvmlDevice, int, NvmlField *)>(
      *library, "nvmlDeviceGetFieldValues"); // may be missing
  if (!nvml.init || !nvml.shutDown || !nvml.deviceByIndex ||
      !nvml.deviceName || !nvml.totalEnergy || !nvml.powerUsage)
    return refuse("NVML: the library lacks calls for energy and power");
  auto device = openDevice(nvml, options, product);
  if (!device)
    return device.takeError();
  EnergyReader reader;
  if (options.energyCounter) {
    reader.source = "nvml_energy";
    reader.read = [nvml, device = *device]() -> std::optional<double> {
      unsigned long long millijoules = 0;
      if (nvml.totalEnergy(device, &millijoules))
        return std::nullopt;
      return static_cast<double>(millijoules) * 1e3;
    };
  } else {
    reader.kind = EnergyReader::Power;
    reader.source = "nvml_power";
    reader.read = [nvml, device = *device] { return nvmlWatts(nvml, device); };
  }
  if (!reader.read())
    return refuse(llvm::Twine("NVML: this GPU tells no ") +
                  (options.energyCounter ? "energy" : "power"));
  return reader;
}

/// The V13.0.88 of `ptxas --version`, without the V; empty if there is no ptxas.
static std::string assemblerVersion() {
  auto ptxas = llvm::sys::findProgramByName("ptxas");
  llvm::SmallString<128> path;
  if (!ptxas || llvm::sys::fs::createTemporaryFile("eclip", "txt", path))
    return {};
  llvm::FileRemover remover(path);
  std::optional<llvm::StringRef> redirects[] = {llvm::StringRef(), path.str(),
                                                llvm::StringRef()};
  if (llvm::sys::ExecuteAndWait(*ptxas, {*ptxas, "--version"}, std::nullopt,
                                redirects) != 0)
    return {};
  auto text = llvm::MemoryBuffer::getFile(path);
  if (!text)
    return {};
  llvm::StringRef version = (*text)->getBuffer().rsplit(", V").second;
  return version.take_while([](char c) { return llvm::isDigit(c) || c == '.'; })
      .str();
}

std::string eclip::profiler::nvidiaVersions(const Options &options) {
  std::string versions;
  if (auto library = openLibrary(options, "libnvidia-ml.so.1", "NVML")) {
    auto *init = find<int()>(*library, "nvmlInit_v2");
    auto *get =
        find<int(char *, unsigned)>(*library, "nvmlSystemGetDriverVersion");
    char text[96] = "";
    if (init && get && init() == 0 && get(text, sizeof(text)) == 0)
      versions = text;
  } else {
    llvm::consumeError(library.takeError());
  }
  if (std::string assembler = assemblerVersion(); !assembler.empty())
    versions += (versions.empty() ? "ptxas " : ", ptxas ") + assembler;
  return versions.empty() ? "unknown" : versions;
}
