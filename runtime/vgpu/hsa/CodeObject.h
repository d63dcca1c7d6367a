//===- CodeObject.h - AMDGPU ELF files --------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A code object is hostile input. The parser reads only what a loader needs
// (program headers and what PT_DYNAMIC names; section headers are never
// trusted), copies nothing, and checks every offset against the file before it
// follows it. It does not touch device memory; load() does, with the ranges
// that parse() has proved.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_CODEOBJECT_H
#define ECLIP_VGPU_HSA_CODEOBJECT_H

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace eclip::vgpu {

enum class CodeObjectError {
  None,
  Malformed,         ///< not a well-formed AMDGPU code object
  Incompatible,      ///< well formed, but for another device or ABI version
  UndefinedVariable, ///< a relocation needs a symbol that nobody defined
  OutOfMemory
};

struct CodeObject {
  struct Segment {
    uint64_t address = 0; ///< in the file's own address space
    uint64_t bytes = 0;   ///< in memory
    uint64_t fileOffset = 0, fileBytes = 0;
    bool executable = false, writable = false;
  };
  struct Symbol {
    std::string_view name; ///< points into the file
    uint64_t value = 0, size = 0;
    uint8_t type = 0, binding = 0;
    bool defined = false;
  };
  struct Relocation {
    uint64_t address = 0;
    uint32_t type = 0;
    uint32_t symbol = 0;
    int64_t addend = 0;
  };
  /// The fields of a 64-byte kernel descriptor that the executor needs.
  struct Kernel {
    uint32_t symbol = 0; ///< index of NAME.kd
    uint64_t descriptor = 0;
    uint64_t entry = 0;
    uint32_t segment = 0; ///< that the entry lies in
    uint32_t ldsBytes = 0, scratchBytes = 0, kernargBytes = 0;
    uint32_t rsrc1 = 0, rsrc2 = 0;
    uint16_t properties = 0;
  };

  const uint8_t *file = nullptr;
  size_t fileBytes = 0;
  uint32_t flags = 0;
  std::vector<Segment> segments; ///< ascending, not overlapping
  std::vector<Symbol> symbols;   ///< of the dynamic symbol table
  std::vector<Relocation> relocations;
  std::vector<Kernel> kernels;
  uint64_t begin = 0, end = 0; ///< of all segments, page aligned

  /// The segment that holds [address, address + bytes), or -1.
  int segmentOf(uint64_t address, uint64_t bytes) const;
};

/// Parses and checks `bytes`, which must outlive `object`. On failure `message`
/// says what is wrong with it.
CodeObjectError parseCodeObject(const void *bytes, size_t size,
                                CodeObject &object, std::string &message);

/// Fills `memory` (object.end - object.begin bytes, zeroed) and applies the
/// relocations. `define` gives the address of a symbol that the file leaves
/// undefined, or 0.
CodeObjectError
loadCodeObject(const CodeObject &object, void *memory,
               const std::function<uint64_t(std::string_view)> &define,
               std::string &message);

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_CODEOBJECT_H
