//===- Disassembler.h - LLVM's MC layer for gfx906 --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// LLVM says whether bytes are an instruction of gfx906, how long it is and what
// it is called. Operand fields are then taken from the encoding itself, which
// is a stable, published format; LLVM's operand order is not.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_DECODE_DISASSEMBLER_H
#define ECLIP_VGPU_EXEC_DECODE_DISASSEMBLER_H

#include <cstdint>
#include <memory>
#include <string>

namespace eclip::vgpu {

/// Not thread-safe; make one per thread.
class Disassembler {
public:
  Disassembler();
  ~Disassembler();

  struct Decoded {
    unsigned bytes = 0;   ///< 0: not an instruction
    std::string text;     ///< "v_add_f32_e32 v0, v1, v2"
    std::string mnemonic; ///< "v_add_f32": without the encoding's suffix
  };
  /// False, with a reason, if this LLVM has no AMDGPU disassembler.
  bool ready(std::string &error) const;
  Decoded decode(const uint8_t *code, uint64_t available, uint64_t address);

private:
  struct Impl;
  std::unique_ptr<Impl> impl;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_DECODE_DISASSEMBLER_H
