//===- cuda_abi.cpp - our declarations against NVIDIA's -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiled only where cuda.h is (CUDA 12.4 or later): if it compiles, the
// constants, layouts and parameter lists of drivers/cuda are right.
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/api.h"

#include <cuda.h>
#include <type_traits>

namespace abi = eclip::cuda::abi;

static_assert(abi::kSuccess == CUDA_SUCCESS);
static_assert(abi::kOutOfMemory == CUDA_ERROR_OUT_OF_MEMORY);
static_assert(abi::kNoDevice == CUDA_ERROR_NO_DEVICE);
static_assert(abi::kNotReady == CUDA_ERROR_NOT_READY);
static_assert(abi::kMultiprocessorCount ==
              CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
static_assert(abi::kComputeMajor ==
              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR);
static_assert(abi::kComputeMinor ==
              CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
static_assert(abi::kMaxSharedBytesOptIn ==
              CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN);
static_assert(abi::kMaxDynamicSharedBytes ==
              CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES);
static_assert(abi::kStreamNonBlocking == CU_STREAM_NON_BLOCKING);
static_assert(abi::kEventDefault == CU_EVENT_DEFAULT);
static_assert(abi::kEventDisableTiming == CU_EVENT_DISABLE_TIMING);
static_assert(abi::kGreenDefaultStream == CU_GREEN_CTX_DEFAULT_STREAM);
static_assert(abi::kJitErrorLog == CU_JIT_ERROR_LOG_BUFFER);
static_assert(abi::kJitErrorLogBytes == CU_JIT_ERROR_LOG_BUFFER_SIZE_BYTES);
static_assert(abi::kResourceSm == CU_DEV_RESOURCE_TYPE_SM);
static_assert(abi::kPriorityAttribute == CU_LAUNCH_ATTRIBUTE_PRIORITY);
static_assert(abi::kUseNodePriority ==
              CUDA_GRAPH_INSTANTIATE_FLAG_USE_NODE_PRIORITY);
static_assert(sizeof(abi::NodeAttribute) == sizeof(CUkernelNodeAttrValue));
static_assert(offsetof(abi::NodeAttribute, priority) ==
              offsetof(CUkernelNodeAttrValue, priority));

using Node = CUDA_KERNEL_NODE_PARAMS;
static_assert(sizeof(abi::KernelNode) == sizeof(Node));
static_assert(offsetof(abi::KernelNode, grid) == offsetof(Node, gridDimX));
static_assert(offsetof(abi::KernelNode, block) == offsetof(Node, blockDimX));
static_assert(offsetof(abi::KernelNode, shared_bytes) ==
              offsetof(Node, sharedMemBytes));
static_assert(offsetof(abi::KernelNode, arguments) ==
              offsetof(Node, kernelParams));
static_assert(offsetof(abi::KernelNode, kernel) == offsetof(Node, kern));
static_assert(offsetof(abi::KernelNode, context) == offsetof(Node, ctx));
static_assert(sizeof(abi::Resource) == sizeof(CUdevResource));
static_assert(offsetof(abi::Resource, sm) == offsetof(CUdevResource, sm));
static_assert(offsetof(abi::Resource, sm.count) ==
              offsetof(CUdevResource, sm.smCount));
static_assert(offsetof(abi::Resource, sm.min_partition) ==
              offsetof(CUdevResource, sm.minSmPartitionSize));
static_assert(offsetof(abi::Resource, sm.alignment) ==
              offsetof(CUdevResource, sm.smCoscheduledAlignment));

// Handles are pointers and enumerations are ints on both sides, so that a
// parameter list is right when the sizes of its parameters are, one by one.
template <typename Ours, typename Theirs> struct SameCall : std::false_type {};
template <typename R, typename S, typename... A, typename... B>
  requires(sizeof...(A) == sizeof...(B))
struct SameCall<R (*)(A...), S (*)(B...)>
    : std::bool_constant<((sizeof(A) == sizeof(B) &&
                           std::is_pointer_v<A> == std::is_pointer_v<B>)&&...)> {
};

// Of cuEventElapsedTime cuda.h declares a later version; its parameters are the
// same.
#define ECLIP_CHECK(member, symbol, parameters)                                \
  static_assert(SameCall<decltype(eclip::cuda::Api::member),                   \
                         decltype(&::symbol)>::value,                          \
                #symbol);
ECLIP_CUDA_FUNCTIONS(ECLIP_CHECK)
