//===- CodeObject.h - a minimal loader of gfx906 code objects ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// For tools and tests that run one kernel without a queue. The HSA library has
// its own loader, which checks more and applies relocations.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_TOOL_CODEOBJECT_H
#define ECLIP_VGPU_EXEC_TOOL_CODEOBJECT_H

#include "runtime/vgpu/exec/Executor.h"

#include <string>
#include <vector>

namespace eclip::vgpu {

class CodeObject {
public:
  ~CodeObject();
  /// Reads an ELF file and lays out its segments in memory.
  bool load(const std::string &path, std::string &error);
  /// The kernel whose descriptor is the symbol `name`.kd; `name` may end in .kd.
  bool kernel(const std::string &name, KernelImage &image, std::string &error) const;
  /// The whole image, code and constants.
  MemoryMap::Range range() const;

private:
  bool layOut(std::string &error);

  std::vector<uint8_t> file;
  uint8_t *memory = nullptr;
  uint64_t memoryBytes = 0;
  uint64_t codeBegin = 0, codeEnd = 0; ///< offsets in memory
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_TOOL_CODEOBJECT_H
