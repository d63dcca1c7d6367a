//===- Coverage.h - the instructions of gfx906 ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_COVERAGE_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_COVERAGE_H

#include <set>
#include <string>

namespace eclip::vgpu::test {

/// Mnemonics (without encoding suffixes) of all opcodes that LLVM decodes in the
/// encodings the executor reads, found by trying every opcode number.
const std::set<std::string> &machineMnemonics();

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_COVERAGE_H
