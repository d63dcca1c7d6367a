//===- PacketImage.cpp - the 64 bytes of an AQL packet --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/emit/PacketImage.h"

#include "llvm/Support/Endian.h"

using namespace eclip;

namespace {
constexpr uint16_t kTypeKernelDispatch = 2, kTypeBarrierAnd = 3;

uint16_t header(uint16_t type, FenceScope acquire, FenceScope release) {
  return type | 1u << 8 /* barrier bit */ |
         static_cast<uint16_t>(acquire) << 9 |
         static_cast<uint16_t>(release) << 11;
}
} // namespace

PacketBytes eclip::dispatchPacket(LaunchAttr launch, FenceScope acquire,
                                  FenceScope release) {
  using namespace llvm::support::endian;
  PacketBytes packet{};
  write16le(&packet[0], header(kTypeKernelDispatch, acquire, release));
  write16le(&packet[2], 3); // setup: number of grid dimensions
  for (int i = 0; i < 3; ++i) {
    write16le(&packet[4 + 2 * i], launch.getWorkgroup()[i]);
    write32le(&packet[12 + 4 * i], launch.getGrid()[i] * launch.getWorkgroup()[i]);
  }
  write32le(&packet[24], launch.getScratchBytes());
  write32le(&packet[28], launch.getLdsBytes());
  return packet;
}

PacketBytes eclip::barrierAndPacket() {
  PacketBytes packet{};
  llvm::support::endian::write16le(
      &packet[0], header(kTypeBarrierAnd, FenceScope::Agent, FenceScope::None));
  return packet;
}
