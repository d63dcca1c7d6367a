//===- executable.h - code objects of a schedule, loaded --------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_HSA_EXECUTABLE_H
#define ECLIP_RUNTIME_DRIVERS_HSA_EXECUTABLE_H

#include "runtime/src/drivers/hsa/device.h"

namespace eclip::hsa {

/// The code objects that a schedule's kernels use, frozen, and each kernel's
/// handle.
class Executable {
public:
  explicit Executable(Device &device) : device(device) {}
  Executable(const Executable &) = delete;
  Executable &operator=(const Executable &) = delete;
  ~Executable();

  eclip_status load(const fb::Schedule &schedule, Error &error);
  uint64_t kernelObject(uint32_t kernel) const { return kernels[kernel]; }

private:
  eclip_status loadCodeObject(const fb::CodeObject &object, uint32_t index,
                              Error &error);
  eclip_status findKernel(const fb::Kernel &kernel, uint64_t *object,
                          Error &error);

  Device &device;
  hsa_executable_t executable{};
  bool created = false;
  Array<hsa_code_object_reader_t> readers;
  size_t reader_count = 0;
  Array<uint64_t> kernels;
};

} // namespace eclip::hsa

#endif // ECLIP_RUNTIME_DRIVERS_HSA_EXECUTABLE_H
