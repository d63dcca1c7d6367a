//===- AnnotateCost.cpp - predicted time and energy of dispatches ---------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/KernelHash.h"
#include "compiler/cost/Profile.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/KernelWork.h"
#include "compiler/schedule/Passes.h"
#include "dialect/Variants.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/DenseMap.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_ANNOTATECOST
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

/// Costs of one kernel at each CU count, those at the far end if any differ, and
/// where they come from.
struct KernelCosts {
  SmallVector<KernelCost> costs, farCosts;
  StringRef source;
};

struct AnnotateCost : eclip::impl::AnnotateCostBase<AnnotateCost> {
  using Base::Base;

  void runOnOperation() override {
    if (failed(load()))
      return signalPassFailure();
    for (auto schedule : getOperation().getOps<ScheduleOp>())
      if (failed(annotate(schedule)))
        return signalPassFailure();
  }

  LogicalResult load();
  LogicalResult checkIsa();
  LogicalResult loadMeasurements();
  LogicalResult findMeasured(KernelOp kernel, ArrayRef<uint8_t> code);
  void warnUnused(size_t kernels);
  LogicalResult annotate(ScheduleOp schedule);
  KernelOp kernelOf(DispatchOp dispatch, int64_t cuCount) const;
  bool isMeasured(DispatchOp dispatch) const;
  FailureOr<KernelCosts> estimate(DispatchOp dispatch);
  void describeProfile(ScheduleOp schedule);

  DeviceDescription description;
  MatrixCode matrixCode = MatrixCode::All;
  std::optional<Profile> measured;
  std::string measuredHash;
  std::optional<SymbolTable> symbols;
  KernelVariants variants;
  /// Kernels that the profile has at all of the device's mask sizes where they
  /// are what runs.
  llvm::DenseMap<Operation *, const ProfileKernel *> measuredKernels;
  /// Others that it has, and a mask size at which it lacks the last of them.
  size_t unusedKernels = 0;
  int64_t unusedCuCount = 0;
};

} // namespace

LogicalResult AnnotateCost::load() {
  auto loaded = loadDeviceDescription(device);
  if (!loaded)
    return getOperation().emitError() << llvm::toString(loaded.takeError());
  description = std::move(*loaded);
  measured.reset();
  measuredKernels.clear();
  unusedKernels = 0;
  symbols.emplace(getOperation());
  FailureOr<KernelVariants> found = KernelVariants::of(getOperation());
  if (failed(found))
    return failure();
  variants = std::move(*found);
  return failed(checkIsa()) ? failure() : loadMeasurements();
}

/// Costs of one ISA's kernels say nothing of another's device, unless a guess
/// is asked for.
LogicalResult AnnotateCost::checkIsa() {
  auto isa = getOperation()->getAttrOfType<StringAttr>("eclip.isa");
  matrixCode = matrixCodeOf(getOperation());
  if (!isa || isa.getValue().ends_with("--" + description.target) ||
      allowIsaMismatch)
    return success();
  return getOperation().emitError()
         << "kernels are compiled for " << isa.getValue() << ", device '"
         << description.name << "' is " << description.target
         << "; allow-isa-mismatch predicts from them all the same";
}

static ArrayRef<uint8_t> codeObjectOf(ModuleOp module) {
  auto attr =
      module->getAttrOfType<DenseResourceElementsAttr>("eclip.code_object");
  AsmResourceBlob *blob = attr ? attr.getRawHandle().getBlob() : nullptr;
  if (!blob)
    return {};
  ArrayRef<char> data = blob->getData();
  return {reinterpret_cast<const uint8_t *>(data.data()), data.size()};
}

LogicalResult AnnotateCost::loadMeasurements() {
  if (profile.empty())
    return success();
  ModuleOp module = getOperation();
  auto loaded = loadProfile(profile);
  if (!loaded)
    return module.emitError() << llvm::toString(loaded.takeError());
  measured = std::move(*loaded);
  if (llvm::Error error = checkProfileDevice(
          *measured, profile, description.name, description.target,
          description.cuCount)) // PF6
    return module.emitError() << llvm::toString(std::move(error));
  measuredHash = profileHash(profileToJson(*measured));
  ArrayRef<uint8_t> code = codeObjectOf(module);
  if (code.empty())
    return module.emitError() << "a profile is of machine code, and these "
                                 "kernels are not compiled";
  size_t kernels = 0;
  for (auto kernel : module.getOps<KernelOp>()) {
    ++kernels;
    if (failed(findMeasured(kernel, code)))
      return failure();
  }
  if (kernels > 0 && measuredKernels.empty())
    warnUnused(kernels);
  return success();
}

/// PF7. Not an error: the profile of a mix's other models, or of a build before
/// the kernels changed, leaves this one to the model.
void AnnotateCost::warnUnused(size_t kernels) {
  InFlightDiagnostic warning = getOperation().emitWarning()
                               << profile << ": kernels: ";
  if (unusedKernels == 0)
    warning << "none of the model's " << kernels
            << " kernels is among the profile's " << measured->kernels.size();
  else
    warning << "has " << unusedKernels << " of the model's " << kernels
            << " kernels, but none at every mask size of device '"
            << description.name << "': one lacks " << unusedCuCount << " CUs";
  warning << "; the model predicts them";
}

LogicalResult AnnotateCost::findMeasured(KernelOp kernel,
                                         ArrayRef<uint8_t> code) {
  LaunchAttr launch = kernel.getLaunchAttr();
  if (!launch)
    return kernel.emitOpError("has no launch; run eclip-compile-kernels first");
  LaunchGeometry geometry;
  llvm::copy(launch.getGrid(), geometry.grid.begin());
  llvm::copy(launch.getWorkgroup(), geometry.workgroup.begin());
  auto hash = hashKernel(code, kernel.getSymName(), geometry);
  if (!hash)
    return kernel.emitOpError() << llvm::toString(hash.takeError());
  auto it = measured->kernels.find(*hash);
  auto cus = kernel->getAttrOfType<DenseI64ArrayAttr>(kVariantCus);
  auto runsOn = [&](int64_t cuCount) {
    return cus ? llvm::is_contained(cus.asArrayRef(), cuCount)
               : variants.on(kernel, cuCount) == kernel;
  };
  bool known = it != measured->kernels.end();
  auto lacking = llvm::find_if(description.maskSizesCuCount, [&](int64_t cuCount) {
    return !known || (runsOn(cuCount) && !it->second.find(cuCount));
  });
  if (lacking == description.maskSizesCuCount.end()) {
    measuredKernels[kernel] = &it->second;
    return success();
  }
  if (known) {
    ++unusedKernels;
    unusedCuCount = *lacking;
  }
  if (profileMustCover) // PF8
    return kernel.emitOpError()
           << "(" << *hash << ") is not in " << profile
           << " at every CU count of device '" << description.name << "'";
  return success();
}

/// What CostAttr says of a kernel that was measured.
static StringRef measuredSource(const Profile &profile) {
  if (profile.timeSource != TimeSource::DeviceClock &&
      profile.timeSource != TimeSource::DeviceSequences)
    return "profile of the virtual GPU";
  return profile.energySource == "none" ? "profile, energy by model"
                                        : "profile";
}

/// What a dispatch runs if its group has so many CUs.
KernelOp AnnotateCost::kernelOf(DispatchOp dispatch, int64_t cuCount) const {
  return variants.on(symbols->lookup<KernelOp>(dispatch.getKernel()), cuCount);
}

/// Whether the profile has all of what the dispatch may run.
bool AnnotateCost::isMeasured(DispatchOp dispatch) const {
  return llvm::all_of(description.maskSizesCuCount, [&](int64_t cuCount) {
    return measuredKernels.contains(kernelOf(dispatch, cuCount));
  });
}

FailureOr<KernelCosts> AnnotateCost::estimate(DispatchOp dispatch) {
  bool profiled = isMeasured(dispatch);
  KernelCosts result;
  result.source = profiled ? measuredSource(*measured) : "model";
  KernelOp last;
  KernelWork work;
  for (int64_t cuCount : description.maskSizesCuCount) {
    KernelOp kernel = kernelOf(dispatch, cuCount);
    if (kernel != last)
      work = withAvailableRates(computeWork(kernel, dispatch), description,
                                matrixCode);
    last = kernel;
    const ProfileKernel *points =
        profiled ? measuredKernels.lookup(kernel) : nullptr;
    FailureOr<int64_t> tileNs = tileTimeNs(kernel, cuCount);
    if (failed(tileNs))
      return failure();
    auto cost = *tileNs ? estimateEnergy(work, description, cuCount, *tileNs)
                        : estimateCost(work, description, cuCount);
    if (!cost)
      return dispatch.emitOpError() << llvm::toString(cost.takeError());
    if (points) {
      const ProfilePoint &point = *points->find(cuCount);
      // Dispatch times leave out what lies between two packets.
      int64_t timeNs = point.timeNs + deviceLimits(description).launchNs;
      cost = estimateEnergy(work, description, cuCount, timeNs);
      if (!cost)
        return dispatch.emitOpError() << llvm::toString(cost.takeError());
      if (point.energyNj) {
        cost->energyNj = *point.energyNj;
        *cost = withDemands(*cost, work, description);
      }
    }
    result.costs.push_back(*cost);
    if (description.maskExtraCuCount == 0)
      continue;
    // The same kernel, on the CUs that masks of the far end get besides.
    int64_t far =
        cusFromEnd(description.maskTopology(), cuCount, /*high=*/true);
    if (far != cuCount)
      cost = scaleCost(*cost, work, description, cuCount, far);
    if (!cost)
      return dispatch.emitOpError() << llvm::toString(cost.takeError());
    result.farCosts.push_back(*cost);
  }
  return result;
}

void AnnotateCost::describeProfile(ScheduleOp schedule) {
  Builder builder(schedule.getContext());
  int64_t dispatches = 0, profiled = 0;
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>()) {
    ++dispatches;
    profiled += isMeasured(dispatch);
  }
  NamedAttrList summary;
  summary.set("dispatches", builder.getI64IntegerAttr(dispatches));
  summary.set("hash", builder.getStringAttr(measuredHash));
  summary.set("profiled", builder.getI64IntegerAttr(profiled));
  summary.set("time_source",
              builder.getStringAttr(timeSourceName(measured->timeSource)));
  schedule->setAttr("eclip.profile",
                    summary.getDictionary(schedule.getContext()));
}

LogicalResult AnnotateCost::annotate(ScheduleOp schedule) {
  Builder builder(schedule.getContext());
  // On several dies the parts that a mask is counted in are the dies: their
  // shader engines need not be equal.
  int64_t parts = description.xcdCount > 1 ? description.xcdCount
                                           : description.shaderEngineCount;
  auto deviceAttr = DeviceAttr::getChecked(
      [&] { return schedule.emitOpError(); }, schedule.getContext(),
      StringRef(description.name), StringRef(description.target),
      description.cuCount, parts, description.maxMaskedQueueCount,
      ArrayRef<int64_t>(description.maskSizesCuCount));
  if (!deviceAttr)
    return failure();
  // The verifier compares costs with the device, so both change together.
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>()) {
    FailureOr<KernelCosts> result = estimate(dispatch);
    if (failed(result))
      return failure();
    setDispatchCost(dispatch, description.maskSizesCuCount, result->costs,
                    result->farCosts, result->source);
  }
  schedule.setDeviceAttr(deviceAttr);
  setMaskTopology(schedule, description.maskTopology());
  setDeviceLimits(schedule, deviceLimits(description));
  schedule->removeAttr("eclip.profile");
  if (measured)
    describeProfile(schedule);
  KernelCost change = estimateQueueSwitch(description);
  schedule->setAttr("eclip.switch_cost_ns",
                    builder.getI64IntegerAttr(change.timeNs));
  schedule->setAttr("eclip.switch_cost_nj",
                    builder.getI64IntegerAttr(change.energyNj));
  return success();
}
