//===- Assemble.cpp - PTX to machine code by NVIDIA's assembler -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The assembler works on one thread for most of its time, a tenth of a second a
// kernel, so what it made of a module is kept in the kernel cache: under its
// version, its flags and the whole text. Assembling each kernel by itself and
// linking them (ptxas -c, nvlink) gives other code than in one piece.
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/nvidia/Nvidia.h"

#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Program.h"
#include "llvm/Support/raw_ostream.h"

using namespace mlir;
using namespace eclip;

using Bytes = SmallVector<char, 0>;

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

/// Runs `ptxas` with its output in `log`.
static int run(StringRef ptxas, ArrayRef<StringRef> arguments, StringRef log) {
  SmallVector<StringRef> all(1, ptxas);
  llvm::append_range(all, arguments);
  std::optional<StringRef> redirects[] = {StringRef(), log, log};
  return llvm::sys::ExecuteAndWait(ptxas, all, std::nullopt, redirects);
}

/// Nothing if the assembler doesn't tell its version.
static std::optional<CacheKey> keyOf(ArrayRef<char> ptx, StringRef ptxas,
                                     ArrayRef<StringRef> flags) {
  TemporaryFile version("log");
  if (version.code || run(ptxas, {"--version"}, version.path) != 0)
    return std::nullopt;
  llvm::BLAKE3 hash;
  hash.update(wordsOf(version.path));
  for (StringRef flag : flags) {
    hash.update(flag);
    hash.update(StringRef("", 1));
  }
  hash.update(StringRef(ptx.data(), ptx.size()));
  return hash.final();
}

static FailureOr<Bytes> assemble(ArrayRef<char> ptx, StringRef ptxas,
                                 ArrayRef<StringRef> flags,
                                 std::string &error) {
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
  SmallVector<StringRef> arguments(flags);
  // All processors: it changes nothing in the code.
  arguments.append({"--split-compile", "0", input.path, "-o", output.path});
  if (run(ptxas, arguments, log.path) != 0) {
    error = ptxas.str() + ": " + wordsOf(log.path);
    return failure();
  }
  auto buffer = llvm::MemoryBuffer::getFile(output.path);
  if (!buffer || (*buffer)->getBufferSize() == 0) {
    error = ptxas.str() + ": wrote nothing";
    return failure();
  }
  StringRef bytes = (*buffer)->getBuffer();
  return Bytes(bytes.begin(), bytes.end());
}

FailureOr<std::optional<Bytes>>
eclip::assemblePtx(ArrayRef<char> ptx, const KernelTarget &target,
                   KernelCache *cache, std::string &error) {
  llvm::ErrorOr<std::string> ptxas = llvm::sys::findProgramByName("ptxas");
  if (!ptxas)
    return std::optional<Bytes>();
  std::string chip = exactChip(target);
  StringRef flags[] = {"-arch", chip, "-O3"};
  std::optional<CacheKey> key;
  if (cache)
    key = keyOf(ptx, *ptxas, flags);
  if (key)
    if (CacheEntry entry = cache->load(*key); entry.file)
      return std::optional<Bytes>(
          Bytes(entry.value.begin(), entry.value.end()));
  FailureOr<Bytes> code = assemble(ptx, *ptxas, flags, error);
  if (failed(code))
    return failure();
  if (key)
    cache->store(*key, StringRef(code->data(), code->size()));
  return std::optional<Bytes>(std::move(*code));
}
