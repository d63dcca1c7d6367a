//===- RenameKernel.cpp - the name of a kernel in its object --------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/CompiledKernel.h"
#include "compiler/kernels/codegen/Object.h"

#include "llvm/BinaryFormat/MsgPackDocument.h"
#include "llvm/ObjCopy/ConfigManager.h"
#include "llvm/ObjCopy/ObjCopy.h"
#include "llvm/Object/ELFObjectFile.h"
#include "llvm/Support/EndianStream.h"

using namespace mlir;
using namespace eclip;
using ElfFile = llvm::object::ELF64LEFile;

static constexpr StringLiteral kNoteSection = ".note";

static llvm::Error malformed(const Twine &what) {
  return llvm::createStringError(what);
}

/// Kernel metadata (MessagePack) with `name` for each kernel of the neutral
/// name.
static llvm::Expected<std::string> renameMetadata(StringRef metadata,
                                                  StringRef name) {
  llvm::msgpack::Document document;
  if (!document.readFromBlob(metadata, /*Multi=*/false) ||
      !document.getRoot().isMap())
    return malformed("malformed metadata note");
  auto kernels = document.getRoot().getMap().find("amdhsa.kernels");
  if (kernels == document.getRoot().getMap().end() ||
      !kernels->second.isArray())
    return malformed("metadata without kernels");
  for (llvm::msgpack::DocNode &node : kernels->second.getArray()) {
    if (!node.isMap())
      return malformed("malformed kernel in metadata");
    llvm::msgpack::MapDocNode &map = node.getMap();
    map[".name"] = document.getNode(name, /*Copy=*/true);
    map[".symbol"] = document.getNode((name + ".kd").str(), /*Copy=*/true);
  }
  std::string blob;
  document.writeToBlob(blob);
  return blob;
}

/// Appends an ELF note: sizes and type, then name and content, each padded to
/// four bytes.
static void appendNote(llvm::raw_ostream &stream, StringRef name, uint32_t type,
                       StringRef content) {
  llvm::support::endian::Writer writer(stream, llvm::endianness::little);
  writer.write<uint32_t>(name.size() + 1);
  writer.write<uint32_t>(content.size());
  writer.write<uint32_t>(type);
  stream << name << '\0';
  stream.write_zeros(llvm::offsetToAlignment(name.size() + 1, llvm::Align(4)));
  stream << content;
  stream.write_zeros(llvm::offsetToAlignment(content.size(), llvm::Align(4)));
}

/// The content of the object's note section with the kernel renamed.
static llvm::Expected<std::string> renamedNotes(const ElfFile &file,
                                                StringRef name) {
  auto sections = file.sections();
  if (!sections)
    return sections.takeError();
  std::string notes;
  llvm::raw_string_ostream stream(notes);
  for (const auto &section : *sections) {
    if (section.sh_type != llvm::ELF::SHT_NOTE)
      continue;
    llvm::Error problem = llvm::Error::success();
    for (const auto &note : file.notes(section, problem)) {
      StringRef content = note.getDescAsStringRef(section.sh_addralign);
      std::string renamed;
      if (note.getType() == llvm::ELF::NT_AMDGPU_METADATA) {
        auto metadata = renameMetadata(content, name);
        if (!metadata) {
          llvm::consumeError(std::move(problem));
          return metadata.takeError();
        }
        renamed = std::move(*metadata);
        content = renamed;
      }
      appendNote(stream, note.getName(), note.getType(), content);
    }
    if (problem)
      return std::move(problem);
  }
  if (notes.empty())
    return malformed("no notes");
  return notes;
}

static llvm::Expected<SmallVector<char, 0>> rename(ArrayRef<char> object,
                                                   StringRef name) {
  using namespace llvm;
  StringRef content(object.data(), object.size());
  auto file = object::ObjectFile::createELFObjectFile(
      MemoryBufferRef(content, kKernelSymbol));
  if (!file)
    return file.takeError();
  auto *elf = dyn_cast<object::ELF64LEObjectFile>(file->get());
  if (!elf)
    return malformed("not a 64-bit object");
  Expected<std::string> notes = renamedNotes(elf->getELFFile(), name);
  if (!notes)
    return notes.takeError();

  objcopy::ConfigManager config;
  config.Common.OutputFilename = name;
  config.Common.UpdateSection.emplace_back(
      kNoteSection, MemoryBuffer::getMemBufferCopy(*notes));
  // The kernel, its descriptor and the resource counts of its function.
  std::vector<std::string> renamed;
  std::vector<StringRef> original;
  for (const object::ELFSymbolRef &symbol : elf->symbols()) {
    Expected<StringRef> old = symbol.getName();
    if (!old)
      return old.takeError();
    StringRef rest = *old;
    if (!rest.consume_front(kKernelSymbol) ||
        !(rest.empty() || rest.starts_with(".")))
      continue;
    original.push_back(*old);
    renamed.push_back((name + rest).str());
  }
  for (auto [old, now] : llvm::zip_equal(original, renamed))
    config.Common.SymbolsToRename.try_emplace(old, now);
  SmallVector<char, 0> bytes;
  raw_svector_ostream stream(bytes);
  if (Error error = objcopy::executeObjcopyOnBinary(config, **file, stream))
    return std::move(error);
  return bytes;
}

FailureOr<SmallVector<char, 0>> eclip::renameKernel(ArrayRef<char> object,
                                                    StringRef name,
                                                    std::string &error) {
  auto renamed = rename(object, name);
  if (renamed)
    return std::move(*renamed);
  error = llvm::toString(renamed.takeError());
  return failure();
}
