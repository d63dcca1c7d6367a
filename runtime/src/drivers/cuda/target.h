//===- target.h - which code runs on which NVIDIA GPU -----------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_TARGET_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_TARGET_H

#include "runtime/schema/schedule_generated.h"

#include <stdlib.h>
#include <string.h>

namespace eclip::cuda {

constexpr char kTargetPrefix[] = "nvptx64-nvidia-cuda--sm_";

inline bool isPtx(const fb::CodeObject &object) {
  return object.image()->size() && object.image()->Get(0) != 0x7f;
}

/// Machine code (ELF) runs on its own major version, from its minor version up;
/// PTX on every later one, translated by the driver. A target that ends in 'a'
/// uses what only that very GPU has.
inline bool targetRuns(const fb::CodeObject &object, int major, int minor) {
  const char *isa = object.isa()->c_str();
  if (strncmp(isa, kTargetPrefix, sizeof(kTargetPrefix) - 1) != 0)
    return false;
  char *end = nullptr;
  long version = strtol(isa + sizeof(kTargetPrefix) - 1, &end, 10);
  long own = major * 10 + minor;
  if (strcmp(end, "a") == 0)
    return version == own;
  if (*end || version <= 0 || version > own)
    return false;
  return isPtx(object) || version / 10 == major;
}

} // namespace eclip::cuda

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_TARGET_H
