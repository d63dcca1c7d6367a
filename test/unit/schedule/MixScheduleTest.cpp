//===- MixScheduleTest.cpp - schedules to a mix and back ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Passes.h"
#include "compiler/schedule/ScheduleClustering.h"

#include "mlir/IR/BuiltinOps.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>

using namespace mlir;
using namespace eclip;

namespace {

/// A schedule of `count` dispatches in a chain, each with the same costs.
std::string schedule(StringRef name, int count, StringRef timeNs,
                     StringRef device = "mi50") {
  std::string text = R"(
eclip.kernel @k {
^bb0(%a: tensor<64xf32>):
  eclip.yield %a : tensor<64xf32>
}
eclip.schedule @)" + name.str() +
                     R"( inputs ["x"] outputs ["y"] device <name = ")" +
                     device.str() +
                     R"(", target = "gfx906", cus = 60, shader_engines = 4,
 max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]>
 attributes {eclip.switch_cost_ns = 50 : i64, eclip.switch_cost_nj = 1000 : i64,
  eclip.device_limits = {board_mw = 300000 : i64, hbm_bytes_per_s = 800000000000 : i64,
  idle_mw = 20000 : i64, launch_ns = 0 : i64}} {
^bb0(%v0: tensor<64xf32>):
)";
  for (int i = 0; i < count; ++i)
    text += "  %v" + std::to_string(i + 1) + " = eclip.dispatch @k(%v" +
            std::to_string(i) +
            ") cost <cus = [15, 30, 45, 60], time_ns = " + timeNs.str() +
            ", energy_nj = [300000, 250000, 240000, 230000], source = "
            "\"model\"> : (tensor<64xf32>) -> tensor<64xf32>\n";
  return text + "  eclip.yield %v" + std::to_string(count) +
         " : tensor<64xf32>\n}\n";
}

class MixSchedule : public testing::Test {
protected:
  MixSchedule() {
    context.loadDialect<EclipDialect>();
    handler = std::make_unique<ScopedDiagnosticHandler>(
        &context, [this](Diagnostic &diagnostic) {
          message = diagnostic.str();
          return success();
        });
  }
  ScheduleOp parse(const std::string &text) {
    modules.push_back(parseSourceString<ModuleOp>(text, &context));
    EXPECT_TRUE(bool(modules.back())) << message;
    return *modules.back()->getOps<ScheduleOp>().begin();
  }

  MLIRContext context;
  std::vector<OwningOpRef<ModuleOp>> modules;
  std::unique_ptr<ScopedDiagnosticHandler> handler;
  std::string message;
};

const char *wide = "[4000, 2000, 1400, 1100]";
const char *narrow = "[1000, 1000, 1000, 1000]";

/// One worker scales with CUs and one doesn't: they come to lie beside each
/// other, and their masks share no CU.
TEST_F(MixSchedule, WorkersBesideEachOther) {
  std::vector<ScheduleOp> schedules = {parse(schedule("wide", 3, wide)),
                                       parse(schedule("narrow", 4, narrow))};
  MixOptions options;
  options.objective = Objective::Latency;
  FailureOr<MixProblem> problem = makeMixProblem(schedules, options);
  ASSERT_TRUE(succeeded(problem)) << message;
  EXPECT_EQ(problem->workers[1].name, "narrow");
  EXPECT_EQ(problem->workers[1].kernelCount, 4u);
  auto solution = solveMix(*problem);
  ASSERT_TRUE(bool(solution));
  EXPECT_FALSE(bool(problem->verify(*solution)));
  EXPECT_EQ(solution->cuCounts, (MixChoice{{45, 45, 45}, {15, 15, 15, 15}}));
  applyMix(schedules, *problem, *solution);
  int64_t bits[2][2] = {};
  for (int w = 0; w < 2; ++w) {
    PassManager manager(&context);
    manager.addPass(createAssignQueues());
    ASSERT_TRUE(succeeded(manager.run(*modules[w]))) << message;
    auto queues = schedules[w].getBodyBlock().getOps<QueueOp>();
    ASSERT_EQ(std::distance(queues.begin(), queues.end()), 1);
    auto words = (*queues.begin()).getMask().getWords();
    for (int word = 0; word < 2; ++word)
      bits[w][word] = words[word];
    auto summary =
        schedules[w]->getAttrOfType<DictionaryAttr>("eclip.clustering");
    ASSERT_TRUE(bool(summary));
    EXPECT_EQ(summary.getAs<IntegerAttr>("worker").getInt(), w);
    EXPECT_EQ(summary.getAs<IntegerAttr>("time_ns").getInt(),
              w == 0 ? 4200 : 4000);
  }
  EXPECT_EQ(bits[0][0] & bits[1][0], 0);
  EXPECT_EQ(bits[0][1] & bits[1][1], 0);
  EXPECT_NE(bits[1][0] | bits[1][1], 0);
}

TEST_F(MixSchedule, Refusals) {
  std::vector<ScheduleOp> schedules = {
      parse(schedule("a", 1, wide)),
      parse(schedule("b", 1, wide, /*device=*/"mi60"))};
  EXPECT_TRUE(failed(makeMixProblem(schedules, {})));
  EXPECT_EQ(message,
            "'eclip.schedule' op is for device 'mi60', the mix's first "
            "worker for 'mi50'");
  schedules.pop_back();
  FailureOr<MixProblem> problem = makeMixProblem(schedules, {});
  ASSERT_TRUE(succeeded(problem));
  auto solution = solveMix(*problem);
  ASSERT_TRUE(bool(solution));
  applyMix(schedules, *problem, *solution);
  EXPECT_TRUE(failed(makeMixProblem(schedules, {})));
  EXPECT_EQ(message, "'eclip.schedule' op is already clustered");
}

} // namespace
