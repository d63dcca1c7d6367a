//===- QueueOrder.cpp - order of dispatches on queues ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/QueueOrder.h"

#include "llvm/ADT/STLExtras.h"

using namespace eclip;

void eclip::joinInto(Clock &target, const Clock &other) {
  for (auto [x, y] : llvm::zip_equal(target, other))
    x = std::max(x, y);
}

llvm::SmallVector<unsigned>
QueueOrder::neededWaits(unsigned own, llvm::ArrayRef<unsigned> producers) const {
  // The last producer on each queue implies the earlier ones.
  llvm::SmallVector<unsigned> last;
  for (unsigned producer : producers) {
    if (position[producer] <= head[own][queue[producer]])
      continue;
    auto *same = llvm::find_if(last, [&](unsigned other) {
      return queue[other] == queue[producer];
    });
    if (same == last.end())
      last.push_back(producer);
    else if (position[*same] < position[producer])
      *same = producer;
  }
  llvm::SmallVector<unsigned> needed;
  for (unsigned wait : last)
    if (llvm::none_of(last, [&](unsigned other) { return ordered(wait, other); }))
      needed.push_back(wait);
  return needed;
}

void QueueOrder::wait(unsigned own, unsigned dispatch) {
  Clock &clock = head[own];
  joinInto(clock, before[dispatch]);
  int64_t &done = clock[queue[dispatch]];
  done = std::max(done, position[dispatch]);
}

void QueueOrder::append(unsigned own) {
  queue.push_back(own);
  before.push_back(head[own]);
  position.push_back(++head[own][own]);
}
