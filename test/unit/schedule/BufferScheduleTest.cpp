//===- BufferScheduleTest.cpp - random schedules with shared buffers ------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Buffers of 8 blocks of columns that dispatches on four queues fill and read.
// The verifier's word is compared with a definition that looks at every 4-byte
// word: it may refuse more, and must never accept a schedule that is wrong.
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/HappensBefore.h"
#include "compiler/schedule/Passes.h"
#include "dialect/Eclip.h"

#include "mlir/IR/MLIRContext.h"
#include "mlir/Parser/Parser.h"
#include "mlir/Pass/PassManager.h"
#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>
#include <map>
#include <random>
#include <set>

using namespace mlir;
using namespace eclip;

namespace {

constexpr unsigned kBlocks = 8, kRows = 4, kBlockColumns = 16;
constexpr const char *kBlock = "tensor<4x16xf32>", *kWhole = "tensor<4x128xf32>";

class BufferSchedules : public ::testing::Test {
protected:
  BufferSchedules() {
    context.loadDialect<EclipDialect>();
    context.getDiagEngine().registerHandler([&](Diagnostic &diagnostic) {
      messages += diagnostic.str() + "\n";
      return success();
    });
  }

  unsigned upTo(unsigned most) { return unsigned(random() % (most + 1)); }
  std::string makeText(unsigned dispatches);
  OwningOpRef<ModuleOp> makeSchedule(unsigned dispatches);
  bool verifies(ModuleOp module) {
    messages.clear();
    PassManager passes(&context);
    passes.addPass(createVerifySchedule());
    return succeeded(passes.run(module));
  }
  bool isRight(ModuleOp module);

  MLIRContext context;
  std::mt19937 random{5};
  std::string messages;
};

ScheduleOp scheduleOf(ModuleOp module) {
  return *module.getOps<ScheduleOp>().begin();
}

} // namespace

std::string BufferSchedules::makeText(unsigned dispatches) {
  struct Shared {
    std::string value;
    std::set<unsigned> written;
  };
  std::vector<Shared> buffers(1 + upTo(2));
  std::vector<std::string> blocks = {"%x"};
  std::set<std::string> unread;
  std::string kernels, body;
  for (unsigned i = 0; i < buffers.size(); ++i) {
    buffers[i].value = llvm::formatv("%b{0}", i);
    body += llvm::formatv("  %b{0} = eclip.buffer : {1}\n", i, kWhole);
  }
  for (unsigned first = 0; first < kBlocks; ++first)
    for (unsigned count = 1; first + count <= kBlocks; ++count)
      kernels += llvm::formatv(
          "eclip.kernel @read{0}_{1} {{\n^bb0(%a: {2}):\n"
          "  %s = tensor.extract_slice %a[0, {3}] [4, {4}] [1, 1] : {2} to tensor<4x{4}xf32>\n"
          "  %r = tensor.empty() : {5}\n  eclip.yield %r : {5}\n}\n",
          first, count, kWhole, first * kBlockColumns, count * kBlockColumns, kBlock);
  for (unsigned i = 0; i < dispatches; ++i) {
    Shared &buffer = buffers[upTo(buffers.size() - 1)];
    std::string source = blocks[blocks.size() - 1 - upTo(std::min<unsigned>(blocks.size() - 1, 4))];
    unsigned kind = upTo(9);
    std::string result = llvm::formatv("%d{0}", i);
    if (kind < 4 && buffer.written.size() < kBlocks) {
      unsigned block = upTo(kBlocks - 1);
      while (buffer.written.count(block))
        block = (block + 1) % kBlocks;
      unread.erase(source);
      body += llvm::formatv("  {0} = eclip.dispatch @part({1}) into ({2} : {3}) "
                            "[#eclip.box<[0, {4}], [4, 16]>] : ({5}) -> {3}\n",
                            result, source, buffer.value, kWhole, block * kBlockColumns, kBlock);
      buffer.value = result;
      buffer.written.insert(block);
      continue;
    }
    if (kind < 8 && !buffer.written.empty()) {
      unsigned first = *std::next(buffer.written.begin(), upTo(buffer.written.size() - 1));
      unsigned count = 1;
      while (count < 4 && buffer.written.count(first + count))
        ++count;
      body += llvm::formatv("  {0} = eclip.dispatch @read{1}_{2}({3}) : ({4}) -> {5}\n", result,
                            first, 1 + upTo(count - 1), buffer.value, kWhole, kBlock);
    } else {
      unread.erase(source);
      body += llvm::formatv("  {0} = eclip.dispatch @copy({1}) : ({2}) -> {2}\n", result, source,
                            kBlock);
    }
    blocks.push_back(result);
    unread.insert(result);
  }
  body += llvm::formatv("  %last = eclip.dispatch @copy(%x) : ({0}) -> {0}\n", kBlock);
  unread.insert("%last");
  std::string names, values, types;
  for (const std::string &value : unread) {
    names += llvm::formatv("{0}\"y{1}\"", names.empty() ? "" : ", ", value.substr(1));
    values += (values.empty() ? "" : ", ") + value;
    types += (types.empty() ? "" : ", ") + std::string(kBlock);
  }
  return llvm::formatv(
      "eclip.kernel @part windows [#eclip.window<{0}, align = 16>] {{\n^bb0(%a: {1}):\n"
      "  eclip.yield %a : {1}\n}\neclip.kernel @copy {{\n^bb0(%a: {1}):\n  eclip.yield %a : {1}\n}\n{2}"
      "eclip.schedule @main inputs [\"x\"] outputs [{3}] device <name = \"mi50\", target = "
      "\"gfx906\", cus = 60, shader_engines = 4, max_masked_queues = 7, mask_sizes = [15, 30, 45, "
      "60]> {{\n^bb0(%x: {1}):\n{4}  eclip.yield {5} : {6}\n}\n",
      kWhole, kBlock, kernels, names, body, values, types);
}

OwningOpRef<ModuleOp> BufferSchedules::makeSchedule(unsigned dispatches) {
  auto module = parseSourceString<ModuleOp>(makeText(dispatches), &context);
  if (!module)
    return module;
  ScheduleOp schedule = scheduleOf(*module);
  auto builder = OpBuilder::atBlockBegin(&schedule.getBodyBlock());
  SmallVector<GroupOp> groups;
  for (int64_t cus : {15, 30, 45, 60})
    groups.push_back(GroupOp::create(builder, schedule.getLoc(),
                                     builder.getStringAttr("g" + std::to_string(cus)),
                                     builder.getI64IntegerAttr(cus), FlatSymbolRefAttr(),
                                     CostAttr()));
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>())
    dispatch.setGroupAttr(FlatSymbolRefAttr::get(groups[upTo(3)].getSymNameAttr()));
  PassManager passes(&context);
  passes.addPass(createAssignQueues());
  passes.addPass(createInsertBarriers());
  passes.addPass(createPlanMemory());
  if (failed(passes.run(*module)))
    return nullptr;
  return module;
}

/// Word by word: every two accesses of which one writes are ordered, and every
/// read finds what the text's last writer of that block of the value wrote.
bool BufferSchedules::isRight(ModuleOp module) {
  ScheduleOp schedule = scheduleOf(module);
  auto order = HappensBefore::compute(schedule);
  SymbolTable symbols(module);
  struct Access {
    unsigned dispatch;
    bool writes;
  };
  std::map<std::pair<int64_t, int64_t>, std::vector<Access>> accesses; // space, word
  std::map<std::pair<int64_t, int64_t>, unsigned> lastWriter;
  bool right = true;
  // Words of a block of a value: in the arena, or in an output of its own.
  auto wordsOf = [&](Value value, int64_t column, int64_t width) {
    auto dispatch = value.getDefiningOp<DispatchOp>();
    int64_t offset = (*dispatch.getOffsets())[0], space = 0;
    if (offset < 0) {
      space = 1 + order->indexOf.lookup(dispatch);
      offset = 0;
    }
    std::vector<std::pair<int64_t, int64_t>> words;
    int64_t pitch = cast<RankedTensorType>(value.getType()).getDimSize(1);
    for (int64_t row = 0; row < kRows; ++row)
      for (int64_t i = 0; i < width; ++i)
        words.emplace_back(space, offset / 4 + row * pitch + column + i);
    return words;
  };
  auto access = [&](unsigned dispatch, std::pair<int64_t, int64_t> word, bool writes) {
    for (const Access &other : accesses[word])
      if ((writes || other.writes) && other.dispatch != dispatch)
        right &= order->ordered(other.dispatch, dispatch);
    accesses[word].push_back({dispatch, writes});
  };
  for (auto [number, dispatch] : llvm::enumerate(order->dispatches)) {
    for (auto [index, argument] : llvm::enumerate(dispatch.getArgs())) {
      if (!argument.getDefiningOp<DispatchOp>())
        continue;
      auto read = [&](Value producer, int64_t column, int64_t width) {
        for (auto word : wordsOf(argument, column, width)) {
          access(number, word, false);
          right &= lastWriter.count(word) &&
                   lastWriter[word] == order->indexOf.lookup(producer.getDefiningOp());
        }
      };
      if (!bufferOf(argument)) {
        read(argument, 0, kBlockColumns);
        continue;
      }
      auto boxes = symbols.lookup<KernelOp>(dispatch.getKernel()).getReadBoxes(index);
      for (BoxAttr box : *boxes)
        for (int64_t column = box.getOffsets()[1];
             column < box.getOffsets()[1] + box.getSizes()[1]; column += kBlockColumns) {
          Value producer = argument;
          while (DispatchOp writer = producer.getDefiningOp<DispatchOp>()) {
            if (writer.getBox(0).getOffsets()[1] == column)
              break;
            producer = writer.getDest(0);
          }
          read(producer, column, kBlockColumns);
        }
    }
    BoxAttr box = dispatch.getBox(0);
    for (auto word : wordsOf(dispatch.getResult(0), box ? box.getOffsets()[1] : 0, kBlockColumns)) {
      access(number, word, true);
      lastWriter[word] = number;
    }
  }
  return right;
}

TEST_F(BufferSchedules, VerifyAndEveryWaitIsNeeded) {
  unsigned mutations = 0;
  for (int round = 0; round < 60; ++round) {
    auto module = makeSchedule(1 + upTo(60));
    ASSERT_TRUE(module) << messages;
    ASSERT_TRUE(verifies(*module)) << messages;
    ASSERT_TRUE(isRight(*module));
    for (auto barrier : llvm::to_vector(scheduleOf(*module).getBodyBlock().getOps<BarrierOp>())) {
      SmallVector<Value> waits(barrier.getWaits());
      Block *block = barrier->getBlock();
      auto place = std::next(barrier->getIterator());
      for (size_t drop = 0; drop < waits.size(); ++drop) {
        SmallVector<Value> rest(waits);
        rest.erase(rest.begin() + drop);
        rest.empty() ? barrier->remove() : barrier.getWaitsMutable().assign(rest);
        EXPECT_FALSE(isRight(*module)) << "a wait is redundant";
        EXPECT_FALSE(verifies(*module)) << "no race without a wait";
        rest.empty() ? (void)block->getOperations().insert(place, barrier)
                     : barrier.getWaitsMutable().assign(waits);
        ++mutations;
      }
    }
  }
  EXPECT_GT(mutations, 100u);
}

/// Moves a plain value or a buffer somewhere else in the arena.
TEST_F(BufferSchedules, NothingWrongIsAccepted) {
  unsigned wrong = 0, accepted = 0;
  for (int round = 0; round < 30; ++round) {
    auto module = makeSchedule(10 + upTo(40));
    ASSERT_TRUE(module) << messages;
    ScheduleOp schedule = scheduleOf(*module);
    uint64_t arena = *schedule.getArenaBytes();
    schedule.setArenaBytes(arena + 4096);
    auto dispatches = llvm::to_vector(schedule.getBodyBlock().getOps<DispatchOp>());
    for (int attempt = 0; attempt < 30; ++attempt) {
      Value moved = dispatches[upTo(dispatches.size() - 1)].getResult(0);
      int64_t old = (*moved.getDefiningOp<DispatchOp>().getOffsets())[0];
      if (old < 0)
        continue;
      BufferOp buffer = bufferOf(moved);
      auto place = [&](int64_t offset) {
        if (buffer)
          buffer.setOffset(offset);
        for (DispatchOp dispatch : dispatches)
          if (dispatch.getResult(0) == moved ||
              (buffer && bufferOf(dispatch.getResult(0)) == buffer))
            dispatch.setOffsets(ArrayRef<int64_t>{offset});
      };
      place(256 * upTo(arena / 256));
      bool right = isRight(*module), verified = verifies(*module);
      EXPECT_TRUE(right || !verified) << "accepted, but wrong";
      wrong += !right;
      accepted += verified;
      place(old);
    }
    EXPECT_TRUE(verifies(*module)) << messages;
  }
  EXPECT_GT(wrong, 100u);
  EXPECT_GT(accepted, 25u);
}
