//===- Compile.cpp - kernels to one code object ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Compile.h"

#include "compiler/kernels/codegen/CompiledKernel.h"
#include "compiler/kernels/codegen/Lowering.h"
#include "compiler/kernels/codegen/Object.h"

#include "compiler/kernels/codegen/attention/Attention.h"
#include "compiler/kernels/codegen/contraction/Contraction.h"
#include "compiler/kernels/codegen/mma/MmaChoice.h"
#include "compiler/kernels/codegen/mma/MmaContraction.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"
#include "dialect/Variants.h"

#include "mlir/Dialect/Utils/IndexingUtils.h"
#include "mlir/IR/AsmState.h"
#include "mlir/IR/DialectResourceBlobManager.h"
#include "mlir/IR/Threading.h"
#include "mlir/IR/Verifier.h"

#include <mutex>

using namespace mlir;
using namespace eclip;

namespace {
/// A kernel on its way: the module that holds its function (none if the cache
/// had the kernel), and what the launch and the machine code must agree on.
struct Work {
  KernelOp kernel;
  KernelInterface interface;
  gpu::GPUModuleOp module;
  std::optional<CacheKey> key;
  CompiledKernel result;
};

/// A buffer of a kernel's function.
struct KernelBuffer {
  MemRefType type;
  int64_t bytes, alignment;
};
} // namespace

FailureOr<KernelTarget> eclip::targetFor(StringRef chip) {
  KernelTarget target;
  if (chip != target.chip)
    return nvidiaTargetFor(chip);
  return target;
}

void eclip::registerCodegenDialects(DialectRegistry &registry) {
  registerLoweringDialects(registry);
  registerNvidiaDialects(registry);
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

/// True if a contraction accumulates integers: rare enough to be computed as
/// the reduction that it is.
static bool isIntegerContraction(KernelOp kernel) {
  for (linalg::LinalgOp op : kernel.getBodyBlock().getOps<linalg::LinalgOp>())
    if (op.getNumReductionLoops() != 0 &&
        getElementTypeOrSelf(op->getResult(0).getType()).isInteger())
      return true;
  return false;
}

static GeneratorFn *generatorFor(KernelOp kernel, const KernelTarget &target) {
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
  if (kind == "contraction")
    return isIntegerContraction(kernel) ? &generateReduction
           : target.isNvidia()          ? &generateTensorCore
                                        : &generateContraction;
  if (kind == "attention" && target.isNvidia())
    return &generateAttention;
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
  // The CUDA driver's limit.
  for (int64_t extent : {launch.grid[1], launch.grid[2]})
    if (target.isNvidia() && extent > 65535)
      return kernel.emitError("needs ")
             << extent << " workgroups along y or z, the limit is 65535";
  return success();
}

/// Buffer of a result: all of its own, or strided in the larger one that it is
/// a window of.
static KernelBuffer resultBuffer(KernelOp kernel, unsigned index) {
  auto tensor = cast<RankedTensorType>(kernel.getResultTypes()[index]);
  MemRefType type = bufferType(tensor);
  WindowAttr window = kernel.getWindow(index);
  if (!window)
    return {type, tensorBytes(tensor), kBufferAlignment};
  SmallVector<int64_t> zeros(tensor.getRank(), 0);
  auto box = BoxAttr::get(kernel.getContext(), zeros, tensor.getShape());
  auto layout = StridedLayoutAttr::get(
      kernel.getContext(), /*offset=*/0,
      computeStrides(window.getBuffer().getShape()));
  return {MemRefType::get(type.getShape(), type.getElementType(), layout,
                          type.getMemorySpace()),
          boxSpan(box, window.getBuffer()), window.getAlign()};
}

/// The buffers of the kernel: arguments, then results.
static SmallVector<KernelBuffer> buffersOf(KernelOp kernel) {
  SmallVector<KernelBuffer> buffers;
  for (Type type : kernel.getBodyBlock().getArgumentTypes()) {
    auto tensor = cast<RankedTensorType>(type);
    buffers.push_back(
        {bufferType(tensor), tensorBytes(tensor), kBufferAlignment});
  }
  for (unsigned i = 0; i < kernel.getResultTypes().size(); ++i)
    buffers.push_back(resultBuffer(kernel, i));
  return buffers;
}

static FailureOr<KernelInterface> interfaceOf(KernelOp kernel) {
  KernelInterface interface;
  SmallVector<Type> tensors(kernel.getBodyBlock().getArgumentTypes());
  interface.argumentCount = tensors.size();
  llvm::append_range(tensors, kernel.getResultTypes());
  for (Type type : tensors)
    if (!isStorable(getElementTypeOrSelf(type)))
      return kernel.emitError("no code for elements of type ")
             << getElementTypeOrSelf(type);
  for (const KernelBuffer &buffer : buffersOf(kernel)) {
    interface.bufferBytes.push_back(buffer.bytes);
    interface.alignments.push_back(buffer.alignment);
  }
  return interface;
}

/// Makes the gpu.module of the kernel at the builder's place and fills it; its
/// function is `symbol`.
static LogicalResult generate(Work &work, StringRef symbol, OpBuilder &builder,
                              const KernelTarget &target) {
  KernelOp kernel = work.kernel;
  GeneratorFn *generator = generatorFor(kernel, target);
  if (!generator)
    return failure();
  SmallVector<Type> buffers;
  for (const KernelBuffer &buffer : buffersOf(kernel))
    buffers.push_back(buffer.type);

  Location loc = kernel.getLoc();
  work.module = gpu::GPUModuleOp::create(
      builder, loc, (kernel.getSymName() + "_module").str());
  work.module->setAttr(kOriginAttr, builder.getStringAttr(describe(kernel)));
  OpBuilder inner = OpBuilder::atBlockBegin(work.module.getBody());
  auto func = gpu::GPUFuncOp::create(
      inner, loc, symbol, FunctionType::get(kernel.getContext(), buffers, {}));
  func->setAttr(gpu::GPUDialect::getKernelFuncAttrName(), inner.getUnitAttr());
  if (target.isNvidia())
    func->setAttr(kBufferAlignmentsAttr,
                  inner.getDenseI64ArrayAttr(work.interface.alignments));
  inner.setInsertionPointToStart(&func.getBody().front());
  DictionaryAttr before = kernel->getDiscardableAttrDictionary();
  FailureOr<LaunchShape> launch = generator(kernel, func, inner, target);
  if (failed(launch) || failed(checkLaunch(kernel, *launch, target)))
    return failure();
  work.interface.launch = work.result.launch = *launch;
  work.result.attributes = newAttributes(kernel, before);
  SmallVector<int32_t> blockSize(launch->workgroup.begin(),
                                 launch->workgroup.end());
  func.setKnownBlockSize(blockSize);
  // The range of the workgroup's number lets LLVM prove that addresses do not
  // wrap, which is what folds constants into the offset of a memory access.
  func.setKnownGridSize(
      SmallVector<int32_t>(launch->grid.begin(), launch->grid.end()));
  if (failed(verify(work.module)))
    return kernel.emitError("the generator made invalid code");
  return success();
}

/// The kernels of `module`, or the one named `only`.
static FailureOr<std::vector<Work>> selectKernels(ModuleOp module,
                                                  StringRef only) {
  std::vector<Work> works;
  for (KernelOp kernel : module.getOps<KernelOp>()) {
    if (!only.empty() && kernel.getSymName() != only)
      continue;
    FailureOr<KernelInterface> interface = interfaceOf(kernel);
    if (failed(interface))
      return failure();
    Work &work = works.emplace_back();
    work.kernel = kernel;
    work.interface = std::move(*interface);
  }
  if (!only.empty() && works.empty())
    return module.emitError("no kernel '") << only << "'";
  return works;
}

/// Sets `eclip.tile` where a table of measured tiles has the kernel's problem:
/// ahead of the cache, whose key has the attribute.
static LogicalResult chooseTiles(ModuleOp module, ArrayRef<Work> works,
                                 const CompileOptions &options) {
  std::optional<MmaTable> given;
  if (!options.tileFile.empty()) {
    if (!options.target.isNvidia())
      return module.emitError("tables of tiles are for tensor cores, ")
             << options.target.chip << " has none";
    llvm::Expected<MmaTable> table =
        MmaTable::read(options.tileFile, options.target.chip);
    if (!table)
      return module.emitError(llvm::toString(table.takeError()));
    given = std::move(*table);
  }
  if (options.target.isNvidia())
    for (const Work &work : works)
      chooseFromTables(work.kernel, options.target, given ? &*given : nullptr);
  return success();
}

/// Fills the modules of `works` in `scratch`. Functions are called `symbol`, or
/// as their kernels if it is empty.
static LogicalResult generateAll(ArrayRef<Work *> works, ModuleOp scratch,
                                 StringRef symbol, const KernelTarget &target) {
  OpBuilder builder = OpBuilder::atBlockEnd(scratch.getBody());
  bool failedOne = false;
  for (Work *work : works) {
    KernelOp kernel = work->kernel;
    ScopedDiagnosticHandler handler(
        kernel.getContext(), [&](Diagnostic &diagnostic) {
          if (diagnostic.getSeverity() == DiagnosticSeverity::Error)
            diagnostic.attachNote(kernel.getLoc()) << describe(kernel);
          return failure(); // on to whoever prints it
        });
    failedOne |=
        failed(generate(*work, symbol.empty() ? kernel.getSymName() : symbol,
                        builder, target));
  }
  return failure(failedOne);
}

static LogicalResult lower(ModuleOp scratch, const KernelTarget &target) {
  PassManager manager(scratch.getContext(), ModuleOp::getOperationName(),
                      PassManager::Nesting::Explicit);
  // The generators' code is verified; what upstream patterns make of it is
  // checked by LLVM's verifier.
  manager.enableVerifier(false);
  OpPassManager &nested = manager.nest<gpu::GPUModuleOp>();
  if (target.isNvidia())
    buildNvidiaLowering(nested);
  else
    buildKernelLowering(nested, target.chip);
  return manager.run(scratch);
}

//===----------------------------------------------------------------------===//
// Machine code
//===----------------------------------------------------------------------===//

using Bytes = SmallVector<char, 0>;

/// Takes what `cache` has; returns the kernels that it has not.
static std::vector<Work *> loadCached(std::vector<Work> &works,
                                      KernelCache &cache,
                                      const KernelTarget &target) {
  std::vector<Work *> missing;
  for (Work &work : works) {
    work.key = keyOf(work.kernel, target);
    std::optional<CompiledKernel> found;
    if (work.key)
      if (CacheEntry entry = cache.load(*work.key); entry.file)
        found = deserialize(entry.value);
    if (found && succeeded(setAttributes(work.kernel, found->attributes)))
      work.result = std::move(*found);
    else
      missing.push_back(&work);
  }
  return missing;
}

/// Generates and compiles `works`, and keeps them in `cache` if there is one.
static LogicalResult compileMissing(ArrayRef<Work *> works, size_t total,
                                    KernelCache *cache, ModuleOp scratch,
                                    const CompileOptions &options) {
  if (failed(generateAll(works, scratch, kKernelSymbol, options.target)) ||
      failed(lower(scratch, options.target)))
    return failure();
  std::mutex lock;
  size_t done = total - works.size();
  return failableParallelForEachN(
      scratch.getContext(), 0, works.size(), [&](size_t index) {
        Work &work = *works[index];
        FailureOr<Bytes> object =
            compileToObject(work.module, work.interface, options.target,
                            OutputKind::Object);
        if (failed(object))
          return failure();
        work.result.object = std::move(*object);
        if (cache && work.key)
          cache->store(*work.key, serialize(work.result));
        if (options.progress) {
          std::lock_guard<std::mutex> guard(lock);
          options.progress(++done, total);
        }
        return success();
      });
}

static DenseResourceElementsAttr makeResource(MLIRContext *context,
                                              const Bytes &bytes,
                                              StringRef name) {
  auto type = RankedTensorType::get({static_cast<int64_t>(bytes.size())},
                                    IntegerType::get(context, 8));
  return DenseResourceElementsAttr::get(
      type, name,
      HeapAsmResourceBlob::allocateAndCopyWithAlign(
          ArrayRef<char>(bytes), /*align=*/4096, /*dataIsMutable=*/false));
}

/// One module of all kernels, as machine code where there is an assembler. Where
/// there are variants, the text stays on the module.
static FailureOr<Bytes> linkNvidia(ModuleOp module, ArrayRef<Work> works,
                                   KernelCache *cache,
                                   const CompileOptions &options) {
  SmallVector<std::pair<StringRef, StringRef>> texts;
  for (const Work &work : works) {
    KernelOp kernel = work.kernel;
    const Bytes &text = work.result.object;
    texts.emplace_back(kernel.getSymName(), StringRef(text.data(), text.size()));
  }
  Bytes ptx = linkPtx(texts);
  bool hasVariants = llvm::any_of(works, [](const Work &work) {
    KernelOp kernel = work.kernel;
    return kernel->hasAttr(kVariantOf);
  });
  if (hasVariants) {
    module->setAttr(kPtxAttr, makeResource(module.getContext(), ptx, "ptx"));
    if (options.assembleLater)
      return ptx;
  }
  std::string error;
  FailureOr<std::optional<Bytes>> code =
      assemblePtx(ptx, options.target, cache, error);
  if (failed(code))
    return module.emitError("assembling the kernels failed: ") << error;
  return *code ? std::move(**code) : std::move(ptx);
}

/// Gives each kernel its name and links them all.
static FailureOr<Bytes> link(ModuleOp module, ArrayRef<Work> works) {
  std::vector<Bytes> objects(works.size());
  LogicalResult renamed = failableParallelForEachN(
      module.getContext(), 0, works.size(), [&](size_t index) -> LogicalResult {
        KernelOp kernel = works[index].kernel;
        std::string error;
        FailureOr<Bytes> object = renameKernel(works[index].result.object,
                                               kernel.getSymName(), error);
        if (failed(object))
          return kernel.emitError("its object is not readable: ") << error;
        objects[index] = std::move(*object);
        return success();
      });
  if (failed(renamed))
    return failure();
  std::string error;
  FailureOr<Bytes> code = linkCodeObject(objects, error);
  if (failed(code))
    return module.emitError("linking the kernels failed: ") << error;
  return code;
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
  const LaunchShape &launch = work.result.launch;
  return LaunchAttr::get(kernel.getContext(), launch.grid, launch.workgroup,
                         resources.ldsBytes, resources.scratchBytes,
                         resources.kernargBytes, resources.vgprs,
                         resources.sgprs);
}

/// Resources of all kernels: what the code object says, or on NVIDIA GPUs what
/// was noted beside each kernel, with registers where an assembler counted them.
static FailureOr<std::map<std::string, KernelResources>>
resourcesOf(ModuleOp module, ArrayRef<Work> works, const Bytes &code,
            const KernelTarget &target) {
  if (!target.isNvidia()) {
    std::string error;
    auto resources = readResources(code, error);
    if (failed(resources))
      return module.emitError("the linked code object is not readable: ")
             << error;
    return resources;
  }
  std::map<std::string, int64_t> registers = registersOf(code);
  std::map<std::string, KernelResources> resources;
  for (const Work &work : works) {
    KernelOp kernel = work.kernel;
    const Bytes &text = work.result.object;
    std::optional<int64_t> shared =
        sharedBytesOf(StringRef(text.data(), text.size()));
    if (!shared)
      return kernel.emitError("its PTX does not say what shared memory it needs");
    KernelResources &entry = resources[kernel.getSymName().str()];
    entry.ldsBytes = *shared;
    entry.kernargBytes = 8 * int64_t(work.interface.bufferBytes.size());
    entry.vgprs = registers[kernel.getSymName().str()];
  }
  return resources;
}

void eclip::storeCodeObject(ModuleOp module, const Bytes &code,
                            const KernelTarget &target) {
  MLIRContext *context = module.getContext();
  module->setAttr("eclip.code_object", makeResource(context, code, "code"));
  std::string triple =
      target.isNvidia() ? "nvptx64-nvidia-cuda--" : "amdgcn-amd-amdhsa--";
  module->setAttr("eclip.isa", StringAttr::get(context, triple + target.chip));
}

void eclip::setRegisters(ModuleOp module, ArrayRef<char> code) {
  std::map<std::string, int64_t> registers =
      registersOf(code);
  for (auto kernel : module.getOps<KernelOp>()) {
    LaunchAttr launch = kernel.getLaunchAttr();
    auto own = registers.find(kernel.getSymName().str());
    if (launch && own != registers.end())
      kernel.setLaunchAttr(LaunchAttr::get(
          kernel.getContext(), launch.getGrid(), launch.getWorkgroup(),
          launch.getLdsBytes(), launch.getScratchBytes(),
          launch.getKernargBytes(), own->second, launch.getSgprs()));
  }
}

LogicalResult eclip::compileKernels(ModuleOp module,
                                    const CompileOptions &options) {
  FailureOr<std::vector<Work>> works = selectKernels(module, /*only=*/"");
  if (failed(works))
    return failure();
  if (works->empty())
    return success();
  if (failed(chooseTiles(module, *works, options)))
    return failure();
  std::optional<KernelCache> cache;
  std::vector<Work *> missing;
  if (options.cacheDirectory.empty()) {
    for (Work &work : *works)
      missing.push_back(&work);
  } else {
    cache.emplace(options.cacheDirectory, options.cacheBytes);
    missing = loadCached(*works, *cache, options.target);
  }
  CompileReport report;
  report.kernels = works->size();
  report.fromCache = works->size() - missing.size();
  if (options.progress)
    options.progress(report.fromCache, report.kernels);
  OwningOpRef<ModuleOp> scratch(ModuleOp::create(module.getLoc()));
  if (failed(compileMissing(missing, works->size(), cache ? &*cache : nullptr,
                            *scratch, options)))
    return failure();
  FailureOr<Bytes> code = options.target.isNvidia()
                              ? linkNvidia(module, *works,
                                           cache ? &*cache : nullptr, options)
                              : link(module, *works);
  if (failed(code))
    return failure();
  auto resources = resourcesOf(module, *works, *code, options.target);
  if (failed(resources))
    return failure();
  SmallVector<LaunchAttr> launches;
  for (Work &work : *works) {
    FailureOr<LaunchAttr> launch = launchOf(
        work, (*resources)[work.kernel.getSymName().str()], options.target);
    if (failed(launch))
      return failure();
    launches.push_back(*launch);
  }
  for (auto [work, launch] : llvm::zip_equal(*works, launches))
    work.kernel.setLaunchAttr(launch);
  storeCodeObject(module, *code, options.target);
  if (cache) {
    cache->prune();
    report.cacheProblem = cache->problem();
  }
  if (options.report)
    options.report(report);
  return success();
}

static LogicalResult printText(ArrayRef<Work *> works, OutputKind kind,
                               const KernelTarget &target, raw_ostream &out) {
  std::vector<Bytes> outputs(works.size());
  MLIRContext *context = works.front()->kernel.getContext();
  if (failed(failableParallelForEachN(
          context, 0, works.size(), [&](size_t index) {
            FailureOr<Bytes> text =
                compileToObject(works[index]->module, works[index]->interface,
                                target, kind);
            if (failed(text))
              return failure();
            outputs[index] = std::move(*text);
            return success();
          })))
    return failure();
  for (const Bytes &bytes : outputs)
    out << StringRef(bytes.data(), bytes.size());
  return success();
}

LogicalResult eclip::printKernels(ModuleOp module, KernelText text,
                                  StringRef name, const CompileOptions &options,
                                  raw_ostream &out) {
  FailureOr<std::vector<Work>> selected = selectKernels(module, name);
  if (failed(selected))
    return failure();
  if (selected->empty())
    return success();
  if (failed(chooseTiles(module, *selected, options)))
    return failure();
  std::vector<Work *> works;
  for (Work &work : *selected)
    works.push_back(&work);
  OwningOpRef<ModuleOp> scratch(ModuleOp::create(module.getLoc()));
  if (failed(generateAll(works, *scratch, /*symbol=*/"", options.target)))
    return failure();
  if (text != KernelText::Gpu && failed(lower(*scratch, options.target)))
    return failure();
  if (text == KernelText::LlvmIr || text == KernelText::Assembly)
    return printText(works,
                     text == KernelText::LlvmIr ? OutputKind::LlvmIr
                                                : OutputKind::Assembly,
                     options.target, out);
  for (Work *work : works) {
    work->module->print(out);
    out << '\n';
  }
  return success();
}
