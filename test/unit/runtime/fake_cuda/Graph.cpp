//===- Graph.cpp - kernels and graphs of the fake CUDA driver -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "test/unit/runtime/fake_cuda/State.h"

#include <cstdlib>
#include <cstring>
#include <random>

using namespace eclip::fakecuda;
using abi::Result;

namespace {
Alive<abi::LibraryHandle> libraries;
Alive<abi::GraphHandle> graphs;
Alive<abi::GraphExecHandle> execs;

constexpr const char *kKernels[] = {"copy", "add", "slow", "fault", "double"};

float *floats(uint64_t address) {
  return reinterpret_cast<float *>(static_cast<uintptr_t>(address));
}
} // namespace

bool eclip::fakecuda::graphsUse(const abi::ContextHandle &context) {
  return execs.any([&](const abi::GraphExecHandle &exec) {
    for (const auto &node : exec.nodes)
      if (node->context == &context)
        return true;
    return false;
  });
}

/// Whether `text` has what an environment variable says.
static bool hasTextOf(const char *variable, const std::string &text) {
  const char *wanted = std::getenv(variable);
  return wanted && text.find(wanted) != std::string::npos;
}

static bool isKnown(const std::string &kernel) {
  for (const char *name : kKernels)
    if (kernel == name)
      return true;
  return false;
}

bool eclip::fakecuda::runKernel(const abi::GraphNodeHandle &node) {
  const std::string &name = node.kernel->name;
  const auto &a = node.arguments;
  unsigned items = node.grid * node.block;
  ++library.counters.kernels;
  library.counters.lastPartition = node.context->sms;
  library.counters.lastPriority = node.priority;
  if (!isKnown(name)) { // another program's: its last argument is a result
    if (node.kernel->slowOnParts &&
        node.context->sms < static_cast<unsigned>(library.control.smCount))
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    if (!a.empty())
      clear(a.back());
    return !node.kernel->faults;
  }
  if (name == "fault")
    return false;
  if (name == "slow")
    std::this_thread::sleep_for(
        std::chrono::microseconds(library.control.slowKernelMicroseconds));
  if (name == "double" && node.shared < node.block * 4)
    breach("double: %u bytes of shared memory", node.shared);
  for (unsigned i = 0; i < items; ++i)
    if (name == "add")
      floats(a[2])[i] = floats(a[0])[i] + floats(a[1])[i];
    else
      floats(a[1])[i] = floats(a[0])[i] * (name == "double" ? 2 : 1);
  return true;
}

/// A random one of the orders that the edges allow.
void eclip::fakecuda::runGraph(abi::GraphExecHandle &exec) {
  std::mt19937 random(library.control.seed++);
  std::set<const abi::GraphNodeHandle *> done;
  std::vector<abi::GraphNodeHandle *> left;
  for (const auto &node : exec.nodes)
    left.push_back(node.get());
  while (!left.empty()) {
    std::vector<size_t> ready;
    for (size_t i = 0; i < left.size(); ++i) {
      bool all = true;
      for (const auto *dependency : left[i]->dependencies)
        all &= done.count(dependency) != 0;
      if (all)
        ready.push_back(i);
    }
    if (ready.empty())
      return breach("cuGraphLaunch: a cycle");
    size_t chosen = ready[random() % ready.size()];
    abi::GraphNodeHandle *node = left[chosen];
    left.erase(left.begin() + static_cast<ptrdiff_t>(chosen));
    done.insert(node);
    if (sticky)
      continue;
    if (node->event) {
      node->event->recorded = true;
      node->event->ns = nowNs();
      node->event->done = true;
    } else if (!runKernel(*node)) {
      sticky = kIllegalAddress;
    }
  }
}

// ---- libraries ---------------------------------------------------------

FAKE_API cuLibraryLoadData(abi::Library *out, const void *code, int *options,
                           void **values, unsigned count, int *, void **,
                           unsigned) {
  if (!hasContext("cuLibraryLoadData") || !mayCreate())
    return abi::kOutOfMemory;
  const char *text = static_cast<const char *>(code);
  auto *loaded = new abi::LibraryHandle;
  if (std::memcmp(text, "\x7f"
                        "ELF",
                  4) != 0)
    loaded->text = text;
  // What the tests call a PTX error.
  if (loaded->text.find("does not assemble") != std::string::npos) {
    for (unsigned i = 0; i < count; ++i)
      if (options[i] == abi::kJitErrorLog)
        std::strcpy(static_cast<char *>(values[i]), "line 3: error\nmore");
    delete loaded;
    return 218;
  }
  ++library.counters.libraries;
  *out = libraries.add(loaded);
  return 0;
}
FAKE_API cuLibraryUnload(abi::Library handle) {
  if (!libraries.remove(handle, "cuLibraryUnload"))
    return kInvalidHandle;
  --library.counters.libraries;
  delete handle;
  return 0;
}
FAKE_API cuLibraryGetKernel(abi::Kernel *kernel, abi::Library handle,
                            const char *name) {
  if (!libraries.has(handle, "cuLibraryGetKernel"))
    return kInvalidHandle;
  if (handle->text.find(std::string(".entry ") + name + "(") ==
      std::string::npos)
    return kNotFound;
  handle->kernels.push_back(std::make_unique<abi::KernelHandle>());
  abi::KernelHandle &made = *handle->kernels.back();
  made.name = name;
  made.faults = hasTextOf("ECLIP_FAKE_CUDA_FAULT", handle->text);
  made.slowOnParts = hasTextOf("ECLIP_FAKE_CUDA_SLOW", handle->text);
  size_t begin = handle->text.find(std::string(".entry ") + name + "(");
  size_t end = handle->text.find(')', begin);
  for (size_t at = handle->text.find(".param", begin); at < end;
       at = handle->text.find(".param", at + 1))
    ++handle->kernels.back()->parameters;
  *kernel = handle->kernels.back().get();
  return 0;
}
FAKE_API cuKernelSetAttribute(int attribute, int value, abi::Kernel kernel,
                              abi::Device) {
  if (attribute != abi::kMaxDynamicSharedBytes)
    return kInvalidValue;
  kernel->maxShared = value;
  return 0;
}

// ---- graphs ------------------------------------------------------------

FAKE_API cuGraphCreate(abi::Graph *graph, unsigned) {
  if (!mayCreate())
    return abi::kOutOfMemory;
  ++library.counters.graphs;
  *graph = graphs.add(new abi::GraphHandle);
  return 0;
}
FAKE_API cuGraphDestroy(abi::Graph graph) {
  if (!graphs.remove(graph, "cuGraphDestroy"))
    return kInvalidHandle;
  --library.counters.graphs;
  for (auto &node : graph->nodes)
    node->graphAlive = false; // no longer a name for others
  delete graph;
  return 0;
}

static Result fill(abi::GraphNodeHandle &node, const abi::KernelNode &params) {
  if (params.function || !params.kernel || !params.context) {
    breach("a kernel node without kernel or context");
    return kInvalidValue;
  }
  if (params.shared_bytes > static_cast<unsigned>(params.kernel->maxShared))
    return kInvalidValue;
  node.kernel = params.kernel;
  node.context = params.context;
  node.grid = params.grid[0] * params.grid[1] * params.grid[2];
  node.block = params.block[0] * params.block[1] * params.block[2];
  node.shared = params.shared_bytes;
  node.arguments.clear();
  for (unsigned i = 0; i < params.kernel->parameters; ++i)
    node.arguments.push_back(*static_cast<uint64_t *>(params.arguments[i]));
  return 0;
}

static std::shared_ptr<abi::GraphNodeHandle>
makeNode(const abi::GraphNode *dependencies, size_t count) {
  auto node = std::make_shared<abi::GraphNodeHandle>();
  node->dependencies.assign(dependencies, dependencies + count);
  library.counters.edges += count;
  return node;
}

FAKE_API cuGraphAddKernelNode_v2(abi::GraphNode *out, abi::Graph graph,
                                 const abi::GraphNode *dependencies,
                                 size_t count, const abi::KernelNode *params) {
  if (!graphs.has(graph, "cuGraphAddKernelNode"))
    return kInvalidHandle;
  auto node = makeNode(dependencies, count);
  if (Result result = fill(*node, *params))
    return result;
  graph->nodes.push_back(node);
  *out = node.get();
  return 0;
}
FAKE_API cuGraphAddEventRecordNode(abi::GraphNode *out, abi::Graph graph,
                                   const abi::GraphNode *dependencies,
                                   size_t count, abi::Event event) {
  if (!graphs.has(graph, "cuGraphAddEventRecordNode"))
    return kInvalidHandle;
  auto node = makeNode(dependencies, count);
  node->event = event;
  graph->nodes.push_back(node);
  *out = node.get();
  return 0;
}
FAKE_API cuGraphKernelNodeSetAttribute(abi::GraphNode node, int attribute,
                                       const abi::NodeAttribute *value) {
  if (!node->graphAlive || node->event || attribute != abi::kPriorityAttribute)
    return kInvalidValue;
  if (value->priority < -5 || value->priority > 0)
    breach("a node's priority of %d", value->priority);
  node->priority = value->priority;
  return 0;
}
FAKE_API cuGraphInstantiateWithFlags(abi::GraphExec *exec, abi::Graph graph,
                                     unsigned long long flags) {
  // The driver ignores priorities without a word; that is no use to anybody.
  for (const auto &node : graph->nodes)
    if (node->priority && !(flags & abi::kUseNodePriority))
      breach("cuGraphInstantiate: nodes have priorities that do not count");
  if (!graphs.has(graph, "cuGraphInstantiate") || !mayCreate())
    return abi::kOutOfMemory;
  ++library.counters.execs;
  *exec = execs.add(new abi::GraphExecHandle);
  (*exec)->nodes = graph->nodes;
  return 0;
}
FAKE_API cuGraphExecDestroy(abi::GraphExec exec) {
  if (!execs.remove(exec, "cuGraphExecDestroy"))
    return kInvalidHandle;
  // The driver lets a running graph end first.
  while (exec->running)
    std::this_thread::yield();
  --library.counters.execs;
  delete exec;
  return 0;
}
FAKE_API cuGraphExecKernelNodeSetParams_v2(abi::GraphExec exec,
                                           abi::GraphNode node,
                                           const abi::KernelNode *params) {
  if (!execs.has(exec, "cuGraphExecKernelNodeSetParams"))
    return kInvalidHandle;
  if (!node->graphAlive)
    return kInvalidValue;
  if (exec->running)
    breach("cuGraphExecKernelNodeSetParams: the graph runs");
  return fill(*node, *params);
}
