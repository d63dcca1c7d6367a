//===- verify.h - is this payload a schedule? -------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A schedule file is hostile input. Three steps, in this order: verifyHeader
// (file.h) for the bytes, verifyStructure for the FlatBuffer, verifySemantics
// for every number in it. Behind verifySemantics the code of the runtime relies
// on F1 to F42 of docs/schedule-format.md and checks none of them again. What
// machine code inside a code object does is not verified by anybody.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_VERIFY_H
#define ECLIP_RUNTIME_VERIFY_H

#include "runtime/schema/schedule_generated.h"
#include "runtime/src/file.h"

namespace eclip {

/// F9: identifier, offsets, required fields, strings. `payload` must be aligned
/// to 64 bytes and is what `root` points into.
eclip_status verifyStructure(Bytes payload, const fb::Schedule **root,
                             Error &error);

/// F10 to F42. Allocates 4 bytes for each signal of a plan while it runs.
eclip_status verifySemantics(const fb::Schedule &schedule,
                             uint64_t constantsBytes, const Memory &memory,
                             Error &error);

// The parts of verifySemantics, one file each; the earlier are assumed by the
// later.

/// F18 to F21, F35, F41, F42: a plan's queues, masks, groups and arena.
eclip_status verifyQueues(const fb::Schedule &schedule, const fb::Plan &plan,
                          Error &error);
/// F22 to F29, F34: packet images, grids, arguments of a plan.
eclip_status verifyPackets(const fb::Schedule &schedule, const fb::Plan &plan,
                           uint64_t constantsBytes, const Memory &memory,
                           Error &error);
/// F30 to F33: barriers, signals, and that the plan's packets can finish.
eclip_status verifyOrder(const fb::Plan &plan, const Memory &memory,
                         Error &error);

constexpr uint32_t kMaxRank = 16;
constexpr uint32_t kMaxWorkgroup = 1024;
constexpr uint32_t kMaxLdsBytes = 64 * 1024;     // of an AMD workgroup
constexpr uint32_t kMaxSharedBytes = 227 * 1024; // of an NVIDIA one (sm_90)
constexpr uint32_t kMaxQueues = 32;
constexpr uint32_t kMaxPriority = 2; // of a queue
constexpr uint32_t kMaxPlans = 16;
constexpr uint32_t kMaxWorkers = 16; // of a mix
constexpr uint32_t kMaxPacketsPerQueue = 1u << 20;
constexpr uint64_t kMaxArenaBytes = 1ull << 47;

using MaskWords = flatbuffers::Vector<uint32_t>;

/// Number of compute units in a mask.
uint32_t countMask(const MaskWords &mask);
bool sameMask(const MaskWords &a, const MaskWords &b);

/// Which of the device's ends a schedule's masks start from.
enum class End : uint8_t { Near, Far };

/// The mask of a queue at this end: one without a far mask has the same.
inline const MaskWords &maskAt(const fb::Queue &queue, End end) {
  return end == End::Far && queue.far_mask() && queue.far_mask()->size()
             ? *queue.far_mask()
             : *queue.mask();
}

/// A name that a C string holds whole, with at least one character.
bool isName(const flatbuffers::String *name);

/// Packets of a queue; a queue without any may lack the vector.
inline uint32_t packetCount(const fb::Queue &queue) {
  return queue.packets() ? queue.packets()->size() : 0;
}

} // namespace eclip

#endif // ECLIP_RUNTIME_VERIFY_H
