//===- Vgpu.cpp - what the virtual GPU tells beyond HSA -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-run/Vgpu.h"

// Types only: the calls are looked up in the library that runs.
#include "runtime/vgpu/hsa/eclip_vgpu.h"

#include <algorithm>

#include <dlfcn.h>

using namespace eclip::tool;

static hsa_status_t addFinding(const eclip_vgpu_finding_t *finding,
                               void *data) {
  auto &findings = *static_cast<std::vector<std::string> *>(data);
  std::string text = finding->message;
  if (finding->occurrences > 1)
    text += " (" + std::to_string(finding->occurrences) + " times)";
  findings.push_back(std::move(text));
  return HSA_STATUS_SUCCESS;
}

VgpuReport eclip::tool::queryVgpu(const char *libraryPath) {
  VgpuReport report;
  // NOLOAD: the very library that the device uses, or none.
  void *library = dlopen(libraryPath, RTLD_NOW | RTLD_NOLOAD);
  if (!library)
    return report;
  auto getCounters = reinterpret_cast<decltype(&eclip_vgpu_get_counters)>(
      dlsym(library, "eclip_vgpu_get_counters"));
  auto getFindings = reinterpret_cast<decltype(&eclip_vgpu_get_findings)>(
      dlsym(library, "eclip_vgpu_get_findings"));
  eclip_vgpu_counters_t counters = {};
  counters.struct_bytes = sizeof(counters);
  if (getCounters && getFindings &&
      getCounters(&counters) == HSA_STATUS_SUCCESS) {
    report.present = true;
    report.instructions = counters.instructions;
    report.dispatches = counters.dispatches;
    uint32_t cus = std::min<uint32_t>(counters.cu_count, ECLIP_VGPU_MAX_CUS);
    report.workgroupsPerCu.assign(counters.cu_workgroups,
                                  counters.cu_workgroups + cus);
    report.instructionsPerCu.assign(counters.cu_instructions,
                                    counters.cu_instructions + cus);
    getFindings(addFinding, &report.findings, /*forget=*/0);
  }
  dlclose(library);
  return report;
}
