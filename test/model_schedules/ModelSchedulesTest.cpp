//===- ModelSchedulesTest.cpp - schedules of the seven models -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Each evaluation model up to its kernels, then many schedules of it: as the
// clustering decides under several objectives, with branches side by side where
// that pays, and with CU counts at random, which puts barriers almost
// everywhere. Of every schedule each wait of each barrier is deleted in turn.
//
// No schedule depends on the values of weights, so the weights files are holes:
// all zero, and without a byte on the disk. Kernels are not compiled; costs are
// those of the usual grids.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Import.h"
#include "compiler/pipeline/Pipeline.h"
#include "compiler/pipeline/Registration.h"
#include "test/unit/schedule/WaitMutations.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "llvm/Support/FormatVariadic.h"

#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <random>

using namespace mlir;
using namespace eclip;
namespace fs = std::filesystem;

namespace {

/// More than any of the weights files.
constexpr uint64_t kWeightsBytes = uint64_t(1) << 30;

class ModelSchedules : public ::testing::TestWithParam<const char *> {
protected:
  ModelSchedules() {
    DialectRegistry registry;
    registerDialects(registry);
    registerPasses();
    context.appendDialectRegistry(registry);
    context.loadDialect<EclipDialect>();
    context.disableMultithreading();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return success();
    });
  }

  /// The model's kernels and its flat schedule.
  OwningOpRef<ModuleOp> formKernels();
  LogicalResult run(ModuleOp module, StringRef passes);
  bool verifies(ModuleOp module) {
    messages.clear();
    return succeeded(run(module, "eclip-verify-schedule"));
  }
  void groupAtRandom(ScheduleOp schedule);
  unsigned checkEachWait(ModuleOp module, const std::string &what);
  int64_t checkBranches(ScheduleOp schedule);

  MLIRContext context;
  std::string messages;
  std::mt19937 random{23};
};

ScheduleOp scheduleOf(ModuleOp module) {
  return *module.getOps<ScheduleOp>().begin();
}

OwningOpRef<ModuleOp> ModelSchedules::formKernels() {
  std::string name = GetParam();
  fs::path work = fs::path(ECLIP_MODELS_WORK_DIR) / "weightless";
  fs::path graph = work / (name + ".onnx"), weights = work / (name + ".weights");
  std::error_code error;
  fs::create_directories(work, error);
  fs::copy_file(fs::path(ECLIP_MODELS_DIR) / (name + ".onnx"), graph,
                fs::copy_options::overwrite_existing, error);
  std::ofstream(weights).close();
  if (!error)
    fs::resize_file(weights, kWeightsBytes, error);
  if (error) {
    messages = error.message();
    return nullptr;
  }
  ImportOptions options;
  options.batch = 1;
  OwningOpRef<ModuleOp> module = importOnnx(context, graph.string(), options);
  std::string text;
  if (module && failed(runPipeline(*module, Stage::Kernels, {}, text)))
    return nullptr;
  return module;
}

LogicalResult ModelSchedules::run(ModuleOp module, StringRef passes) {
  PassManager manager(&context);
  // Of all kernels, each time: minutes in sum.
  manager.enableVerifier(false);
  llvm::raw_string_ostream os(messages);
  return failed(parsePassPipeline(passes, manager, os)) ? failure()
                                                        : manager.run(module);
}

/// Each dispatch on a CU count by chance, and no limit on how many of them one
/// request uses: the more queues, the more waits.
void ModelSchedules::groupAtRandom(ScheduleOp schedule) {
  schedule->removeAttr("eclip.device_limits");
  auto builder = OpBuilder::atBlockBegin(&schedule.getBodyBlock());
  SmallVector<GroupOp> groups;
  for (int64_t cuCount : schedule.getDeviceAttr().getMaskSizes())
    groups.push_back(GroupOp::create(
        builder, schedule.getLoc(),
        builder.getStringAttr("g" + std::to_string(cuCount)),
        builder.getI64IntegerAttr(cuCount), FlatSymbolRefAttr(), CostAttr()));
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>()) {
    GroupOp group = groups[random() % groups.size()];
    dispatch.setGroupAttr(FlatSymbolRefAttr::get(group.getSymNameAttr()));
  }
}

/// The verifier accepts the schedule, refuses it without any one of its waits,
/// and accepts it again.
unsigned ModelSchedules::checkEachWait(ModuleOp module,
                                       const std::string &what) {
  EXPECT_TRUE(verifies(module)) << what << ": " << messages;
  unsigned waits =
      forEachDroppedWait(scheduleOf(module), [&](unsigned number) {
        EXPECT_FALSE(verifies(module))
            << what << ": accepted without wait " << number;
        EXPECT_NE(messages.find("race, read after write"), std::string::npos)
            << what << ", wait " << number << ": " << messages;
      });
  EXPECT_TRUE(verifies(module)) << what << ": " << messages;
  return waits;
}

/// Split branches are predicted to take no longer and to be worth it. Returns
/// how many regions are split.
int64_t ModelSchedules::checkBranches(ScheduleOp schedule) {
  auto branches = schedule->getAttrOfType<DictionaryAttr>("eclip.branches");
  if (!branches)
    return 0;
  auto number = [&](StringRef name) {
    return branches.getAs<IntegerAttr>(name).getInt();
  };
  EXPECT_LE(number("time_ns"), number("sequence_time_ns"));
  EXPECT_LE(number("energy_nj"), number("sequence_energy_nj") * 1.01);
  EXPECT_LE(number("arena_bytes"), number("sequence_arena_bytes") * 2);
  EXPECT_LE(number("switches"), 14);
  EXPECT_EQ(number("arena_bytes"), int64_t(*schedule.getArenaBytes()));
  auto barrierOps = schedule.getBodyBlock().getOps<BarrierOp>();
  int64_t barriers = std::distance(barrierOps.begin(), barrierOps.end());
  EXPECT_EQ(number("switches"), barriers);
  return number("split");
}

TEST_P(ModelSchedules, EveryWaitIsNeeded) {
  OwningOpRef<ModuleOp> kernels = formKernels();
  ASSERT_TRUE(kernels) << messages;
  constexpr StringLiteral rest =
      "eclip-assign-queues,eclip-insert-barriers,eclip-plan-memory";
  int64_t split = 0;
  for (StringRef device : {"mi50", "h100"}) {
    OwningOpRef<ModuleOp> costs = kernels->clone();
    ASSERT_TRUE(succeeded(run(
        *costs, llvm::formatv("eclip-annotate-cost{{device={0}}", device).str())))
        << messages;
    unsigned clustered = 0;
    for (StringRef objective : {"latency", "energy", "edp", "efficiency", "paper"}) {
      OwningOpRef<ModuleOp> module = costs->clone();
      std::string passes =
          llvm::formatv("eclip-cluster{{objective={0}},eclip-split-branches,{1}",
                        objective, rest);
      ASSERT_TRUE(succeeded(run(*module, passes))) << messages;
      unsigned waits =
          checkEachWait(*module, (device + ", " + objective).str());
      int64_t regions = checkBranches(scheduleOf(*module));
      std::printf("%s, %s, %s: %u waits, %d regions split\n", GetParam(),
                  device.data(), objective.data(), waits, int(regions));
      split += regions;
      clustered += waits;
    }
    EXPECT_GT(clustered, 0u) << "no objective gives a barrier";
    OwningOpRef<ModuleOp> module = costs->clone();
    groupAtRandom(scheduleOf(*module));
    ASSERT_TRUE(succeeded(run(*module, rest))) << messages;
    unsigned waits = checkEachWait(*module, (device + ", at random").str());
    std::printf("%s, %s, at random: %u waits\n", GetParam(), device.data(),
                waits);
    auto dispatches = scheduleOf(*module).getBodyBlock().getOps<DispatchOp>();
    EXPECT_GT(waits, std::distance(dispatches.begin(), dispatches.end()) / 2);
  }
  // Two-branch blocks and projections; the other models are sequences.
  StringRef name = GetParam();
  EXPECT_EQ(split > 0, name.starts_with("res") || name.starts_with("shuffle"));
}

INSTANTIATE_TEST_SUITE_P(Seven, ModelSchedules,
                         ::testing::Values("albert", "alexnet", "densenet201",
                                           "resnet152", "resnext101_32x8d",
                                           "shufflenet_v2_x1_0", "vgg19"),
                         [](const auto &info) {
                           return std::string(info.param);
                         });

} // namespace
