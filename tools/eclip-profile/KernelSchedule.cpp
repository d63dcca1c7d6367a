//===- KernelSchedule.cpp - a schedule of one kernel ----------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/KernelSchedule.h"

#include "compiler/cost/MaskOrder.h"
#include "runtime/schema/file_header.h"
#include "runtime/schema/schedule_generated.h"

#include "llvm/Support/Endian.h"
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
  Builder(const KernelLaunch &kernel, const DeviceDescription &device,
          uint32_t copies)
      : kernel(kernel), device(device), copies(copies) {}

  void build(llvm::ArrayRef<int64_t> cuCounts, uint32_t launches);
  std::vector<char> file();

private:
  void addBuffer(const KernelBuffer &buffer);
  flat::Offset<fb::Kernel> kernelTable();
  flat::Offset<fb::Device> deviceTable();
  flat::Offset<fb::CodeObject> codeObject();
  fb::PacketImage image() const;
  flat::Offset<fb::Packet> packet(uint32_t launch);
  flat::Offset<fb::Queue> queue(int64_t cuCount, uint32_t launches);
  flat::Offset<fb::Plan> plan(int64_t cuCount, uint32_t neighbours,
                              uint32_t launches);

  const KernelLaunch &kernel;
  const DeviceDescription &device;
  const uint32_t copies;
  flat::FlatBufferBuilder fbb;
  std::vector<fb::Argument> arguments; // of the first launch
  std::vector<flat::Offset<fb::Tensor>> inputs, outputs;
  std::vector<char> constants;
};

} // namespace

void Builder::addBuffer(const KernelBuffer &buffer) {
  if (buffer.constant) {
    constants.resize(llvm::alignTo(constants.size(), 256));
    arguments.emplace_back(constants.size(), buffer.bytes, 0,
                           fb::BufferKind::Constant, fb::Access::Read);
    constants.insert(constants.end(), buffer.constant,
                     buffer.constant + buffer.bytes);
    return;
  }
  auto &tensors = buffer.written ? outputs : inputs;
  arguments.emplace_back(
      0, buffer.bytes, static_cast<uint32_t>(tensors.size()),
      buffer.written ? fb::BufferKind::Output : fb::BufferKind::Input,
      buffer.written ? fb::Access::Write : fb::Access::Read);
  for (uint32_t copy = 0; copy < (buffer.rotates ? copies : 1); ++copy) {
    std::string name =
        (buffer.written ? "out" : "in") + std::to_string(tensors.size());
    std::vector<uint64_t> dims{buffer.bytes};
    tensors.push_back(fb::CreateTensorDirect(
        fbb, name.c_str(), fb::ElementType::U8, &dims, buffer.bytes));
  }
}

flat::Offset<fb::Kernel> Builder::kernelTable() {
  auto name = fbb.CreateString(kernel.name);
  auto symbol = fbb.CreateString(kernel.symbol);
  const auto &size = kernel.workgroup;
  fb::Dims workgroup(size[0], size[1], size[2]);
  return fb::CreateKernel(
      fbb, name, symbol, 0, static_cast<uint32_t>(8 * kernel.buffers.size()),
      kernel.ldsBytes, kernel.scratchBytes, kernel.vgprs, kernel.sgprs,
      &workgroup);
}

flat::Offset<fb::Device> Builder::deviceTable() {
  // On several dies the parts that a mask is counted in are the dies.
  int64_t parts =
      device.xcdCount > 1 ? device.xcdCount : device.shaderEngineCount;
  auto name = fbb.CreateString(device.name);
  auto target = fbb.CreateString(device.target);
  std::vector<uint32_t> sizes(device.maskSizesCuCount.begin(),
                              device.maskSizesCuCount.end());
  auto maskSizes = fbb.CreateVector(sizes);
  return fb::CreateDevice(fbb, name, target,
                          static_cast<uint32_t>(device.cuCount),
                          static_cast<uint32_t>(parts),
                          static_cast<uint32_t>(device.maxMaskedQueueCount),
                          maskSizes);
}

flat::Offset<fb::CodeObject> Builder::codeObject() {
  auto isa = fbb.CreateString(kernel.isa);
  fbb.ForceVectorAlignment(kernel.image.size(), 1, 16);
  auto image = fbb.CreateVector(kernel.image.data(), kernel.image.size());
  return fb::CreateCodeObject(fbb, isa, image);
}

/// The AQL dispatch packet, as docs/schedule-format.md wants it (F23 to F26):
/// barrier bit, acquire and release by the agent. The runtime makes the last
/// packet's writes visible to the host.
fb::PacketImage Builder::image() const {
  using namespace llvm::support::endian;
  std::array<uint8_t, 64> bytes = {};
  write16le(&bytes[0], 2 | 1 << 8 | 1 << 9 | 1 << 11);
  write16le(&bytes[2], 3); // dimensions
  for (int i = 0; i < 3; ++i) {
    write16le(&bytes[4 + 2 * i], static_cast<uint16_t>(kernel.workgroup[i]));
    write32le(&bytes[12 + 4 * i], kernel.grid[i] * kernel.workgroup[i]);
  }
  write32le(&bytes[24], kernel.scratchBytes);
  write32le(&bytes[28], kernel.ldsBytes);
  return fb::PacketImage(bytes);
}

flat::Offset<fb::Packet> Builder::packet(uint32_t launch) {
  std::vector<fb::Argument> own = arguments;
  for (auto [argument, buffer] : llvm::zip_equal(own, kernel.buffers))
    if (buffer.rotates && !buffer.constant)
      argument = fb::Argument(0, argument.bytes(),
                              argument.index() + launch % copies,
                              argument.kind(), argument.access());
  fb::PacketImage bytes = image();
  fb::Dims grid(kernel.grid[0], kernel.grid[1], kernel.grid[2]);
  return fb::CreatePacket(fbb, fb::PacketKind::Dispatch, &bytes, 0, 0, &grid,
                          fbb.CreateVectorOfStructs(own));
}

flat::Offset<fb::Queue> Builder::queue(int64_t cuCount, uint32_t launches) {
  std::vector<flat::Offset<fb::Packet>> packets;
  for (uint32_t i = 0; i < launches; ++i)
    packets.push_back(packet(i));
  auto words = maskFromEnd(device.maskTopology(), cuCount, /*high=*/false);
  std::vector<uint32_t> mask(words.begin(), words.end());
  return fb::CreateQueueDirect(fbb, "queue", &mask, /*far_mask=*/nullptr,
                               &packets);
}

flat::Offset<fb::Plan> Builder::plan(int64_t cuCount, uint32_t neighbours,
                                     uint32_t launches) {
  std::vector queues{queue(cuCount, launches)};
  std::vector groups{fb::CreateGroupDirect(
      fbb, "group", static_cast<uint32_t>(cuCount), 0, 0, 0)};
  std::string name = std::to_string(cuCount) + " CUs";
  return fb::CreatePlanDirect(fbb, name.c_str(), neighbours, /*for_mix=*/false,
                              &groups, &queues);
}

void Builder::build(llvm::ArrayRef<int64_t> cuCounts, uint32_t launches) {
  for (const KernelBuffer &buffer : kernel.buffers)
    addBuffer(buffer);
  auto deviceOffset = deviceTable();
  std::vector codeObjects{codeObject()};
  std::vector kernels{kernelTable()};
  std::vector<flat::Offset<fb::Plan>> plans;
  for (auto [i, cuCount] : llvm::enumerate(cuCounts))
    plans.push_back(plan(cuCount, static_cast<uint32_t>(i), launches));
  auto provenance = fb::CreateProvenanceDirect(fbb, "", "", "", "", "model");
  fb::FinishScheduleBuffer(
      fbb, fb::CreateScheduleDirect(fbb, deviceOffset, &codeObjects, &kernels,
                                    &inputs, &outputs, fb::Precision::F32,
                                    &plans, /*mix=*/0, provenance));
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
    const KernelLaunch &kernel, const DeviceDescription &device,
    llvm::ArrayRef<int64_t> cuCounts, uint32_t launches, uint32_t copies) {
  Builder builder(kernel, device, copies);
  builder.build(cuCounts, launches);
  return builder.file();
}

KernelLaunch eclip::profiler::emptyKernel() {
  // Ends with NUL, as the driver reads it.
  static constexpr char text[] = ".version 7.8\n"
                                 ".target sm_80\n"
                                 ".address_size 64\n"
                                 ".visible .entry empty(.param .u64 p_out)\n"
                                 ".reqntid 32, 1, 1\n"
                                 "{\n"
                                 "  ret;\n"
                                 "}\n";
  KernelLaunch kernel;
  kernel.name = kernel.symbol = "empty";
  kernel.isa = "nvptx64-nvidia-cuda--sm_80";
  kernel.image = {reinterpret_cast<const uint8_t *>(text), sizeof(text)};
  kernel.workgroup = {32, 1, 1};
  kernel.buffers = {{/*bytes=*/256, /*written=*/true, nullptr, false}};
  return kernel;
}
