//===- PlanTable.cpp - one eclip.schedule as a plan of a file -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/PlanTable.h"

#include "compiler/emit/PacketImage.h"
#include "dialect/Plans.h"

using namespace mlir;
using namespace eclip;

namespace {

namespace flat = ::flatbuffers;
template <typename T>
using Offset = flat::Offset<T>;

class PlanBuilder {
public:
  PlanBuilder(ScheduleOp schedule, FileTables &file)
      : schedule(schedule), file(file), fbb(file.fbb) {}

  FailureOr<Offset<fb::Plan>> build();

private:
  LogicalResult indexSchedule();
  LogicalResult addPackets();
  FailureOr<Offset<fb::Packet>> dispatchToPacket(DispatchOp dispatch);
  Offset<fb::Packet> barrierToPacket(BarrierOp barrier);
  FailureOr<fb::Argument> argument(DispatchOp dispatch, Value value,
                                   fb::Access access);
  std::vector<Offset<fb::Group>> groups();
  std::vector<Offset<fb::Queue>> queues();
  std::pair<int64_t, int64_t> prediction() const;

  ScheduleOp schedule;
  FileTables &file;
  flat::FlatBufferBuilder &fbb;

  llvm::StringMap<uint32_t> groupIndex, queueIndex;
  SmallVector<GroupOp> groupOps;
  SmallVector<QueueOp> queueOps;
  llvm::DenseMap<Value, uint32_t> outputIndex;
  llvm::DenseMap<Operation *, int32_t> signalOf; // dispatch -> signal
  std::vector<std::vector<Offset<fb::Packet>>> packets; // by queue
  std::vector<std::pair<int64_t, int64_t>> groupCost;   // ns, nJ
};

fb::Dims dims(ArrayRef<int64_t> v) { return fb::Dims(v[0], v[1], v[2]); }

} // namespace

/// Numbers everything that packets refer to.
LogicalResult PlanBuilder::indexSchedule() {
  for (QueueOp queue : schedule.getBodyBlock().getOps<QueueOp>()) {
    queueIndex[queue.getSymName()] = queueOps.size();
    queueOps.push_back(queue);
  }
  for (GroupOp group : schedule.getBodyBlock().getOps<GroupOp>()) {
    if (!group.getQueueAttr())
      return group.emitOpError("has no queue");
    groupIndex[group.getSymName()] = groupOps.size();
    groupOps.push_back(group);
  }
  packets.resize(queueOps.size());
  groupCost.resize(groupOps.size());
  auto yield = cast<YieldOp>(schedule.getBodyBlock().getTerminator());
  for (auto [i, value] : llvm::enumerate(yield.getValues()))
    outputIndex[value] = i;
  for (BarrierOp barrier : schedule.getBodyBlock().getOps<BarrierOp>())
    for (Value value : barrier.getWaits())
      signalOf.try_emplace(value.getDefiningOp(), signalOf.size());
  return success();
}

FailureOr<fb::Argument> PlanBuilder::argument(DispatchOp dispatch, Value value,
                                              fb::Access access) {
  uint64_t bytes = tensorBytes(cast<RankedTensorType>(value.getType()));
  if (auto blockArg = dyn_cast<BlockArgument>(value))
    return fb::Argument(0, bytes, blockArg.getArgNumber(), fb::BufferKind::Input,
                        access);
  auto source = value.getDefiningOp<DispatchOp>();
  if (!source) {
    FailureOr<uint64_t> offset = file.constants.add(value.getDefiningOp());
    if (failed(offset))
      return failure();
    return fb::Argument(*offset, bytes, 0, fb::BufferKind::Constant, access);
  }
  if (auto it = outputIndex.find(lastInBuffer(value)); it != outputIndex.end())
    return fb::Argument(0, bytes, it->second, fb::BufferKind::Output, access);
  if (!source.getOffsets())
    return source.emitOpError("has no place in memory");
  int64_t offset = (*source.getOffsets())[cast<OpResult>(value).getResultNumber()];
  return fb::Argument(offset, bytes, 0, fb::BufferKind::Arena, access);
}

FailureOr<Offset<fb::Packet>> PlanBuilder::dispatchToPacket(DispatchOp dispatch) {
  KernelOp kernel = cast<KernelOp>(file.kernels.lookup(dispatch.getKernel()));
  std::vector<fb::Argument> args;
  FenceScope acquire = FenceScope::Agent, release = FenceScope::Agent;
  for (Value operand : dispatch.getArgs()) {
    FailureOr<fb::Argument> arg = argument(dispatch, operand, fb::Access::Read);
    if (failed(arg))
      return failure();
    if (arg->kind() == fb::BufferKind::Input)
      acquire = FenceScope::System; // the host wrote it
    args.push_back(*arg);
  }
  for (Value result : dispatch.getResults()) {
    FailureOr<fb::Argument> arg = argument(dispatch, result, fb::Access::Write);
    if (failed(arg))
      return failure();
    if (BoxAttr box = dispatch.getBox(cast<OpResult>(result).getResultNumber())) {
      auto type = cast<RankedTensorType>(result.getType());
      *arg = fb::Argument(arg->offset() + boxOffset(box, type), boxSpan(box, type),
                          arg->index(), arg->kind(), arg->access());
    }
    if (arg->kind() == fb::BufferKind::Output)
      release = FenceScope::System; // the host reads it
    args.push_back(*arg);
  }
  LaunchAttr launch = kernel.getLaunchAttr();
  PacketBytes bytes = dispatchPacket(launch, acquire, release);
  fb::PacketImage image{flat::span<const uint8_t, 64>(bytes)};
  fb::Dims grid = dims(launch.getGrid());
  auto argVector = fbb.CreateVectorOfStructs(args);
  auto it = signalOf.find(dispatch);
  return fb::CreatePacket(fbb, fb::PacketKind::Dispatch, &image,
                          groupIndex.lookup(*dispatch.getGroup()),
                          file.kernelIndex.lookup(dispatch.getKernel()), &grid,
                          argVector, it == signalOf.end() ? -1 : it->second);
}

Offset<fb::Packet> PlanBuilder::barrierToPacket(BarrierOp barrier) {
  std::vector<uint32_t> waits;
  for (Value value : barrier.getWaits())
    waits.push_back(signalOf.lookup(value.getDefiningOp()));
  PacketBytes bytes = barrierAndPacket();
  fb::PacketImage image{flat::span<const uint8_t, 64>(bytes)};
  auto waitVector = fbb.CreateVector(waits);
  return fb::CreatePacket(fbb, fb::PacketKind::BarrierAnd, &image,
                          groupIndex.lookup(barrier.getGroup()), 0, nullptr, 0,
                          /*completion=*/-1, waitVector);
}

LogicalResult PlanBuilder::addPackets() {
  for (Operation &op : schedule.getBodyBlock()) {
    if (auto dispatch = dyn_cast<DispatchOp>(op)) {
      if (!dispatch.getGroup())
        return dispatch.emitOpError("is in no group");
      auto packet = dispatchToPacket(dispatch);
      if (failed(packet))
        return failure();
      uint32_t group = groupIndex.lookup(*dispatch.getGroup());
      GroupOp groupOp = groupOps[group];
      packets[queueIndex.lookup(*groupOp.getQueue())].push_back(*packet);
      if (CostAttr cost = dispatch.getCostAttr()) {
        int64_t i = cost.indexOf(groupOp.getCus());
        if (i >= 0) {
          groupCost[group].first += cost.getTimeNs()[i];
          groupCost[group].second += cost.getEnergyNj()[i];
        }
        file.fromProfile |= cost.getSource().starts_with("profile");
      }
    } else if (auto barrier = dyn_cast<BarrierOp>(op)) {
      GroupOp groupOp = groupOps[groupIndex.lookup(barrier.getGroup())];
      packets[queueIndex.lookup(*groupOp.getQueue())].push_back(
          barrierToPacket(barrier));
    }
  }
  return success();
}

std::vector<Offset<fb::Group>> PlanBuilder::groups() {
  std::vector<Offset<fb::Group>> result;
  for (auto [i, group] : llvm::enumerate(groupOps))
    result.push_back(fb::CreateGroupDirect(
        fbb, group.getSymName().str().c_str(), group.getCus(),
        queueIndex.lookup(*group.getQueue()), groupCost[i].first,
        groupCost[i].second));
  return result;
}

std::vector<Offset<fb::Queue>> PlanBuilder::queues() {
  std::vector<Offset<fb::Queue>> result;
  for (auto [i, queue] : llvm::enumerate(queueOps)) {
    auto words = [](CuMaskAttr mask) {
      return std::vector<uint32_t>(mask.getWords().begin(),
                                   mask.getWords().end());
    };
    std::vector<uint32_t> mask = words(queue.getMask()), far;
    auto mirrored = queue->getAttrOfType<CuMaskAttr>("eclip.far_mask");
    if (mirrored && !hasFixedEnd(schedule))
      far = words(mirrored);
    result.push_back(fb::CreateQueueDirect(fbb, queue.getSymName().str().c_str(),
                                           &mask, far.empty() ? nullptr : &far,
                                           &packets[i], priorityOf(schedule)));
  }
  return result;
}

/// Time in ns and energy in nJ of one request: what the clustering predicts
/// beside the neighbours, else the sum over the groups; less what branches that
/// run side by side save, which is predicted for the plan by itself.
std::pair<int64_t, int64_t> PlanBuilder::prediction() const {
  std::pair<int64_t, int64_t> total;
  for (auto [ns, nj] : groupCost)
    total = {total.first + ns, total.second + nj};
  auto number = [](DictionaryAttr attr, StringRef name) -> int64_t {
    auto value = attr ? attr.getAs<IntegerAttr>(name) : IntegerAttr();
    return value && value.getInt() > 0 ? value.getInt() : 0;
  };
  auto clustering = schedule->getAttrOfType<DictionaryAttr>("eclip.clustering");
  if (int64_t ns = number(clustering, "time_ns"))
    total = {ns, number(clustering, "energy_nj")};
  auto branches = schedule->getAttrOfType<DictionaryAttr>("eclip.branches");
  auto scale = [&](int64_t value, StringRef with, StringRef without) {
    double before = static_cast<double>(number(branches, without));
    double after = static_cast<double>(number(branches, with));
    return before > 0 && after > 0
               ? static_cast<int64_t>(static_cast<double>(value) * after / before)
               : value;
  };
  return {scale(total.first, "time_ns", "sequence_time_ns"),
          scale(total.second, "energy_nj", "sequence_energy_nj")};
}

FailureOr<Offset<fb::Plan>> PlanBuilder::build() {
  if (!schedule.getArenaBytes())
    return schedule.emitOpError("has no memory plan");
  if (failed(verifyPlanKind(schedule)) || failed(indexSchedule()) ||
      failed(addPackets()))
    return failure();
  auto bound = schedule->getAttrOfType<IntegerAttr>("eclip.arena_lower_bound");
  PlanKind kind = PlanKind::of(schedule);
  auto name = fbb.CreateString(kind.name);
  auto groupVector = fbb.CreateVector(groups());
  auto queueVector = fbb.CreateVector(queues());
  auto [timeNs, energyNj] = prediction();
  return fb::CreatePlan(fbb, name, kind.neighbours, kind.mix, groupVector,
                        queueVector, signalOf.size(), *schedule.getArenaBytes(),
                        bound ? bound.getInt() : 0, timeNs, energyNj);
}

FailureOr<Offset<fb::Plan>> eclip::writePlan(ScheduleOp schedule,
                                             FileTables &file) {
  return PlanBuilder(schedule, file).build();
}
