//===- Tiles.h - contractions of models, compiled with each tile -*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the tuner asks of the compiler. Tiles.cpp alone includes MLIR.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_TILES_H
#define ECLIP_TOOLS_ECLIP_PROFILE_TILES_H

#include "compiler/kernels/codegen/mma/MmaTable.h"
#include "tools/eclip-profile/KernelSchedule.h"
#include "tools/eclip-profile/Options.h"

#include "llvm/Support/Error.h"

#include <functional>
#include <memory>

namespace eclip::profiler {

/// What an output holds, for comparing the results of tiles.
enum class TileElement { F16, F32, Other };

/// A tile to measure.
struct TileCandidate {
  std::string name;
  /// CU counts on which it is promising: all of the device first, if it is there.
  std::vector<int64_t> cuCounts;
};

/// A contraction for tensor cores, one of all kernels that differ in nothing
/// that matters for its time.
struct TileProblem {
  std::string key;    ///< of the table
  std::string name;   ///< of the first kernel that has it
  std::string kernel; ///< IR
  /// Arguments, then results. Constants of the model rotate.
  std::vector<KernelBuffer> buffers;
  TileElement firstOutput = TileElement::Other;
  std::vector<TileCandidate> tiles; ///< the most promising first
  double estimatedNs = 0;           ///< of the first tile
  unsigned uses = 0;                ///< dispatches in all models
};

/// The distinct contractions of the models, those first that take the most
/// time by estimate, with the most promising tiles on all CUs and on
/// `options.cuCounts`, and the one that `known` has. Reads models on several
/// threads. Fails with what is wrong with a model.
llvm::Expected<std::vector<TileProblem>>
findTileProblems(const Options &options, const MmaTable &known,
                 double clockMhz);

/// A problem's kernel with one tile. The launch points into the image.
struct CompiledTile {
  std::vector<uint8_t> image;
  KernelLaunch launch;
};

/// Compiles kernels, one at a time: for one thread.
class TileCompiler {
public:
  explicit TileCompiler(llvm::StringRef chip);
  ~TileCompiler();
  TileCompiler(const TileCompiler &) = delete;
  TileCompiler &operator=(const TileCompiler &) = delete;

  llvm::Expected<std::unique_ptr<CompiledTile>>
  compile(const TileProblem &problem, llvm::StringRef tile);

private:
  struct State;
  std::unique_ptr<State> state;
};

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_TILES_H
