//===- MemoryNames.h - memory instructions and their meaning ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_MEMORYNAMES_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_MEMORYNAMES_H

#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

namespace eclip::vgpu::test {

/// A width: how loaded bytes become a register, given its old value; and what
/// is stored of a register. Several words have identity for both.
struct MemoryKind {
  const char *suffix;
  unsigned bytes, words;
  uint32_t (*loaded)(uint64_t memory, uint32_t old);
  uint32_t (*stored)(uint32_t value);
};
const std::vector<MemoryKind> &ldsReads();
const std::vector<MemoryKind> &ldsWrites();
const std::vector<MemoryKind> &globalLoads();  ///< also flat, scratch, buffer
const std::vector<MemoryKind> &globalStores();

/// An atomic on 1 or 2 words: (memory, data, second data) -> memory.
struct AtomicKind {
  std::string name; ///< whole for LDS; behind "atomic_" for the others
  unsigned words;
  bool two; ///< has a second data operand
  uint64_t (*formula)(uint64_t memory, uint64_t data, uint64_t second);
};
const std::vector<AtomicKind> &ldsAtomics();
const std::vector<AtomicKind> &globalAtomics();

/// "v20" or "v[20:23]".
std::string rowsText(unsigned first, unsigned words);

/// All memory instructions that the tests of this folder run.
std::set<std::string> testedMemoryNames();

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_MEMORYNAMES_H
