//===- PacketImage.h - the 64 bytes of an AQL packet ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The layout is the HSA specification's (HSA Platform System Architecture 1.2,
// 2.8). It is written here and not taken from hsa.h: the compiler also runs
// where no HSA headers are.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EMIT_PACKETIMAGE_H
#define ECLIP_COMPILER_EMIT_PACKETIMAGE_H

#include "dialect/Eclip.h"

#include <array>
#include <cstdint>

namespace eclip {

using PacketBytes = std::array<uint8_t, 64>;

/// How far a packet's acquire and release reach.
enum class FenceScope : uint16_t { None = 0, Agent = 1, System = 2 };

/// A kernel dispatch packet with the barrier bit; all addresses zero.
PacketBytes dispatchPacket(LaunchAttr launch, FenceScope acquire,
                           FenceScope release);

/// A barrier-AND packet with the barrier bit; all signals zero.
PacketBytes barrierAndPacket();

} // namespace eclip

#endif // ECLIP_COMPILER_EMIT_PACKETIMAGE_H
