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
      int64_t waits = insert(schedule, *groups, queueCount);
      Builder builder(&getContext());
      schedule->setAttr("eclip.barrier_waits",
                        builder.getI64IntegerAttr(waits));
    }
  }

  static int64_t insert(ScheduleOp schedule,
                        const llvm::DenseMap<StringAttr, unsigned> &groups,
                        unsigned queueCount);
};

} // namespace

/// Returns how many waits there are.
int64_t
InsertBarriers::insert(ScheduleOp schedule,
                       const llvm::DenseMap<StringAttr, unsigned> &groups,
                       unsigned queueCount) {
  SymbolTable module(schedule->getParentOp());
  QueueOrder order(queueCount);
  llvm::DenseMap<Operation *, unsigned> indexOf;
  int64_t count = 0;
  for (DispatchOp dispatch : llvm::to_vector(
           schedule.getBodyBlock().getOps<DispatchOp>())) {
    unsigned queue = groups.lookup(dispatch.getGroupAttr().getAttr());
    SmallVector<Value> read = valuesReadBy(dispatch, module);
    SmallVector<unsigned> producers = llvm::map_to_vector(
        read, [&](Value value) { return indexOf.lookup(value.getDefiningOp()); });
    SmallVector<Value> waits;
    for (unsigned wait : order.neededWaits(queue, producers)) {
      waits.push_back(read[llvm::find(producers, wait) - producers.begin()]);
      order.wait(queue, wait);
    }
    OpBuilder builder(dispatch);
    ArrayRef<Value> left = waits;
    while (!left.empty()) {
      size_t size = std::min<size_t>(kMaxWaits, left.size());
      BarrierOp::create(builder, dispatch.getLoc(), dispatch.getGroupAttr(),
                        left.take_front(size));
      left = left.drop_front(size);
    }
    count += waits.size();
    indexOf[dispatch] = order.size();
    order.append(queue);
  }
  return count;
}
