//===- import-test.cpp - import a model and run it on the host ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Checks the importer apart from the code generators for GPUs: the imported
// module is lowered to loops and run on the host.
//
//   import-test MODEL.onnx [--batch N] [--dim NAME=N]...
//       prints the module, weights elided
//   import-test MODEL.onnx ... --run DIR
//       reads DIR/inI.bin, writes DIR/outI.bin: raw row-major elements in the
//       order of the function's arguments and results
//   import-test MODEL.onnx ... --check
//       imports and prints nothing (the printer writes weights before it elides them)
//   import-test --table
//       prints the table of operators as Markdown
//
//===----------------------------------------------------------------------===//

#include "compiler/import/Import.h"
#include "compiler/import/OpTable.h"

#include "mlir/Conversion/Passes.h"
#include "mlir/Dialect/Arith/Transforms/Passes.h"
#include "mlir/Dialect/Bufferization/Transforms/FuncBufferizableOpInterfaceImpl.h"
#include "mlir/Dialect/Bufferization/Transforms/Passes.h"
#include "mlir/Dialect/Func/IR/FuncOps.h"
#include "mlir/Dialect/Linalg/Passes.h"
#include "mlir/Dialect/MemRef/Transforms/Passes.h"
#include "mlir/IR/Diagnostics.h"
#include "mlir/InitAllDialects.h"
#include "mlir/InitAllExtensions.h"
#include "mlir/InitAllPasses.h"
#include "mlir/Pass/PassManager.h"
#include "mlir/Pass/PassRegistry.h"
#include "mlir/Target/LLVMIR/Dialect/All.h"
#include "mlir/Target/LLVMIR/Export.h"
#include "mlir/Transforms/Passes.h"
#include "llvm/ExecutionEngine/Orc/ExecutionUtils.h"
#include "llvm/ExecutionEngine/Orc/JITTargetMachineBuilder.h"
#include "llvm/ExecutionEngine/Orc/LLJIT.h"
#include "llvm/IR/LLVMContext.h"
#include "llvm/IR/Module.h"
#include "llvm/Passes/PassBuilder.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/DynamicLibrary.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/TargetSelect.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
namespace cl = llvm::cl;

static cl::opt<std::string> modelPath(cl::Positional, cl::desc("MODEL.onnx"));
static cl::opt<int64_t> batch("batch", cl::init(0));
static cl::list<std::string> dims("dim");
static cl::opt<std::string> runDir("run");
static cl::opt<bool> checkOnly("check");
static cl::opt<bool> table("table");

/// From linalg on tensors to the LLVM dialect; @main takes a bare pointer for
/// each argument, then for each result.
static constexpr const char *kPipeline =
    "one-shot-bufferize{bufferize-function-boundaries function-boundary-type-conversion=identity-layout-map},"
    "buffer-results-to-out-params{modify-public-functions hoist-static-allocs},"
    "func.func(convert-linalg-to-loops),expand-strided-metadata,lower-affine,convert-scf-to-cf,"
    "func.func(convert-math-to-llvm),convert-math-to-libm,finalize-memref-to-llvm,convert-arith-to-llvm,"
    "convert-index-to-llvm,"
    "convert-func-to-llvm{use-bare-ptr-memref-call-conv},convert-cf-to-llvm,reconcile-unrealized-casts";

static int fail(const llvm::Twine &message) {
  llvm::errs() << "import-test: " << message << "\n";
  return 1;
}

static int64_t bytesOf(Type type) {
  auto tensor = cast<RankedTensorType>(type);
  return tensor.getNumElements() * std::max<int64_t>(1, tensor.getElementTypeBitWidth() / 8);
}

static void optimize(llvm::Module &module, llvm::TargetMachine *machine) {
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager components;
  llvm::ModuleAnalysisManager modules;
  llvm::PassBuilder builder(machine);
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(components);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, components, modules);
  builder.buildPerModuleDefaultPipeline(llvm::OptimizationLevel::O1).run(module, modules);
}

/// Holds memrefCopy, which the lowering of strided copies calls.
static const char *kRunnerLibrary = ECLIP_LLVM_LIBRARY_DIR "/libmlir_c_runner_utils.so";

/// Compiles the lowered module and calls @main on `buffers`.
static llvm::Error execute(ModuleOp module, llvm::ArrayRef<void *> buffers) {
  auto context = std::make_unique<llvm::LLVMContext>();
  std::unique_ptr<llvm::Module> translated = translateModuleToLLVMIR(module, *context);
  if (!translated)
    return llvm::createStringError("translation to LLVM IR failed");
  auto machine = llvm::orc::JITTargetMachineBuilder::detectHost();
  if (!machine)
    return machine.takeError();
  // Weights may lie farther away than 2 GiB.
  machine->setCodeModel(llvm::CodeModel::Large);
  auto target = machine->createTargetMachine();
  if (!target)
    return target.takeError();
  translated->setDataLayout((*target)->createDataLayout());
  translated->setTargetTriple((*target)->getTargetTriple());
  optimize(*translated, target->get());
  auto jit = llvm::orc::LLJITBuilder().setJITTargetMachineBuilder(std::move(*machine)).create();
  if (!jit)
    return jit.takeError();
  auto generator = llvm::orc::DynamicLibrarySearchGenerator::GetForCurrentProcess(
      (*jit)->getDataLayout().getGlobalPrefix());
  if (!generator)
    return generator.takeError();
  std::string problem;
  if (llvm::sys::DynamicLibrary::LoadLibraryPermanently(kRunnerLibrary, &problem))
    return llvm::createStringError(problem);
  (*jit)->getMainJITDylib().addGenerator(std::move(*generator));
  if (llvm::Error e = (*jit)->addIRModule({std::move(translated), std::move(context)}))
    return e;
  auto entry = (*jit)->lookup("main");
  if (!entry)
    return entry.takeError();
  // Surplus pointer arguments are ignored by the callee.
  void *p[12] = {};
  std::copy(buffers.begin(), buffers.end(), p);
  using Main = void (*)(void *, void *, void *, void *, void *, void *, void *, void *, void *, void *, void *, void *);
  entry->toPtr<Main>()(p[0], p[1], p[2], p[3], p[4], p[5], p[6], p[7], p[8], p[9], p[10], p[11]);
  return llvm::Error::success();
}

static int run(MLIRContext &context, ModuleOp module) {
  auto function = cast<func::FuncOp>(module.lookupSymbol("main"));
  FunctionType type = function.getFunctionType();
  if (type.getNumInputs() + type.getNumResults() > 12)
    return fail("more than 12 inputs and outputs");
  std::vector<std::vector<char>> storage;
  for (auto [i, input] : llvm::enumerate(type.getInputs())) {
    std::string path = runDir + "/in" + std::to_string(i) + ".bin";
    auto data = llvm::MemoryBuffer::getFile(path, false, false);
    if (!data || static_cast<int64_t>((*data)->getBufferSize()) != bytesOf(input))
      return fail(path + " is missing or of the wrong size");
    storage.emplace_back((*data)->getBufferStart(), (*data)->getBufferEnd());
  }
  SmallVector<int64_t> sizes;
  for (Type result : type.getResults())
    storage.emplace_back(bytesOf(result), 0);
  unsigned firstResult = type.getNumInputs();
  function.setName("main");
  PassManager manager(&context);
  if (failed(parsePassPipeline(kPipeline, manager)) || failed(manager.run(module)))
    return fail("lowering failed");
  SmallVector<void *> buffers;
  for (std::vector<char> &buffer : storage)
    buffers.push_back(buffer.data());
  if (llvm::Error e = execute(module, buffers))
    return fail(llvm::toString(std::move(e)));
  for (size_t i = firstResult; i < storage.size(); ++i) {
    std::error_code error;
    llvm::raw_fd_ostream out(runDir + "/out" + std::to_string(i - firstResult) + ".bin", error);
    if (error)
      return fail(error.message());
    out.write(storage[i].data(), storage[i].size());
  }
  return 0;
}

static std::string typesText(eclip::frontend::TypeSet types) {
  using namespace eclip::frontend;
  std::pair<TypeSet, const char *> groups[] = {{kAll, "all"}, {kNumbers, "numbers"}, {kFloats, "floats"}, {kInts, "integers"},
                                               {kSignedInts, "signed integers"}, {kUnsignedInts, "unsigned integers"}};
  std::string text;
  auto append = [&](llvm::StringRef name) { text += (text.empty() ? "" : ", ") + name.str(); };
  for (auto [set, name] : groups)
    if ((types & set) == set) {
      append(name);
      types &= ~set;
    }
  for (int i = 0; i <= static_cast<int>(DType::Bool); ++i)
    if (types & typeBit(static_cast<DType>(i)))
      append(dtypeName(static_cast<DType>(i)));
  return text;
}

static int printTable() {
  using namespace eclip::frontend;
  llvm::outs() << "| operator | opsets | types of input 0 | limits |\n|---|---|---|---|\n";
  for (const OpRow &row : opTable())
    llvm::outs() << "| " << row.name << " | " << std::max<int64_t>(row.since, kMinOpset) << " to " << row.until << " | "
                 << typesText(row.types) << " | " << row.limits << " |\n";
  return 0;
}

int main(int argc, char **argv) {
  cl::ParseCommandLineOptions(argc, argv, "import-test\n");
  if (table)
    return printTable();
  llvm::InitializeNativeTarget();
  llvm::InitializeNativeTargetAsmPrinter();
  DialectRegistry registry;
  registerAllDialects(registry);
  registerAllExtensions(registry);
  registerAllToLLVMIRTranslations(registry);
  registerAllPasses();
  MLIRContext context(registry);
  context.disableMultithreading();
  ScopedDiagnosticHandler handler(&context, [](Diagnostic &diagnostic) {
    llvm::errs() << "error: " << diagnostic.str() << "\n";
    return success();
  });
  eclip::ImportOptions options;
  if (batch.getNumOccurrences())
    options.batch = batch;
  for (llvm::StringRef spec : dims) {
    auto [name, number] = spec.rsplit('=');
    if (number.getAsInteger(10, options.dims[name]))
      return fail("--dim needs NAME=N");
  }
  OwningOpRef<ModuleOp> module = eclip::importOnnx(context, modelPath, options);
  if (!module)
    return 2;
  if (!runDir.empty())
    return run(context, *module);
  if (checkOnly)
    return 0;
  OpPrintingFlags flags;
  module->print(llvm::outs(), flags.elideLargeResourceString(64).elideLargeElementsAttrs(64));
  return 0;
}
