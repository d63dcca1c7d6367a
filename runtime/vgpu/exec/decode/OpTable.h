//===- OpTable.h - operations by name ---------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_EXEC_DECODE_OPTABLE_H
#define ECLIP_VGPU_EXEC_DECODE_OPTABLE_H

#include "runtime/vgpu/exec/Program.h"

#include <string>
#include <string_view>
#include <unordered_map>

namespace eclip::vgpu {

/// All operations of one build of the lane code. Immutable once made.
class OpTable {
public:
  /// The table for this host, or the portable one. Choosing is per call, so that
  /// a test can run both.
  static const OpTable &get(bool portable = false);
  /// Whether the host can run the AVX2 lane code.
  static bool hostHasVectors();

  const VectorOp *findVector(std::string_view name) const;
  const PlainOp *findPlain(std::string_view name) const;
  Handler general() const { return generalHandler; }

  std::unordered_map<std::string_view, VectorOp> vectorOps;
  std::unordered_map<std::string_view, PlainOp> plainOps;

private:
  explicit OpTable(bool portable);
  Handler generalHandler = nullptr;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_EXEC_DECODE_OPTABLE_H
