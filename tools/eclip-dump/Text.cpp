//===- Text.cpp - a schedule file, for people -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-dump/Dump.h"
#include "tools/eclip-dump/Occupancy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/ADT/bit.h"
#include "llvm/Support/FormatVariadic.h"

using namespace eclip;
using llvm::formatv;

uint32_t eclip::countPackets(const fb::Schedule &schedule, fb::PacketKind kind) {
  uint32_t count = 0;
  for (const fb::Queue *queue : *schedule.queues())
    if (queue->packets())
      for (const fb::Packet *packet : *queue->packets())
        count += packet->kind() == kind;
  return count;
}

uint32_t eclip::countSwitches(const fb::Schedule &schedule) {
  uint32_t switches = 0, previous = 0;
  for (const fb::Group *group : *schedule.groups()) {
    switches += previous && group->cu_count() != previous;
    previous = group->cu_count();
  }
  return switches;
}

std::string eclip::maskText(const fb::Queue &queue) {
  std::string text;
  for (uint32_t word : *queue.mask())
    text += (text.empty() ? "" : " ") + std::string(formatv("{0:x8}", word));
  return text;
}

uint32_t eclip::maskCount(const fb::Queue &queue) {
  uint32_t count = 0;
  for (uint32_t word : *queue.mask())
    count += llvm::popcount(word);
  return count;
}

std::string eclip::typeText(const fb::Tensor &tensor) {
  std::string text = llvm::StringRef(fb::EnumNameElementType(tensor.type())).lower() + "[";
  bool first = true;
  if (tensor.dims())
    for (uint64_t dim : *tensor.dims()) {
      text += (first ? "" : ",") + std::to_string(dim);
      first = false;
    }
  return text + "]";
}

static double mib(uint64_t bytes) { return bytes / 1048576.0; }

/// ", 27 on f16" if the compiler named some kernels so (--precision f16).
static std::string halvesText(const fb::Schedule &schedule) {
  int64_t halves = llvm::count_if(*schedule.kernels(), [](const fb::Kernel *kernel) {
    llvm::StringRef name(kernel->name()->c_str(), kernel->name()->size());
    auto [base, number] = name.rsplit('_');
    bool numbered = !number.empty() && llvm::all_of(number, llvm::isDigit);
    return (numbered ? base : name).ends_with("_f16");
  });
  return halves ? formatv(", {0} on f16", halves).str() : "";
}

void eclip::printSummary(const DumpInput &input, llvm::raw_ostream &os) {
  const fb::Schedule &s = input.schedule;
  uint64_t timeNs = 0, energyNj = 0;
  for (const fb::Group *group : *s.groups()) {
    timeNs += group->predicted_time_ns();
    energyNj += group->predicted_energy_nj();
  }
  auto *provenance = s.provenance();
  os << "model      "
     << (provenance->model_name() ? provenance->model_name()->str() : "") << "\n"
     << "device     " << s.device()->name()->str() << " (" << s.device()->target()->str()
     << ", " << s.device()->cu_count() << " CUs)\n"
     << formatv("launches   {0} of {1} kernels{2}\n",
                countPackets(s, fb::PacketKind::Dispatch), s.kernels()->size(),
                halvesText(s))
     << formatv("schedule   {0} groups, {1} switches of CU count, {2} masked queues, "
                "{3} barriers\n",
                s.groups()->size(), countSwitches(s), s.queues()->size(),
                countPackets(s, fb::PacketKind::BarrierAnd))
     << formatv("memory     arena {0:F2} MiB (lower bound {1:F2}), constants {2:F2} MiB\n",
                mib(s.arena_bytes()), mib(s.arena_lower_bound_bytes()),
                mib(input.header.constants_bytes))
     << formatv("predicted  {0:F3} ms, {1:F3} mJ a request (cost {2})\n", timeNs / 1e6,
                energyNj / 1e6,
                provenance->cost_source() ? provenance->cost_source()->str() : "model");
  for (const fb::Queue *queue : *s.queues())
    os << formatv("queue {0,-5}{1,3} CUs, mask {2}, {3} packets\n", queue->name()->str(),
                  maskCount(*queue), maskText(*queue),
                  queue->packets() ? queue->packets()->size() : 0);
}

static void printTensors(llvm::StringRef what,
                         const ::flatbuffers::Vector<::flatbuffers::Offset<fb::Tensor>> &tensors,
                         llvm::raw_ostream &os) {
  for (const fb::Tensor *tensor : tensors)
    os << formatv("  {0,-7} {1} {2}, {3} bytes\n", what, tensor->name()->str(),
                  typeText(*tensor), tensor->bytes());
}

static void printPacket(const fb::Schedule &s, const fb::Packet &packet,
                        size_t index, llvm::raw_ostream &os) {
  const fb::Group *group = s.groups()->Get(packet.group());
  os << formatv("  {0,4} {1,-6} ", index, group->name()->str());
  if (packet.kind() == fb::PacketKind::BarrierAnd) {
    os << "barrier-AND waits";
    for (uint32_t signal : *packet.waits())
      os << " s" << signal;
    os << "\n";
    return;
  }
  const fb::Dims *grid = packet.grid();
  os << formatv("dispatch {0} grid [{1},{2},{3}]",
                s.kernels()->Get(packet.kernel())->name()->str(), grid->x(),
                grid->y(), grid->z());
  if (packet.arguments())
    for (const fb::Argument *arg : *packet.arguments()) {
      os << (arg->access() == fb::Access::Write ? " ->" : " ")
         << llvm::StringRef(fb::EnumNameBufferKind(arg->kind())).lower();
      if (arg->kind() == fb::BufferKind::Input || arg->kind() == fb::BufferKind::Output)
        os << arg->index();
      os << "+" << arg->offset() << ":" << arg->bytes();
    }
  if (packet.completion() >= 0)
    os << " completes s" << packet.completion();
  os << "\n";
}

void eclip::printText(const DumpInput &input, llvm::raw_ostream &os) {
  const fb::Schedule &s = input.schedule;
  printSummary(input, os);
  os << "\ninputs and outputs\n";
  printTensors("input", *s.inputs(), os);
  printTensors("output", *s.outputs(), os);
  os << "\nkernels        VGPRs SGPRs  LDS bytes scratch waves/CU  workgroup\n";
  for (const fb::Kernel *kernel : *s.kernels()) {
    const fb::Dims *wg = kernel->workgroup();
    os << formatv("  {0}\n               {1,5} {2,5} {3,10} {4,7} {5,8}  {6}x{7}x{8}\n",
                  kernel->name()->str(), kernel->vgprs(), kernel->sgprs(),
                  kernel->lds_bytes(), kernel->scratch_bytes(), wavesPerCu(*kernel),
                  wg->x(), wg->y(), wg->z());
    if (kernel->nodes() && kernel->nodes()->size()) {
      os << "               nodes:";
      for (const auto *node : *kernel->nodes())
        os << " " << node->str();
      os << "\n";
    }
  }
  os << "\ngroups           CUs  queue   predicted ns   predicted nJ\n";
  for (const fb::Group *group : *s.groups())
    os << formatv("  {0,-14} {1,3}  {2,-6} {3,13} {4,14}\n", group->name()->str(),
                  group->cu_count(), s.queues()->Get(group->queue())->name()->str(),
                  group->predicted_time_ns(), group->predicted_energy_nj());
  for (const fb::Queue *queue : *s.queues()) {
    os << formatv("\nqueue {0}: {1} CUs, mask {2}\n", queue->name()->str(),
                  maskCount(*queue), maskText(*queue));
    if (queue->packets())
      for (auto [i, packet] : llvm::enumerate(*queue->packets()))
        printPacket(s, *packet, i, os);
  }
}
