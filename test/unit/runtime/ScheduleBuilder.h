//===- ScheduleBuilder.h - schedule files for tests -------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A schedule as plain structs, and its file. example() is valid; a test changes
// one thing and looks what the verifier says. Nothing here checks anything.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TEST_UNIT_RUNTIME_SCHEDULEBUILDER_H
#define ECLIP_TEST_UNIT_RUNTIME_SCHEDULEBUILDER_H

#include "runtime/schema/file_header.h"
#include "runtime/schema/schedule_generated.h"
#include "runtime/src/packet.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace eclip::test {

using FileBytes = std::vector<uint8_t>;

struct TensorSpec {
  std::string name;
  fb::ElementType type = fb::ElementType::F32;
  std::vector<uint64_t> dims;
  uint64_t bytes = 0;
};

struct KernelSpec {
  std::string name, symbol;
  uint32_t codeObject = 0, kernargBytes = 0, ldsBytes = 0, scratchBytes = 0;
  std::optional<fb::Dims> workgroup;
  fb::KernelKind kind = fb::KernelKind::Pointwise;
};

struct PacketSpec {
  fb::PacketKind kind = fb::PacketKind::Dispatch;
  aql::Packet image{};
  uint32_t group = 0, kernel = 0;
  std::optional<fb::Dims> grid;
  std::vector<fb::Argument> arguments;
  int32_t completion = -1;
  std::vector<uint32_t> waits;
};

struct QueueSpec {
  std::string name;
  std::vector<uint32_t> mask;
  std::vector<PacketSpec> packets;
  std::vector<uint32_t> farMask;
  uint8_t priority = 0;
};

struct GroupSpec {
  std::string name;
  uint32_t cuCount = 0, queue = 0;
};

struct CodeObjectSpec {
  std::string isa;
  std::vector<uint8_t> image;
};

struct PlanSpec {
  std::string planName = "alone";
  uint32_t neighbours = 0;
  bool forMix = false;
  std::vector<GroupSpec> groups;
  std::vector<QueueSpec> queues;
  uint32_t signalCount = 0;
  uint64_t arenaBytes = 0, arenaLowerBound = 0;
};

struct MixSpec {
  std::string name, id;
  std::vector<std::string> workers;
  uint32_t worker = 0;
};

/// Its first plan is the base class.
struct ScheduleSpec : PlanSpec {
  std::string deviceName = "mi50", target = "gfx906";
  uint32_t cuCount = 60, shaderEngines = 4, maxMaskedQueues = 7;
  std::vector<CodeObjectSpec> codeObjects;
  std::vector<KernelSpec> kernels;
  std::vector<TensorSpec> inputs, outputs;
  fb::Precision precision = fb::Precision::F32;
  std::vector<PlanSpec> morePlans;
  std::optional<MixSpec> mix;
  std::vector<uint8_t> constants;
  std::string modelName = "example";
};

/// The kernels of test/conformance/kernels.s by index.
enum ExampleKernel : uint32_t { Copy, Add, Double, Slow, Fault };

constexpr uint32_t kElements = 128;

/// y = (x + c) + 2x, for 128 floats, on two queues (30 and 60 CUs) with a
/// barrier in each direction. c is 0, 1, 2 ...
ScheduleSpec example();

/// example() with a plan for one neighbour, whose queues are 15 and 45 CUs from
/// the near end, with far masks, and which writes y in another order; its far
/// masks do not overlap the near ones of 15 CUs.
ScheduleSpec examplePlans();
/// examplePlans() as worker `worker` of the mix `id`, which has `workers`; the
/// mix's plan runs on 30 CUs.
ScheduleSpec exampleWorker(uint32_t worker, uint32_t workers,
                           const std::string &id = "0123456789abcdef");

/// A dispatch of `kernel` over all elements.
PacketSpec dispatch(const ScheduleSpec &spec, uint32_t group, uint32_t kernel,
                    std::vector<fb::Argument> arguments,
                    int32_t completion = -1);
PacketSpec barrier(uint32_t group, std::vector<uint32_t> waits);

// Arguments over all elements.
fb::Argument arena(uint64_t offset, fb::Access access);
fb::Argument constant(uint64_t offset = 0);
fb::Argument input(uint32_t index = 0);
fb::Argument output(uint32_t index = 0);

/// The payload alone.
std::vector<uint8_t> buildPayload(const ScheduleSpec &spec);
/// Header, payload, padding, constants.
FileBytes buildFile(const ScheduleSpec &spec);
FileBytes wrapPayload(const std::vector<uint8_t> &payload,
                      const std::vector<uint8_t> &constants);

/// Makes the checksum fit again.
void fixChecksum(FileBytes &file);
eclip_file_header &headerOf(FileBytes &file);

/// test/conformance/kernels.hsaco, and kernels.ptx with a NUL behind it. The
/// environment variable ECLIP_TEST_KERNELS names another folder for them, for
/// programs that run on a machine without the sources.
std::vector<uint8_t> kernelsImage();
std::vector<uint8_t> kernelsPtx();

/// The same schedule for an NVIDIA GPU of `smCount` SMs in groups of 8: a mask
/// of n of 60 CUs becomes the first SM groups, as near to n/60 as they come.
ScheduleSpec onCuda(ScheduleSpec spec, uint32_t smCount);

/// What the verifier says: "" or a message.
std::string verify(const FileBytes &file);

} // namespace eclip::test

#endif // ECLIP_TEST_UNIT_RUNTIME_SCHEDULEBUILDER_H
