//===- KernelHash.h - what a kernel is, whatever its name -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Profiles are keyed by what a kernel executes: its machine code, its resources
// and its launch geometry. Names, other kernels of the code object and the
// schedule around it don't count, so a measurement is good for every model and
// schedule that has the kernel.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_COST_KERNELHASH_H
#define ECLIP_COMPILER_COST_KERNELHASH_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"

#include <array>
#include <cstdint>
#include <string>

namespace eclip {

struct LaunchGeometry {
  std::array<int64_t, 3> grid = {1, 1, 1};      ///< workgroups
  std::array<int64_t, 3> workgroup = {1, 1, 1}; ///< work-items
};

/// 32 hexadecimal digits: XXH3-128 over the kernel `symbol` in `codeObject` and
/// the geometry. Of an AMD code object the kernel is its code and its
/// descriptor without the code's place; of an NVIDIA one its machine code; of
/// PTX its text without its name. So an assembled kernel and its PTX are two:
/// their times differ with the assembler. Fails if the file is none of these or
/// lacks the kernel; the bytes may be hostile.
llvm::Expected<std::string> hashKernel(llvm::ArrayRef<uint8_t> codeObject,
                                       llvm::StringRef symbol,
                                       const LaunchGeometry &geometry);

/// True if `text` has the form of what hashKernel returns.
bool isKernelHash(llvm::StringRef text);

} // namespace eclip

#endif // ECLIP_COMPILER_COST_KERNELHASH_H
