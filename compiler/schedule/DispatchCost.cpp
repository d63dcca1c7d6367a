//===- DispatchCost.cpp - costs as the IR carries them --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/DispatchCost.h"

using namespace mlir;
using namespace eclip;

static constexpr llvm::StringLiteral demandName = "eclip.demand";
static constexpr llvm::StringLiteral farCostName = "eclip.far_cost";
static constexpr llvm::StringLiteral limitsName = "eclip.device_limits";
static constexpr llvm::StringLiteral topologyName = "eclip.mask_topology";

namespace {
struct DemandField {
  llvm::StringLiteral name;
  int64_t KernelCost::*member;
};
struct LimitField {
  llvm::StringLiteral name;
  int64_t DeviceLimits::*member;
};
} // namespace

static constexpr DemandField demandFields[] = {
    {"busy_mw", &KernelCost::busyMilliwatts},
    {"hbm_bytes_per_s", &KernelCost::hbmBytesPerS},
    {"memory_ns", &KernelCost::memoryNs},
};

/// All of a cost, where it isn't that of `cost` and eclip.demand.
static constexpr DemandField farCostFields[] = {
    {"busy_mw", &KernelCost::busyMilliwatts},
    {"energy_nj", &KernelCost::energyNj},
    {"hbm_bytes_per_s", &KernelCost::hbmBytesPerS},
    {"memory_ns", &KernelCost::memoryNs},
    {"time_ns", &KernelCost::timeNs},
};

static constexpr LimitField limitFields[] = {
    {"board_mw", &DeviceLimits::boardMilliwatts},
    {"hbm_bytes_per_s", &DeviceLimits::hbmBytesPerS},
    {"idle_mw", &DeviceLimits::idleMilliwatts},
    {"launch_ns", &DeviceLimits::launchNs},
};

/// How CUs are shared, where it isn't by turns, and what limits a request:
/// optional.
static constexpr LimitField sharingFields[] = {
    {"launch_beside_ns", &DeviceLimits::launchBesideNs},
    {"memory_beside_ppm", &DeviceLimits::memoryBesidePpm},
    {"pending_ppm", &DeviceLimits::pendingPpm},
    {"request_queues", &DeviceLimits::requestQueues},
    {"turn_ppm", &DeviceLimits::turnPpm},
    {"workgroup_ns", &DeviceLimits::workgroupNs},
};

KernelCost eclip::dispatchCost(DispatchOp dispatch, int64_t cuCount,
                               bool farEnd) {
  CostAttr cost = dispatch.getCostAttr();
  int64_t index = cost.indexOf(cuCount);
  assert(index >= 0 && "a CU count that the cost lists");
  KernelCost result{cost.getTimeNs()[index], cost.getEnergyNj()[index]};
  auto read = [&](StringRef name, ArrayRef<DemandField> fields) {
    if (auto dictionary = dispatch->getAttrOfType<DictionaryAttr>(name))
      for (const DemandField &field : fields)
        if (auto values = dictionary.getAs<DenseI64ArrayAttr>(field.name);
            values && index < values.size())
          result.*field.member = values[index];
  };
  read(demandName, demandFields);
  if (farEnd)
    read(farCostName, farCostFields);
  return result;
}

bool eclip::hasFarCosts(ScheduleOp schedule) {
  return llvm::any_of(
      schedule.getBodyBlock().getOps<DispatchOp>(),
      [](DispatchOp dispatch) { return dispatch->hasAttr(farCostName); });
}

DeviceLimits eclip::deviceLimits(ScheduleOp schedule) {
  DeviceLimits limits;
  auto dictionary = schedule->getAttrOfType<DictionaryAttr>(limitsName);
  if (!dictionary)
    return limits;
  auto read = [&](ArrayRef<LimitField> fields) {
    for (const LimitField &field : fields)
      if (auto value = dictionary.getAs<IntegerAttr>(field.name))
        limits.*field.member = value.getValue().getSExtValue();
  };
  read(limitFields);
  read(sharingFields);
  return limits;
}

int64_t eclip::maxRequestQueues(ScheduleOp schedule) {
  int64_t all = schedule.getDeviceAttr().getMaxMaskedQueues();
  int64_t own = deviceLimits(schedule).requestQueues;
  return own > 0 ? std::min(own, all) : all;
}

static DictionaryAttr columnsOf(DispatchOp dispatch,
                                ArrayRef<KernelCost> costs,
                                ArrayRef<DemandField> fields) {
  Builder builder(dispatch.getContext());
  NamedAttrList columns;
  for (const DemandField &field : fields)
    columns.set(field.name,
                builder.getDenseI64ArrayAttr(llvm::map_to_vector(
                    costs, [&](const KernelCost &cost) {
                      return cost.*field.member;
                    })));
  return columns.getDictionary(dispatch.getContext());
}

void eclip::setDispatchCost(DispatchOp dispatch, ArrayRef<int64_t> cuCounts,
                            ArrayRef<KernelCost> costs,
                            ArrayRef<KernelCost> farCosts, StringRef source) {
  auto column = [&](int64_t KernelCost::*member) {
    return llvm::map_to_vector(
        costs, [&](const KernelCost &cost) { return cost.*member; });
  };
  dispatch.setCostAttr(CostAttr::get(dispatch.getContext(), cuCounts,
                                     column(&KernelCost::timeNs),
                                     column(&KernelCost::energyNj), source));
  dispatch->setAttr(demandName, columnsOf(dispatch, costs, demandFields));
  dispatch->removeAttr(farCostName);
  if (!farCosts.empty())
    dispatch->setAttr(farCostName,
                      columnsOf(dispatch, farCosts, farCostFields));
}

void eclip::setDeviceLimits(ScheduleOp schedule, const DeviceLimits &limits) {
  Builder builder(schedule.getContext());
  NamedAttrList dictionary;
  for (const LimitField &field : limitFields)
    dictionary.set(field.name, builder.getI64IntegerAttr(limits.*field.member));
  const DeviceLimits byTurns;
  for (const LimitField &field : sharingFields)
    if (limits.*field.member != byTurns.*field.member)
      dictionary.set(field.name,
                     builder.getI64IntegerAttr(limits.*field.member));
  schedule->setAttr(limitsName,
                    dictionary.getDictionary(schedule.getContext()));
}

MaskTopology eclip::maskTopology(ScheduleOp schedule) {
  DeviceAttr device = schedule.getDeviceAttr();
  MaskTopology topology{MaskBitOrder::ShaderEngineInterleaved, device.getCus(),
                        1, device.getShaderEngines()};
  auto dictionary = schedule->getAttrOfType<DictionaryAttr>(topologyName);
  if (!dictionary)
    return topology;
  if (auto order = dictionary.getAs<StringAttr>("order"))
    topology.order =
        parseMaskBitOrder(order.getValue()).value_or(topology.order);
  auto count = [&](StringRef name, int64_t &out) {
    if (auto value = dictionary.getAs<IntegerAttr>(name))
      out = value.getInt();
  };
  count("xcds", topology.xcdCount);
  count("engines", topology.engineCount);
  count("granule", topology.granule);
  count("extra", topology.extra);
  return topology;
}

void eclip::setMaskTopology(ScheduleOp schedule, const MaskTopology &topology) {
  schedule->removeAttr(topologyName);
  if (topology.order == MaskBitOrder::ShaderEngineInterleaved)
    return;
  Builder builder(schedule.getContext());
  NamedAttrList dictionary;
  dictionary.set("engines", builder.getI64IntegerAttr(topology.engineCount));
  if (topology.extra > 0)
    dictionary.set("extra", builder.getI64IntegerAttr(topology.extra));
  if (topology.granule > 1)
    dictionary.set("granule", builder.getI64IntegerAttr(topology.granule));
  dictionary.set("order",
                 builder.getStringAttr(maskBitOrderName(topology.order)));
  dictionary.set("xcds", builder.getI64IntegerAttr(topology.xcdCount));
  schedule->setAttr(topologyName,
                    dictionary.getDictionary(schedule.getContext()));
}

static LogicalResult verifyColumns(DispatchOp dispatch, StringRef name,
                                   ArrayRef<DemandField> fields) {
  Attribute attr = dispatch->getAttr(name);
  if (!attr)
    return success();
  auto columns = dyn_cast<DictionaryAttr>(attr);
  CostAttr cost = dispatch.getCostAttr();
  if (!columns || !cost)
    return dispatch.emitOpError()
           << name << " must be a dictionary beside a cost";
  for (const DemandField &field : fields) {
    auto values = columns.getAs<DenseI64ArrayAttr>(field.name);
    if (!values || values.size() != static_cast<int64_t>(cost.getCus().size()))
      return dispatch.emitOpError()
             << name << "." << field.name << " must be an array<i64> of "
             << cost.getCus().size() << " entries, one for each CU count";
    int64_t least = field.member == &KernelCost::timeNs ? 1 : 0;
    for (int64_t value : values.asArrayRef())
      if (value < least)
        return dispatch.emitOpError()
               << name << "." << field.name << " must not be "
               << (least ? "below 1" : "negative") << ", is " << value;
  }
  return success();
}

static LogicalResult verifyTopology(ScheduleOp schedule) {
  Attribute attr = schedule->getAttr(topologyName);
  if (!attr)
    return success();
  auto dictionary = dyn_cast<DictionaryAttr>(attr);
  auto order =
      dictionary ? dictionary.getAs<StringAttr>("order") : StringAttr();
  if (!order || !parseMaskBitOrder(order.getValue()) ||
      !schedule.getDeviceAttr())
    return schedule.emitOpError()
           << topologyName
           << ".order must name a mask bit order, on a schedule "
              "with a device";
  MaskTopology topology = maskTopology(schedule);
  if (topology.granule < 1)
    return schedule.emitOpError() << topologyName << ".granule is "
                                  << topology.granule << ", needs 1 or more";
  if (topology.extra < 0 ||
      topology.extra > topology.cuCount % topology.granule)
    return schedule.emitOpError()
           << topologyName << ".extra is " << topology.extra << ", needs 0 to "
           << topology.cuCount % topology.granule;
  if (topology.xcdCount < 1 || topology.engineCount < 1 ||
      topology.cuCount % topology.xcdCount != 0 ||
      topology.engineCount % topology.xcdCount != 0 ||
      topology.engineCount > topology.cuCount)
    return schedule.emitOpError()
           << topologyName << ": " << topology.xcdCount << " XCDs with "
           << topology.engineCount << " shader engines don't divide "
           << topology.cuCount << " CUs";
  return success();
}

LogicalResult eclip::verifyCostAttributes(ScheduleOp schedule) {
  if (Attribute attr = schedule->getAttr(limitsName)) {
    auto limits = dyn_cast<DictionaryAttr>(attr);
    for (const LimitField &field : limitFields) {
      auto value = limits ? limits.getAs<IntegerAttr>(field.name) : nullptr;
      if (!value || !value.getType().isInteger(64) ||
          value.getValue().isNegative())
        return schedule.emitOpError() << limitsName << "." << field.name
                                      << " must be an i64 of at least 0";
    }
    for (const LimitField &field : sharingFields) {
      auto value = limits.getAs<IntegerAttr>(field.name);
      bool isTime = field.name.ends_with("_ns");
      int64_t most = isTime ? 1000000000 : 1000000;
      if (limits.get(field.name) &&
          (!value || !value.getType().isInteger(64) || value.getInt() < 0 ||
           value.getInt() > most))
        return schedule.emitOpError() << limitsName << "." << field.name
                                      << " must be an i64 of 0 to " << most;
    }
  }
  if (failed(verifyTopology(schedule)))
    return failure();
  for (auto dispatch : schedule.getBodyBlock().getOps<DispatchOp>())
    if (failed(verifyColumns(dispatch, demandName, demandFields)) ||
        failed(verifyColumns(dispatch, farCostName, farCostFields)))
      return failure();
  return success();
}
