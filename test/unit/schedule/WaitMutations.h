//===- WaitMutations.h - schedules with one wait left out -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_SCHEDULE_WAITMUTATIONS_H
#define ECLIP_TEST_UNIT_SCHEDULE_WAITMUTATIONS_H

#include "dialect/Eclip.h"

#include "mlir/IR/Builders.h"

namespace eclip {

/// Takes each wait of each barrier out of `schedule` in turn (with the barrier,
/// if it is the only one), calls `mutated` with the wait's number, and puts it
/// back. Returns how many waits there are.
template <typename Callback>
unsigned forEachDroppedWait(ScheduleOp schedule, Callback mutated) {
  unsigned number = 0;
  mlir::Block &block = schedule.getBodyBlock();
  for (BarrierOp barrier : llvm::to_vector(block.getOps<BarrierOp>())) {
    if (barrier.getWaits().size() == 1) {
      auto place = std::next(barrier->getIterator());
      barrier->remove();
      mutated(number++);
      block.getOperations().insert(place, barrier);
      continue;
    }
    for (unsigned i = 0; i < barrier.getWaits().size(); ++i) {
      mlir::Value wait = barrier.getWaits()[i];
      barrier->eraseOperand(i);
      mutated(number++);
      barrier->insertOperands(i, wait);
    }
  }
  return number;
}

} // namespace eclip

#endif // ECLIP_TEST_UNIT_SCHEDULE_WAITMUTATIONS_H
