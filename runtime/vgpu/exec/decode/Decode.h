//===- Decode.h - decoding with a chosen build of the lane code -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_DECODE_DECODE_H
#define ECLIP_VGPU_EXEC_DECODE_DECODE_H

#include "runtime/vgpu/exec/Executor.h"

namespace eclip::vgpu {

/// As decodeProgram; `portable` takes the lane code that any x86-64 can run.
std::shared_ptr<const Program> decodeProgramWith(const KernelImage &image, bool portable, std::string &error);

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_DECODE_DECODE_H
