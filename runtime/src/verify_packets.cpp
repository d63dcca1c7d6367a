//===- verify_packets.cpp - packets, grids and arguments ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/src/packet.h"
#include "runtime/src/verify.h"

using namespace eclip;

using ull = unsigned long long;
#define BAD(...) error.fail(ECLIP_ERROR_BAD_FILE, __VA_ARGS__)

namespace {
/// What the checks of one packet look at, and how messages name it.
struct Context {
  const fb::Schedule &schedule;
  const fb::Plan &plan;
  uint64_t constantsBytes;
  bool *outputWritten; // one each output
  const char *queueName;
  uint32_t queue, packet;
  Error &error;
};
} // namespace

#define AT "plan '%s': queue '%s' packet %u"
#define WHERE c.plan.name()->c_str(), c.queueName, c.packet

/// F23: the header's 16 bits.
static eclip_status verifyImageHeader(const Context &c, uint16_t header,
                                      bool isDispatch) {
  Error &error = c.error;
  unsigned type = header & 0xff,
           expected = isDispatch ? aql::kKernelDispatch : aql::kBarrierAnd;
  unsigned acquire = header >> aql::kAcquireShift & 3;
  unsigned release = header >> aql::kReleaseShift & 3;
  if (type != expected)
    return BAD("F23: " AT ": image has AQL type %u, its kind needs %u", WHERE,
               type, expected);
  if (!(header & aql::kBarrierBit))
    return BAD("F23: " AT ": image lacks the barrier bit", WHERE);
  if (header >> 13)
    return BAD("F23: " AT ": image header %04x has reserved bits", WHERE,
               header);
  if (acquire > aql::kSystem || release > aql::kSystem)
    return BAD("F23: " AT ": fence scopes %u and %u, expected at most 2", WHERE,
               acquire, release);
  // A barrier-AND publishes nothing itself, but what follows it reads what its
  // signals stand for: its acquire may not be left out.
  if (acquire == aql::kNone || (isDispatch && release == aql::kNone))
    return BAD("F23: " AT ": acquire scope %u and release scope %u: the next "
               "packet may not see this one's writes",
               WHERE, acquire, release);
  return ECLIP_OK;
}

/// F24 to F26: a dispatch's image against its kernel and its grid.
static eclip_status verifyDispatchImage(const Context &c,
                                        const fb::Packet &packet,
                                        const fb::Kernel &kernel,
                                        const aql::Dispatch &image) {
  Error &error = c.error;
  if (image.kernel_object || image.kernarg || image.completion ||
      image.reserved0 || image.reserved2)
    return BAD("F24: " AT
               ": image holds an address or reserved bits; the loader "
               "writes those",
               WHERE);
  if (!packet.grid())
    return BAD("F25: " AT ": grid is missing", WHERE);
  if (image.setup < 1 || image.setup > 3)
    return BAD("F25: " AT ": image has %u grid dimensions", WHERE, image.setup);
  const uint32_t grid[3] = {packet.grid()->x(), packet.grid()->y(),
                            packet.grid()->z()};
  const uint32_t group[3] = {kernel.workgroup()->x(), kernel.workgroup()->y(),
                             kernel.workgroup()->z()};
  for (unsigned d = 0; d < 3; ++d) {
    uint32_t items;
    if (grid[d] == 0 || __builtin_mul_overflow(grid[d], group[d], &items) ||
        items != image.grid[d] || group[d] != image.workgroup[d])
      return BAD("F25: " AT ": image has %u work-items in workgroups of %u in "
                 "dimension %u; %u workgroups of kernel '%s' are %llu in %u",
                 WHERE, image.grid[d], image.workgroup[d], d, grid[d],
                 kernel.name()->c_str(), grid[d] * ull(group[d]), group[d]);
    if (d >= image.setup && image.grid[d] != 1)
      return BAD("F25: " AT ": %u work-items in dimension %u, but only %u "
                 "dimensions",
                 WHERE, image.grid[d], d, image.setup);
  }
  if (image.group_bytes != kernel.lds_bytes() ||
      image.private_bytes != kernel.scratch_bytes())
    return BAD(
        "F26: " AT ": image has %u bytes of LDS and %u of scratch, kernel "
        "'%s' has %u and %u",
        WHERE, image.group_bytes, image.private_bytes, kernel.name()->c_str(),
        kernel.lds_bytes(), kernel.scratch_bytes());
  return ECLIP_OK;
}

/// F28 and F29: one argument stays inside what it points to.
static eclip_status verifyArgument(const Context &c, uint32_t i,
                                   const fb::Argument &argument) {
  Error &error = c.error;
  if (argument.access() > fb::Access::Write)
    return BAD("F28: " AT " argument %u: access %u is unknown", WHERE, i,
               static_cast<unsigned>(argument.access()));
  bool writes = argument.access() == fb::Access::Write;
  uint64_t size = 0;
  const char *what = "";
  uint32_t indexLimit = 1;
  switch (argument.kind()) {
  case fb::BufferKind::Arena:
    what = "the arena";
    size = c.plan.arena_bytes();
    break;
  case fb::BufferKind::Constant:
    what = "the constants";
    size = c.constantsBytes;
    break;
  case fb::BufferKind::Input:
    what = "the input";
    indexLimit = c.schedule.inputs()->size();
    break;
  case fb::BufferKind::Output:
    what = "the output";
    indexLimit = c.schedule.outputs()->size();
    break;
  default:
    return BAD("F28: " AT " argument %u: kind %u is unknown", WHERE, i,
               static_cast<unsigned>(argument.kind()));
  }
  if (argument.index() >= indexLimit)
    return BAD("F28: " AT " argument %u: index is %u of %u", WHERE, i,
               argument.index(), indexLimit);
  if (writes && (argument.kind() == fb::BufferKind::Constant ||
                 argument.kind() == fb::BufferKind::Input))
    return BAD("F28: " AT " argument %u: writes to %s", WHERE, i, what);
  if (argument.kind() == fb::BufferKind::Input)
    size = c.schedule.inputs()->Get(argument.index())->bytes();
  if (argument.kind() == fb::BufferKind::Output) {
    size = c.schedule.outputs()->Get(argument.index())->bytes();
    if (writes)
      c.outputWritten[argument.index()] = true;
  }
  uint64_t end;
  if (argument.bytes() == 0 ||
      __builtin_add_overflow(argument.offset(), argument.bytes(), &end) ||
      end > size)
    return BAD("F29: " AT
               " argument %u: %llu bytes at offset %llu of %s, which "
               "has %llu bytes",
               WHERE, i, ull(argument.bytes()), ull(argument.offset()), what,
               ull(size));
  return ECLIP_OK;
}

static eclip_status verifyDispatch(const Context &c, const fb::Packet &packet) {
  Error &error = c.error;
  if (packet.kernel() >= c.schedule.kernels()->size())
    return BAD("F22: " AT ": kernel is %u of %u", WHERE, packet.kernel(),
               c.schedule.kernels()->size());
  const fb::Kernel &kernel = *c.schedule.kernels()->Get(packet.kernel());
  aql::Dispatch image;
  memcpy(&image, packet.image()->bytes()->data(), sizeof(image));
  if (eclip_status status = verifyImageHeader(c, image.header, true))
    return status;
  if (eclip_status status = verifyDispatchImage(c, packet, kernel, image))
    return status;
  uint32_t count = packet.arguments() ? packet.arguments()->size() : 0;
  if (count * ull(8) != kernel.kernarg_bytes())
    return BAD("F27: " AT ": %u arguments, kernel '%s' takes %u bytes of "
               "arguments, 8 each",
               WHERE, count, kernel.name()->c_str(), kernel.kernarg_bytes());
  for (uint32_t i = 0; i < count; ++i)
    if (eclip_status status = verifyArgument(c, i, *packet.arguments()->Get(i)))
      return status;
  return ECLIP_OK;
}

static eclip_status verifyPacket(const Context &c, const fb::Packet &packet) {
  Error &error = c.error;
  if (packet.group() >= c.plan.groups()->size() ||
      c.plan.groups()->Get(packet.group())->queue() != c.queue)
    return BAD("F22: " AT ": group %u of %u is not on this queue", WHERE,
               packet.group(), c.plan.groups()->size());
  switch (packet.kind()) {
  case fb::PacketKind::Dispatch:
    return verifyDispatch(c, packet);
  case fb::PacketKind::BarrierAnd:
    uint16_t header;
    memcpy(&header, packet.image()->bytes()->data(), sizeof(header));
    return verifyImageHeader(c, header, false);
  }
  return BAD("F22: " AT ": kind %u is unknown", WHERE,
             static_cast<unsigned>(packet.kind()));
}

eclip_status eclip::verifyPackets(const fb::Schedule &schedule,
                                  const fb::Plan &plan, uint64_t constantsBytes,
                                  const Memory &memory, Error &error) {
  Array<bool> written;
  uint32_t outputs = schedule.outputs()->size();
  if (!written.allocate(memory, outputs))
    return error.outOfMemory(outputs, "verification");
  Context c{schedule, plan, constantsBytes, written.data(),
            nullptr,  0,    0,              error};
  for (const fb::Queue *queue : *plan.queues()) {
    c.queueName = queue->name()->c_str();
    for (c.packet = 0; c.packet < packetCount(*queue); ++c.packet)
      if (eclip_status status =
              verifyPacket(c, *queue->packets()->Get(c.packet)))
        return status;
    ++c.queue;
  }
  if (outputs == 0)
    return BAD("F34: outputs: there is none");
  for (uint32_t i = 0; i < outputs; ++i)
    if (!written[i])
      return BAD("F34: plan '%s': output '%s': no dispatch writes it",
                 plan.name()->c_str(), schedule.outputs()->Get(i)->name()->c_str());
  return ECLIP_OK;
}
