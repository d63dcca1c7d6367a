//===- InsertBarriers.cpp - barriers for dependencies across queues -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/HappensBefore.h"
#include "compiler/schedule/Passes.h"

using namespace mlir;
using namespace eclip;

namespace eclip {
#define GEN_PASS_DEF_INSERTBARRIERS
#include "compiler/schedule/Passes.h.inc"
} // namespace eclip

namespace {

/// A barrier-AND packet has five dependency signals.
constexpr size_t kMaxWaits = 5;

/// A producer that a dispatch may have to wait for.
struct Wait {
  Value value;
  unsigned queue;
  int64_t position;
  const Clock *before; ///< complete when the producer starts
};

class BarrierInserter {
public:
  BarrierInserter(ScheduleOp schedule,
                  const llvm::DenseMap<StringAttr, unsigned> &groups,
                  unsigned queueCount)
      : schedule(schedule), symbols(schedule->getParentOp()), groups(groups),
        head(queueCount, Clock(queueCount, 0)) {}

  int64_t run();

private:
  SmallVector<Value> producers(DispatchOp dispatch);
  SmallVector<Wait> neededWaits(DispatchOp dispatch, unsigned queue);

  ScheduleOp schedule;
  SymbolTable symbols; ///< of the module: kernels
  const llvm::DenseMap<StringAttr, unsigned> &groups;
  SmallVector<Clock> head;
  llvm::DenseMap<Operation *, unsigned> queueOf;
  llvm::DenseMap<Operation *, int64_t> positionOf;
  llvm::DenseMap<Operation *, Clock> beforeOf;
};

struct InsertBarriers : eclip::impl::InsertBarriersBase<InsertBarriers> {
  using Base::Base;

  void runOnOperation() override {
    for (auto schedule : getOperation().getOps<ScheduleOp>()) {
      if (!schedule.getBodyBlock().getOps<BarrierOp>().empty()) {
        schedule.emitOpError("already has barriers");
        return signalPassFailure();
      }
      unsigned queueCount = 0;
      auto groups = indexGroupsByQueue(schedule, queueCount);
      if (failed(groups))
        return signalPassFailure();
      int64_t waits = BarrierInserter(schedule, *groups, queueCount).run();
      Builder builder(&getContext());
      schedule->setAttr("eclip.barrier_waits",
                        builder.getI64IntegerAttr(waits));
    }
  }
};

} // namespace

/// The results of dispatches whose bytes `dispatch` reads. Of an eclip.buffer
/// these are the writers of boxes that the kernel reads. What it writes needs
/// no wait: boxes of one buffer are apart and read only after they are written.
SmallVector<Value> BarrierInserter::producers(DispatchOp dispatch) {
  SmallVector<Value> found;
  KernelOp kernel;
  for (auto [index, operand] : llvm::enumerate(dispatch.getArgs())) {
    if (!bufferOf(operand)) {
      if (operand.getDefiningOp<DispatchOp>())
        found.push_back(operand);
      continue;
    }
    if (!kernel)
      kernel = symbols.lookup<KernelOp>(dispatch.getKernel());
    auto boxes = kernel.getReadBoxes(index);
    for (Value value = operand; auto writer = value.getDefiningOp<DispatchOp>();) {
      unsigned number = cast<OpResult>(value).getResultNumber();
      BoxAttr written = writer.getBox(number);
      if (!boxes || llvm::any_of(*boxes, [&](BoxAttr box) { return box.overlaps(written); }))
        found.push_back(value);
      value = writer.getDest(number);
    }
  }
  return found;
}

/// The producers on other queues that neither the queue's head nor another of
/// them implies. Order comes from nothing later, so this is the transitive
/// reduction: each wait left is the only path from its producer.
SmallVector<Wait> BarrierInserter::neededWaits(DispatchOp dispatch,
                                               unsigned queue) {
  // The last producer on each queue implies the earlier ones.
  SmallVector<Wait> last;
  for (Value operand : producers(dispatch)) {
    Operation *producer = operand.getDefiningOp();
    Wait wait{operand, queueOf.lookup(producer), positionOf.lookup(producer),
              &beforeOf[producer]};
    if (wait.position <= head[queue][wait.queue])
      continue;
    auto *same = llvm::find_if(
        last, [&](const Wait &other) { return other.queue == wait.queue; });
    if (same == last.end())
      last.push_back(wait);
    else if (same->position < wait.position)
      *same = wait;
  }
  SmallVector<Wait> needed;
  for (const Wait &wait : last)
    if (llvm::none_of(last, [&](const Wait &other) {
          return (*other.before)[wait.queue] >= wait.position;
        }))
      needed.push_back(wait);
  return needed;
}

int64_t BarrierInserter::run() {
  int64_t count = 0;
  auto dispatches =
      llvm::to_vector(schedule.getBodyBlock().getOps<DispatchOp>());
  // Filled first, so that clocks keep their addresses.
  for (DispatchOp dispatch : dispatches)
    beforeOf[dispatch] = {};
  for (DispatchOp dispatch : dispatches) {
    unsigned queue = groups.lookup(dispatch.getGroupAttr().getAttr());
    SmallVector<Wait> waits = neededWaits(dispatch, queue);
    OpBuilder builder(dispatch);
    for (size_t begin = 0; begin < waits.size(); begin += kMaxWaits) {
      SmallVector<Value, kMaxWaits> values;
      for (const Wait &wait : ArrayRef(waits).slice(
               begin, std::min(kMaxWaits, waits.size() - begin)))
        values.push_back(wait.value);
      BarrierOp::create(builder, dispatch.getLoc(), dispatch.getGroupAttr(),
                        values);
    }
    count += waits.size();
    Clock &clock = head[queue];
    for (const Wait &wait : waits) {
      joinInto(clock, *wait.before);
      clock[wait.queue] = std::max(clock[wait.queue], wait.position);
    }
    queueOf[dispatch] = queue;
    beforeOf[dispatch] = clock;
    positionOf[dispatch] = ++clock[queue];
  }
  return count;
}
