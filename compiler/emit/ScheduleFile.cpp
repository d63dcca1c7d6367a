//===- ScheduleFile.cpp - a schedule as a FlatBuffer ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/ScheduleFile.h"

#include "compiler/emit/PlanTable.h"
#include "dialect/Plans.h"

#include "mlir/IR/DialectResourceBlobManager.h"
#include "llvm/ADT/StringSet.h"
#include "llvm/ADT/StringSwitch.h"

using namespace mlir;
using namespace eclip;

namespace {

namespace flat = ::flatbuffers;
template <typename T>
using Offset = flat::Offset<T>;

/// One module on its way into a FlatBuffer. Every step fails with an error at
/// the operation that lacks something. What plans share is taken from the first.
class FileBuilder {
public:
  FileBuilder(ModuleOp module, ConstantTable &constants)
      : module(module), schedules(llvm::to_vector(module.getOps<ScheduleOp>())),
        first(schedules.front()), file{fbb, constants, {}, {}, false} {}

  LogicalResult build(const Provenance &provenance, const MixTable *mix,
                      llvm::SmallVectorImpl<char> &payload);

private:
  LogicalResult checkPlans();
  LogicalResult addKernels();
  FailureOr<Offset<flat::Vector<Offset<fb::Tensor>>>>
  tensors(ArrayAttr names, TypeRange types, StringRef unsignedAttr);
  FailureOr<Offset<fb::CodeObject>> codeObject();
  Offset<fb::Device> device();
  FailureOr<fb::Precision> precision();
  Offset<fb::Provenance> provenanceTable(const Provenance &provenance);
  Offset<flat::Vector<Offset<flat::String>>> nodes(KernelOp kernel);

  ModuleOp module;
  SmallVector<ScheduleOp> schedules;
  ScheduleOp first;
  flat::FlatBufferBuilder fbb;
  FileTables file;
  llvm::StringMap<SmallVector<DispatchOp>> dispatchesOf;
  std::vector<Offset<fb::Kernel>> kernels;
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

/// The ONNX nodes of every dispatch of `kernel`, in schedule order.
Offset<flat::Vector<Offset<flat::String>>> FileBuilder::nodes(KernelOp kernel) {
  std::vector<Offset<flat::String>> names;
  for (DispatchOp dispatch : dispatchesOf[kernel.getSymName()])
    if (auto attr = dispatch->getAttrOfType<ArrayAttr>("eclip.nodes"))
      for (auto name : attr.getAsRange<StringAttr>())
        names.push_back(fbb.CreateSharedString(name.str()));
  return fbb.CreateVector(names);
}

static fb::KernelKind kindOf(KernelOp kernel) {
  auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
  return llvm::StringSwitch<fb::KernelKind>(kind ? kind.getValue() : "")
      .Cases("contraction", "attention", fb::KernelKind::Contraction)
      .Case("reduction", fb::KernelKind::Reduction)
      .Case("pointwise", fb::KernelKind::Pointwise)
      .Default(fb::KernelKind::Other);
}

LogicalResult FileBuilder::addKernels() {
  for (DispatchOp dispatch : first.getBodyBlock().getOps<DispatchOp>())
    dispatchesOf[dispatch.getKernel()].push_back(dispatch);
  auto isa = module->getAttrOfType<StringAttr>("eclip.isa");
  bool isAmd = !isa || isa.getValue().starts_with("amdgcn-");
  for (KernelOp kernel : module.getOps<KernelOp>()) {
    LaunchAttr launch = kernel.getLaunchAttr();
    if (!launch)
      return kernel.emitOpError("is not compiled: it has no launch geometry");
    file.kernelIndex[kernel.getSymName()] = kernels.size();
    file.kernels[kernel.getSymName()] = kernel;
    auto name = fbb.CreateString(kernel.getSymName().str());
    // AMD's launches name the kernel's descriptor, NVIDIA's the kernel.
    auto symbol = fbb.CreateString(kernel.getSymName().str() +
                                   (isAmd ? ".kd" : ""));
    auto nodeNames = nodes(kernel);
    fb::Dims workgroup = dims(launch.getWorkgroup());
    kernels.push_back(fb::CreateKernel(
        fbb, name, symbol, /*code_object=*/0, launch.getKernargBytes(),
        launch.getLdsBytes(), launch.getScratchBytes(), launch.getVgprs(),
        launch.getSgprs(), &workgroup, nodeNames, kindOf(kernel)));
  }
  return success();
}

FailureOr<Offset<flat::Vector<Offset<fb::Tensor>>>>
FileBuilder::tensors(ArrayAttr names, TypeRange types,
                     StringRef unsignedAttr) {
  std::vector<Offset<fb::Tensor>> result;
  auto unsignedOnes =
      first->getAttrOfType<DenseI64ArrayAttr>(unsignedAttr);
  for (auto [i, name, type] :
       llvm::enumerate(names.getAsRange<StringAttr>(), types)) {
    auto tensor = cast<RankedTensorType>(type);
    bool isUnsigned =
        unsignedOnes && llvm::is_contained(unsignedOnes.asArrayRef(), i);
    std::optional<fb::ElementType> element =
        elementType(tensor.getElementType(), isUnsigned);
    if (!element)
      return first.emitOpError() << "'" << name.getValue()
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
  DeviceAttr attr = first.getDeviceAttr();
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
  auto used = first->getAttrOfType<DictionaryAttr>("eclip.profile");
  auto usedHash = used ? used.getAs<StringAttr>("hash") : StringAttr();
  auto profile = fbb.CreateString(usedHash ? usedHash.str()
                                           : provenance.profileHash);
  auto source = fbb.CreateString(file.fromProfile ? "profile" : "model");
  return fb::CreateProvenance(fbb, model, hash, version, profile, source);
}

FailureOr<fb::Precision> FileBuilder::precision() {
  auto attr = module->getAttrOfType<StringAttr>("eclip.precision");
  auto precision =
      llvm::StringSwitch<std::optional<fb::Precision>>(attr ? attr.getValue()
                                                            : "f32")
          .Case("f32", fb::Precision::F32)
          .Case("f16", fb::Precision::F16)
          .Case("tf32", fb::Precision::TF32)
          .Default(std::nullopt);
  if (!precision)
    return module.emitOpError() << "has the precision '" << attr.getValue()
                                << "', which files do not hold";
  return *precision;
}

/// Plans are of one model and one device, and named apart.
LogicalResult FileBuilder::checkPlans() {
  llvm::StringSet<> names;
  for (ScheduleOp schedule : schedules) {
    if (!schedule.getDeviceAttr())
      return schedule.emitOpError("names no device");
    if (failed(verifyPlanKind(schedule)))
      return failure();
    std::string name = PlanKind::of(schedule).name;
    if (!names.insert(name).second)
      return schedule.emitOpError()
             << "is the plan '" << name << "', of which there is one already";
    if (schedule.getDeviceAttr() != first.getDeviceAttr() ||
        schedule.getInputs() != first.getInputs() ||
        schedule.getOutputs() != first.getOutputs())
      return schedule.emitOpError()
             << "has another device, inputs or outputs than @"
             << first.getSymName() << ", of which it is a plan";
  }
  return success();
}

static Offset<fb::Mix> mixTable(flat::FlatBufferBuilder &fbb,
                                const MixTable *mix) {
  if (!mix)
    return 0;
  std::vector<Offset<flat::String>> workers;
  for (const std::string &worker : mix->workers)
    workers.push_back(fbb.CreateString(worker));
  return fb::CreateMixDirect(fbb, mix->name.c_str(), mix->id.c_str(), &workers,
                             mix->worker);
}

LogicalResult FileBuilder::build(const Provenance &provenance,
                                 const MixTable *mix,
                                 llvm::SmallVectorImpl<char> &payload) {
  if (failed(checkPlans()) || failed(addKernels()))
    return failure();
  std::vector<Offset<fb::Plan>> plans;
  for (ScheduleOp schedule : schedules) {
    FailureOr<Offset<fb::Plan>> plan = writePlan(schedule, file);
    if (failed(plan))
      return failure();
    plans.push_back(*plan);
  }
  auto yield = cast<YieldOp>(first.getBodyBlock().getTerminator());
  auto inputs =
      tensors(first.getInputs(), first.getBodyBlock().getArgumentTypes(),
              "eclip.unsigned_inputs");
  auto outputs = tensors(first.getOutputs(), yield.getOperandTypes(),
                         "eclip.unsigned_outputs");
  auto code = codeObject();
  FailureOr<fb::Precision> stored = precision();
  if (failed(inputs) || failed(outputs) || failed(code) || failed(stored))
    return failure();
  auto deviceTable = device();
  auto codeObjects = fbb.CreateVector(&*code, 1);
  auto kernelVector = fbb.CreateVector(kernels);
  auto planVector = fbb.CreateVector(plans);
  auto mixOffset = mixTable(fbb, mix);
  fb::FinishScheduleBuffer(
      fbb, fb::CreateSchedule(fbb, deviceTable, codeObjects, kernelVector,
                              *inputs, *outputs, *stored, planVector, mixOffset,
                              provenanceTable(provenance)));
  payload.assign(fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize());
  return success();
}

LogicalResult eclip::buildScheduleFile(ModuleOp module,
                                       const Provenance &provenance,
                                       const MixTable *mix, ScheduleFile &file) {
  if (module.getOps<ScheduleOp>().empty())
    return module.emitOpError("holds no eclip.schedule");
  return FileBuilder(module, file.constants)
      .build(provenance, mix, file.payload);
}
