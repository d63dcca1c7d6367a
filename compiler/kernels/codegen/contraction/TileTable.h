//===- TileTable.h - tiles that a target offers -----------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_TILETABLE_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_TILETABLE_H

#include <cstdint>

namespace eclip {

/// One row of the table: what a thread accumulates and how threads that hold
/// different outputs are laid out. Shares of k and k steps are combined with
/// it.
struct TileShape {
  int16_t threadM, threadN, threadsM, threadsN;
};

// clang-format off
/// gfx906. Rows of 7 are for feature maps of 7, 14, 28, 56, 112 squared: 28
/// rows divide all but the first of them exactly. threadN is a multiple of 4
/// so that a thread stores four neighbours at once. No tile needs more than
/// 64 accumulators: with the fragments and loads in flight that stays near 128
/// VGPRs, two waves on a SIMD.
inline constexpr TileShape kTileShapes[] = {
    // Square problems.
    {8, 8, 16, 16}, {8, 8, 8, 16}, {8, 8, 16, 8}, {8, 8, 8, 8},
    {8, 8, 4, 16}, {8, 4, 16, 16}, {8, 4, 8, 16}, {8, 4, 4, 16},
    {8, 4, 16, 8}, {4, 4, 16, 16}, {4, 4, 8, 16}, {4, 4, 4, 16},
    // Feature maps.
    {7, 8, 16, 16}, {7, 8, 8, 16}, {7, 8, 4, 16}, {7, 8, 16, 8},
    {7, 8, 8, 8}, {7, 4, 16, 16}, {7, 4, 8, 16}, {7, 4, 4, 16},
    {7, 4, 16, 8}, {7, 4, 8, 8}, {7, 4, 1, 16}, {7, 8, 1, 16},
    {7, 4, 1, 32}, {7, 8, 1, 32}, {7, 4, 7, 16}, {7, 4, 7, 8},
    {7, 8, 7, 16}, {7, 8, 7, 8},
    // Few columns: grouped convolution, narrow layers.
    {7, 8, 32, 8}, {7, 8, 16, 4}, {7, 8, 32, 4}, {7, 4, 32, 8},
    {7, 4, 16, 4}, {7, 4, 32, 2}, {7, 4, 32, 1}, {8, 8, 32, 4},
    {8, 4, 32, 4}, {8, 4, 32, 2}, {8, 4, 16, 4}, {8, 4, 32, 1},
    {4, 4, 32, 4}, {4, 4, 16, 4}, {4, 4, 32, 2}, {4, 4, 32, 1},
    // Few rows: products with a vector or a small batch.
    {1, 4, 1, 64}, {1, 4, 1, 32}, {1, 4, 1, 16}, {1, 4, 1, 8},
    {2, 4, 1, 16}, {2, 4, 1, 32}, {4, 4, 1, 16}, {4, 4, 1, 32},
    {4, 4, 2, 16}, {8, 4, 1, 32}, {8, 8, 1, 32}, {8, 4, 2, 16},
    {8, 8, 2, 16}, {7, 4, 2, 16}, {7, 8, 2, 16}};
// clang-format on

/// How many threads may share the k range of one output.
inline constexpr int16_t kThreadsK[] = {1, 2, 4, 8, 16, 32, 64};
/// k steps of a thread between two barriers.
inline constexpr int16_t kStepsK[] = {4, 8, 16};
/// Sizes of a workgroup.
inline constexpr int64_t kMinThreads = 64, kMaxThreads = 512;

/// What CU cycles on a quarter of the device, and work (CU cycles if no SIMD
/// ever waited), count for beside CU cycles on the whole device. Kernels share
/// the device and may get as little as one shader engine: a tile that saves
/// latency on the whole device by doing more work, or by leaving each SIMD with
/// one wave, costs its neighbours.
inline constexpr double kQuarterWeight = 1, kWorkWeight = 1;

/// Estimated VGPRs up to which fragments can be read ahead and two waves still
/// fit on a SIMD, and up to which two waves fit at all. Beyond that, what is
/// read ahead takes kAheadVgprs more. Measured over the kernels of the seven
/// evaluation models, f32 and f16.
inline constexpr int64_t kReadAheadVgprs = 96, kTwoWavesVgprs = 116,
                         kAheadVgprs = 24;

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_CONTRACTION_TILETABLE_H
