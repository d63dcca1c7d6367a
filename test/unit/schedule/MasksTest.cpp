//===- MasksTest.cpp - masks of queues on every device --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/cost/DeviceDescription.h"
#include "compiler/schedule/DispatchCost.h"
#include "compiler/schedule/Passes.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Pass/PassManager.h"

#include <gtest/gtest.h>
#include <set>

using namespace mlir;
using namespace eclip;

namespace {

std::set<int64_t> bitsOf(CuMaskAttr mask) {
  std::set<int64_t> bits;
  for (int64_t bit = 0; bit < mask.getCus(); ++bit)
    if (mask.contains(bit))
      bits.insert(bit);
  return bits;
}

/// The CUs of a mask, counted from the low or the high end by the definition
/// of the bit order and not by the code that makes masks: one die engine by
/// engine, several dies and SM groups bit by bit.
std::vector<int64_t> bitsFrom(const MaskTopology &topology, bool high) {
  std::vector<int64_t> bits(topology.cuCount);
  for (int64_t bit = 0; bit < topology.cuCount; ++bit)
    bits[bit] = high ? topology.cuCount - 1 - bit : bit;
  if (topology.order != MaskBitOrder::ShaderEngineInterleaved)
    return bits;
  llvm::sort(bits, [&](int64_t a, int64_t b) {
    int64_t engineA = a % topology.engineCount, engineB = b % topology.engineCount;
    if (engineA != engineB)
      return high ? engineA > engineB : engineA < engineB;
    return a < b;
  });
  return bits;
}

class QueueMasks : public ::testing::Test {
protected:
  QueueMasks() { context.loadDialect<EclipDialect>(); }
  OwningOpRef<ModuleOp> assign(const DeviceDescription &device, StringRef end);
  MLIRContext context;
};

/// A group for each CU count and end.
OwningOpRef<ModuleOp> QueueMasks::assign(const DeviceDescription &device,
                                         StringRef end) {
  OpBuilder builder(&context);
  Location loc = builder.getUnknownLoc();
  OwningOpRef<ModuleOp> module = ModuleOp::create(loc);
  builder.setInsertionPointToEnd(module->getBody());
  auto sizes = SmallVector<int64_t>(device.maskSizesCuCount.begin(),
                                    device.maskSizesCuCount.end());
  auto attr = DeviceAttr::get(&context, device.name, device.target,
                              device.cuCount, device.shaderEngineCount,
                              device.maxMaskedQueueCount, sizes);
  auto schedule = ScheduleOp::create(builder, loc, "main",
                                     builder.getStrArrayAttr({}),
                                     builder.getStrArrayAttr({}), attr, {});
  schedule.getBody().emplaceBlock();
  setMaskTopology(schedule, device.maskTopology());
  builder.setInsertionPointToEnd(&schedule.getBodyBlock());
  for (int64_t count : sizes)
    for (bool far : {false, true}) {
      std::string name = "g" + std::to_string(count) + (far ? "far" : "");
      auto group = GroupOp::create(builder, loc, builder.getStringAttr(name),
                                   builder.getI64IntegerAttr(count),
                                   FlatSymbolRefAttr(), CostAttr());
      if (far)
        group->setAttr("eclip.far_end", builder.getUnitAttr());
    }
  YieldOp::create(builder, loc, ValueRange());
  AssignQueuesOptions options;
  options.workerEnd = end.str();
  PassManager passes(&context);
  passes.addPass(createAssignQueues(options));
  if (failed(passes.run(*module)))
    return nullptr;
  return module;
}

/// On all six devices, from both ends: no mask is empty or leaves the device,
/// each has the CUs that the bit order says, and the mirror image too.
TEST_F(QueueMasks, AreWhatTheBitOrderSays) {
  ASSERT_EQ(builtinDeviceNames().size(), 6u);
  for (llvm::StringRef name : builtinDeviceNames()) {
    DeviceDescription device = llvm::cantFail(loadDeviceDescription(name));
    for (bool high : {false, true}) {
      OwningOpRef<ModuleOp> module = assign(device, high ? "high" : "low");
      ASSERT_TRUE(module) << name.str();
      ScheduleOp schedule = *module->getOps<ScheduleOp>().begin();
      SymbolTable symbols(schedule);
      size_t groups = 0;
      for (auto group : schedule.getBodyBlock().getOps<GroupOp>()) {
        auto queue = symbols.lookup<QueueOp>(*group.getQueue());
        bool far = group->hasAttr("eclip.far_end");
        int64_t count = group.getCus();
        auto expected = [&](bool end) {
          auto order = bitsFrom(device.maskTopology(), end);
          // Groups of SMs: from the high end, whole eights below the rest.
          int64_t rest = end && count < device.cuCount &&
                                 device.maskTopology().granule > 1
                             ? (device.cuCount - count) % 8
                             : 0;
          return std::set<int64_t>(order.begin() + rest,
                                   order.begin() + rest + count);
        };
        std::set<int64_t> bits = bitsOf(queue.getMask());
        EXPECT_EQ(bits.size(), size_t(count)) << name.str();
        EXPECT_FALSE(bits.empty());
        EXPECT_LT(*bits.rbegin(), device.cuCount);
        EXPECT_EQ(bits, expected(high != far)) << name.str() << " " << count;
        auto mirrored = queue->getAttrOfType<CuMaskAttr>("eclip.far_mask");
        EXPECT_EQ(mirrored ? bitsOf(mirrored) : bits, expected(high == far))
            << name.str() << " " << count;
        ++groups;
      }
      EXPECT_EQ(groups, 2 * device.maskSizesCuCount.size());
    }
  }
}

} // namespace
