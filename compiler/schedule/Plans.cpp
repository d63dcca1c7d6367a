//===- Plans.cpp - which plans there are and what they may use ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/Plans.h"

#include <set>

using namespace mlir;
using namespace eclip;

std::string eclip::planName(int64_t neighbours) {
  if (neighbours == 0)
    return "alone";
  return std::to_string(neighbours) +
         (neighbours == 1 ? " neighbour" : " neighbours");
}

SmallVector<int64_t, 4> eclip::offeredCuCounts(ScheduleOp schedule) {
  ArrayRef<int64_t> counts = schedule.getDeviceAttr().getMaskSizes();
  if (auto offered =
          schedule->getAttrOfType<DenseI64ArrayAttr>("eclip.offered_cus"))
    counts = offered.asArrayRef();
  return SmallVector<int64_t, 4>(counts);
}

SmallVector<int64_t, 4> eclip::cuCountsWithinQueues(DeviceAttr device) {
  ArrayRef<int64_t> sizes = device.getMaskSizes();
  size_t most = (device.getMaxMaskedQueues() + 1) / 2;
  SmallVector<int64_t, 4> counts;
  if (sizes.size() <= most)
    return SmallVector<int64_t, 4>(sizes);
  for (size_t i = 0; i < most; ++i)
    counts.push_back(sizes[(i + 1) * sizes.size() / most - 1]);
  return counts;
}

LogicalResult eclip::verifyOfferedCuCounts(ScheduleOp schedule) {
  Attribute attr = schedule->getAttr("eclip.offered_cus");
  if (!attr)
    return success();
  auto offered = dyn_cast<DenseI64ArrayAttr>(attr);
  ArrayRef<int64_t> sizes = schedule.getDeviceAttr().getMaskSizes();
  if (!offered || offered.empty() || offered.asArrayRef().back() != sizes.back())
    return schedule.emitOpError("eclip.offered_cus must be an array of i64 that "
                                "ends with all CUs");
  for (auto [i, count] : llvm::enumerate(offered.asArrayRef()))
    if (!llvm::is_contained(sizes, count) ||
        (i > 0 && count <= offered.asArrayRef()[i - 1]))
      return schedule.emitOpError()
             << "eclip.offered_cus must be mask sizes of device '"
             << schedule.getDeviceAttr().getName() << "', ascending; has "
             << count;
  return success();
}

MaskCount eclip::countMasks(ModuleOp module) {
  std::set<std::vector<int64_t>> own, all;
  for (auto schedule : module.getOps<ScheduleOp>())
    for (auto queue : schedule.getBodyBlock().getOps<QueueOp>()) {
      auto words = [](CuMaskAttr mask) {
        return std::vector<int64_t>(mask.getWords().begin(),
                                    mask.getWords().end());
      };
      own.insert(words(queue.getMask()));
      all.insert(words(queue.getMask()));
      auto far = queue->getAttrOfType<CuMaskAttr>("eclip.far_mask");
      if (far && !hasFixedEnd(schedule))
        all.insert(words(far));
    }
  return {static_cast<int64_t>(own.size()), static_cast<int64_t>(all.size())};
}
