//===- Tables.h - the operation tables of one compilation -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_LANES_TABLES_H
#define ECLIP_VGPU_EXEC_LANES_TABLES_H

#include "runtime/vgpu/exec/Program.h"

namespace eclip::vgpu::ECLIP_LANES {

void addFloatOps(OpSink &sink);
void addDoubleOps(OpSink &sink);
void addHalfOps(OpSink &sink);
void addPackedOps(OpSink &sink);
void addDotOps(OpSink &sink);
void addPermuteOps(OpSink &sink);
void addIntegerOps(OpSink &sink);
void addShortOps(OpSink &sink);
void addWideOps(OpSink &sink);
void addConvertOps(OpSink &sink);
void addFloatCompareOps(OpSink &sink);
void addIntegerCompareOps(OpSink &sink);
void addCrossLaneOps(OpSink &sink);
void addLdsOps(OpSink &sink);
void addGlobalOps(OpSink &sink);
void addBufferOps(OpSink &sink);

} // namespace eclip::vgpu::ECLIP_LANES

#endif // ECLIP_VGPU_EXEC_LANES_TABLES_H
