//===- Assembler.h - gfx906 assembly for tests ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_ASSEMBLER_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_ASSEMBLER_H

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::vgpu::test {

/// Machine code of `text`, or nothing with LLVM's message in `error`.
std::vector<uint8_t> assemble(const std::string &text, std::string &error);

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_ASSEMBLER_H
