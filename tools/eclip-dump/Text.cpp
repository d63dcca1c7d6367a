//===- Text.cpp - a schedule file, for people -----------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-dump/Dump.h"

#include "runtime/src/verify.h"
#include "tools/eclip-dump/Occupancy.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/FormatVariadic.h"

using namespace eclip;
using llvm::formatv;

uint32_t eclip::countPackets(const fb::Plan &plan, fb::PacketKind kind) {
  uint32_t count = 0;
  for (const fb::Queue *queue : *plan.queues())
    if (queue->packets())
      for (const fb::Packet *packet : *queue->packets())
        count += packet->kind() == kind;
  return count;
}

uint32_t eclip::countSwitches(const fb::Plan &plan) {
  uint32_t switches = 0, previous = 0;
  for (const fb::Group *group : *plan.groups()) {
    switches += previous && group->cu_count() != previous;
    previous = group->cu_count();
  }
  return switches;
}

std::string eclip::kindText(const fb::Kernel &kernel) {
  return llvm::StringRef(fb::EnumNameKernelKind(kernel.kind())).lower();
}

std::string eclip::precisionText(const fb::Schedule &schedule) {
  return llvm::StringRef(fb::EnumNamePrecision(schedule.precision())).lower();
}

std::string eclip::maskText(const ::flatbuffers::Vector<uint32_t> &mask) {
  std::string text;
  for (uint32_t word : mask)
    text += (text.empty() ? "" : " ") + std::string(formatv("{0:x8}", word));
  return text;
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

/// "30 CUs, mask 0x33333333 0x03333333 (far 0xcccccccc 0x0ccccccc)".
static std::string queueText(const fb::Queue &queue) {
  std::string text = formatv("{0} CUs, mask {1}", eclip::countMask(*queue.mask()),
                             maskText(*queue.mask()));
  if (queue.far_mask() && queue.far_mask()->size())
    text += " (far " + maskText(*queue.far_mask()) + ")";
  if (queue.priority())
    text += formatv(", priority {0}", queue.priority());
  return text;
}

static void printPlanSummary(const fb::Plan &plan, llvm::raw_ostream &os) {
  os << formatv("plan       {0}: {1} groups, {2} switches of CU count, {3} masked queues, "
                "{4} barriers\n",
                plan.name()->str(), plan.groups()->size(), countSwitches(plan),
                plan.queues()->size(), countPackets(plan, fb::PacketKind::BarrierAnd))
     << formatv("  memory     arena {0:F2} MiB (lower bound {1:F2})\n",
                mib(plan.arena_bytes()), mib(plan.arena_lower_bound_bytes()))
     << formatv("  predicted  {0:F3} ms, {1:F3} mJ a request{2}\n",
                plan.predicted_time_ns() / 1e6, plan.predicted_energy_nj() / 1e6,
                plan.neighbours() ? formatv(" beside {0} neighbour{1}", plan.neighbours(),
                                            plan.neighbours() == 1 ? "" : "s")
                                        .str()
                                  : std::string());
  for (const fb::Queue *queue : *plan.queues())
    os << formatv("  queue {0,-8} {1}, {2} packets\n", queue->name()->str(),
                  queueText(*queue), packetCount(*queue));
}

static void printMix(const fb::Mix &mix, llvm::raw_ostream &os) {
  os << formatv("mix        {0} (id {1}), worker {2} of", mix.name()->str(), mix.id()->str(),
                mix.worker());
  for (const auto *worker : *mix.workers())
    os << " " << worker->str();
  os << "\n";
}

void eclip::printSummary(const DumpInput &input, llvm::raw_ostream &os) {
  const fb::Schedule &s = input.schedule;
  auto *provenance = s.provenance();
  os << "model      "
     << (provenance->model_name() ? provenance->model_name()->str() : "") << "\n"
     << "device     " << s.device()->name()->str() << " (" << s.device()->target()->str()
     << ", " << s.device()->cu_count() << " CUs)\n"
     << formatv("launches   {0} of {1} kernels{2}\n",
                countPackets(*s.plans()->Get(0), fb::PacketKind::Dispatch),
                s.kernels()->size(), halvesText(s))
     << formatv("precision  {0}\n", precisionText(s))
     << formatv("constants  {0:F2} MiB\n", mib(input.header.constants_bytes))
     << formatv("cost       {0}\n",
                provenance->cost_source() ? provenance->cost_source()->str() : "model");
  if (s.mix())
    printMix(*s.mix(), os);
  for (const fb::Plan *plan : *s.plans())
    printPlanSummary(*plan, os);
}

static void printTensors(llvm::StringRef what,
                         const ::flatbuffers::Vector<::flatbuffers::Offset<fb::Tensor>> &tensors,
                         llvm::raw_ostream &os) {
  for (const fb::Tensor *tensor : tensors)
    os << formatv("  {0,-7} {1} {2}, {3} bytes\n", what, tensor->name()->str(),
                  typeText(*tensor), tensor->bytes());
}

static void printPacket(const fb::Schedule &s, const fb::Plan &plan, const fb::Packet &packet,
                        size_t index, llvm::raw_ostream &os) {
  const fb::Group *group = plan.groups()->Get(packet.group());
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

static void printKernels(const fb::Schedule &s, llvm::raw_ostream &os) {
  os << "\nkernels        VGPRs SGPRs  LDS bytes scratch waves/CU  workgroup  kind\n";
  for (const fb::Kernel *kernel : *s.kernels()) {
    const fb::Dims *wg = kernel->workgroup();
    std::string workgroup = formatv("{0}x{1}x{2}", wg->x(), wg->y(), wg->z());
    os << formatv("  {0}\n               {1,5} {2,5} {3,10} {4,7} {5,8}  {6,-9}  {7}\n",
                  kernel->name()->str(), kernel->vgprs(), kernel->sgprs(),
                  kernel->lds_bytes(), kernel->scratch_bytes(),
                  isAmd(s) ? std::to_string(wavesPerCu(*kernel)) : "-",
                  workgroup, kindText(*kernel));
    if (kernel->nodes() && kernel->nodes()->size()) {
      os << "               nodes:";
      for (const auto *node : *kernel->nodes())
        os << " " << node->str();
      os << "\n";
    }
  }
}

static void printPlan(const fb::Schedule &s, const fb::Plan &plan, llvm::raw_ostream &os) {
  os << "\nplan " << plan.name()->str() << "\n";
  os << "groups           CUs  queue   predicted ns   predicted nJ\n";
  for (const fb::Group *group : *plan.groups())
    os << formatv("  {0,-14} {1,3}  {2,-6} {3,13} {4,14}\n", group->name()->str(),
                  group->cu_count(), plan.queues()->Get(group->queue())->name()->str(),
                  group->predicted_time_ns(), group->predicted_energy_nj());
  for (const fb::Queue *queue : *plan.queues()) {
    os << formatv("queue {0}: {1}\n", queue->name()->str(), queueText(*queue));
    for (uint32_t i = 0; i < packetCount(*queue); ++i)
      printPacket(s, plan, *queue->packets()->Get(i), i, os);
  }
}

void eclip::printText(const DumpInput &input, llvm::raw_ostream &os) {
  const fb::Schedule &s = input.schedule;
  printSummary(input, os);
  os << "\ninputs and outputs\n";
  printTensors("input", *s.inputs(), os);
  printTensors("output", *s.outputs(), os);
  printKernels(s, os);
  for (const fb::Plan *plan : *s.plans())
    printPlan(s, *plan, os);
}
