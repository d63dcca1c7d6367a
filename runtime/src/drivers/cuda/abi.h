//===- abi.h - what we use of the CUDA driver's interface -------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Types and constants of libcuda.so.1, as its reference documents them (CUDA
// Driver API 12.4, which brought green contexts). Declared here because cuda.h
// is in no Debian package: a build needs no toolkit. The values are ABI and do
// not change; test/unit/runtime/cuda_abi.cpp compares them with cuda.h where
// there is one.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_ABI_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_ABI_H

#include <stddef.h>
#include <stdint.h>

namespace eclip::cuda::abi {

using Result = int; // CUresult
using Device = int; // CUdevice, an index
using DevicePointer = unsigned long long;
using Context = struct ContextHandle *;
using Stream = struct StreamHandle *;
using Event = struct EventHandle *;
using Library = struct LibraryHandle *;
using Kernel = struct KernelHandle *;
using Function = struct FunctionHandle *;
using Graph = struct GraphHandle *;
using GraphNode = struct GraphNodeHandle *;
using GraphExec = struct GraphExecHandle *;
using GreenContext = struct GreenContextHandle *;
using ResourceDescription = struct ResourceDescriptionHandle *;

constexpr Result kSuccess = 0, kOutOfMemory = 2, kNoDevice = 100,
                 kNotReady = 600;

// CUdevice_attribute
constexpr int kMultiprocessorCount = 16, kComputeMajor = 75, kComputeMinor = 76,
              kMaxSharedBytesOptIn = 97;
// CUfunction_attribute
constexpr int kMaxDynamicSharedBytes = 8;
// CUstream_flags, CUevent_flags, CUgreenCtxCreate_flags
constexpr unsigned kStreamNonBlocking = 1, kEventDefault = 0,
                   kEventDisableTiming = 2, kGreenDefaultStream = 1;
// CUjit_option
constexpr int kJitErrorLog = 5, kJitErrorLogBytes = 6;
// CUlaunchAttributeID; CUgraphInstantiate_flags
constexpr int kPriorityAttribute = 8;
constexpr unsigned long long kUseNodePriority = 8;
// CUdevResourceType
constexpr int kResourceSm = 1;

/// CUDA_KERNEL_NODE_PARAMS_v2
struct KernelNode {
  Function function; // null: `kernel` and `context` count
  unsigned grid[3];  // blocks
  unsigned block[3]; // threads
  unsigned shared_bytes;
  void **arguments;
  void **extra;
  Kernel kernel;
  Context context;
};
static_assert(sizeof(KernelNode) == 72);

/// CUkernelNodeAttrValue, a union.
struct alignas(8) NodeAttribute {
  int priority;
  char unused[60];
};
static_assert(sizeof(NodeAttribute) == 64);

/// CUdevResource; the union is opaque but for its first three words.
struct Resource {
  int type;
  unsigned char internal[92];
  union {
    struct {
      unsigned count;
      unsigned min_partition;
      unsigned alignment; // SMs that are scheduled together
    } sm;
    unsigned char oversize[48];
  };
};
static_assert(sizeof(Resource) == 144);

} // namespace eclip::cuda::abi

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_ABI_H
