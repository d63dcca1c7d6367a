//===- TuneMeasure.h - times of tiles on the device -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_TUNEMEASURE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_TUNEMEASURE_H

#include "compiler/cost/DeviceDescription.h"
#include "tools/eclip-profile/Device.h"
#include "tools/eclip-profile/Tiles.h"

namespace eclip::profiler {

/// How a problem's tiles are run: all in the same way.
struct TileSequence {
  uint32_t launches; ///< of one request
  uint32_t copies;   ///< of each constant: more than the L2 cache holds
  uint64_t inputBytes, outputBytes;
};

/// Runs tiles, on random numbers.
class TileBench {
public:
  TileBench(const Options &options, const DeviceDescription &description,
            Device &device)
      : options(options), description(description), device(device) {}

  /// Allocates what the largest of the problems needs.
  llvm::Error prepare(llvm::ArrayRef<TileProblem> problems);

  /// The time of one launch among others that follow each other, on `cuCount`
  /// CUs: median over requests. A tile that takes more than `atMostNs` is left
  /// after its first request. `values`, if not null, gets the first output, to
  /// compare.
  llvm::Expected<double> run(const TileProblem &problem,
                             const CompiledTile &tile, int64_t cuCount,
                             double atMostNs, std::vector<float> *values);

private:
  TileSequence sequenceOf(const TileProblem &problem) const;
  llvm::Expected<std::vector<float>> readOutput(const TileProblem &problem);

  const Options &options;
  const DeviceDescription &description;
  Device &device;
  Buffer inputs, outputs;
  bool warm = false;
};

/// Whether results differ by more than orders of summation and f16 make.
bool differ(llvm::ArrayRef<float> a, llvm::ArrayRef<float> b);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_TUNEMEASURE_H
