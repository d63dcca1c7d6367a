//===- LinkPtx.cpp - many PTX texts to one module, and to machine code ----===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/CompiledKernel.h"
#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace eclip;

using Bytes = SmallVector<char, 0>;

/// Lines that a module has once, and comments.
static bool isOfTheModule(StringRef line) {
  line = line.trim();
  return line.starts_with(".version") || line.starts_with(".target") ||
         line.starts_with(".address_size") || line.starts_with("//") ||
         (line.starts_with(".extern .shared") && line.contains(kSharedSymbol));
}

/// `line` with kKernelSymbol, which begins the names of parameters too,
/// replaced.
static void appendRenamed(Bytes &out, StringRef line, StringRef name) {
  while (true) {
    auto [before, after] = line.split(kKernelSymbol);
    out.append(before.begin(), before.end());
    if (before.size() == line.size())
      return;
    out.append(name.begin(), name.end());
    line = after;
  }
}

Bytes eclip::linkPtx(
    ArrayRef<std::pair<StringRef, StringRef>> namedTexts) {
  Bytes out;
  auto append = [&](StringRef text) { out.append(text.begin(), text.end()); };
  if (!namedTexts.empty())
    for (StringRef line : llvm::split(namedTexts.front().second, '\n'))
      if (isOfTheModule(line) && line.trim().starts_with(".") &&
          !line.contains(".extern"))
        append((line + "\n").str());
  append((".extern .shared .align " + std::to_string(kSharedAlignment) + " .b8 " +
          kSharedSymbol + "[];\n")
             .str());
  for (auto [name, text] : namedTexts)
    for (StringRef line : llvm::split(text, '\n'))
      if (!isOfTheModule(line)) {
        appendRenamed(out, line, name);
        append("\n");
      }
  out.push_back(0);
  return out;
}

Bytes eclip::keepKernels(StringRef ptx,
                         llvm::function_ref<bool(StringRef)> isKept) {
  Bytes out;
  ptx.consume_back(StringRef("\0", 1));
  bool keeps = true;
  while (!ptx.empty()) {
    size_t end = std::min(ptx.find('\n'), ptx.size() - 1) + 1;
    StringRef line = ptx.take_front(end), name = line;
    ptx = ptx.drop_front(end);
    if (name.consume_front(".visible .entry "))
      keeps = isKept(name.take_until([](char c) { return c == '('; }).trim());
    if (keeps)
      out.append(line.begin(), line.end());
    if (line == "}\n")
      keeps = true;
  }
  out.push_back(0);
  return out;
}

std::optional<int64_t> eclip::sharedBytesOf(StringRef ptx) {
  auto [before, after] = ptx.rsplit(kSharedBytesComment);
  int64_t bytes = 0;
  if (before.size() == ptx.size() ||
      after.take_until([](char c) { return c == '\n'; })
          .getAsInteger(10, bytes))
    return std::nullopt;
  return bytes;
}

namespace {
/// A file that goes with its scope.
class TemporaryFile {
public:
  explicit TemporaryFile(StringRef suffix) {
    code = llvm::sys::fs::createTemporaryFile("eclip", suffix, path);
  }
  ~TemporaryFile() {
    if (!code)
      llvm::sys::fs::remove(path);
  }
  SmallString<128> path;
  std::error_code code;
};
} // namespace

static std::string wordsOf(StringRef path) {
  auto buffer = llvm::MemoryBuffer::getFile(path);
  std::string words = buffer ? (*buffer)->getBuffer().trim().str() : "";
  for (char &c : words)
    c = c == '\n' ? ' ' : c;
  return words.substr(0, 500);
}

FailureOr<std::optional<Bytes>>
eclip::assemblePtx(ArrayRef<char> ptx, const KernelTarget &target,
                   std::string &error) {
  llvm::ErrorOr<std::string> ptxas = llvm::sys::findProgramByName("ptxas");
  if (!ptxas)
    return std::optional<Bytes>();
  TemporaryFile input("ptx"), output("cubin"), log("log");
  for (const TemporaryFile *file : {&input, &output, &log})
    if (file->code) {
      error = "temporary file: " + file->code.message();
      return failure();
    }
  {
    std::error_code code;
    llvm::raw_fd_ostream stream(input.path, code);
    stream.write(ptx.data(), ptx.size() - 1); // without the NUL
    stream.close();
    if (code || stream.has_error()) {
      error = input.path.str().str() + ": cannot be written";
      stream.clear_error();
      return failure();
    }
  }
  std::string chip = exactChip(target);
  StringRef arguments[] = {*ptxas,     "-arch",     chip, "-O3",
                           "--split-compile", "0", input.path, "-o",
                           output.path};
  std::optional<StringRef> redirects[] = {StringRef(), StringRef(log.path),
                                          StringRef(log.path)};
  if (llvm::sys::ExecuteAndWait(*ptxas, arguments, std::nullopt, redirects) !=
      0) {
    error = *ptxas + ": " + wordsOf(log.path);
    return failure();
  }
  auto buffer = llvm::MemoryBuffer::getFile(output.path);
  if (!buffer || (*buffer)->getBufferSize() == 0) {
    error = *ptxas + ": wrote nothing";
    return failure();
  }
  StringRef bytes = (*buffer)->getBuffer();
  return std::optional<Bytes>(Bytes(bytes.begin(), bytes.end()));
}
