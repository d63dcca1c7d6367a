//===- api.h - libcuda, opened at run time ----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_DRIVERS_CUDA_API_H
#define ECLIP_RUNTIME_DRIVERS_CUDA_API_H

#include "runtime/src/drivers/cuda/abi.h"
#include "runtime/src/error.h"

// Member, symbol in the library, parameters. The symbol carries the version
// that the parameters belong to.
#define ECLIP_CUDA_FUNCTIONS(F)                                                \
  F(init, cuInit, (unsigned flags))                                            \
  F(driverVersion, cuDriverGetVersion, (int *version))                         \
  F(errorName, cuGetErrorName, (abi::Result result, const char **text))        \
  F(errorText, cuGetErrorString, (abi::Result result, const char **text))      \
  F(deviceCount, cuDeviceGetCount, (int *count))                               \
  F(deviceGet, cuDeviceGet, (abi::Device * device, int index))                 \
  F(deviceName, cuDeviceGetName, (char *name, int bytes, abi::Device device))  \
  F(deviceAttribute, cuDeviceGetAttribute,                                     \
    (int *value, int attribute, abi::Device device))                           \
  F(retainPrimary, cuDevicePrimaryCtxRetain,                                   \
    (abi::Context * context, abi::Device device))                              \
  F(releasePrimary, cuDevicePrimaryCtxRelease_v2, (abi::Device device))        \
  F(pushContext, cuCtxPushCurrent_v2, (abi::Context context))                  \
  F(popContext, cuCtxPopCurrent_v2, (abi::Context * context))                  \
  F(priorityRange, cuCtxGetStreamPriorityRange, (int *least, int *greatest))   \
  F(allocate, cuMemAlloc_v2, (abi::DevicePointer * pointer, size_t bytes))     \
  F(release, cuMemFree_v2, (abi::DevicePointer pointer))                       \
  F(copyToDevice, cuMemcpyHtoDAsync_v2,                                        \
    (abi::DevicePointer to, const void *from, size_t bytes,                    \
     abi::Stream stream))                                                      \
  F(copyToHost, cuMemcpyDtoHAsync_v2,                                          \
    (void *to, abi::DevicePointer from, size_t bytes, abi::Stream stream))     \
  F(createStream, cuStreamCreate, (abi::Stream * stream, unsigned flags))      \
  F(destroyStream, cuStreamDestroy_v2, (abi::Stream stream))                   \
  F(synchronizeStream, cuStreamSynchronize, (abi::Stream stream))              \
  F(createEvent, cuEventCreate, (abi::Event * event, unsigned flags))          \
  F(destroyEvent, cuEventDestroy_v2, (abi::Event event))                       \
  F(recordEvent, cuEventRecord, (abi::Event event, abi::Stream stream))        \
  F(queryEvent, cuEventQuery, (abi::Event event))                              \
  F(elapsedTime, cuEventElapsedTime,                                           \
    (float *milliseconds, abi::Event start, abi::Event end))                   \
  F(loadLibrary, cuLibraryLoadData,                                            \
    (abi::Library * library, const void *code, int *jitOptions,                \
     void **jitValues, unsigned jitCount, int *libraryOptions,                 \
     void **libraryValues, unsigned libraryCount))                             \
  F(unloadLibrary, cuLibraryUnload, (abi::Library library))                    \
  F(getKernel, cuLibraryGetKernel,                                             \
    (abi::Kernel * kernel, abi::Library library, const char *name))            \
  F(setKernelAttribute, cuKernelSetAttribute,                                  \
    (int attribute, int value, abi::Kernel kernel, abi::Device device))        \
  F(createGraph, cuGraphCreate, (abi::Graph * graph, unsigned flags))          \
  F(destroyGraph, cuGraphDestroy, (abi::Graph graph))                          \
  F(addKernelNode, cuGraphAddKernelNode_v2,                                    \
    (abi::GraphNode * node, abi::Graph graph,                                  \
     const abi::GraphNode *dependencies, size_t count,                         \
     const abi::KernelNode *params))                                           \
  F(addEventNode, cuGraphAddEventRecordNode,                                   \
    (abi::GraphNode * node, abi::Graph graph,                                  \
     const abi::GraphNode *dependencies, size_t count, abi::Event event))      \
  F(setNodeAttribute, cuGraphKernelNodeSetAttribute,                           \
    (abi::GraphNode node, int attribute, const abi::NodeAttribute *value))     \
  F(instantiate, cuGraphInstantiateWithFlags,                                  \
    (abi::GraphExec * exec, abi::Graph graph, unsigned long long flags))       \
  F(destroyExec, cuGraphExecDestroy, (abi::GraphExec exec))                    \
  F(setKernelNode, cuGraphExecKernelNodeSetParams_v2,                          \
    (abi::GraphExec exec, abi::GraphNode node,                                 \
     const abi::KernelNode *params))                                           \
  F(uploadGraph, cuGraphUpload, (abi::GraphExec exec, abi::Stream stream))     \
  F(launchGraph, cuGraphLaunch, (abi::GraphExec exec, abi::Stream stream))     \
  F(deviceResource, cuDeviceGetDevResource,                                    \
    (abi::Device device, abi::Resource * resource, int type))                  \
  F(splitResource, cuDevSmResourceSplitByCount,                                \
    (abi::Resource * groups, unsigned *groupCount,                             \
     const abi::Resource *input, abi::Resource *rest, unsigned flags,          \
     unsigned minCount))                                                       \
  F(describeResources, cuDevResourceGenerateDesc,                              \
    (abi::ResourceDescription * description, abi::Resource * resources,        \
     unsigned count))                                                          \
  F(createGreen, cuGreenCtxCreate,                                             \
    (abi::GreenContext * green, abi::ResourceDescription description,          \
     abi::Device device, unsigned flags))                                      \
  F(destroyGreen, cuGreenCtxDestroy, (abi::GreenContext green))                \
  F(contextOfGreen, cuCtxFromGreenCtx,                                         \
    (abi::Context * context, abi::GreenContext green))

namespace eclip::cuda {

/// The functions of one opened library; immutable after load().
struct Api {
#define ECLIP_CUDA_MEMBER(member, symbol, parameters)                          \
  abi::Result(*member) parameters;
  ECLIP_CUDA_FUNCTIONS(ECLIP_CUDA_MEMBER)
#undef ECLIP_CUDA_MEMBER

  /// Opens `library` and finds every function. The library is never closed.
  /// ECLIP_ERROR_NO_DEVICE names the library, or the first missing function and
  /// what brought it.
  static eclip_status load(const char *library, Api *api, Error &error);

  /// The library's name for a result, "unknown" for an unknown one.
  const char *name(abi::Result result) const;

  /// ECLIP_ERROR_DRIVER (or OUT_OF_MEMORY) with the call and the library's text.
  eclip_status fail(Error &error, abi::Result result, const char *call) const;
};

} // namespace eclip::cuda

#endif // ECLIP_RUNTIME_DRIVERS_CUDA_API_H
