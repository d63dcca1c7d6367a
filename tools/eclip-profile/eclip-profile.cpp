//===- eclip-profile.cpp - measures the kernels of a model ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Measure.h"
#include "tools/eclip-profile/Model.h"
#include "tools/eclip-profile/Progress.h"
#include "tools/eclip-profile/Store.h"
#include "tools/eclip-profile/Tune.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/InitLLVM.h"
#include "llvm/Support/raw_ostream.h"

#include <unistd.h>

using namespace eclip;
using namespace eclip::profiler;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// The description of the device that the model is compiled for.
static llvm::Expected<DeviceDescription> describe(const Options &options,
                                                  const Model &model) {
  const fb::Device *device = model.schedule->device();
  std::string name = device->name()->str();
  auto description = loadDeviceDescription(
      options.description.empty() ? name : options.description);
  if (!description) {
    if (!options.description.empty())
      return description.takeError();
    return refuse(llvm::toString(description.takeError()) +
                  " with --description");
  }
  if (description->name != name ||
      description->target != device->target()->str() ||
      description->cuCount != device->cu_count())
    return refuse(options.model + ": is compiled for " + name + " (" +
                  device->target()->str() + ", " +
                  llvm::Twine(device->cu_count()) +
                  " CUs), the description is "
                  "of " +
                  description->name + " (" + description->target + ", " +
                  llvm::Twine(description->cuCount) + " CUs)");
  return description;
}

/// The CU counts to measure.
static llvm::Expected<std::vector<int64_t>>
chooseCuCounts(const Options &options, const DeviceDescription &description) {
  std::vector<int64_t> counts = options.cuCounts.empty()
                                    ? description.maskSizesCuCount
                                    : options.cuCounts;
  llvm::sort(counts);
  counts.erase(llvm::unique(counts), counts.end());
  if (counts.back() > description.cuCount)
    return refuse("--cus: " + llvm::Twine(counts.back()) +
                  " is more than the " + llvm::Twine(description.cuCount) +
                  " CUs of device '" + description.name + "'");
  return counts;
}

static Profile describeRun(const Bench &bench) {
  const eclip_device_info &info = bench.device.info;
  Profile profile;
  profile.device = {bench.description.name,
                    bench.description.target,
                    bench.description.cuCount,
                    info.driver,
                    info.name,
                    info.library_path};
  profile.timeSource = bench.timeSource;
  profile.energySource = bench.energy.source().str();
  profile.energyAbsentReason = bench.energy.absentReason;
  profile.argumentData = "constants of the model, zeros elsewhere";
  profile.toolVersion = ECLIP_VERSION;
  return profile;
}

/// Measures what the store lacks of these kernels, which are distinct.
static int sweep(Bench &bench, llvm::ArrayRef<ModelKernel> kernels,
                 Store &store, llvm::ArrayRef<int64_t> cuCounts) {
  size_t total = 0, done = 0, known = 0;
  auto isFor = [](const ModelKernel &kernel, int64_t cuCount) {
    return kernel.cuCounts.empty() || kernel.cuCounts.count(cuCount);
  };
  for (const ModelKernel &kernel : kernels)
    for (int64_t cuCount : cuCounts)
      if (isFor(kernel, cuCount))
        ++(store.has(kernel.hash, cuCount) ? known : total);
  // No more masks at once than the device has queues for.
  size_t most = std::clamp<int64_t>(bench.description.maxMaskedQueueCount, 1,
                                    kMostCuCounts);
  Progress progress(!bench.options.quiet && isatty(STDERR_FILENO), total);
  for (const ModelKernel &kernel : kernels) {
    std::vector<int64_t> missing;
    for (int64_t cuCount : cuCounts)
      if (isFor(kernel, cuCount) && !store.has(kernel.hash, cuCount))
        missing.push_back(cuCount);
    if (missing.empty())
      continue;
    const std::string &name = kernel.launch.name;
    std::optional<KernelBench> kernelBench;
    for (size_t i = 0; i < missing.size(); ++i) {
      progress.show(done++, llvm::StringRef(name).take_front(40) + "  " +
                                llvm::Twine(missing[i]) + " CUs");
      if (i % most == 0)
        kernelBench.emplace(bench, kernel.launch,
                            llvm::ArrayRef(missing).slice(i).take_front(most));
      auto point = kernelBench->measure(missing[i]);
      if (!point) {
        progress.clear();
        return report(ExitFailed,
                      "kernel '" + name + "' on " + llvm::Twine(missing[i]) +
                          " CUs: " + llvm::toString(point.takeError()));
      }
      store.add(kernel.hash, name, *point);
    }
    if (llvm::Error error = store.write()) {
      progress.clear();
      return report(ExitNotWritten, llvm::toString(std::move(error)));
    }
  }
  progress.clear();
  if (!bench.options.quiet)
    llvm::errs() << bench.options.output << ": " << kernels.size()
                 << " kernels, " << total << " points measured, " << known
                 << " known\n";
  return ExitOk;
}

/// Loads all models and the description of the one device that they are for.
static llvm::Expected<DeviceDescription>
loadModels(const Options &options, const char *argv0,
           std::vector<Model> &models) {
  std::optional<DeviceDescription> common;
  Options each = options;
  for (const std::string &path : options.models) {
    each.model = path;
    auto model = loadModel(each, argv0);
    if (!model)
      return model.takeError();
    auto description = describe(each, *model);
    if (!description)
      return description.takeError();
    if (common && common->name != description->name)
      return refuse(path + ": is compiled for " + description->name + ", " +
                    options.models.front() + " for " + common->name);
    common = std::move(*description);
    models.push_back(std::move(*model));
  }
  return std::move(*common);
}

/// Those of all models, each once.
static std::vector<ModelKernel> distinctKernels(std::vector<Model> &models) {
  std::vector<ModelKernel> kernels;
  for (Model &model : models)
    for (ModelKernel &kernel : model.kernels)
      addKernel(kernels, std::move(kernel));
  return kernels;
}

static int run(const Options &options, const char *argv0) {
  std::vector<Model> models;
  auto description = loadModels(options, argv0, models);
  if (!description)
    return report(ExitUsage, llvm::toString(description.takeError()));
  auto cuCounts = chooseCuCounts(options, *description);
  if (!cuCounts)
    return report(ExitUsage, llvm::toString(cuCounts.takeError()));
  Device device;
  if (llvm::Error error = device.open(options))
    return report(ExitNoDevice, llvm::toString(std::move(error)));
  EnergyMeter energy;
  bool hasEnergy = energy.open(options, device.info.name);
  TimeSource source = options.device.driver == "cuda" ? TimeSource::DeviceSequences
                      : options.device.driver == "hsa" ? TimeSource::DeviceClock
                      : options.hostTime       ? TimeSource::VirtualGpuHostTime
                                         : TimeSource::VirtualGpuInstructions;
  Bench bench{options, *description, device, energy, hasEnergy, source};
  Store store;
  if (llvm::Error error = store.open(options.output, describeRun(bench)))
    return report(ExitUsage, llvm::toString(std::move(error)));
  return sweep(bench, distinctKernels(models), store, *cuCounts);
}

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  Options options = parseOptions(argc, argv);
  return options.tune ? tune(options) : run(options, argv[0]);
}
