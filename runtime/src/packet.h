//===- packet.h - AQL packets as plain structs ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_PACKET_H
#define ECLIP_RUNTIME_PACKET_H

#include <stdint.h>
#include <string.h>

// The layout is the HSA specification's (HSA Platform System Architecture 1.2,
// 2.8), written here and not taken from hsa.h: the verifier also serves builds
// and schedules without HSA.
namespace eclip::aql {

enum Type : uint8_t { kInvalid = 1, kKernelDispatch = 2, kBarrierAnd = 3 };
enum Scope : uint16_t { kNone = 0, kAgent = 1, kSystem = 2 };

constexpr uint16_t kBarrierBit = 1u << 8;
constexpr unsigned kAcquireShift = 9, kReleaseShift = 11;

inline uint16_t makeHeader(Type type, Scope acquire, Scope release) {
  return static_cast<uint16_t>(type | kBarrierBit | acquire << kAcquireShift |
                               release << kReleaseShift);
}

struct Dispatch {
  uint16_t header;
  uint16_t setup; // number of grid dimensions
  uint16_t workgroup[3];
  uint16_t reserved0;
  uint32_t grid[3]; // work-items
  uint32_t private_bytes;
  uint32_t group_bytes;
  uint64_t kernel_object;
  uint64_t kernarg;
  uint64_t reserved2;
  uint64_t completion;
};

constexpr unsigned kMaxDependencies = 5;

struct Barrier {
  uint16_t header;
  uint16_t reserved0;
  uint32_t reserved1;
  uint64_t dependency[kMaxDependencies];
  uint64_t reserved2;
  uint64_t completion;
};

union alignas(64) Packet {
  uint32_t words[16];
  Dispatch dispatch;
  Barrier barrier;
};

static_assert(sizeof(Dispatch) == 64 && sizeof(Barrier) == 64 &&
              sizeof(Packet) == 64);

/// Gives a packet to the packet processor. The place is the caller's and has an
/// invalid header. The body is written first; the store of header and setup
/// releases it. After that store the place is not touched again.
inline void publish(Packet *place, const Packet &packet) {
  memcpy(place->words + 1, packet.words + 1, sizeof(packet) - 4);
  __atomic_store_n(&place->words[0], packet.words[0], __ATOMIC_RELEASE);
}

} // namespace eclip::aql

#endif // ECLIP_RUNTIME_PACKET_H
