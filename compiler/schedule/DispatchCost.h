//===- DispatchCost.h - costs as the IR carries them ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// eclip-annotate-cost writes these attributes, the passes behind it read them:
//
//   eclip.dispatch ... cost <cus, time_ns, energy_nj, source>
//       {eclip.demand = {busy_mw, hbm_bytes_per_s, memory_ns},
//        [eclip.far_cost = {busy_mw, energy_nj, hbm_bytes_per_s, memory_ns,
//        time_ns}]}
//   eclip.schedule ... {eclip.device_limits = {board_mw, hbm_bytes_per_s,
//       idle_mw, launch_ns, [launch_beside_ns, memory_beside_ppm, pending_ppm,
//       request_queues, turn_ppm, workgroup_ns]},
//       eclip.mask_topology = {engines, [extra, granule], order, xcds}}
//
// Entry i of each array of `eclip.demand` belongs to entry i of `cus`.
// `eclip.far_cost` is the cost where queues have CUs of the far end, if these are
// more than near ones of the same CU count.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_DISPATCHCOST_H
#define ECLIP_COMPILER_SCHEDULE_DISPATCHCOST_H

#include "compiler/cost/KernelCost.h"
#include "compiler/cost/MaskOrder.h"
#include "dialect/Eclip.h"

namespace eclip {

/// The cost of `dispatch` on `cuCount` CUs, which its `cost` lists. Demands are
/// 0 where the dispatch has none. Asks for a `cost`.
KernelCost dispatchCost(DispatchOp dispatch, int64_t cuCount,
                        bool farEnd = false);

/// Whether costs at the far end are others for any dispatch.
bool hasFarCosts(ScheduleOp schedule);

/// The limits of the schedule's device; zeros where it has none.
DeviceLimits deviceLimits(ScheduleOp schedule);

/// Masked queues that one request may switch among. Asks for a device.
int64_t maxRequestQueues(ScheduleOp schedule);

/// Puts costs, one for each of `cuCounts`, on a dispatch; those of the far end
/// too, or none if they are the same.
void setDispatchCost(DispatchOp dispatch, llvm::ArrayRef<int64_t> cuCounts,
                     llvm::ArrayRef<KernelCost> costs,
                     llvm::ArrayRef<KernelCost> farCosts,
                     llvm::StringRef source);

/// Puts the device's limits on a schedule.
void setDeviceLimits(ScheduleOp schedule, const DeviceLimits &limits);

/// How the schedule's device numbers the bits of a mask. Without an
/// `eclip.mask_topology` it is one die, interleaved over shader engines.
/// Asks for a device.
MaskTopology maskTopology(ScheduleOp schedule);

/// Puts the topology on a schedule, or takes one off where the device alone
/// says as much.
void setMaskTopology(ScheduleOp schedule, const MaskTopology &topology);

/// Refuses demands, limits and topologies that are malformed or negative: text
/// is written by hand too. Says which field.
mlir::LogicalResult verifyCostAttributes(ScheduleOp schedule);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_DISPATCHCOST_H
