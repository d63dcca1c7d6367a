//===- BenchForms.cpp - forms of graphs that switch partitions ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// A chain of small kernels that goes round 2, 3 or 4 partitions, as CUDA graphs
// whose edges say the same in different ways, and what a switch costs in each:
// the median of each round above that of the chain in one partition in the same
// round, least, median and most of all rounds. Then how long 2, 3 and 4 such
// graphs take at once. The form that the runtime builds is `own`
// (runtime/src/drivers/cuda/graph_plan.h); a driver may treat them otherwise.
//
//   bench_cuda_forms [--rounds N] [--requests N] [--library FILE]
//
// Run it with CUDA_DEVICE_MAX_CONNECTIONS set too: it decides both figures.
//
//===----------------------------------------------------------------------===//

#include "runtime/src/drivers/cuda/api.h"
#include "test/unit/runtime/ScheduleBuilder.h"

#include "eclip/eclip.h"

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace eclip;
using namespace eclip::cuda;

namespace {

constexpr uint32_t kKernels = 200, kPartitions = 4, kGraphs = 4, kGroup = 8;
constexpr uint32_t kThreads = 64; // of the copy kernel's block
constexpr float kValue = 1.5f;

// What starts a partition's connection early; kernels.ptx has none that does
// nothing.
constexpr char kNothing[] = ".version 7.0\n.target sm_80\n.address_size 64\n"
                            ".visible .entry nothing()\n{\n  ret;\n}\n";

/// Edges of the first kernel behind a switch, and how many graphs.
enum class Form { Cross, Own, CrossOwn, Started, Armed, Halves };
constexpr const char *kForms[] = {
    "edge from where it comes from only",
    "own partition's last kernel first",
    "own partition's last kernel second",
    "own first, partitions started early",
    "own first, behind an empty kernel",
    "own first, two graphs",
};

struct Settings {
  uint32_t rounds = 12, requests = 12;
  const char *library = "libcuda.so.1";
};

double nowUs() {
  return std::chrono::duration<double, std::micro>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

double quantile(std::vector<double> values, double q) {
  std::sort(values.begin(), values.end());
  size_t at = static_cast<size_t>(q * static_cast<double>(values.size()));
  return values[std::min(at, values.size() - 1)];
}

struct Graph {
  uint32_t segment, partitions;
  Form form;
  std::vector<abi::Graph> graphs;
  std::vector<abi::GraphExec> execs;
  std::vector<double> hostUs, submitUs; // medians of rounds
};

class Bench {
public:
  explicit Bench(const Settings &settings) : settings(settings) {}
  void open();
  void compareForms();
  void runAtOnce();

private:
  void check(abi::Result result, const char *call) const {
    if (result == abi::kSuccess)
      return;
    std::fprintf(stderr, "bench_cuda_forms: %s: %s (%d)\n", call,
                 api.name(result), result);
    std::exit(result == abi::kNoDevice ? 77 : 1);
  }
  void partition();
  abi::GraphNode add(abi::Graph graph, abi::Kernel kernel, uint32_t part,
                     const std::vector<abi::GraphNode> &edges,
                     uint64_t from = 0, uint64_t to = 0);
  void addChain(abi::Graph graph, const Graph &what, uint32_t begin,
                uint32_t end, uint32_t slot);
  Graph build(Form form, uint32_t segment, uint32_t partitions,
              uint32_t slot = 0);
  void destroy(Graph &graph);
  void measure(Graph &graph);
  void await(abi::Event event);

  Settings settings;
  Api api{};
  abi::Device device = 0;
  abi::Context primary = nullptr, contexts[kPartitions] = {};
  abi::Kernel copy = nullptr, nothing = nullptr;
  abi::DevicePointer buffers = 0;
  abi::Stream streams[kGraphs] = {};
  abi::Event ends[kGraphs] = {};
};

void Bench::open() {
  char text[256];
  eclip_error sink = ECLIP_ERROR_INIT(text);
  Error error(&sink);
  if (Api::load(settings.library, &api, error) != ECLIP_OK) {
    std::fprintf(stderr, "bench_cuda_forms: %s\n", text);
    std::exit(77);
  }
  check(api.init(0), "cuInit");
  check(api.deviceGet(&device, 0), "cuDeviceGet");
  check(api.retainPrimary(&primary, device), "cuDevicePrimaryCtxRetain");
  check(api.pushContext(primary), "cuCtxPushCurrent");
  static std::vector<uint8_t> ptx = test::kernelsPtx();
  const std::pair<const void *, const char *> wanted[] = {{ptx.data(), "copy"},
                                                          {kNothing, "nothing"}};
  for (const auto &[code, name] : wanted) {
    abi::Library library = nullptr;
    check(api.loadLibrary(&library, code, nullptr, nullptr, 0, nullptr, nullptr,
                          0),
          "cuLibraryLoadData");
    check(api.getKernel(code == kNothing ? &nothing : &copy, library, name),
          "cuLibraryGetKernel");
  }
  check(api.allocate(&buffers, kGraphs * 2 * test::kElements * 4), "cuMemAlloc");
  for (uint32_t i = 0; i < kGraphs; ++i) {
    check(api.createStream(&streams[i], abi::kStreamNonBlocking),
          "cuStreamCreate");
    check(api.createEvent(&ends[i], abi::kEventDisableTiming), "cuEventCreate");
  }
  check(api.copyToDevice(buffers, &kValue, 4, streams[0]), "cuMemcpyHtoDAsync");
  check(api.synchronizeStream(streams[0]), "cuStreamSynchronize");
  partition();
}

/// Nested: each partition has the groups of the one before and some more.
void Bench::partition() {
  abi::Resource whole{}, rest{}, groups[64];
  check(api.deviceResource(device, &whole, abi::kResourceSm),
        "cuDeviceGetDevResource");
  unsigned count = std::min(whole.sm.count / kGroup, 64u);
  check(api.splitResource(groups, &count, &whole, &rest, 0, kGroup),
        "cuDevSmResourceSplitByCount");
  for (uint32_t p = 0; p < kPartitions; ++p) {
    abi::ResourceDescription description = nullptr;
    abi::GreenContext green = nullptr;
    check(api.describeResources(&description, groups,
                                count * (p + 1) / (kPartitions + 1)),
          "cuDevResourceGenerateDesc");
    check(api.createGreen(&green, description, device, abi::kGreenDefaultStream),
          "cuGreenCtxCreate");
    check(api.contextOfGreen(&contexts[p], green), "cuCtxFromGreenCtx");
  }
}

abi::GraphNode Bench::add(abi::Graph graph, abi::Kernel kernel, uint32_t part,
                          const std::vector<abi::GraphNode> &edges,
                          uint64_t from, uint64_t to) {
  void *arguments[] = {&from, &to};
  bool works = kernel == copy;
  abi::KernelNode params = {nullptr,
                            {works ? test::kElements / kThreads : 1, 1, 1},
                            {works ? kThreads : 32, 1, 1},
                            0,
                            works ? arguments : nullptr,
                            nullptr,
                            kernel,
                            contexts[part]};
  abi::GraphNode node = nullptr;
  check(api.addKernelNode(&node, graph, edges.data(), edges.size(), &params),
        "cuGraphAddKernelNode");
  return node;
}

void Bench::addChain(abi::Graph graph, const Graph &what, uint32_t begin,
                     uint32_t end, uint32_t slot) {
  uint64_t from = buffers + slot * 2 * test::kElements * 4,
           to = from + test::kElements * 4;
  std::vector<abi::GraphNode> nodes, last(kPartitions, nullptr);
  for (uint32_t i = begin; i < end; ++i) {
    uint32_t p = i / what.segment % what.partitions;
    abi::GraphNode cross = i == begin ? nullptr : nodes.back();
    bool switches = i % what.segment == 0 && what.form != Form::Cross;
    abi::GraphNode own = switches ? last[p] : nullptr;
    // Three kernels before the switch, so that it is done by then.
    if (switches && what.form == Form::Armed && nodes.size() >= 3 &&
        what.segment >= 3)
      own = own ? add(graph, nothing, p, {own, nodes[nodes.size() - 3]})
                : add(graph, nothing, p, {nodes[nodes.size() - 3]});
    std::vector<abi::GraphNode> edges;
    for (abi::GraphNode node : {own, cross})
      if (node && (edges.empty() || edges[0] != node))
        edges.push_back(node);
    if (what.form == Form::CrossOwn)
      std::reverse(edges.begin(), edges.end());
    nodes.push_back(add(graph, copy, p, edges, from, to));
    last[p] = nodes.back();
    // Behind the first kernels: started before them they gain nothing where
    // there are few switches.
    if (what.form == Form::Started && i == begin + 1 && what.segment > 1)
      for (uint32_t q = 1; q < what.partitions; ++q)
        last[q] = add(graph, nothing, q, {});
  }
}

Graph Bench::build(Form form, uint32_t segment, uint32_t partitions,
                   uint32_t slot) {
  Graph result{segment, partitions, form, {}, {}, {}, {}};
  uint32_t half = std::max(segment, kKernels / 2 / segment * segment);
  std::vector<uint32_t> cuts = {0, kKernels};
  if (form == Form::Halves && half < kKernels)
    cuts.insert(cuts.begin() + 1, half);
  for (size_t i = 0; i + 1 < cuts.size(); ++i) {
    abi::Graph graph = nullptr;
    abi::GraphExec exec = nullptr;
    check(api.createGraph(&graph, 0), "cuGraphCreate");
    addChain(graph, result, cuts[i], cuts[i + 1], slot);
    check(api.instantiate(&exec, graph, 0), "cuGraphInstantiate");
    check(api.uploadGraph(exec, streams[slot]), "cuGraphUpload");
    result.graphs.push_back(graph);
    result.execs.push_back(exec);
  }
  return result;
}

void Bench::destroy(Graph &graph) {
  for (abi::GraphExec exec : graph.execs)
    check(api.destroyExec(exec), "cuGraphExecDestroy");
  for (abi::Graph each : graph.graphs)
    check(api.destroyGraph(each), "cuGraphDestroy");
}

void Bench::await(abi::Event event) {
  abi::Result result;
  while ((result = api.queryEvent(event)) == abi::kNotReady)
    continue;
  check(result, "cuEventQuery");
}

void Bench::measure(Graph &graph) {
  std::vector<double> host, submit;
  for (uint32_t i = 0; i < settings.requests + 2; ++i) {
    double begin = nowUs();
    for (abi::GraphExec exec : graph.execs)
      check(api.launchGraph(exec, streams[0]), "cuGraphLaunch");
    check(api.recordEvent(ends[0], streams[0]), "cuEventRecord");
    double submitted = nowUs();
    await(ends[0]);
    if (i < 2)
      continue;
    host.push_back(nowUs() - begin);
    submit.push_back(submitted - begin);
  }
  graph.hostUs.push_back(quantile(host, 0.5));
  graph.submitUs.push_back(quantile(submit, 0.5));
}

void Bench::compareForms() {
  std::vector<Graph> all;
  all.push_back(build(Form::Own, kKernels, 1));
  for (uint32_t partitions : {2u, 3u, 4u})
    for (uint32_t segment : {50u, 14u, 4u, 1u})
      for (size_t form = 0; form < std::size(kForms); ++form)
        if (segment > 1 || (Form(form) != Form::Started &&
                            Form(form) != Form::Armed))
          all.push_back(build(Form(form), segment, partitions));
  for (uint32_t round = 0; round < settings.rounds; ++round)
    for (Graph &graph : all)
      measure(graph);
  const Graph &one = all[0];
  std::printf("one partition: request %.1f us, submit %.1f us\n",
              quantile(one.hostUs, 0.5), quantile(one.submitUs, 0.5));
  for (const Graph &graph : all) {
    if (graph.partitions == 1)
      continue;
    uint32_t switches = (kKernels - 1) / graph.segment;
    std::vector<double> each;
    for (size_t r = 0; r < graph.hostUs.size(); ++r)
      each.push_back((graph.hostUs[r] - one.hostUs[r]) / switches);
    std::printf("%u partitions, switch after every %u kernels, %s: %.2f us a "
                "switch (%.2f to %.2f), submit %.1f us\n",
                graph.partitions, graph.segment,
                kForms[static_cast<size_t>(graph.form)], quantile(each, 0.5),
                quantile(each, 0), quantile(each, 1),
                quantile(graph.submitUs, 0.5));
  }
  for (Graph &graph : all)
    destroy(graph);
  float copied = 0;
  check(api.copyToHost(&copied, buffers + test::kElements * 4, 4, streams[0]),
        "cuMemcpyDtoHAsync");
  check(api.synchronizeStream(streams[0]), "cuStreamSynchronize");
  if (copied != kValue) {
    std::fprintf(stderr, "bench_cuda_forms: wrong result\n");
    std::exit(1);
  }
}

void Bench::runAtOnce() {
  for (uint32_t partitions : {2u, 4u}) {
    std::vector<Graph> graphs;
    for (uint32_t slot = 0; slot < kGraphs; ++slot)
      graphs.push_back(build(Form::Own, 14, partitions, slot));
    double alone = 0;
    for (uint32_t count = 1; count <= kGraphs; ++count) {
      std::vector<double> times;
      for (uint32_t i = 0; i < settings.rounds * 2; ++i) {
        double begin = nowUs();
        for (uint32_t g = 0; g < count; ++g) {
          check(api.launchGraph(graphs[g].execs[0], streams[g]),
                "cuGraphLaunch");
          check(api.recordEvent(ends[g], streams[g]), "cuEventRecord");
        }
        for (uint32_t g = 0; g < count; ++g)
          await(ends[g]);
        times.push_back(nowUs() - begin);
      }
      double time = quantile(times, 0.5);
      if (count == 1)
        alone = time;
      else
        std::printf("%u graphs at once, %u partitions, switch after every 14 "
                    "kernels: %.2f times one's time\n",
                    count, partitions, time / alone);
    }
    for (Graph &graph : graphs)
      destroy(graph);
  }
}

Settings parse(int argc, char **argv) {
  Settings settings;
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!std::strcmp(argv[i], "--rounds"))
      settings.rounds = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    else if (!std::strcmp(argv[i], "--requests"))
      settings.requests = static_cast<uint32_t>(std::atoi(argv[i + 1]));
    else if (!std::strcmp(argv[i], "--library"))
      settings.library = argv[i + 1];
  }
  if (argc % 2 == 0 || settings.rounds < 1 || settings.requests < 1) {
    std::fprintf(stderr, "usage: bench_cuda_forms [--rounds N] [--requests N]"
                         " [--library FILE]\n");
    std::exit(2);
  }
  return settings;
}

} // namespace

int main(int argc, char **argv) {
  Bench bench(parse(argc, argv));
  bench.open();
  const char *connections = std::getenv("CUDA_DEVICE_MAX_CONNECTIONS");
  std::printf("%u kernels, CUDA_DEVICE_MAX_CONNECTIONS %s\n", kKernels,
              connections ? connections : "not set");
  bench.compareForms();
  bench.runAtOnce();
  return 0;
}
