//===- CompiledKernel.cpp - a kernel as the cache keeps it ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/kernels/codegen/CompiledKernel.h"

#include "dialect/Variants.h"

#include "mlir/AsmParser/AsmParser.h"
#include "mlir/IR/DialectResourceBlobManager.h"

#include "llvm/Config/llvm-config.h"
#include "llvm/Support/BLAKE3.h"
#include "llvm/Support/DataExtractor.h"
#include "llvm/Support/EndianStream.h"

#include <link.h>

using namespace mlir;
using namespace eclip;

//===----------------------------------------------------------------------===//
// Bytes
//===----------------------------------------------------------------------===//

std::string eclip::serialize(const CompiledKernel &kernel) {
  std::string bytes;
  llvm::raw_string_ostream stream(bytes);
  llvm::support::endian::Writer writer(stream, llvm::endianness::little);
  for (const auto &extents : {kernel.launch.grid, kernel.launch.workgroup})
    for (int64_t extent : extents)
      writer.write(extent);
  writer.write<uint64_t>(kernel.attributes.size());
  stream << kernel.attributes;
  stream.write(kernel.object.data(), kernel.object.size());
  return bytes;
}

std::optional<CompiledKernel> eclip::deserialize(StringRef bytes) {
  llvm::DataExtractor data(bytes, /*IsLittleEndian=*/true, /*AddressSize=*/8);
  llvm::DataExtractor::Cursor cursor(0);
  CompiledKernel kernel;
  for (auto *extents : {&kernel.launch.grid, &kernel.launch.workgroup})
    for (int64_t &extent : *extents)
      extent = data.getU64(cursor);
  kernel.attributes = data.getBytes(cursor, data.getU64(cursor)).str();
  StringRef object = bytes.drop_front(cursor ? cursor.tell() : bytes.size());
  if (llvm::Error error = cursor.takeError()) {
    llvm::consumeError(std::move(error));
    return std::nullopt;
  }
  kernel.object.assign(object.begin(), object.end());
  return kernel;
}

//===----------------------------------------------------------------------===//
// Identity of the compiler
//===----------------------------------------------------------------------===//

/// The GNU build ID of a loaded object, or an empty string.
static StringRef buildId(const dl_phdr_info &object) {
  for (const ElfW(Phdr) &segment :
       ArrayRef(object.dlpi_phdr, object.dlpi_phnum)) {
    if (segment.p_type != PT_NOTE)
      continue;
    StringRef notes(
        reinterpret_cast<const char *>(object.dlpi_addr + segment.p_vaddr),
        segment.p_memsz);
    while (notes.size() >= sizeof(ElfW(Nhdr))) {
      ElfW(Nhdr) header;
      std::memcpy(&header, notes.data(), sizeof(header));
      notes = notes.drop_front(sizeof(header));
      StringRef name = notes.take_front(header.n_namesz);
      notes = notes.drop_front(
          std::min(notes.size(), llvm::alignTo(header.n_namesz, size_t(4))));
      StringRef content = notes.take_front(header.n_descsz);
      notes = notes.drop_front(
          std::min(notes.size(), llvm::alignTo(header.n_descsz, size_t(4))));
      if (header.n_type == NT_GNU_BUILD_ID && name == StringRef("GNU", 4))
        return content;
    }
  }
  return {};
}

/// Adds what identifies a loaded object to the hash in `data`, if its code
/// takes part in compiling: this program and the libraries of LLVM. A stop with
/// 1 means that it can't be identified.
static int addObject(dl_phdr_info *object, size_t, void *data) {
  auto &hash = *static_cast<llvm::BLAKE3 *>(data);
  StringRef path(object->dlpi_name ? object->dlpi_name : "");
  if (!path.empty() && !path.contains("libLLVM") && !path.contains("libMLIR"))
    return 0;
  if (StringRef id = buildId(*object); !id.empty()) {
    hash.update(id);
    return 0;
  }
  auto file =
      llvm::MemoryBuffer::getFile(path.empty() ? "/proc/self/exe" : path,
                                  /*IsText=*/false,
                                  /*RequiresNullTerminator=*/false);
  if (!file)
    return 1;
  hash.update((*file)->getBuffer());
  return 0;
}

/// The version numbers of a build under development stand for any number of
/// builds, so it is the code itself that is identified.
static const std::optional<llvm::BLAKE3Result<>> &toolchainIdentity() {
  static const std::optional<llvm::BLAKE3Result<>> identity =
      []() -> std::optional<llvm::BLAKE3Result<>> {
    llvm::BLAKE3 hash;
    hash.update(LLVM_VERSION_STRING);
    if (dl_iterate_phdr(addObject, &hash))
      return std::nullopt;
    return hash.final();
  }();
  return identity;
}

//===----------------------------------------------------------------------===//
// Key
//===----------------------------------------------------------------------===//

static constexpr StringLiteral kNodes = "eclip.nodes";

/// The kernel as text that depends on nothing but what it computes.
static std::string canonicalText(KernelOp kernel) {
  OwningOpRef<KernelOp> copy(kernel.clone());
  copy->setSymName(kKernelSymbol);
  (*copy)->removeAttr(kNodes);
  unmarkVariant(*copy);
  std::string text;
  llvm::raw_string_ostream stream(text);
  (*copy)->print(stream, OpPrintingFlags().printGenericOpForm().useLocalScope());
  return text;
}

/// Printed resources are names, so their bytes are hashed beside the text.
static void addResources(KernelOp kernel, llvm::BLAKE3 &hash) {
  kernel->walk([&](Operation *op) {
    op->getAttrDictionary().walk([&](DenseResourceElementsAttr attr) {
      if (AsmResourceBlob *blob = attr.getRawHandle().getBlob())
        hash.update(StringRef(blob->getData().data(), blob->getData().size()));
    });
  });
}

static std::string targetText(const KernelTarget &target) {
  // Names every field: a new one does not compile until it is part of the key.
  const auto &[chip, cuCount, waveSize, ldsBytes, maxWorkgroupSize, maxVgprs,
               vectorBytes] = target;
  std::string text;
  llvm::raw_string_ostream stream(text);
  stream << chip;
  for (int64_t number : {cuCount, waveSize, ldsBytes, maxWorkgroupSize,
                         maxVgprs, vectorBytes})
    stream << ' ' << number;
  stream << '\0';
  return text;
}

std::optional<CacheKey> eclip::keyOf(KernelOp kernel,
                                     const KernelTarget &target) {
  const std::optional<llvm::BLAKE3Result<>> &identity = toolchainIdentity();
  if (!identity)
    return std::nullopt;
  llvm::BLAKE3 hash;
  hash.update(*identity);
  hash.update(targetText(target));
  hash.update(canonicalText(kernel));
  addResources(kernel, hash);
  return hash.final();
}

//===----------------------------------------------------------------------===//
// Attributes
//===----------------------------------------------------------------------===//

std::string eclip::newAttributes(KernelOp kernel, DictionaryAttr before) {
  SmallVector<NamedAttribute> added;
  for (NamedAttribute attr : kernel->getDiscardableAttrs())
    if (before.get(attr.getName()) != attr.getValue())
      added.push_back(attr);
  if (added.empty())
    return {};
  std::string text;
  llvm::raw_string_ostream stream(text);
  DictionaryAttr::get(kernel.getContext(), added).print(stream);
  return text;
}

LogicalResult eclip::setAttributes(KernelOp kernel, StringRef text) {
  if (text.empty())
    return success();
  ScopedDiagnosticHandler quiet(kernel.getContext(),
                                [](Diagnostic &) { return success(); });
  auto attributes = dyn_cast_if_present<DictionaryAttr>(
      parseAttribute(text, kernel.getContext()));
  if (!attributes)
    return failure();
  for (NamedAttribute attr : attributes)
    kernel->setDiscardableAttr(attr.getName(), attr.getValue());
  return success();
}
