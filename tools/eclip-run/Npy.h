//===- Npy.h - tensors in .npy files ----------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_RUN_NPY_H
#define ECLIP_TOOLS_ECLIP_RUN_NPY_H

#include "eclip/eclip.h"

#include <cstdint>
#include <string>
#include <vector>

namespace eclip::tool {

/// A dense tensor's type and shape.
struct TensorType {
  eclip_element_type type = ECLIP_F32;
  std::vector<uint64_t> dims;

  bool operator==(const TensorType &) const = default;
  /// "f32[2,4]"; a scalar is "f32[]".
  std::string text() const;
};

/// What the bytes of a .npy file say before the data begins.
struct NpyHeader {
  TensorType type;
  size_t dataOffset = 0;
};

/// Parses the header at the start of `data`, which is hostile: any bytes give a
/// header or a message. Versions 1 to 3 of the format; little-endian numbers of
/// the types that schedules have, in C order.
bool parseNpyHeader(const uint8_t *data, size_t size, NpyHeader &header,
                    std::string &message);

/// Reads a file that must hold exactly `expected`. On failure `message` says
/// what is wrong, and begins with the path.
bool readNpy(const std::string &path, const TensorType &expected,
             std::vector<uint8_t> &data, std::string &message);

/// The header of a file that holds `type`; its size is a multiple of 64.
std::string npyHeader(const TensorType &type);

} // namespace eclip::tool

#endif // ECLIP_TOOLS_ECLIP_RUN_NPY_H
