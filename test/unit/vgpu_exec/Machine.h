//===- Machine.h - one wave with its registers in the open ------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_VGPU_EXEC_MACHINE_H
#define ECLIP_TEST_UNIT_VGPU_EXEC_MACHINE_H

#include "runtime/vgpu/exec/Wave.h"

#include <memory>
#include <string>
#include <vector>

namespace eclip::vgpu::test {

struct Registers {
  uint32_t v[64][64] = {}; ///< as many as the tests use
  uint32_t s[128] = {};
  uint32_t scc = 0;
  uint32_t mode = Mode_Denorm32 | Mode_Denorm16_64 | Mode_IEEE | Mode_DX10Clamp;

  uint64_t wide(unsigned reg) const { return s[reg] | static_cast<uint64_t>(s[reg + 1]) << 32; }
  void setWide(unsigned reg, uint64_t value) {
    s[reg] = static_cast<uint32_t>(value);
    s[reg + 1] = static_cast<uint32_t>(value >> 32);
  }
  uint64_t exec() const { return wide(SR_Exec); }
};

/// Live allocations of a test.
class Ranges : public MemoryMap {
public:
  std::vector<Range> list;
  Range find(uint64_t address) const override {
    for (const Range &r : list)
      if (address >= r.begin && address < r.end)
        return r;
    return {};
  }
};

/// Runs a piece of code on one wave, without the launch conventions.
class Machine {
public:
  /// Assembles and decodes `text` and an s_endpgm. False: see error.
  bool load(const std::string &text, bool portable = false);
  bool loadBytes(std::vector<uint8_t> bytes, bool portable = false);
  /// Runs to the end; false after a fault.
  bool run(Registers &registers);

  std::string error;
  std::vector<uint8_t> lds;
  std::vector<uint8_t> scratch;
  Ranges memory;
  Context context = {};
  std::shared_ptr<const Program> program;

private:
  std::vector<uint8_t> code;
  std::unique_ptr<uint8_t, void (*)(void *)> block{nullptr, nullptr};
};

} // namespace eclip::vgpu::test

#endif // ECLIP_TEST_UNIT_VGPU_EXEC_MACHINE_H
