//===- CodeObject.cpp - linking and reading code objects ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/Object.h"

#include "lld/Common/Driver.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/BinaryFormat/MsgPackDocument.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/Path.h"

#include <mutex>

LLD_HAS_DRIVER(elf)

using namespace mlir;
using namespace eclip;

static bool writeFile(StringRef path, ArrayRef<char> bytes,
                      std::string &error) {
  std::error_code code;
  llvm::raw_fd_ostream stream(path, code);
  if (!code) {
    stream.write(bytes.data(), bytes.size());
    stream.close();
    code = stream.error();
    stream.clear_error();
  }
  if (code)
    error = (path + ": " + code.message()).str();
  return !code;
}

FailureOr<SmallVector<char, 0>>
eclip::linkCodeObject(ArrayRef<SmallVector<char, 0>> objects,
                      std::string &error) {
  static std::mutex lock;
  std::lock_guard<std::mutex> guard(lock);
  SmallString<128> folder;
  if (std::error_code code =
          llvm::sys::fs::createUniqueDirectory("eclip-link", folder)) {
    error = "temporary folder: " + code.message();
    return failure();
  }
  llvm::scope_exit cleanup([&] {
    llvm::sys::fs::remove_directories(folder, /*IgnoreErrors=*/true);
  });

  std::vector<std::string> words = {"ld.lld", "-shared", "--no-undefined", "-o",
                                    (folder + "/out.hsaco").str()};
  for (auto [index, object] : llvm::enumerate(objects)) {
    std::string path = (folder + "/" + Twine(index) + ".o").str();
    if (!writeFile(path, object, error))
      return failure();
    words.push_back(path);
  }
  std::vector<const char *> arguments;
  for (const std::string &word : words)
    arguments.push_back(word.c_str());
  std::string said;
  llvm::raw_string_ostream stream(said);
  lld::Result result =
      lld::lldMain(arguments, stream, stream, {{lld::Gnu, &lld::elf::link}});
  if (result.retCode != 0) {
    error = said;
    return failure();
  }
  auto linked = llvm::MemoryBuffer::getFile(words[4], /*IsText=*/false,
                                            /*RequiresNullTerminator=*/false);
  if (!linked) {
    error = "linked code object: " + linked.getError().message();
    return failure();
  }
  StringRef content = (*linked)->getBuffer();
  return SmallVector<char, 0>(content.begin(), content.end());
}

/// The AMDGPU metadata notes (type 32, name "AMDGPU"), each MessagePack. The
/// linker joins the notes of the objects one after the other: one for each
/// kernel.
static std::vector<StringRef>
metadataNotes(const llvm::object::ELF64LEFile &file) {
  std::vector<StringRef> found;
  auto headers = file.program_headers();
  if (!headers) {
    llvm::consumeError(headers.takeError());
    return found;
  }
  for (const auto &header : *headers) {
    if (header.p_type != llvm::ELF::PT_NOTE)
      continue;
    llvm::Error problem = llvm::Error::success();
    for (const auto &note : file.notes(header, problem))
      if (note.getName() == "AMDGPU" &&
          note.getType() == llvm::ELF::NT_AMDGPU_METADATA)
        found.push_back(note.getDescAsStringRef(header.p_align));
    llvm::consumeError(std::move(problem));
  }
  return found;
}

/// Adds the kernels of one note. False if it is not what it should be.
static bool readNote(StringRef note,
                     std::map<std::string, KernelResources> &resources) {
  llvm::msgpack::Document document;
  if (!document.readFromBlob(note, /*Multi=*/false) ||
      !document.getRoot().isMap())
    return false;
  auto kernels = document.getRoot().getMap().find("amdhsa.kernels");
  if (kernels == document.getRoot().getMap().end() ||
      !kernels->second.isArray())
    return false;
  for (llvm::msgpack::DocNode &node : kernels->second.getArray()) {
    if (!node.isMap())
      return false;
    llvm::msgpack::MapDocNode map = node.getMap();
    auto number = [&](StringRef key) -> int64_t {
      auto it = map.find(key);
      return it != map.end() &&
                     it->second.getKind() == llvm::msgpack::Type::UInt
                 ? it->second.getUInt()
                 : 0;
    };
    auto name = map.find(".name");
    if (name == map.end() || !name->second.isString())
      return false;
    KernelResources &entry = resources[name->second.getString().str()];
    entry.ldsBytes = number(".group_segment_fixed_size");
    entry.scratchBytes = number(".private_segment_fixed_size");
    entry.kernargBytes = number(".kernarg_segment_size");
    entry.vgprs = number(".vgpr_count");
    entry.sgprs = number(".sgpr_count");
    entry.vgprSpills = number(".vgpr_spill_count");
    entry.sgprSpills = number(".sgpr_spill_count");
  }
  return true;
}

FailureOr<std::map<std::string, KernelResources>>
eclip::readResources(ArrayRef<char> codeObject, std::string &error) {
  auto file = llvm::object::ELF64LEFile::create(
      StringRef(codeObject.data(), codeObject.size()));
  if (!file) {
    error = llvm::toString(file.takeError());
    return failure();
  }
  std::vector<StringRef> notes = metadataNotes(*file);
  std::map<std::string, KernelResources> resources;
  if (notes.empty())
    error = "no metadata note";
  for (StringRef note : notes)
    if (!readNote(note, resources))
      error = "malformed metadata note";
  if (!error.empty())
    return failure();
  return resources;
}
