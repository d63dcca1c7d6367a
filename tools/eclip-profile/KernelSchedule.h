//===- KernelSchedule.h - a schedule of one kernel --------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What is measured is what the runtime runs: a schedule file with one queue and
// one kernel, loaded like any other. So every driver can be profiled, and
// nothing of a driver is used but its public interface.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_TOOLS_ECLIP_PROFILE_KERNELSCHEDULE_H
#define ECLIP_TOOLS_ECLIP_PROFILE_KERNELSCHEDULE_H

#include "compiler/cost/MaskOrder.h"
#include "tools/eclip-profile/Model.h"

namespace eclip::profiler {

/// The bytes of a schedule file that launches `kernel` `launches` times, one
/// after the other, on a queue of `cuCount` CUs from the low end. Constants
/// are the model's. Every other argument that the kernel reads is an input of
/// the schedule, what it writes an output, all of them as bytes.
std::vector<char> makeKernelSchedule(const Model &model,
                                     const ModelKernel &kernel,
                                     const MaskTopology &topology,
                                     int64_t cuCount, uint32_t launches);

} // namespace eclip::profiler

#endif // ECLIP_TOOLS_ECLIP_PROFILE_KERNELSCHEDULE_H
