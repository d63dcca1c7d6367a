//===- Pipeline.cpp - the passes, as one list -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/pipeline/Pipeline.h"

#include "compiler/cost/DeviceDescription.h"
#include "compiler/cost/Profile.h"
#include "compiler/kernels/codegen/Compile.h"
#include "compiler/kernels/codegen/Passes.h"

#include "mlir/Pass/PassInstrumentation.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/ADT/StringSwitch.h"
#include "llvm/Support/FormatVariadic.h"

using namespace mlir;
using namespace eclip;

namespace {

/// Passes in the order in which they run; `stage` is reached after the last
/// entry that names it.
struct Step {
  Stage stage;
  std::string passes;
};

/// The one step that takes callbacks, which text can't hold.
constexpr StringLiteral kCompileStep = "eclip-compile-kernels";

/// Kernels for parts of the device, where the target has tiles for them.
std::string tileVariants(const PipelineOptions &options) {
  auto device = loadDeviceDescription(options.device);
  if (!device) {
    llvm::consumeError(device.takeError()); // checkDevice() reports it
    return "";
  }
  std::string counts;
  for (int64_t count : device->maskSizesCuCount)
    counts += (counts.empty() ? "" : ",") + std::to_string(count);
  // Plans for neighbours are not pinned.
  bool pinned = options.cus != 0 && options.neighbours == 0 &&
                options.mixWorkers == 0 && options.profile.empty() &&
                llvm::is_contained(device->maskSizesCuCount, options.cus);
  std::string tiles =
      options.tileFile.empty() ? "" : " tiles='" + options.tileFile + "'";
  return llvm::formatv("eclip-tile-variants{{target={0} cus={1} "
                       "pinned-cus={2}{3}}",
                       options.target, counts, pinned ? options.cus : 0, tiles);
}

std::vector<Step> pipelineSteps(const PipelineOptions &options) {
  std::string precision;
  if (options.precision != "f32")
    precision =
        llvm::formatv("eclip-lower-precision{{to={0}}", options.precision);
  std::string profile =
      options.profile.empty() ? "" : " profile='" + options.profile + "'";
  std::string objective =
      options.objective.empty() ? "" : " objective=" + options.objective;
  std::string cluster = llvm::formatv(
      "max-switches={0} slo-ms={1:f6} throughput-floor={2:f6} cus={3} "
      "end={4} priority={5}{6}",
      options.maxSwitches, options.sloMs, options.throughputFloor, options.cus,
      options.end, options.priority, objective);
  std::string cache;
  if (!options.cacheDirectory.empty())
    cache = llvm::formatv(" cache-dir='{0}' cache-bytes={1}",
                          options.cacheDirectory, options.cacheBytes);
  return {
      {Stage::Kernels, "func.func(eclip-channels-last)"},
      {Stage::Kernels, "func.func(eclip-reorder-products)"},
      {Stage::Kernels, "func.func(eclip-fold-constants)"},
      {Stage::Kernels, "func.func(eclip-merge-contractions)"},
      {Stage::Kernels, "func.func(eclip-fold-constants)"}, // merged weights
      {Stage::Kernels, "eclip-form-kernels"},
      {Stage::Kernels, precision},
      {Stage::Kernels, "eclip-cut-kernels"},
      {Stage::Kernels,
       llvm::formatv("eclip-join-attention{{target={0}}", options.target)},
      {Stage::Plans, tileVariants(options)},
      {Stage::Plans, kCompileStep.str()},
      {Stage::Plans,
       llvm::formatv("eclip-annotate-cost{{device='{0}'{1}}", options.device,
                     profile)},
      {Stage::Plans,
       llvm::formatv("eclip-make-plans{{neighbours={0} mix-workers={1} "
                     "each-cus={2}}",
                     options.neighbours, options.mixWorkers,
                     options.eachCus ? 1 : 0)},
      // The modules of a mix are clustered together here, which no pass of one
      // module can do (runMixPipeline).
      {Stage::Groups, "eclip-cluster{" + cluster + "}"},
      {Stage::Groups, llvm::formatv("eclip-split-branches{{max-switches={0}}",
                                    options.maxSwitches)},
      {Stage::Groups, "eclip-select-variants"},
      {Stage::Groups,
       llvm::formatv("eclip-drop-kernels{{target={0}{1}}", options.target,
                     cache)},
      {Stage::Schedule, "eclip-assign-queues"},
      {Stage::Schedule, "eclip-insert-barriers"},
      {Stage::Schedule, "eclip-plan-memory"},
      {Stage::Schedule, "eclip-verify-schedule"},
  };
}

class Progress : public PassInstrumentation {
public:
  explicit Progress(std::function<void(StringRef)> onPass)
      : onPass(std::move(onPass)) {}
  void runBeforePass(Pass *pass, Operation *op) override {
    if (isa<ModuleOp>(op) && !pass->getArgument().empty())
      onPass(pass->getArgument());
  }

private:
  std::function<void(StringRef)> onPass;
};

} // namespace

std::optional<Stage> eclip::stageByName(StringRef name) {
  return llvm::StringSwitch<std::optional<Stage>>(name)
      .Case("import", Stage::Import)
      .Case("kernels", Stage::Kernels)
      .Case("llvm", Stage::Llvm)
      .Case("asm", Stage::Asm)
      .Case("plans", Stage::Plans)
      .Case("groups", Stage::Groups)
      .Case("schedule", Stage::Schedule)
      .Default(std::nullopt);
}

/// Prints all kernels of `module` as text of the stage `Llvm` or `Asm`.
static LogicalResult printText(ModuleOp module, Stage stage,
                               const PipelineOptions &pipeline,
                               std::string &text) {
  StringRef target = pipeline.target;
  FailureOr<KernelTarget> kernelTarget = targetFor(target);
  if (failed(kernelTarget))
    return emitError(module.getLoc()) << "unknown target '" << target << "'";
  DialectRegistry registry;
  registerCodegenDialects(registry);
  module.getContext()->appendDialectRegistry(registry);
  module.getContext()->loadAllAvailableDialects();
  CompileOptions options;
  options.target = *kernelTarget;
  options.tileFile = pipeline.tileFile;
  llvm::raw_string_ostream os(text);
  return printKernels(
      module, stage == Stage::Llvm ? KernelText::LlvmIr : KernelText::Assembly,
      /*name=*/"", options, os);
}

static LogicalResult addStep(const Step &step, PassManager &manager,
                             const PipelineOptions &options,
                             raw_ostream &error) {
  if (step.passes != kCompileStep)
    return parsePassPipeline(step.passes, manager, error);
  FailureOr<KernelTarget> target = targetFor(options.target);
  if (failed(target)) {
    error << "unknown target '" << options.target << "'";
    return failure();
  }
  CompileOptions compile;
  compile.target = *target;
  compile.cacheDirectory = options.cacheDirectory;
  compile.cacheBytes = options.cacheBytes;
  compile.tileFile = options.tileFile;
  // A profile is of machine code: measured kernels are known by theirs.
  compile.assembleLater = options.profile.empty();
  compile.progress = options.onKernel;
  compile.report = options.onCompiled;
  manager.addPass(createCompileKernelsPass(std::move(compile)));
  return success();
}

/// Whether device and profile fit the target, before kernels are compiled: the
/// cost pass would say so only after that.
static LogicalResult checkDevice(ModuleOp module,
                                 const PipelineOptions &options) {
  auto fail = [&](llvm::Error error) {
    return emitError(module.getLoc()) << llvm::toString(std::move(error));
  };
  auto device = loadDeviceDescription(options.device);
  if (!device)
    return fail(device.takeError());
  if (device->target != options.target)
    return emitError(module.getLoc())
           << "device '" << device->name << "' is " << device->target
           << ", kernels are compiled for " << options.target;
  if (options.profile.empty())
    return success();
  auto profile = loadProfile(options.profile);
  if (!profile)
    return fail(profile.takeError());
  if (llvm::Error error =
          checkProfileDevice(*profile, options.profile, device->name,
                             device->target, device->cuCount))
    return fail(std::move(error));
  return success();
}

/// Runs the steps behind `done`, or all without one, up to `last`.
static LogicalResult runSteps(ModuleOp module, std::optional<Stage> done,
                              Stage last, const PipelineOptions &options) {
  PassManager manager(module.getContext(), ModuleOp::getOperationName());
  std::string registrationError;
  llvm::raw_string_ostream errorStream(registrationError);
  for (const Step &step : pipelineSteps(options)) {
    if (done && step.stage <= *done)
      continue;
    if (step.stage > last)
      break;
    if (failed(addStep(step, manager, options, errorStream)))
      return emitError(module.getLoc()) << registrationError;
  }
  if (options.onPass)
    manager.addInstrumentation(std::make_unique<Progress>(options.onPass));
  return manager.run(module);
}

LogicalResult eclip::runPipeline(ModuleOp module, Stage last,
                                 const PipelineOptions &options,
                                 std::string &text) {
  if (last >= Stage::Plans && failed(checkDevice(module, options)))
    return failure();
  if (failed(runSteps(module, std::nullopt, last, options)))
    return failure();
  bool wantsText = last == Stage::Llvm || last == Stage::Asm;
  return wantsText ? printText(module, last, options, text) : success();
}

LogicalResult eclip::continuePipeline(ModuleOp module, Stage done, Stage last,
                                      const PipelineOptions &options) {
  return runSteps(module, done, last, options);
}
