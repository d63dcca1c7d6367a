//===- ScheduleBuilder.cpp - schedule files for tests ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/ScheduleBuilder.h"

#include "eclip/eclip.h"

#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace eclip;
using namespace eclip::test;

namespace {
constexpr uint64_t kBytes = kElements * 4;
constexpr uint32_t kWorkgroup = 64;
} // namespace

fb::Argument eclip::test::arena(uint64_t offset, fb::Access access) {
  return fb::Argument(offset, kBytes, 0, fb::BufferKind::Arena, access);
}
fb::Argument eclip::test::constant(uint64_t offset) {
  return fb::Argument(offset, kBytes, 0, fb::BufferKind::Constant,
                      fb::Access::Read);
}
fb::Argument eclip::test::input(uint32_t index) {
  return fb::Argument(0, kBytes, index, fb::BufferKind::Input,
                      fb::Access::Read);
}
fb::Argument eclip::test::output(uint32_t index) {
  return fb::Argument(0, kBytes, index, fb::BufferKind::Output,
                      fb::Access::Write);
}

PacketSpec eclip::test::dispatch(const ScheduleSpec &spec, uint32_t group,
                                 uint32_t kernel,
                                 std::vector<fb::Argument> arguments,
                                 int32_t completion) {
  const KernelSpec &k = spec.kernels[kernel];
  PacketSpec packet;
  packet.group = group;
  packet.kernel = kernel;
  packet.grid = fb::Dims(kElements / kWorkgroup, 1, 1);
  packet.arguments = std::move(arguments);
  packet.completion = completion;
  aql::Dispatch &image = packet.image.dispatch;
  image.header =
      aql::makeHeader(aql::kKernelDispatch, aql::kSystem, aql::kSystem);
  image.setup = 3;
  image.workgroup[0] = kWorkgroup;
  image.workgroup[1] = image.workgroup[2] = 1;
  image.grid[0] = kElements;
  image.grid[1] = image.grid[2] = 1;
  image.group_bytes = k.ldsBytes;
  image.private_bytes = k.scratchBytes;
  return packet;
}

PacketSpec eclip::test::barrier(uint32_t group, std::vector<uint32_t> waits) {
  PacketSpec packet;
  packet.kind = fb::PacketKind::BarrierAnd;
  packet.group = group;
  packet.waits = std::move(waits);
  packet.image.barrier = {};
  packet.image.barrier.header =
      aql::makeHeader(aql::kBarrierAnd, aql::kAgent, aql::kNone);
  return packet;
}

static std::vector<uint8_t> readKernels(const char *name) {
  const char *folder = std::getenv("ECLIP_TEST_KERNELS");
  std::string path = std::string(folder ? folder : ECLIP_TEST_KERNELS) + name;
  std::ifstream file(path, std::ios::binary);
  std::vector<uint8_t> bytes((std::istreambuf_iterator<char>(file)),
                             std::istreambuf_iterator<char>());
  if (bytes.empty()) {
    std::fprintf(stderr, "%s cannot be read\n", path.c_str());
    std::abort();
  }
  return bytes;
}

std::vector<uint8_t> eclip::test::kernelsImage() {
  return readKernels("/kernels.hsaco");
}

std::vector<uint8_t> eclip::test::kernelsPtx() {
  std::vector<uint8_t> text = readKernels("/kernels.ptx");
  text.push_back(0);
  return text;
}

static uint32_t countBits(const std::vector<uint32_t> &mask) {
  uint32_t bits = 0;
  for (uint32_t word : mask)
    bits += static_cast<uint32_t>(__builtin_popcount(word));
  return bits;
}

static constexpr uint32_t kSmGroup = 8;

/// `sms` SMs, the first groups or the last whole ones.
static std::vector<uint32_t> smMask(uint32_t sms, uint32_t smCount, bool far) {
  std::vector<uint32_t> mask((smCount + 31) / 32);
  uint32_t begin = far ? smCount / kSmGroup * kSmGroup - sms : 0;
  for (uint32_t sm = begin; sm < begin + sms; ++sm)
    mask[sm / 32] |= 1u << sm % 32;
  return mask;
}

static void planOnCuda(PlanSpec &plan, uint32_t from, uint32_t smCount) {
  std::vector<uint32_t> counts;
  for (QueueSpec &queue : plan.queues) {
    uint32_t cus = countBits(queue.mask);
    uint32_t sms = cus == from ? smCount
                               : (cus * smCount / from + kSmGroup - 1) /
                                     kSmGroup * kSmGroup;
    counts.push_back(sms);
    queue.mask = smMask(sms, smCount, false);
    if (!queue.farMask.empty())
      queue.farMask = smMask(sms, smCount, true);
  }
  for (GroupSpec &g : plan.groups)
    g.cuCount = counts[g.queue];
}

ScheduleSpec eclip::test::onCuda(ScheduleSpec spec, uint32_t smCount) {
  const uint32_t from = spec.cuCount;
  spec.deviceName = "h100";
  spec.target = "sm_90";
  spec.cuCount = smCount;
  spec.shaderEngines = (smCount + kSmGroup - 1) / kSmGroup;
  spec.codeObjects = {{"nvptx64-nvidia-cuda--sm_80", kernelsPtx()}};
  for (KernelSpec &k : spec.kernels)
    k.symbol = k.name;
  planOnCuda(spec, from, smCount);
  for (PlanSpec &plan : spec.morePlans)
    planOnCuda(plan, from, smCount);
  return spec;
}

static KernelSpec kernel(const char *name, uint32_t kernargBytes,
                         uint32_t ldsBytes = 0) {
  KernelSpec k;
  k.name = name;
  k.symbol = std::string(name) + ".kd";
  k.kernargBytes = kernargBytes;
  k.ldsBytes = ldsBytes;
  k.workgroup = fb::Dims(kWorkgroup, 1, 1);
  return k;
}

ScheduleSpec eclip::test::example() {
  using fb::Access;
  ScheduleSpec spec;
  spec.codeObjects = {{"amdgcn-amd-amdhsa--gfx906", kernelsImage()}};
  spec.kernels = {kernel("copy", 16), kernel("add", 24),
                  kernel("double", 16, 256), kernel("slow", 16),
                  kernel("fault", 16)};
  spec.inputs = {{"x", fb::ElementType::F32, {2, kElements / 2}, kBytes}};
  spec.outputs = {{"y", fb::ElementType::F32, {2, kElements / 2}, kBytes}};
  spec.groups = {{"half", 30, 0}, {"all", 60, 1}};
  spec.queues = {{"q0", {0x33333333, 0x03333333}, {}, {}},
                 {"q1", {0xffffffff, 0x0fffffff}, {}, {}}};
  spec.signalCount = 2;
  spec.arenaBytes = 3 * kBytes;
  spec.arenaLowerBound = 2 * kBytes;
  constexpr uint64_t a = 0, b = kBytes, c = 2 * kBytes;
  spec.queues[0].packets = {
      dispatch(spec, 0, Copy, {input(), arena(a, Access::Write)}, 0),
      dispatch(spec, 0, Double, {input(), arena(c, Access::Write)}),
      barrier(0, {1}),
      dispatch(spec, 0, Add,
               {arena(b, Access::Read), arena(c, Access::Read), output()})};
  spec.queues[1].packets = {
      barrier(1, {0}),
      dispatch(spec, 1, Add,
               {arena(a, Access::Read), constant(), arena(b, Access::Write)},
               1)};
  spec.constants.resize(kBytes);
  for (uint32_t i = 0; i < kElements; ++i) {
    float value = float(i);
    std::memcpy(&spec.constants[i * 4], &value, 4);
  }
  return spec;
}

ScheduleSpec eclip::test::examplePlans() {
  ScheduleSpec spec = example();
  PlanSpec plan = spec; // the base: the same packets
  plan.planName = "1 neighbour";
  plan.neighbours = 1;
  plan.groups[0].cuCount = 15;
  plan.groups[1].cuCount = 45;
  plan.queues[0].mask = {0x11111111, 0x01111111};
  plan.queues[0].farMask = {0x88888888, 0x08888888};
  plan.queues[1].mask = {0x77777777, 0x07777777};
  plan.queues[1].farMask = {0xeeeeeeee, 0x0eeeeeee};
  // Another order, another signal and another arena than plan 0.
  std::swap(plan.queues[0].packets[0], plan.queues[0].packets[1]);
  plan.arenaBytes += kBytes;
  spec.queues[0].farMask = {0xcccccccc, 0x0ccccccc};
  spec.morePlans.push_back(plan);
  return spec;
}

ScheduleSpec eclip::test::exampleWorker(uint32_t worker, uint32_t workers,
                                        const std::string &id) {
  ScheduleSpec spec = examplePlans();
  PlanSpec plan = spec;
  plan.planName = "mix";
  plan.neighbours = workers - 1;
  plan.forMix = true;
  plan.queues[0].farMask.clear();
  spec.morePlans.push_back(plan);
  spec.mix = MixSpec{"test", id, {}, worker};
  for (uint32_t i = 0; i < workers; ++i)
    spec.mix->workers.push_back("worker " + std::to_string(i));
  return spec;
}

namespace {
namespace flat = ::flatbuffers;
using Builder = flat::FlatBufferBuilder;

flat::Offset<fb::Packet> build(Builder &fbb, const PacketSpec &p) {
  fb::PacketImage image;
  static_assert(sizeof(image) == sizeof(p.image));
  std::memcpy(static_cast<void *>(&image), &p.image, sizeof(image));
  auto arguments = fbb.CreateVectorOfStructs(p.arguments);
  auto waits = fbb.CreateVector(p.waits);
  return fb::CreatePacket(fbb, p.kind, &image, p.group, p.kernel,
                          p.grid ? &*p.grid : nullptr, arguments, p.completion,
                          waits);
}

flat::Offset<fb::Queue> build(Builder &fbb, const QueueSpec &q) {
  std::vector<flat::Offset<fb::Packet>> packets;
  for (const PacketSpec &p : q.packets)
    packets.push_back(build(fbb, p));
  return fb::CreateQueueDirect(fbb, q.name.c_str(), &q.mask,
                               q.farMask.empty() ? nullptr : &q.farMask,
                               &packets, q.priority);
}

flat::Offset<fb::Tensor> build(Builder &fbb, const TensorSpec &t) {
  return fb::CreateTensorDirect(fbb, t.name.c_str(), t.type, &t.dims, t.bytes);
}

flat::Offset<fb::Kernel> build(Builder &fbb, const KernelSpec &k) {
  return fb::CreateKernelDirect(
      fbb, k.name.c_str(), k.symbol.c_str(), k.codeObject, k.kernargBytes,
      k.ldsBytes, k.scratchBytes, 4, 16, k.workgroup ? &*k.workgroup : nullptr,
      nullptr, k.kind);
}

flat::Offset<fb::Group> build(Builder &fbb, const GroupSpec &g) {
  return fb::CreateGroupDirect(fbb, g.name.c_str(), g.cuCount, g.queue, 1000,
                               2000);
}

flat::Offset<fb::CodeObject> build(Builder &fbb, const CodeObjectSpec &c) {
  auto isa = fbb.CreateString(c.isa);
  fbb.ForceVectorAlignment(c.image.size(), 1, 16);
  return fb::CreateCodeObject(fbb, isa, fbb.CreateVector(c.image));
}

template <typename T, typename Spec>
flat::Offset<flat::Vector<flat::Offset<T>>>
buildAll(Builder &fbb, const std::vector<Spec> &specs) {
  std::vector<flat::Offset<T>> items;
  for (const Spec &spec : specs)
    items.push_back(build(fbb, spec));
  return fbb.CreateVector(items);
}
} // namespace

static flat::Offset<fb::Plan> buildPlan(Builder &fbb, const PlanSpec &plan) {
  auto name = fbb.CreateString(plan.planName);
  auto groups = buildAll<fb::Group>(fbb, plan.groups);
  auto queues = buildAll<fb::Queue>(fbb, plan.queues);
  return fb::CreatePlan(fbb, name, plan.neighbours, plan.forMix, groups, queues,
                        plan.signalCount, plan.arenaBytes, plan.arenaLowerBound,
                        1000, 2000);
}

static flat::Offset<fb::Mix> buildMix(Builder &fbb, const MixSpec &mix) {
  std::vector<flat::Offset<flat::String>> workers;
  for (const std::string &worker : mix.workers)
    workers.push_back(fbb.CreateString(worker));
  return fb::CreateMixDirect(fbb, mix.name.c_str(), mix.id.c_str(), &workers,
                             mix.worker);
}

std::vector<uint8_t> eclip::test::buildPayload(const ScheduleSpec &spec) {
  Builder fbb;
  std::vector<uint32_t> maskSizes = {15, 30, 45, 60};
  auto device = fb::CreateDeviceDirect(
      fbb, spec.deviceName.c_str(), spec.target.c_str(), spec.cuCount,
      spec.shaderEngines, spec.maxMaskedQueues, &maskSizes);
  auto codeObjects = buildAll<fb::CodeObject>(fbb, spec.codeObjects);
  auto kernels = buildAll<fb::Kernel>(fbb, spec.kernels);
  auto inputs = buildAll<fb::Tensor>(fbb, spec.inputs);
  auto outputs = buildAll<fb::Tensor>(fbb, spec.outputs);
  std::vector<flat::Offset<fb::Plan>> plans;
  // A test may want none at all.
  if (!spec.planName.empty() || !spec.queues.empty())
    plans.push_back(buildPlan(fbb, spec));
  for (const PlanSpec &plan : spec.morePlans)
    plans.push_back(buildPlan(fbb, plan));
  auto planVector = fbb.CreateVector(plans);
  flat::Offset<fb::Mix> mix;
  if (spec.mix)
    mix = buildMix(fbb, *spec.mix);
  auto provenance = fb::CreateProvenanceDirect(
      fbb, spec.modelName.c_str(), "0123456789abcdef", "0.1.0", "", "model");
  fb::FinishScheduleBuffer(
      fbb,
      fb::CreateSchedule(fbb, device, codeObjects, kernels, inputs, outputs,
                         spec.precision, planVector, mix, provenance));
  return {fbb.GetBufferPointer(), fbb.GetBufferPointer() + fbb.GetSize()};
}

eclip_file_header &eclip::test::headerOf(FileBytes &file) {
  return *reinterpret_cast<eclip_file_header *>(file.data());
}

void eclip::test::fixChecksum(FileBytes &file) {
  eclip_file_header &header = headerOf(file);
  header.checksum = 0;
  header.checksum = XXH3_64bits(file.data(), file.size());
}

FileBytes eclip::test::wrapPayload(const std::vector<uint8_t> &payload,
                                   const std::vector<uint8_t> &constants) {
  eclip_file_header header = {};
  std::memcpy(header.magic, ECLIP_FILE_MAGIC, sizeof(header.magic));
  header.format_version = ECLIP_FORMAT_VERSION;
  header.minimum_reader = ECLIP_MINIMUM_READER;
  header.payload_offset = sizeof(header);
  header.payload_bytes = payload.size();
  header.constants_offset =
      (sizeof(header) + payload.size() + ECLIP_CONSTANTS_ALIGNMENT - 1) /
      ECLIP_CONSTANTS_ALIGNMENT * ECLIP_CONSTANTS_ALIGNMENT;
  header.constants_bytes = constants.size();
  header.file_bytes = header.constants_offset + constants.size();
  FileBytes file(header.file_bytes);
  std::memcpy(file.data(), &header, sizeof(header));
  std::copy(payload.begin(), payload.end(), file.begin() + sizeof(header));
  std::copy(constants.begin(), constants.end(),
            file.begin() + header.constants_offset);
  fixChecksum(file);
  return file;
}

FileBytes eclip::test::buildFile(const ScheduleSpec &spec) {
  return wrapPayload(buildPayload(spec), spec.constants);
}

std::string eclip::test::verify(const FileBytes &file) {
  char text[512];
  eclip_error error = ECLIP_ERROR_INIT(text);
  eclip_status status =
      eclip_schedule_verify(file.data(), file.size(), nullptr, &error);
  if (status == ECLIP_OK)
    return "";
  return text[0] ? text : "failed without a message";
}
