//===- Normalization.h - batch normalization as an affine map ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_IMPORT_NORMALIZATION_H
#define ECLIP_COMPILER_IMPORT_NORMALIZATION_H

#include "compiler/import/ImportState.h"

namespace eclip::frontend {

/// y = x * scale + shift, a channel each.
struct ChannelAffine {
  llvm::SmallVector<double> scale, shift;
};

/// From a BatchNormalization node for inference whose inputs 1 to 4 are
/// constant vectors of `channels` values; none otherwise.
std::optional<ChannelAffine> channelAffine(const ImportState &state, const Node &node, int64_t channels);

} // namespace eclip::frontend

#endif // ECLIP_COMPILER_IMPORT_NORMALIZATION_H
