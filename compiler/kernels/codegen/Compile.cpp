//===- Compile.cpp - kernels to one code object ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"

#include "compiler/kernels/codegen/Lowering.h"
#include "compiler/kernels/codegen/Object.h"

#ifdef ECLIP_HAVE_CONTRACTION
#include "compiler/kernels/codegen/contraction/Contraction.h"
#endif

#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "mlir/IR/Verifier.h"

#include <mutex>

using namespace mlir;
using namespace eclip;

namespace {
/// A kernel on its way: the module that holds its function, and what the
/// launch and the machine code must agree on.
struct Work {
  KernelOp kernel;
  gpu::GPUModuleOp module;
  KernelInterface interface;
};
} // namespace

FailureOr<KernelTarget> eclip::targetFor(StringRef chip) {
  KernelTarget target;
  if (chip != target.chip)
    return failure();
  return target;
}

void eclip::registerCodegenDialects(DialectRegistry &registry) {
  registerLoweringDialects(registry);
}

//===----------------------------------------------------------------------===//
// Generation
//===----------------------------------------------------------------------===//

/// The kernel with its ONNX nodes, for diagnostics.
static std::string describe(KernelOp kernel) {
  std::string text = ("in kernel '" + kernel.getSymName() + "'").str();
  auto nodes = kernel->getAttrOfType<ArrayAttr>("eclip.nodes");
  if (!nodes || nodes.empty())
    return text;
  text += nodes.size() == 1 ? ", node " : ", nodes ";
  llvm::raw_string_ostream stream(text);
  llvm::interleaveComma(nodes, stream, [&](Attribute node) {
    if (auto name = dyn_cast<StringAttr>(node))
      stream << '\'' << name.getValue() << '\'';
  });
  return text;
}

#ifdef ECLIP_HAVE_CONTRACTION
/// True if a contraction accumulates integers: rare enough to be computed as
/// the reduction that it is.
static bool isIntegerContraction(KernelOp kernel) {
  for (linalg::LinalgOp op : kernel.getBodyBlock().getOps<linalg::LinalgOp>())
    if (op.getNumReductionLoops() != 0 &&
        getElementTypeOrSelf(op->getResult(0).getType()).isInteger())
      return true;
  return false;
}
#endif

static GeneratorFn *generatorFor(KernelOp kernel) {
  auto kind = kernel->getAttrOfType<StringAttr>("eclip.kind");
  if (!kind) {
    kernel.emitError("has no eclip.kind: kernels are formed by "
                     "--eclip-form-kernels");
    return nullptr;
  }
  if (kind == "pointwise")
    return &generatePointwise;
  if (kind == "reduction")
    return &generateReduction;
#ifdef ECLIP_HAVE_CONTRACTION
  if (kind == "contraction")
    return isIntegerContraction(kernel) ? &generateReduction
                                        : &generateContraction;
#endif
  kernel.emitError("no generator for kernels of kind ") << kind;
  return nullptr;
}

static LogicalResult checkLaunch(KernelOp kernel, const LaunchShape &launch,
                                 const KernelTarget &target) {
  int64_t size = 1;
  for (int64_t extent : launch.workgroup)
    size *= extent;
  if (size < 1 || size > target.maxWorkgroupSize)
    return kernel.emitError("needs a workgroup of ")
           << size << " work-items, the target allows "
           << target.maxWorkgroupSize;
  for (int64_t extent : launch.grid)
    if (extent < 1 || extent * size >= (int64_t(1) << 31))
      return kernel.emitError("needs ")
             << extent << " workgroups in one dimension, which is not "
             << "between 1 and 2^31 work-items";
  return success();
}

/// Makes the gpu.module of `kernel` at the builder's place and fills it.
static FailureOr<Work> generate(KernelOp kernel, OpBuilder &builder,
                                const KernelTarget &target) {
  GeneratorFn *generator = generatorFor(kernel);
  if (!generator)
    return failure();
  Work work;
  work.kernel = kernel;
  SmallVector<Type> buffers;
  SmallVector<Type> tensors(kernel.getBodyBlock().getArgumentTypes());
  work.interface.argumentCount = tensors.size();
  llvm::append_range(tensors, kernel.getResultTypes());
  for (Type type : tensors) {
    auto tensor = cast<RankedTensorType>(type);
    if (!tensor.getElementType().isIntOrFloat())
      return kernel.emitError("no code for elements of type ")
             << tensor.getElementType();
    buffers.push_back(bufferType(tensor));
    work.interface.bufferBytes.push_back(tensorBytes(tensor));
  }

  Location loc = kernel.getLoc();
  work.module = gpu::GPUModuleOp::create(
      builder, loc, (kernel.getSymName() + "_module").str());
  work.module->setAttr(kOriginAttr, builder.getStringAttr(describe(kernel)));
  OpBuilder inner = OpBuilder::atBlockBegin(work.module.getBody());
  auto func = gpu::GPUFuncOp::create(
      inner, loc, kernel.getSymName(),
      FunctionType::get(kernel.getContext(), buffers, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), inner.getUnitAttr());
  inner.setInsertionPointToStart(&func.getBody().front());
  FailureOr<LaunchShape> launch = generator(kernel, func, inner, target);
  if (failed(launch) || failed(checkLaunch(kernel, *launch, target)))
    return failure();
  work.interface.launch = *launch;
  SmallVector<int32_t> blockSize(launch->workgroup.begin(),
                                 launch->workgroup.end());
  func.setKnownBlockSize(blockSize);
  // The range of the workgroup's number lets LLVM prove that addresses do not
  // wrap, which is what folds constants into the offset of a memory access.
  func.setKnownGridSize(
      SmallVector<int32_t>(launch->grid.begin(), launch->grid.end()));
  if (failed(verify(work.module)))
    return kernel.emitError("the generator made invalid code");
  return work;
}

static LogicalResult generateAll(ModuleOp module, ModuleOp scratch,
                                 StringRef only, const KernelTarget &target,
                                 std::vector<Work> &works) {
  OpBuilder builder = OpBuilder::atBlockEnd(scratch.getBody());
  bool failedOne = false;
  for (KernelOp kernel : module.getOps<KernelOp>()) {
    if (!only.empty() && kernel.getSymName() != only)
      continue;
    ScopedDiagnosticHandler handler(
        module.getContext(), [&](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            diagnostic.attachNote(kernel.getLoc()) << describe(kernel);
          return failure(); // on to whoever prints it
        });
    FailureOr<Work> work = generate(kernel, builder, target);
    if (succeeded(work))
      works.push_back(*work);
    failedOne |= failed(work);
  }
  if (!only.empty() && works.empty() && !failedOne)
    return module.emitError("no kernel '") << only << "'";
  return failure(failedOne);
}

static LogicalResult lower(ModuleOp scratch, const KernelTarget &target) {
  PassManager manager(scratch.getContext(), ModuleOp::getOperationName(),
                      PassManager::Nesting::Explicit);
  // The generators' code is verified; what upstream patterns make of it is
  // checked by LLVM's verifier.
  manager.enableVerifier(false);
  buildKernelLowering(manager.nest<gpu::GPUModuleOp>(), target.chip);
  return manager.run(scratch);
}

//===----------------------------------------------------------------------===//
// Machine code
//===----------------------------------------------------------------------===//

using Bytes = SmallVector<char, 0>;

static LogicalResult compileAll(std::vector<Work> &works, OutputKind kind,
                                const CompileOptions &options,
                                std::vector<Bytes> &outputs) {
  if (works.empty())
    return success();
  outputs.resize(works.size());
  std::mutex lock;
  size_t done = 0;
  return failableParallelForEachN(
      works.front().module.getContext(), 0, works.size(),
      [&](size_t index) -> LogicalResult {
        Work &work = works[index];
        FailureOr<Bytes> bytes =
            compileToObject(work.module, work.interface, options.target, kind);
        if (failed(bytes))
          return failure();
        outputs[index] = std::move(*bytes);
        if (options.progress) {
          std::lock_guard<std::mutex> guard(lock);
          options.progress(++done, works.size(), work.kernel.getSymName());
        }
        return success();
      });
}

static FailureOr<LaunchAttr> launchOf(const Work &work,
                                      const KernelResources &resources,
                                      const KernelTarget &target) {
  KernelOp kernel = work.kernel;
  int64_t expected = 8 * work.interface.bufferBytes.size();
  if (resources.kernargBytes != expected)
    return kernel.emitError("the code object wants ")
           << resources.kernargBytes << " bytes of arguments, the kernel has "
           << expected;
  if (resources.ldsBytes > target.ldsBytes)
    return kernel.emitError("needs ")
           << resources.ldsBytes << " bytes of LDS, a compute unit has "
           << target.ldsBytes;
  if (resources.scratchBytes > 0)
    kernel.emitWarning("spills: ")
        << resources.scratchBytes << " bytes of scratch for each work-item, "
        << describe(kernel);
  const LaunchShape &launch = work.interface.launch;
  return LaunchAttr::get(kernel.getContext(), launch.grid, launch.workgroup,
                         resources.ldsBytes, resources.scratchBytes,
                         resources.kernargBytes, resources.vgprs,
                         resources.sgprs);
}

static void storeCodeObject(ModuleOp module, const Bytes &code,
                            const KernelTarget &target) {
  MLIRContext *context = module.getContext();
  auto type = RankedTensorType::get({static_cast<int64_t>(code.size())},
                                    IntegerType::get(context, 8));
  AsmResourceBlob blob = HeapAsmResourceBlob::allocateAndCopyWithAlign(
      ArrayRef<char>(code), /*align=*/4096, /*dataIsMutable=*/false);
  module->setAttr("eclip.code_object", DenseResourceElementsAttr::get(
                                           type, "code", std::move(blob)));
  module->setAttr("eclip.isa", StringAttr::get(context, "amdgcn-amd-amdhsa--" +
                                                            target.chip));
}

LogicalResult eclip::compileKernels(ModuleOp module,
                                    const CompileOptions &options) {
  OwningOpRef<ModuleOp> scratch(ModuleOp::create(module.getLoc()));
  std::vector<Work> works;
  std::vector<Bytes> objects;
  if (failed(generateAll(module, *scratch, "", options.target, works)))
    return failure();
  if (works.empty())
    return success();
  if (failed(lower(*scratch, options.target)) ||
      failed(compileAll(works, OutputKind::Object, options, objects)))
    return failure();
  std::string error;
  FailureOr<Bytes> code = linkCodeObject(objects, error);
  if (failed(code))
    return module.emitError("linking the kernels failed: ") << error;
  auto resources = readResources(*code, error);
  if (failed(resources))
    return module.emitError("the linked code object is not readable: ")
           << error;
  SmallVector<LaunchAttr> launches;
  for (Work &work : works) {
    FailureOr<LaunchAttr> launch = launchOf(
        work, (*resources)[work.kernel.getSymName().str()], options.target);
    if (failed(launch))
      return failure();
    launches.push_back(*launch);
  }
  for (auto [work, launch] : llvm::zip_equal(works, launches))
    work.kernel.setLaunchAttr(launch);
  storeCodeObject(module, *code, options.target);
  return success();
}

LogicalResult eclip::printKernels(ModuleOp module, KernelText text,
                                  StringRef name, const CompileOptions &options,
                                  raw_ostream &out) {
  OwningOpRef<ModuleOp> scratch(ModuleOp::create(module.getLoc()));
  std::vector<Work> works;
  if (failed(generateAll(module, *scratch, name, options.target, works)))
    return failure();
  if (text != KernelText::Gpu && failed(lower(*scratch, options.target)))
    return failure();
  if (text == KernelText::Gpu || text == KernelText::Rocdl) {
    for (Work &work : works) {
      work.module->print(out);
      out << '\n';
    }
    return success();
  }
  std::vector<Bytes> outputs;
  if (failed(compileAll(works,
                        text == KernelText::LlvmIr ? OutputKind::LlvmIr
                                                   : OutputKind::Assembly,
                        options, outputs)))
    return failure();
  for (const Bytes &bytes : outputs)
    out << StringRef(bytes.data(), bytes.size());
  return success();
}
