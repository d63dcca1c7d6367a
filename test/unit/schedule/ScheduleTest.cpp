//===- ScheduleTest.cpp - random schedules through every pass -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/HappensBefore.h"
#include "compiler/schedule/Passes.h"
#include "dialect/Eclip.h"
#include "test/unit/schedule/WaitMutations.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

#include <chrono>
#include <gtest/gtest.h>
#include <random>
#include <set>

using namespace mlir;
using namespace eclip;

namespace {

struct Shape {
  unsigned dispatches = 40;
  unsigned reach = 6; ///< how far back an operand may come from
  unsigned maxOperands = 3;
  bool random = true; ///< CU counts at random, not by clustering
};

class Schedules : public ::testing::Test {
protected:
  Schedules() {
    context.loadDialect<EclipDialect>();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return success();
    });
  }

  unsigned upTo(unsigned most) { return unsigned(random() % (most + 1)); }

  std::string type(unsigned size) {
    return llvm::formatv("tensor<{0}xf32>", size).str();
  }

  /// A schedule of kernels that read 1 to maxOperands tensors and write one or
  /// two. Results without a reader become outputs, and some others too.
  std::string makeText(const Shape &shape);
  OwningOpRef<ModuleOp> makeSchedule(const Shape &shape);
  LogicalResult runPasses(ModuleOp module, ArrayRef<StringRef> names);
  bool verifies(ModuleOp module) {
    return succeeded(runPasses(module, {"verify"}));
  }
  void checkBarriers(ModuleOp module);
  void checkReduction(ModuleOp module);
  unsigned checkMutations(ModuleOp module);

  MLIRContext context;
  std::mt19937 random{11};
  std::string messages;
};

ScheduleOp scheduleOf(ModuleOp module) {
  return *module.getOps<ScheduleOp>().begin();
}

template <typename OpT> SmallVector<OpT> opsOf(ModuleOp module) {
  return llvm::to_vector(scheduleOf(module).getBodyBlock().getOps<OpT>());
}

std::string Schedules::makeText(const Shape &shape) {
  std::string kernels, body;
  struct Tensor {
    std::string name;
    unsigned size;
    bool read = false;
  };
  std::vector<Tensor> tensors = {{"%x", 64}};
  for (unsigned i = 0; i < shape.dispatches; ++i) {
    std::vector<unsigned> operands;
    for (unsigned n = 1 + upTo(shape.maxOperands - 1); n-- > 0;)
      operands.push_back(
          tensors.size() - 1 -
          upTo(std::min<unsigned>(tensors.size() - 1, shape.reach)));
    std::string types, names, arguments;
    for (auto [n, operand] : llvm::enumerate(operands)) {
      tensors[operand].read = true;
      types += (n ? ", " : "") + type(tensors[operand].size);
      names += (n ? ", " : "") + tensors[operand].name;
      arguments += llvm::formatv("{0}%a{1}: {2}", n ? ", " : "", n,
                                 type(tensors[operand].size));
    }
    unsigned results = 1 + (upTo(9) == 0);
    std::string resultTypes, yields, values;
    for (unsigned n = 0; n < results; ++n) {
      unsigned size = 1 + upTo(2000);
      tensors.push_back({llvm::formatv("%d{0}#{1}", i, n).str(), size});
      resultTypes += (n ? ", " : "") + type(size);
      yields += (n ? ", " : "") + llvm::formatv("%r{0}", n).str();
      values +=
          llvm::formatv("  %r{0} = tensor.empty() : {1}\n", n, type(size));
    }
    kernels += llvm::formatv(
        "eclip.kernel @k{0} {{\n^bb0({1}):\n{2}  eclip.yield {3} : {4}\n}\n", i,
        arguments, values, yields, resultTypes);
    int64_t base = 500 + upTo(5000);
    body += llvm::formatv(
        "  %d{0}:{1} = eclip.dispatch @k{0}({2}) cost <cus = [15, 30, 45, 60], "
        "time_ns = [{3}, {4}, {5}, {6}], energy_nj = [{7}, {8}, {9}, {10}], "
        "source = \"model\"> : ({11}) -> ({12})\n",
        i, results, names, base + upTo(900), base + upTo(600), base + upTo(300),
        base, base * (20 + upTo(30)), base * (25 + upTo(30)),
        base * (30 + upTo(30)), base * 60, types, resultTypes);
  }
  std::string outputs, outputTypes, outputNames;
  for (unsigned i = 1; i < tensors.size(); ++i) {
    if (tensors[i].read && upTo(19) != 0)
      continue;
    outputNames += llvm::formatv("{0}\"y{1}\"", outputs.empty() ? "" : ", ", i);
    outputTypes += (outputs.empty() ? "" : ", ") + type(tensors[i].size);
    outputs += (outputs.empty() ? "" : ", ") + tensors[i].name;
  }
  return kernels +
         llvm::formatv(
             "eclip.schedule @main inputs [\"x\"] outputs [{0}] device <name = "
             "\"mi50\", target = \"gfx906\", cus = 60, shader_engines = 4, "
             "max_masked_queues = 7, mask_sizes = [15, 30, 45, 60]> {{\n"
             "^bb0(%x: tensor<64xf32>):\n{1}  eclip.yield {2} : {3}\n}\n",
             outputNames, body, outputs, outputTypes)
             .str();
}

LogicalResult Schedules::runPasses(ModuleOp module, ArrayRef<StringRef> names) {
  PassManager passes(&context);
  for (StringRef name : names) {
    if (name == "cluster")
      passes.addPass(createCluster());
    if (name == "queues")
      passes.addPass(createAssignQueues());
    if (name == "barriers")
      passes.addPass(createInsertBarriers());
    if (name == "memory")
      passes.addPass(createPlanMemory());
    if (name == "verify")
      passes.addPass(createVerifySchedule());
  }
  return passes.run(module);
}

/// Groups by chance: each run of dispatches on a random CU count.
void groupAtRandom(ModuleOp module, std::mt19937 &random) {
  ScheduleOp schedule = scheduleOf(module);
  auto builder = OpBuilder::atBlockBegin(&schedule.getBodyBlock());
  SmallVector<GroupOp> groups;
  for (int64_t cuCount : {15, 30, 45, 60})
    groups.push_back(GroupOp::create(
        builder, schedule.getLoc(),
        builder.getStringAttr("g" + std::to_string(cuCount)),
        builder.getI64IntegerAttr(cuCount), FlatSymbolRefAttr(), CostAttr()));
  unsigned current = 0;
  for (DispatchOp dispatch : opsOf<DispatchOp>(module)) {
    if (random() % 3 == 0)
      current = random() % groups.size();
    dispatch.setGroupAttr(
        FlatSymbolRefAttr::get(groups[current].getSymNameAttr()));
  }
}

OwningOpRef<ModuleOp> Schedules::makeSchedule(const Shape &shape) {
  auto module = parseSourceString<ModuleOp>(makeText(shape), &context);
  if (!module)
    return module;
  SmallVector<StringRef> passes = {"queues", "barriers", "memory"};
  if (shape.random)
    groupAtRandom(*module, random);
  else
    passes.insert(passes.begin(), "cluster");
  if (failed(runPasses(*module, passes)))
    return nullptr;
  return module;
}

/// Deletes every single wait in turn: the verifier must fail each time, and
/// pass once it is back.
unsigned Schedules::checkMutations(ModuleOp module) {
  unsigned mutations = forEachDroppedWait(scheduleOf(module), [&](unsigned) {
    messages.clear();
    EXPECT_FALSE(verifies(module)) << "no race without a wait";
    EXPECT_NE(messages.find("race, read after write"), std::string::npos)
        << messages;
  });
  messages.clear();
  EXPECT_TRUE(verifies(module)) << messages;
  return mutations;
}

/// Every wait is of an operand's producer on another queue, at most five each.
void Schedules::checkBarriers(ModuleOp module) {
  for (BarrierOp barrier : opsOf<BarrierOp>(module)) {
    EXPECT_GE(barrier.getWaits().size(), 1u);
    EXPECT_LE(barrier.getWaits().size(), 5u);
    Operation *next = barrier->getNextNode();
    while (isa<BarrierOp>(next))
      next = next->getNextNode();
    for (Value wait : barrier.getWaits())
      EXPECT_TRUE(llvm::is_contained(next->getOperands(), wait));
  }
}

/// The waits are the transitive reduction, by its definition: of the edges from
/// each operand's producer on another queue, those without another path beside
/// them. (In a graph without cycles it is unique.)
void Schedules::checkReduction(ModuleOp module) {
  auto dispatches = opsOf<DispatchOp>(module);
  llvm::DenseMap<StringRef, StringRef> queueOf;
  for (GroupOp group : opsOf<GroupOp>(module))
    queueOf[group.getSymName()] = *group.getQueue();
  size_t count = dispatches.size();
  llvm::DenseMap<Operation *, size_t> indexOf;
  // paths[a][b]: 1 an edge of queue order or of a dependency, 2 a longer path.
  std::vector<std::vector<int>> paths(count, std::vector<int>(count, 0));
  std::set<std::pair<size_t, size_t>> crossing, expected, actual;
  for (size_t b = 0; b < count; ++b) {
    StringRef queue = queueOf.lookup(*dispatches[b].getGroup());
    indexOf[dispatches[b]] = b;
    for (size_t a = b; a-- > 0;)
      if (queueOf.lookup(*dispatches[a].getGroup()) == queue) {
        paths[a][b] = 1;
        break;
      }
    for (Value operand : dispatches[b].getArgs())
      if (auto producer = operand.getDefiningOp<DispatchOp>()) {
        size_t a = indexOf.lookup(producer);
        paths[a][b] = std::max(paths[a][b], 1);
        if (queueOf.lookup(*producer.getGroup()) != queue)
          crossing.insert({a, b});
      }
  }
  for (size_t middle = 0; middle < count; ++middle)
    for (size_t a = 0; a < middle; ++a)
      for (size_t b = middle + 1; paths[a][middle] && b < count; ++b)
        if (paths[middle][b])
          paths[a][b] = 2;
  for (auto [a, b] : crossing)
    if (paths[a][b] == 1)
      expected.insert({a, b});
  for (BarrierOp barrier : opsOf<BarrierOp>(module)) {
    Operation *next = barrier->getNextNode();
    while (isa<BarrierOp>(next))
      next = next->getNextNode();
    for (Value wait : barrier.getWaits())
      EXPECT_TRUE(actual
                      .insert({indexOf.lookup(wait.getDefiningOp()),
                               indexOf.lookup(next)})
                      .second);
  }
  EXPECT_EQ(actual, expected);
}

TEST_F(Schedules, WaitsAreTheTransitiveReduction) {
  for (int round = 0; round < 300; ++round) {
    Shape shape;
    shape.dispatches = 1 + upTo(40);
    shape.reach = 1 + upTo(30);
    shape.maxOperands = 1 + upTo(6);
    auto module = makeSchedule(shape);
    ASSERT_TRUE(module) << messages;
    checkReduction(*module);
  }
}

TEST_F(Schedules, RandomQueuesVerifyAndNoWaitIsRedundant) {
  unsigned mutations = 0;
  for (int round = 0; round < 100; ++round) {
    Shape shape;
    shape.dispatches = 1 + upTo(50);
    shape.reach = 1 + upTo(12);
    shape.maxOperands = 1 + upTo(6);
    auto module = makeSchedule(shape);
    ASSERT_TRUE(module) << messages;
    ASSERT_TRUE(verifies(*module)) << messages;
    checkBarriers(*module);
    mutations += checkMutations(*module);
  }
  EXPECT_GT(mutations, 500u);
}

TEST_F(Schedules, ClusteredSchedulesVerify) {
  unsigned mutations = 0;
  for (int round = 0; round < 40; ++round) {
    Shape shape;
    shape.dispatches = 1 + upTo(60);
    shape.random = false;
    auto module = makeSchedule(shape);
    ASSERT_TRUE(module) << messages;
    ASSERT_TRUE(verifies(*module)) << messages;
    mutations += checkMutations(*module);
    EXPECT_LE(opsOf<GroupOp>(*module).size(), 15u);
    for (QueueOp queue : opsOf<QueueOp>(*module)) {
      EXPECT_GE(queue.getMask().count(), 15);
      EXPECT_LE(queue.getMask().count(), 60);
    }
  }
  EXPECT_GT(mutations, 20u);
}

/// The verifier agrees with a slower definition: two buffers may share bytes
/// only as the optimizer's order says, so moving one onto a buffer in conflict
/// must fail.
TEST_F(Schedules, OverlappingBuffersAreFound) {
  unsigned found = 0;
  for (int round = 0; round < 40; ++round) {
    Shape shape;
    shape.dispatches = 20 + upTo(30);
    auto module = makeSchedule(shape);
    ASSERT_TRUE(module) << messages;
    auto order = HappensBefore::compute(scheduleOf(*module));
    ASSERT_TRUE(succeeded(order));
    for (int attempt = 0; attempt < 40; ++attempt) {
      unsigned a = upTo(order->dispatches.size() - 1);
      unsigned b = upTo(order->dispatches.size() - 1);
      DispatchOp first = order->dispatches[a], second = order->dispatches[b];
      if (a >= b || (*first.getOffsets())[0] < 0 ||
          (*second.getOffsets())[0] < 0)
        continue;
      // In use at once if some access of the first is not done before b.
      bool done = order->ordered(a, b);
      for (Operation *user : first.getResult(0).getUsers())
        done &= order->ordered(order->indexOf.lookup(user), b);
      if (done)
        continue;
      SmallVector<int64_t> old(*second.getOffsets());
      SmallVector<int64_t> moved = old;
      moved[0] = (*first.getOffsets())[0];
      ScheduleOp schedule = scheduleOf(*module);
      uint64_t arena = *schedule.getArenaBytes();
      schedule.setArenaBytes(arena + 16384);
      second.setOffsets(moved);
      messages.clear();
      EXPECT_FALSE(verifies(*module));
      EXPECT_FALSE(messages.empty());
      second.setOffsets(old);
      schedule.setArenaBytes(arena);
      ++found;
    }
    messages.clear();
    EXPECT_TRUE(verifies(*module)) << messages;
  }
  EXPECT_GT(found, 50u);
}

/// More than five producers on as many queues: barriers are chained.
TEST_F(Schedules, SixWaitsAreChained) {
  std::string kernels =
      "eclip.kernel @p { ^bb0(%a: tensor<64xf32>):\n eclip.yield %a : "
      "tensor<64xf32> }\n";
  std::string arguments, types, body, names, groups;
  for (int i = 0; i < 6; ++i) {
    arguments += llvm::formatv("{0}%a{1}: tensor<64xf32>", i ? ", " : "", i);
    types += i ? ", tensor<64xf32>" : "tensor<64xf32>";
    names += llvm::formatv("{0}%d{1}", i ? ", " : "", i);
    groups += llvm::formatv("  eclip.group @g{0} cus {1}\n", i, i + 1);
    body += llvm::formatv("  %d{0} = eclip.dispatch @p(%x) in @g{0} : "
                          "(tensor<64xf32>) -> tensor<64xf32>\n",
                          i);
  }
  kernels += "eclip.kernel @j { ^bb0(" + arguments +
             "):\n eclip.yield %a0 : tensor<64xf32> }\n";
  std::string text =
      kernels +
      "eclip.schedule @main inputs [\"x\"] outputs [\"y\"] device <name = "
      "\"d\", "
      "target = \"t\", cus = 7, shader_engines = 1, max_masked_queues = 7, "
      "mask_sizes = [1, 2, 3, 4, 5, 6, 7]> {\n^bb0(%x: tensor<64xf32>):\n" +
      groups + "  eclip.group @g6 cus 7\n" + body +
      "  %y = eclip.dispatch @j(" + names + ") in @g6 : (" + types +
      ") -> tensor<64xf32>\n  eclip.yield %y : tensor<64xf32>\n}\n";
  auto module = parseSourceString<ModuleOp>(text, &context);
  ASSERT_TRUE(module) << messages;
  ASSERT_TRUE(
      succeeded(runPasses(*module, {"queues", "barriers", "memory", "verify"})))
      << messages;
  auto barriers = opsOf<BarrierOp>(*module);
  ASSERT_EQ(barriers.size(), 2u);
  EXPECT_EQ(barriers[0].getWaits().size(), 5u);
  EXPECT_EQ(barriers[1].getWaits().size(), 1u);
  EXPECT_EQ(checkMutations(*module), 6u);
}

/// The time of the passes on a schedule of 1000 dispatches is printed, and
/// bounded loosely, since test machines are shared.
TEST_F(Schedules, AThousandDispatches) {
  for (bool random : {true, false}) {
    Shape shape;
    shape.dispatches = 1000;
    shape.random = random;
    auto module = parseSourceString<ModuleOp>(makeText(shape), &context);
    ASSERT_TRUE(module) << messages;
    if (random)
      groupAtRandom(*module, this->random);
    context.disableMultithreading();
    for (StringRef pass :
         {"cluster", "queues", "barriers", "memory", "verify"}) {
      if (random && pass == "cluster")
        continue;
      auto start = std::chrono::steady_clock::now();
      ASSERT_TRUE(succeeded(runPasses(*module, {pass}))) << messages;
      std::chrono::duration<double> took =
          std::chrono::steady_clock::now() - start;
      EXPECT_LT(took.count(), 10.0);
      std::printf("%-8s %.3f s\n", pass.str().c_str(), took.count());
    }
  }
}

} // namespace
