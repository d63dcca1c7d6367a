//===- Vgpu.h - what the virtual GPU tells beyond HSA -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_RUN_VGPU_H
#define ECLIP_TOOLS_ECLIP_RUN_VGPU_H

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::tool {

/// Counters over all requests and findings of the virtual GPU; `present` is
/// false for any other library.
struct VgpuReport {
  bool present = false;
  uint64_t instructions = 0; // of wavefronts
  uint64_t dispatches = 0;
  std::vector<uint64_t> workgroupsPerCu, instructionsPerCu;
  std::vector<std::string> findings; // of --check
};

/// Asks the library that the device was opened with; it must still be open.
VgpuReport queryVgpu(const char *libraryPath);

} // namespace eclip::tool

#endif // ECLIP_TOOLS_ECLIP_RUN_VGPU_H
