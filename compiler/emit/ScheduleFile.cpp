//===- ScheduleFile.cpp - a schedule as a FlatBuffer ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/ScheduleFile.h"

#include "compiler/emit/PacketImage.h"
#include "runtime/schema/schedule_generated.h"

#include "mlir/IR/DialectResourceBlobManager.h"

using namespace mlir;
using namespace eclip;

namespace {

namespace flat = ::flatbuffers;
template <typename T>
using Offset = flat::Offset<T>;

/// One schedule on its way into a FlatBuffer. Every step fails with an error at
/// the operation that lacks something.
class FileBuilder {
public:
  FileBuilder(ModuleOp module, ScheduleOp schedule, ConstantTable &constants)
      : module(module), schedule(schedule), constants(constants) {}

  LogicalResult build(const Provenance &provenance,
                      llvm::SmallVectorImpl<char> &payload);

private:
  LogicalResult indexSchedule();
  LogicalResult addKernels();
  LogicalResult addPackets();
  FailureOr<Offset<fb::Packet>> dispatchToPacket(DispatchOp dispatch);
  Offset<fb::Packet> barrierToPacket(BarrierOp barrier);
  FailureOr<fb::Argument> argument(DispatchOp dispatch, Value value,
                                   fb::Access access);
  FailureOr<Offset<flat::Vector<Offset<fb::Tensor>>>>
  tensors(ArrayAttr names, TypeRange types, StringRef unsignedAttr);
  FailureOr<Offset<fb::CodeObject>> codeObject();
  Offset<fb::Device> device();
  Offset<fb::Provenance> provenanceTable(const Provenance &provenance);
  std::vector<Offset<fb::Group>> groups();
  std::vector<Offset<fb::Queue>> queues();
  Offset<flat::Vector<Offset<flat::String>>> nodes(KernelOp kernel);

  ModuleOp module;
  ScheduleOp schedule;
  ConstantTable &constants;
  flat::FlatBufferBuilder fbb;

  llvm::StringMap<uint32_t> kernelIndex, groupIndex, queueIndex;
  llvm::StringMap<KernelOp> kernelOps;
  llvm::StringMap<SmallVector<DispatchOp>> dispatchesOf;
  SmallVector<GroupOp> groupOps;
  SmallVector<QueueOp> queueOps;
  llvm::DenseMap<Value, uint32_t> outputIndex;
  llvm::DenseMap<Operation *, int32_t> signalOf; // dispatch -> signal
  std::vector<Offset<fb::Kernel>> kernels;
  std::vector<std::vector<Offset<fb::Packet>>> packets; // by queue
  std::vector<std::pair<int64_t, int64_t>> groupCost;   // ns, nJ
  bool fromProfile = false;
};

std::optional<fb::ElementType> elementType(Type type, bool isUnsigned) {
  if (type.isF32())
    return fb::ElementType::F32;
  if (type.isF16())
    return fb::ElementType::F16;
  if (type.isF64())
    return fb::ElementType::F64;
  if (type.isInteger(1))
    return fb::ElementType::Bool;
  if (type.isInteger(8))
    return isUnsigned ? fb::ElementType::U8 : fb::ElementType::I8;
  if (type.isInteger(16))
    return isUnsigned ? fb::ElementType::U16 : fb::ElementType::I16;
  if (type.isInteger(32))
    return isUnsigned ? fb::ElementType::U32 : fb::ElementType::I32;
  if (type.isInteger(64))
    return isUnsigned ? fb::ElementType::U64 : fb::ElementType::I64;
  return std::nullopt;
}

fb::Dims dims(ArrayRef<int64_t> v) { return fb::Dims(v[0], v[1], v[2]); }

} // namespace

/// Numbers everything that packets refer to.
LogicalResult FileBuilder::indexSchedule() {
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
  for (DispatchOp dispatch : schedule.getBodyBlock().getOps<DispatchOp>())
    dispatchesOf[dispatch.getKernel()].push_back(dispatch);
  for (BarrierOp barrier : schedule.getBodyBlock().getOps<BarrierOp>())
    for (Value value : barrier.getWaits())
      signalOf.try_emplace(value.getDefiningOp(), signalOf.size());
  return success();
}

/// The ONNX nodes of every dispatch of `kernel`, in schedule order.
Offset<flat::Vector<Offset<flat::String>>> FileBuilder::nodes(KernelOp kernel) {
  std::vector<Offset<flat::String>> names;
  for (DispatchOp dispatch : dispatchesOf[kernel.getSymName()])
    if (auto attr = dispatch->getAttrOfType<ArrayAttr>("eclip.nodes"))
      for (auto name : attr.getAsRange<StringAttr>())
        names.push_back(fbb.CreateSharedString(name.str()));
  return fbb.CreateVector(names);
}

LogicalResult FileBuilder::addKernels() {
  auto isa = module->getAttrOfType<StringAttr>("eclip.isa");
  bool isAmd = !isa || isa.getValue().starts_with("amdgcn-");
  for (KernelOp kernel : module.getOps<KernelOp>()) {
    LaunchAttr launch = kernel.getLaunchAttr();
    if (!launch)
      return kernel.emitOpError("is not compiled: it has no launch geometry");
    kernelIndex[kernel.getSymName()] = kernels.size();
    kernelOps[kernel.getSymName()] = kernel;
    auto name = fbb.CreateString(kernel.getSymName().str());
    // AMD's launches name the kernel's descriptor, NVIDIA's the kernel.
    auto symbol = fbb.CreateString(kernel.getSymName().str() +
                                   (isAmd ? ".kd" : ""));
    auto nodeNames = nodes(kernel);
    fb::Dims workgroup = dims(launch.getWorkgroup());
    kernels.push_back(fb::CreateKernel(
        fbb, name, symbol, /*code_object=*/0, launch.getKernargBytes(),
        launch.getLdsBytes(), launch.getScratchBytes(), launch.getVgprs(),
        launch.getSgprs(), &workgroup, nodeNames));
  }
  return success();
}

FailureOr<fb::Argument> FileBuilder::argument(DispatchOp dispatch, Value value,
                                              fb::Access access) {
  uint64_t bytes = tensorBytes(cast<RankedTensorType>(value.getType()));
  if (auto blockArg = dyn_cast<BlockArgument>(value))
    return fb::Argument(0, bytes, blockArg.getArgNumber(), fb::BufferKind::Input,
                        access);
  auto source = value.getDefiningOp<DispatchOp>();
  if (!source) {
    FailureOr<uint64_t> offset = constants.add(value.getDefiningOp());
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

FailureOr<Offset<fb::Packet>> FileBuilder::dispatchToPacket(DispatchOp dispatch) {
  KernelOp kernel = kernelOps.lookup(dispatch.getKernel());
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
                          kernelIndex.lookup(dispatch.getKernel()), &grid,
                          argVector, it == signalOf.end() ? -1 : it->second);
}

Offset<fb::Packet> FileBuilder::barrierToPacket(BarrierOp barrier) {
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

LogicalResult FileBuilder::addPackets() {
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
        fromProfile |= cost.getSource().starts_with("profile");
      }
    } else if (auto barrier = dyn_cast<BarrierOp>(op)) {
      GroupOp groupOp = groupOps[groupIndex.lookup(barrier.getGroup())];
      packets[queueIndex.lookup(*groupOp.getQueue())].push_back(
          barrierToPacket(barrier));
    }
  }
  return success();
}

FailureOr<Offset<flat::Vector<Offset<fb::Tensor>>>>
FileBuilder::tensors(ArrayAttr names, TypeRange types,
                     StringRef unsignedAttr) {
  std::vector<Offset<fb::Tensor>> result;
  auto unsignedOnes =
      schedule->getAttrOfType<DenseI64ArrayAttr>(unsignedAttr);
  for (auto [i, name, type] :
       llvm::enumerate(names.getAsRange<StringAttr>(), types)) {
    auto tensor = cast<RankedTensorType>(type);
    bool isUnsigned =
        unsignedOnes && llvm::is_contained(unsignedOnes.asArrayRef(), i);
    std::optional<fb::ElementType> element =
        elementType(tensor.getElementType(), isUnsigned);
    if (!element)
      return schedule.emitOpError() << "'" << name.getValue()
                                    << "' has an element type that files do not "
                                       "hold: "
                                    << tensor.getElementType();
    std::vector<uint64_t> shape(tensor.getShape().begin(), tensor.getShape().end());
    result.push_back(fb::CreateTensorDirect(fbb, name.str().c_str(), *element,
                                            &shape, tensorBytes(tensor)));
  }
  return fbb.CreateVector(result);
}

FailureOr<Offset<fb::CodeObject>> FileBuilder::codeObject() {
  auto attr =
      module->getAttrOfType<DenseResourceElementsAttr>("eclip.code_object");
  auto isa = module->getAttrOfType<StringAttr>("eclip.isa");
  if (!attr || !isa || !attr.getRawHandle().getBlob())
    return module.emitOpError("holds no code object");
  ArrayRef<char> image = attr.getRawHandle().getBlob()->getData();
  auto isaName = fbb.CreateString(isa.str());
  fbb.ForceVectorAlignment(image.size(), 1, 16);
  auto bytes = fbb.CreateVector(reinterpret_cast<const uint8_t *>(image.data()),
                                image.size());
  return fb::CreateCodeObject(fbb, isaName, bytes);
}

Offset<fb::Device> FileBuilder::device() {
  DeviceAttr attr = schedule.getDeviceAttr();
  std::vector<uint32_t> sizes(attr.getMaskSizes().begin(),
                              attr.getMaskSizes().end());
  return fb::CreateDeviceDirect(fbb, attr.getName().str().c_str(),
                                attr.getTarget().str().c_str(), attr.getCus(),
                                attr.getShaderEngines(),
                                attr.getMaxMaskedQueues(), &sizes);
}

Offset<fb::Provenance>
FileBuilder::provenanceTable(const Provenance &provenance) {
  auto text = [&](StringRef name) {
    auto attr = module->getAttrOfType<StringAttr>(name);
    return fbb.CreateString(attr ? attr.str() : std::string());
  };
  auto model = text("eclip.model_name"), hash = text("eclip.model_hash");
  auto version = fbb.CreateString(provenance.compilerVersion);
  auto used = schedule->getAttrOfType<DictionaryAttr>("eclip.profile");
  auto usedHash = used ? used.getAs<StringAttr>("hash") : StringAttr();
  auto profile = fbb.CreateString(usedHash ? usedHash.str()
                                           : provenance.profileHash);
  auto source = fbb.CreateString(fromProfile ? "profile" : "model");
  return fb::CreateProvenance(fbb, model, hash, version, profile, source);
}

std::vector<Offset<fb::Group>> FileBuilder::groups() {
  std::vector<Offset<fb::Group>> result;
  for (auto [i, group] : llvm::enumerate(groupOps))
    result.push_back(fb::CreateGroupDirect(
        fbb, group.getSymName().str().c_str(), group.getCus(),
        queueIndex.lookup(*group.getQueue()), groupCost[i].first,
        groupCost[i].second));
  return result;
}

std::vector<Offset<fb::Queue>> FileBuilder::queues() {
  std::vector<Offset<fb::Queue>> result;
  for (auto [i, queue] : llvm::enumerate(queueOps)) {
    std::vector<uint32_t> mask(queue.getMask().getWords().begin(),
                               queue.getMask().getWords().end());
    result.push_back(fb::CreateQueueDirect(fbb, queue.getSymName().str().c_str(),
                                           &mask, &packets[i]));
  }
  return result;
}

LogicalResult FileBuilder::build(const Provenance &provenance,
                                 llvm::SmallVectorImpl<char> &payload) {
  if (!schedule.getDeviceAttr())
    return schedule.emitOpError("names no device");
  if (!schedule.getArenaBytes())
    return schedule.emitOpError("has no memory plan");
  if (failed(indexSchedule()) || failed(addKernels()) || failed(addPackets()))
    return failure();
  auto yield = cast<YieldOp>(schedule.getBodyBlock().getTerminator());
  auto inputs = tensors(schedule.getInputs(),
                        schedule.getBodyBlock().getArgumentTypes(),
                        "eclip.unsigned_inputs");
  auto outputs = tensors(schedule.getOutputs(), yield.getOperandTypes(),
                         "eclip.unsigned_outputs");
  auto code = codeObject();
  if (failed(inputs) || failed(outputs) || failed(code))
    return failure();
  auto bound = schedule->getAttrOfType<IntegerAttr>("eclip.arena_lower_bound");
  auto deviceTable = device();
  auto codeObjects = fbb.CreateVector(&*code, 1);
  auto kernelVector = fbb.CreateVector(kernels);
  auto groupVector = fbb.CreateVector(groups());
  auto queueVector = fbb.CreateVector(queues());
  fb::FinishScheduleBuffer(
      fbb, fb::CreateSchedule(fbb, deviceTable, codeObjects, kernelVector,
                              *inputs, *outputs, groupVector, queueVector,
                              signalOf.size(), *schedule.getArenaBytes(),
                              bound ? bound.getInt() : 0,
                              provenanceTable(provenance)));
  payload.assign(fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize());
  return success();
}

LogicalResult eclip::buildScheduleFile(ModuleOp module,
                                       const Provenance &provenance,
                                       ScheduleFile &file) {
  auto schedules = module.getOps<ScheduleOp>();
  if (!llvm::hasSingleElement(schedules))
    return module.emitOpError("must hold exactly one eclip.schedule");
  return FileBuilder(module, *schedules.begin(), file.constants)
      .build(provenance, file.payload);
}
