//===- EclipOps.cpp - verifiers of the eclip operations -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "dialect/Eclip.h"

#include "mlir/IR/Builders.h"
#include "llvm/ADT/StringSet.h"

using namespace mlir;
using namespace eclip;

#define GET_OP_CLASSES
#include "dialect/EclipOps.cpp.inc"

//===----------------------------------------------------------------------===//
// kernel
//===----------------------------------------------------------------------===//

SmallVector<Type> KernelOp::getResultTypes() {
  return llvm::to_vector(getBodyBlock().getTerminator()->getOperandTypes());
}

LogicalResult KernelOp::verifyRegions() {
  auto isStatic = [](Type type) {
    auto tensor = dyn_cast<RankedTensorType>(type);
    return tensor && tensor.hasStaticShape();
  };
  // tensorBytes has no answer for other element types.
  auto hasBytes = [](Type type) {
    return cast<RankedTensorType>(type).getElementType().isIntOrFloat();
  };
  auto yield = dyn_cast<YieldOp>(getBodyBlock().getTerminator());
  if (!yield)
    return emitOpError("must end with eclip.yield");
  for (auto [i, arg] : llvm::enumerate(getBodyBlock().getArguments()))
    if (!isStatic(arg.getType())) // K1
      return emitOpError() << "argument " << i
                           << " must be a tensor of static shape, is "
                           << arg.getType();
    else if (!hasBytes(arg.getType()))
      return emitOpError() << "argument " << i
                           << " must have elements of integers or floats, is "
                           << arg.getType();
  for (auto [i, type] : llvm::enumerate(yield.getOperandTypes()))
    if (!isStatic(type))
      return emitOpError() << "result " << i
                           << " must be a tensor of static shape, is " << type;
    else if (!hasBytes(type))
      return emitOpError() << "result " << i
                           << " must have elements of integers or floats, is "
                           << type;
  if (yield.getNumOperands() == 0) // K2
    return emitOpError("must yield at least one value");
  int64_t pointers =
      getBodyBlock().getNumArguments() + yield.getNumOperands();
  if (auto launch = getLaunchAttr())
    if (launch.getKernargBytes() != 8 * pointers) // K3
      return emitOpError() << "has " << pointers << " arguments and results, so "
                           << 8 * pointers << " kernarg bytes, not "
                           << launch.getKernargBytes();
  return success();
}

//===----------------------------------------------------------------------===//
// schedule
//===----------------------------------------------------------------------===//

static LogicalResult verifyNames(ScheduleOp op, ArrayAttr names, size_t count,
                                 StringRef what) {
  if (names.size() != count)
    return op.emitOpError() << "has " << count << " " << what << "s but "
                            << names.size() << " names for them";
  llvm::StringSet<> seen;
  for (StringAttr name : names.getAsRange<StringAttr>())
    if (!seen.insert(name.getValue()).second)
      return op.emitOpError() << "has two " << what << "s named '"
                              << name.getValue() << "'";
  return success();
}

LogicalResult ScheduleOp::verifyRegions() {
  Block &block = getBodyBlock();
  auto yield = dyn_cast<YieldOp>(block.getTerminator());
  if (!yield)
    return emitOpError("must end with eclip.yield");
  if (failed(verifyNames(*this, getInputs(), block.getNumArguments(), "input")) ||
      failed(verifyNames(*this, getOutputs(), yield.getNumOperands(), "output")))
    return failure(); // S1
  int64_t queues = 0;
  for (Operation &op : block) {
    if (!isa<GroupOp, QueueOp, DispatchOp, BarrierOp, YieldOp>(op) &&
        !op.hasTrait<OpTrait::ConstantLike>()) // S2
      return op.emitOpError("may not stand in an eclip.schedule");
    queues += isa<QueueOp>(op);
  }
  llvm::SmallPtrSet<Value, 4> seen;
  for (auto [i, value] : llvm::enumerate(yield.getOperands())) {
    if (!value.getDefiningOp<DispatchOp>()) // S3
      return emitOpError() << "output " << i << " is not the result of a dispatch";
    if (!seen.insert(value).second)
      return emitOpError() << "output " << i << " is yielded twice";
  }
  if (auto device = getDeviceAttr())
    if (queues > device.getMaxMaskedQueues()) // S4
      return emitOpError() << "has " << queues << " queues, device '"
                           << device.getName() << "' runs "
                           << device.getMaxMaskedQueues()
                           << " masked queues without oversubscription";
  // The generated getter is unsigned; the attribute is not.
  if (getArenaBytesAttr() && getArenaBytesAttr().getInt() < 0) // S5
    return emitOpError("arena size must not be negative");
  return success();
}

//===----------------------------------------------------------------------===//
// queue, group
//===----------------------------------------------------------------------===//

LogicalResult QueueOp::verify() {
  auto schedule = cast<ScheduleOp>((*this)->getParentOp());
  if (auto device = schedule.getDeviceAttr())
    if (getMask().getCus() != device.getCus()) // Q1
      return emitOpError() << "has a mask for " << getMask().getCus()
                           << " CUs, device '" << device.getName() << "' has "
                           << device.getCus();
  for (auto other : schedule.getBodyBlock().getOps<QueueOp>()) {
    if (other == *this)
      break;
    if (other.getMask() == getMask()) // Q2
      return emitOpError() << "has the same mask as queue @"
                           << other.getSymName();
  }
  return success();
}

LogicalResult GroupOp::verify() {
  auto schedule = cast<ScheduleOp>((*this)->getParentOp());
  if (auto device = schedule.getDeviceAttr())
    if (!llvm::is_contained(device.getMaskSizes(),
                            static_cast<int64_t>(getCus()))) // G1
      return emitOpError() << "needs " << getCus()
                           << " CUs, which is no mask size of device '"
                           << device.getName() << "'";
  return success();
}

LogicalResult GroupOp::verifySymbolUses(SymbolTableCollection &symbols) {
  if (!getQueueAttr())
    return success();
  auto queue = symbols.lookupSymbolIn<QueueOp>((*this)->getParentOp(),
                                               getQueueAttr());
  if (!queue) // G2
    return emitOpError() << "names no queue of this schedule: " << getQueueAttr();
  if (queue.getMask().count() != static_cast<int64_t>(getCus()))
    return emitOpError() << "needs " << getCus() << " CUs, queue "
                         << getQueueAttr() << " has " << queue.getMask().count();
  return success();
}

//===----------------------------------------------------------------------===//
// dispatch
//===----------------------------------------------------------------------===//

static bool isYielded(Value value) {
  return llvm::any_of(value.getUsers(), llvm::IsaPred<YieldOp>);
}

LogicalResult DispatchOp::verify() {
  auto schedule = cast<ScheduleOp>((*this)->getParentOp());
  if (auto device = schedule.getDeviceAttr())
    if (auto cost = getCostAttr())
      if (cost.getCus() != device.getMaskSizes()) // D4
        return emitOpError() << "has a cost for other CU counts than the mask "
                                "sizes of device '"
                             << device.getName() << "'";
  if (!getOffsets())
    return success();
  ArrayRef<int64_t> offsets = *getOffsets(); // D3
  if (offsets.size() != getNumResults())
    return emitOpError() << "has " << getNumResults() << " results but "
                         << offsets.size() << " offsets";
  std::optional<uint64_t> arena = schedule.getArenaBytes();
  for (auto [result, offset] : llvm::zip_equal(getResults(), offsets)) {
    if ((offset == -1) != isYielded(result))
      return emitOpError() << "result " << result.getResultNumber()
                           << " must have offset -1 exactly if it is an output";
    if (offset == -1)
      continue;
    if (offset < 0 || offset % kBufferAlignment != 0)
      return emitOpError() << "offset " << offset << " is not a multiple of "
                           << kBufferAlignment;
    int64_t bytes = tensorBytes(cast<RankedTensorType>(result.getType()));
    if (arena && (offset > static_cast<int64_t>(*arena) ||
                  bytes > static_cast<int64_t>(*arena) - offset))
      return emitOpError() << "result " << result.getResultNumber() << " of "
                           << bytes << " bytes at offset " << offset
                           << " ends beyond the arena of " << *arena << " bytes";
  }
  return success();
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto module = (*this)->getParentOfType<ModuleOp>();
  auto kernel = symbols.lookupSymbolIn<KernelOp>(module, getKernelAttr());
  if (!kernel) // D1
    return emitOpError() << "names no kernel of this module: " << getKernelAttr();
  if (TypeRange(kernel.getBodyBlock().getArgumentTypes()) !=
      TypeRange(getOperandTypes()))
    return emitOpError() << "operand types differ from the arguments of "
                         << getKernelAttr();
  if (TypeRange(kernel.getResultTypes()) != TypeRange(getResultTypes()))
    return emitOpError() << "result types differ from what " << getKernelAttr()
                         << " yields";
  if (getGroupAttr() && !symbols.lookupSymbolIn<GroupOp>(
                            (*this)->getParentOp(), getGroupAttr())) // D2
    return emitOpError() << "names no group of this schedule: " << getGroupAttr();
  return success();
}

//===----------------------------------------------------------------------===//
// barrier
//===----------------------------------------------------------------------===//

LogicalResult BarrierOp::verify() {
  if (getWaits().empty() || getWaits().size() > 5) // B1
    return emitOpError() << "waits for " << getWaits().size()
                         << " dispatches; a barrier-AND packet takes one to five";
  llvm::SmallPtrSet<Operation *, 5> seen;
  for (Value value : getWaits()) {
    auto dispatch = value.getDefiningOp<DispatchOp>();
    if (!dispatch) // B2
      return emitOpError("may wait only for results of dispatches");
    if (!seen.insert(dispatch).second)
      return emitOpError("waits for the same dispatch twice");
  }
  return success();
}

LogicalResult BarrierOp::verifySymbolUses(SymbolTableCollection &symbols) {
  Operation *schedule = (*this)->getParentOp();
  auto group = symbols.lookupSymbolIn<GroupOp>(schedule, getGroupAttr());
  if (!group || !group.getQueueAttr()) // B4
    return emitOpError() << "names no group with a queue: " << getGroupAttr();
  for (Value value : getWaits()) { // B3
    auto dispatch = value.getDefiningOp<DispatchOp>();
    GroupOp source;
    if (dispatch.getGroupAttr())
      source = symbols.lookupSymbolIn<GroupOp>(schedule, dispatch.getGroupAttr());
    if (!source || !source.getQueueAttr())
      return emitOpError("waits for a dispatch that is on no queue");
    if (source.getQueueAttr() == group.getQueueAttr())
      return emitOpError() << "waits for a dispatch of its own queue "
                           << group.getQueueAttr()
                           << ", which queue order already guarantees";
  }
  return success();
}
