//===- Vgpu.cpp - what the virtual GPU tells beyond HSA -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Vgpu.h"

using namespace eclip::tool;

VgpuReport eclip::tool::queryVgpu(const char *) { return {}; }
