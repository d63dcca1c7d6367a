//===- ScalarReference.h - what each scalar instruction does ----*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_SCALARREFERENCE_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_SCALARREFERENCE_H

#include <cstdint>
#include <vector>

namespace eclip::vgpu::test {

enum class ScalarForm {
  Binary,    ///< dst, a, b
  Unary,     ///< dst, a
  Compare,   ///< a, b; only SCC
  Immediate, ///< SOPK: dst, simm16; a is the old destination, b the immediate
  ImmediateCompare,
  BitSet,    ///< dst, b; a is the old destination
  SaveExec   ///< dst, a; b is EXEC, the result is the new EXEC
};
/// Operands in, result and SCC out.
struct ScalarValues {
  uint64_t a, b;
  bool scc;
};
struct ScalarCase {
  const char *name;
  ScalarForm form;
  unsigned dstWords, aWords, bWords;
  uint64_t (*formula)(ScalarValues &);
  bool keepsScc = false; ///< SCC must not change
};
const std::vector<ScalarCase> &scalarCases();

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_SCALARREFERENCE_H
