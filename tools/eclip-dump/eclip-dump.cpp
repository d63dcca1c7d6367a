//===- eclip-dump.cpp - says what is in a .eclip file ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The file goes through the runtime's own verification before anything of it
// is read: what this program prints, the runtime would load.
//
//===----------------------------------------------------------------------===//

#include "runtime/src/file.h"
#include "runtime/src/verify.h"
#include "tools/eclip-dump/Dump.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/InitLLVM.h"

using namespace eclip;
namespace cl = llvm::cl;

namespace {

enum ExitCode { kOk = 0, kUsage = 1, kBadFile = 2, kNoKernel = 3 };

cl::OptionCategory category("eclip-dump options");
cl::opt<std::string> inputPath(cl::Positional, cl::Required, cl::desc("FILE.eclip"),
                               cl::cat(category));
cl::opt<bool> summary("summary", cl::desc("A few lines instead of everything"),
                      cl::cat(category));
cl::opt<bool> asJson("json", cl::desc("Everything as JSON"), cl::cat(category));
cl::opt<std::string> assembly("asm", cl::value_desc("KERNEL"),
                              cl::desc("Disassemble one kernel"), cl::cat(category));
cl::extrahelp exitCodes("\nExit codes: 0 printed; 1 wrong usage; 2 the file is not "
                        "a valid schedule; 3 --asm names no kernel of it, or one "
                        "that cannot be disassembled.\n");

int fail(int code, const llvm::Twine &message) {
  llvm::errs() << "eclip-dump: error: " << inputPath << ": " << message << "\n";
  return code;
}

int dump(const DumpInput &input) {
  if (!assembly.empty()) {
    if (llvm::Error error = printAssembly(input, assembly, llvm::outs()))
      return fail(kNoKernel, llvm::toString(std::move(error)));
  } else if (asJson) {
    printJson(input, llvm::outs());
  } else if (summary) {
    printSummary(input, llvm::outs());
  } else {
    printText(input, llvm::outs());
  }
  return kOk;
}

} // namespace

int main(int argc, char **argv) {
  llvm::InitLLVM init(argc, argv);
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << "eclip-dump " ECLIP_VERSION "\n"; });
  if (!cl::ParseCommandLineOptions(argc, argv, "Says what is in a .eclip file.\n",
                                   &llvm::errs()))
    return kUsage;
  if (asJson + summary + !assembly.empty() > 1)
    return fail(kUsage, "--json, --summary and --asm exclude each other");

  char text[512] = "";
  eclip_error sink = ECLIP_ERROR_INIT(text);
  Error error(&sink);
  MappedFile file;
  FileSections sections;
  const fb::Schedule *schedule = nullptr;
  Memory memory;
  if (file.open(inputPath.c_str(), error) != ECLIP_OK ||
      verifyHeader(file.bytes(), &sections, error) != ECLIP_OK ||
      verifyStructure(sections.payload, &schedule, error) != ECLIP_OK ||
      verifySemantics(*schedule, sections.constants.size, memory, error) != ECLIP_OK)
    return fail(kBadFile, text);
  return dump({*reinterpret_cast<const eclip_file_header *>(file.bytes().data), *schedule});
}
