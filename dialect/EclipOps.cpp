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

/// Entry `index` of an array that has one entry a result.
template <typename AttrT>
static AttrT entryOf(std::optional<ArrayAttr> entries, unsigned index) {
  return entries && index < entries->size() ? dyn_cast<AttrT>((*entries)[index])
                                            : AttrT();
}

WindowAttr KernelOp::getWindow(unsigned index) {
  return entryOf<WindowAttr>(getWindows(), index);
}

RankedTensorType KernelOp::getBufferType(unsigned index) {
  if (WindowAttr window = getWindow(index))
    return window.getBuffer();
  return cast<RankedTensorType>(getResultTypes()[index]);
}

std::optional<SmallVector<BoxAttr>> KernelOp::getReadBoxes(unsigned index) {
  SmallVector<BoxAttr> boxes;
  for (Operation *user : getBodyBlock().getArgument(index).getUsers()) {
    auto slice = dyn_cast<tensor::ExtractSliceOp>(user);
    if (!slice || !slice.getOffsets().empty() || !slice.getSizes().empty() ||
        !slice.getStrides().empty() || slice.getSourceType().getRank() == 0)
      return std::nullopt;
    SmallVector<int64_t> sizes;
    for (auto [size, stride] :
         llvm::zip_equal(slice.getStaticSizes(), slice.getStaticStrides()))
      sizes.push_back((size - 1) * stride + 1);
    boxes.push_back(BoxAttr::get(getContext(), slice.getStaticOffsets(), sizes));
  }
  return boxes;
}

static LogicalResult verifyWindows(KernelOp op, TypeRange types) { // K4
  if (!op.getWindows())
    return success();
  ArrayAttr windows = *op.getWindows();
  if (windows.size() != types.size())
    return op.emitOpError() << "yields " << types.size() << " values but has "
                            << windows.size() << " windows";
  for (auto [i, entry, type] : llvm::enumerate(windows, types)) {
    if (isa<UnitAttr>(entry))
      continue;
    auto window = dyn_cast<WindowAttr>(entry);
    if (!window)
      return op.emitOpError() << "window " << i << " is neither unit nor a window";
    auto inner = cast<RankedTensorType>(type);
    RankedTensorType buffer = window.getBuffer();
    bool fits = inner.getRank() == buffer.getRank() &&
                inner.getElementType() == buffer.getElementType();
    for (int64_t dim = 0; fits && dim < inner.getRank(); ++dim)
      fits = inner.getDimSize(dim) <= buffer.getDimSize(dim);
    if (!fits)
      return op.emitOpError() << "result " << i << " of type " << type
                              << " is no window of a " << buffer;
  }
  return success();
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
  return verifyWindows(*this, yield.getOperandTypes());
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

/// False for a value of an eclip.buffer that is not the last, or if windows
/// (which do not overlap) have fewer elements than the buffer.
static bool isWhole(Value value) {
  BufferOp buffer = bufferOf(value);
  if (!buffer)
    return true;
  for (OpOperand &use : value.getUses())
    if (auto user = dyn_cast<DispatchOp>(use.getOwner()))
      if (llvm::is_contained(user.getDests(), value))
        return false;
  int64_t written = 0;
  while (auto dispatch = value.getDefiningOp<DispatchOp>()) {
    unsigned index = cast<OpResult>(value).getResultNumber();
    written += dispatch.getBox(index).getNumElements();
    value = dispatch.getDest(index);
  }
  return written == cast<RankedTensorType>(buffer.getType()).getNumElements();
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
    if (!isa<BufferOp, GroupOp, QueueOp, DispatchOp, BarrierOp, YieldOp>(op) &&
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
    if (!isWhole(value)) // S6
      return emitOpError() << "output " << i
                           << " lies in an eclip.buffer and is not the last of its "
                              "values, or not all of it is written";
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

/// The result of a dispatch that `value` is the dest of; null if it is none.
static OpResult writtenInto(Value value) {
  for (OpOperand &use : value.getUses()) {
    auto user = dyn_cast<DispatchOp>(use.getOwner());
    for (unsigned i = 0; user && i < user->getNumResults(); ++i)
      if (user.getDest(i) == value)
        return user->getResult(i);
  }
  return {};
}

Value eclip::lastInBuffer(Value value) {
  while (Value next = writtenInto(value))
    value = next;
  return value;
}

/// True if `value`, or what its buffer becomes (S6), is an output.
static bool isInOutput(Value value) { return isYielded(lastInBuffer(value)); }

BoxAttr DispatchOp::getBox(unsigned index) {
  return entryOf<BoxAttr>(getBoxes(), index);
}

Value DispatchOp::getDest(unsigned index) {
  if (!getBox(index))
    return {};
  unsigned place = 0;
  for (unsigned i = 0; i < index; ++i)
    place += getBox(i) != nullptr;
  return place < getDests().size() ? getDests()[place] : Value();
}

BufferOp eclip::bufferOf(Value value) {
  while (auto dispatch = value.getDefiningOp<DispatchOp>()) {
    value = dispatch.getDest(cast<OpResult>(value).getResultNumber());
    if (!value)
      return {};
  }
  return value.getDefiningOp<BufferOp>();
}

void DispatchOp::build(OpBuilder &builder, OperationState &state, TypeRange results,
                       FlatSymbolRefAttr kernel, ValueRange operands) {
  build(builder, state, results, kernel, operands, /*dests=*/ValueRange(),
        /*boxes=*/ArrayAttr(), /*group=*/FlatSymbolRefAttr(),
        /*offsets=*/DenseI64ArrayAttr(), /*cost=*/CostAttr());
}

/// Placed at `offset` in the schedule's arena, or -1.
static LogicalResult verifyPlace(Operation *op, ScheduleOp schedule, StringRef what,
                                 Type type, int64_t offset, bool output) {
  if ((offset == -1) != output)
    return op->emitOpError() << what
                             << " must have offset -1 exactly if it is an output";
  if (offset == -1)
    return success();
  if (offset < 0 || offset % kBufferAlignment != 0)
    return op->emitOpError() << "offset " << offset << " is not a multiple of "
                             << kBufferAlignment;
  int64_t bytes = tensorBytes(cast<RankedTensorType>(type));
  std::optional<uint64_t> arena = schedule.getArenaBytes();
  if (arena && (offset > static_cast<int64_t>(*arena) ||
                bytes > static_cast<int64_t>(*arena) - offset))
    return op->emitOpError() << what << " of " << bytes << " bytes at offset "
                             << offset << " ends beyond the arena of " << *arena
                             << " bytes";
  return success();
}

LogicalResult BufferOp::verify() {
  auto type = cast<RankedTensorType>(getType());
  if (!type.hasStaticShape() || !type.getElementType().isIntOrFloat()) // U1
    return emitOpError() << "must have a static shape and elements of integers or "
                            "floats, is "
                         << type;
  if (!getOffsetAttr())
    return success();
  return verifyPlace(*this, cast<ScheduleOp>((*this)->getParentOp()), "buffer", type,
                     getOffsetAttr().getInt(), isInOutput(getResult())); // U2
}

/// D5 to D8 for result `index`, which has the box `box`.
static LogicalResult verifyBox(DispatchOp op, unsigned index, BoxAttr box) {
  auto type = cast<RankedTensorType>(op->getResult(index).getType());
  Value dest = op.getDest(index);
  if (dest.getType() != type) // D5
    return op.emitOpError() << "result " << index << " has another type than its dest";
  bool inside = box.getOffsets().size() == static_cast<size_t>(type.getRank()) &&
                type.hasStaticShape();
  for (int64_t dim = 0; inside && dim < type.getRank(); ++dim)
    inside = box.getOffsets()[dim] <= type.getDimSize(dim) - box.getSizes()[dim];
  if (!inside) // D6
    return op.emitOpError() << "box " << box << " does not lie within " << type;
  if (!bufferOf(dest)) // D7
    return op.emitOpError() << "dest of result " << index
                            << " is neither an eclip.buffer nor a result with a box";
  for (OpOperand &use : dest.getUses()) {
    auto other = dyn_cast<DispatchOp>(use.getOwner());
    if (other && (other != op || writtenInto(dest) != op->getResult(index)) &&
        llvm::is_contained(other.getDests(), dest))
      return op.emitOpError() << "dest of result " << index
                              << " is the dest of another result too";
  }
  for (Value earlier = dest; auto writer = earlier.getDefiningOp<DispatchOp>();) { // D8
    unsigned number = cast<OpResult>(earlier).getResultNumber();
    BoxAttr other = writer.getBox(number);
    if (other && other.overlaps(box))
      return op.emitOpError() << "box " << box << " overlaps the box " << other
                              << " that @" << writer.getKernel() << " writes";
    earlier = writer.getDest(number);
  }
  return success();
}

static LogicalResult verifyBoxes(DispatchOp op) {
  unsigned boxes = 0;
  if (op.getBoxes()) {
    if (op.getBoxes()->size() != op->getNumResults()) // D5
      return op.emitOpError() << "has " << op->getNumResults() << " results but "
                              << op.getBoxes()->size() << " boxes";
    for (auto [i, entry] : llvm::enumerate(*op.getBoxes())) {
      if (!isa<UnitAttr, BoxAttr>(entry))
        return op.emitOpError() << "box " << i << " is neither unit nor a box";
      boxes += isa<BoxAttr>(entry);
    }
  }
  if (boxes != op.getDests().size())
    return op.emitOpError() << "has " << boxes << " boxes for " << op.getDests().size()
                            << " dests";
  for (unsigned i = 0; i < op->getNumResults(); ++i)
    if (BoxAttr box = op.getBox(i))
      if (failed(verifyBox(op, i, box)))
        return failure();
  return success();
}

LogicalResult DispatchOp::verify() {
  auto schedule = cast<ScheduleOp>((*this)->getParentOp());
  if (auto device = schedule.getDeviceAttr())
    if (auto cost = getCostAttr())
      if (cost.getCus() != device.getMaskSizes()) // D4
        return emitOpError() << "has a cost for other CU counts than the mask "
                                "sizes of device '"
                             << device.getName() << "'";
  if (failed(verifyBoxes(*this)))
    return failure();
  if (!getOffsets())
    return success();
  ArrayRef<int64_t> offsets = *getOffsets(); // D3
  if (offsets.size() != getNumResults())
    return emitOpError() << "has " << getNumResults() << " results but "
                         << offsets.size() << " offsets";
  for (auto [result, offset] : llvm::zip_equal(getResults(), offsets)) {
    std::string what = "result " + std::to_string(result.getResultNumber());
    if (failed(verifyPlace(*this, schedule, what, result.getType(), offset,
                           isInOutput(result))))
      return failure();
    BufferOp buffer = bufferOf(result);
    if (buffer && buffer.getOffsetAttr() &&
        buffer.getOffsetAttr().getInt() != offset) // D10
      return emitOpError() << what << " has offset " << offset
                           << ", the buffer that it lies in "
                           << buffer.getOffsetAttr().getInt();
  }
  return success();
}

LogicalResult DispatchOp::verifySymbolUses(SymbolTableCollection &symbols) {
  auto module = (*this)->getParentOfType<ModuleOp>();
  auto kernel = symbols.lookupSymbolIn<KernelOp>(module, getKernelAttr());
  if (!kernel) // D1
    return emitOpError() << "names no kernel of this module: " << getKernelAttr();
  if (TypeRange(kernel.getBodyBlock().getArgumentTypes()) !=
      TypeRange(getArgs()))
    return emitOpError() << "operand types differ from the arguments of "
                         << getKernelAttr();
  if (getNumResults() != kernel.getBodyBlock().getTerminator()->getNumOperands())
    return emitOpError() << "result types differ from what " << getKernelAttr()
                         << " yields";
  for (unsigned i = 0; i < getNumResults(); ++i) {
    WindowAttr window = kernel.getWindow(i);
    BoxAttr box = getBox(i);
    if (!window != !box) // D9
      return emitOpError() << "result " << i << " has " << (box ? "a" : "no")
                           << " box, but " << (window ? "a" : "no") << " window in "
                           << getKernelAttr();
    if (kernel.getBufferType(i) != getResult(i).getType())
      return emitOpError() << "result types differ from what " << getKernelAttr()
                           << " yields";
    if (!box)
      continue;
    auto type = cast<RankedTensorType>(kernel.getResultTypes()[i]);
    if (box.getSizes() != type.getShape() ||
        boxOffset(box, window.getBuffer()) % window.getAlign() != 0)
      return emitOpError() << "box " << box << " of result " << i
                           << " does not suit the window of " << type << " in "
                           << window.getBuffer() << " at multiples of "
                           << window.getAlign() << " bytes in " << getKernelAttr();
  }
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
