//===- Dump.h - what eclip-dump can print -----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_DUMP_DUMP_H
#define ECLIP_TOOLS_ECLIP_DUMP_DUMP_H

#include "runtime/schema/file_header.h"
#include "runtime/schema/schedule_generated.h"

#include "llvm/ADT/StringRef.h"
#include "llvm/Support/Error.h"
#include "llvm/Support/raw_ostream.h"

namespace eclip {

/// A verified file: both parts outlive every printer.
struct DumpInput {
  const eclip_file_header &header;
  const fb::Schedule &schedule;
};

/// Launches, kernels, memory, and a few lines for each plan.
void printSummary(const DumpInput &input, llvm::raw_ostream &os);
/// Everything, for people.
void printText(const DumpInput &input, llvm::raw_ostream &os);
/// Everything, for scripts; docs/tools.md names the fields.
void printJson(const DumpInput &input, llvm::raw_ostream &os);
/// Disassembly of one kernel; an error if there is none of that name.
llvm::Error printAssembly(const DumpInput &input, llvm::StringRef kernel,
                          llvm::raw_ostream &os);

/// Packets of one kind in all queues.
uint32_t countPackets(const fb::Plan &plan, fb::PacketKind kind);
/// Changes of CU count from one dispatch to the next, in packet order of the
/// groups (the order in which the compiler numbered them).
uint32_t countSwitches(const fb::Plan &plan);
/// "contraction", "f16".
std::string kindText(const fb::Kernel &kernel);
std::string precisionText(const fb::Schedule &schedule);
/// "0x11111111 0x01111111", lowest word first.
std::string maskText(const ::flatbuffers::Vector<uint32_t> &mask);
/// "f32[1,3,224,224]".
std::string typeText(const fb::Tensor &tensor);

} // namespace eclip

#endif // ECLIP_TOOLS_ECLIP_DUMP_DUMP_H
