//===- Report.h - what eclip-run prints -------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_RUN_REPORT_H
#define ECLIP_TOOLS_ECLIP_RUN_REPORT_H

#include "tools/eclip-run/Session.h"
#include "tools/eclip-run/Vgpu.h"

namespace eclip::tool {

/// For people, on standard output.
void printText(const Options &options, const Session &session,
               const VgpuReport &vgpu);

/// For scripts: one JSON object; docs/runtime-api.md lists its fields.
void printJson(const Options &options, const Session &session,
               const VgpuReport &vgpu);

} // namespace eclip::tool

#endif // ECLIP_TOOLS_ECLIP_RUN_REPORT_H
