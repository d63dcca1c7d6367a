//===- KernelSchedule.cpp - a schedule of one kernel ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/KernelSchedule.h"

#include "runtime/schema/file_header.h"

#include "llvm/Support/MathExtras.h"

#include <cstring>

#define XXH_INLINE_ALL
#include <xxhash.h>

using namespace eclip;
using namespace eclip::profiler;
namespace flat = flatbuffers;

namespace {

/// Builds the FlatBuffer and collects the constants.
class Builder {
public:
  Builder(const Model &model, const ModelKernel &kernel)
      : model(model), kernel(kernel) {}

  void build(const MaskTopology &topology, int64_t cuCount, uint32_t launches);
  std::vector<char> file();

private:
  void addArguments();
  flat::Offset<fb::Kernel> kernelTable();
  flat::Offset<fb::Device> deviceTable();
  flat::Offset<fb::CodeObject> codeObject();
  flat::Offset<fb::Packet> packet();
  flat::Offset<fb::Queue> queue(const MaskTopology &topology, int64_t cuCount,
                                uint32_t launches);

  const Model &model;
  const ModelKernel &kernel;
  flat::FlatBufferBuilder fbb;
  std::vector<fb::Argument> arguments;
  std::vector<flat::Offset<fb::Tensor>> inputs, outputs;
  std::vector<char> constants;
};

} // namespace

void Builder::addArguments() {
  for (const fb::Argument *argument : *kernel.packet->arguments()) {
    uint64_t bytes = argument->bytes();
    if (argument->kind() == fb::BufferKind::Constant) {
      constants.resize(llvm::alignTo(constants.size(), 256));
      arguments.emplace_back(constants.size(), bytes, 0,
                             fb::BufferKind::Constant, fb::Access::Read);
      const uint8_t *data = model.constants + argument->offset();
      constants.insert(constants.end(), data, data + bytes);
      continue;
    }
    bool read = argument->access() == fb::Access::Read;
    auto &tensors = read ? inputs : outputs;
    arguments.emplace_back(0, bytes, static_cast<uint32_t>(tensors.size()),
                           read ? fb::BufferKind::Input
                                : fb::BufferKind::Output,
                           argument->access());
    std::string name = (read ? "in" : "out") + std::to_string(tensors.size());
    std::vector<uint64_t> dims{bytes};
    tensors.push_back(fb::CreateTensorDirect(
        fbb, name.c_str(), fb::ElementType::U8, &dims, bytes));
  }
}

flat::Offset<fb::Kernel> Builder::kernelTable() {
  const fb::Kernel *k = kernel.kernel;
  auto name = fbb.CreateString(k->name());
  auto symbol = fbb.CreateString(k->symbol());
  return fb::CreateKernel(fbb, name, symbol, 0, k->kernarg_bytes(),
                          k->lds_bytes(), k->scratch_bytes(), k->vgprs(),
                          k->sgprs(), k->workgroup());
}

flat::Offset<fb::Device> Builder::deviceTable() {
  const fb::Device *d = model.schedule->device();
  auto name = fbb.CreateString(d->name());
  auto target = fbb.CreateString(d->target());
  auto sizes =
      fbb.CreateVector(d->mask_sizes()->data(), d->mask_sizes()->size());
  return fb::CreateDevice(fbb, name, target, d->cu_count(), d->shader_engines(),
                          d->max_masked_queues(), sizes);
}

flat::Offset<fb::CodeObject> Builder::codeObject() {
  const fb::CodeObject *code =
      model.schedule->code_objects()->Get(kernel.kernel->code_object());
  auto isa = fbb.CreateString(code->isa());
  fbb.ForceVectorAlignment(code->image()->size(), 1, 16);
  auto image = fbb.CreateVector(code->image()->data(), code->image()->size());
  return fb::CreateCodeObject(fbb, isa, image);
}

flat::Offset<fb::Packet> Builder::packet() {
  // The runtime makes the last packet's writes visible to the host.
  return fb::CreatePacket(fbb, fb::PacketKind::Dispatch, kernel.packet->image(),
                          0, 0, kernel.packet->grid(),
                          fbb.CreateVectorOfStructs(arguments));
}

flat::Offset<fb::Queue> Builder::queue(const MaskTopology &topology,
                                       int64_t cuCount, uint32_t launches) {
  std::vector<flat::Offset<fb::Packet>> packets;
  for (uint32_t i = 0; i < launches; ++i)
    packets.push_back(packet());
  auto words = maskFromEnd(topology, cuCount, /*high=*/false);
  std::vector<uint32_t> mask(words.begin(), words.end());
  return fb::CreateQueueDirect(fbb, "queue", &mask, &packets);
}

void Builder::build(const MaskTopology &topology, int64_t cuCount,
                    uint32_t launches) {
  addArguments();
  auto device = deviceTable();
  std::vector codeObjects{codeObject()};
  std::vector kernels{kernelTable()};
  std::vector queues{queue(topology, cuCount, launches)};
  std::vector groups{fb::CreateGroupDirect(
      fbb, "group", static_cast<uint32_t>(cuCount), 0, 0, 0)};
  auto provenance = fb::CreateProvenanceDirect(fbb, "", "", "", "", "model");
  fb::FinishScheduleBuffer(
      fbb, fb::CreateScheduleDirect(fbb, device, &codeObjects, &kernels,
                                    &inputs, &outputs, &groups, &queues,
                                    /*signal_count=*/0, /*arena_bytes=*/0,
                                    /*arena_lower_bound_bytes=*/0, provenance));
}

std::vector<char> Builder::file() {
  eclip_file_header header = {};
  std::memcpy(header.magic, ECLIP_FILE_MAGIC, sizeof(header.magic));
  header.format_version = ECLIP_FORMAT_VERSION;
  header.minimum_reader = ECLIP_MINIMUM_READER;
  header.payload_offset = sizeof(header);
  header.payload_bytes = fbb.GetSize();
  header.constants_offset = llvm::alignTo(
      header.payload_offset + header.payload_bytes, ECLIP_CONSTANTS_ALIGNMENT);
  header.constants_bytes = constants.size();
  header.file_bytes = header.constants_offset + header.constants_bytes;
  std::vector<char> bytes(header.file_bytes);
  std::memcpy(bytes.data() + header.payload_offset, fbb.GetBufferPointer(),
              fbb.GetSize());
  if (!constants.empty())
    std::memcpy(bytes.data() + header.constants_offset, constants.data(),
                constants.size());
  std::memcpy(bytes.data(), &header, sizeof(header));
  header.checksum = XXH3_64bits(bytes.data(), bytes.size());
  std::memcpy(bytes.data(), &header, sizeof(header));
  return bytes;
}

std::vector<char> eclip::profiler::makeKernelSchedule(
    const Model &model, const ModelKernel &kernel, const MaskTopology &topology,
    int64_t cuCount, uint32_t launches) {
  Builder builder(model, kernel);
  builder.build(topology, cuCount, launches);
  return builder.file();
}
