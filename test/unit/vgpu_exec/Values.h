//===- Values.h - operand values worth trying -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_VALUES_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_VALUES_H

#include "Reference.h"

#include <random>

namespace eclip::vgpu::test {

/// Edge cases, values near them, plain random bits and everyday numbers. The
/// upper half of a 16-bit operand is garbage that must not matter.
class Values {
public:
  explicit Values(uint32_t seed) : random(seed) {}
  uint64_t draw(Kind kind);
  uint64_t word() { return random(); }

private:
  std::mt19937_64 random;
};

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_VALUES_H
