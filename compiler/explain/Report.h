//===- Report.h - what a compile decided, and why ---------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Everything that the three writers print; they compute no figure that is not
// here. All figures are predictions. docs/explain.md says how to read them.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_REPORT_H
#define ECLIP_COMPILER_EXPLAIN_REPORT_H

#include "compiler/cost/KernelCost.h"
#include "compiler/cost/MaskOrder.h"

#include "llvm/ADT/SmallVector.h"
#include "llvm/ADT/StringRef.h"

#include <array>
#include <optional>
#include <string>
#include <vector>

namespace eclip {

/// Time and energy; a difference may be negative.
struct ReportCost {
  int64_t timeNs = 0;
  int64_t energyNj = 0;
  ReportCost &operator+=(const ReportCost &other) {
    timeNs += other.timeNs;
    energyNj += other.energyNj;
    return *this;
  }
};

/// What the cost model says that a launch's time goes into; see TimeParts.
enum class TimePart { Launch, Arithmetic, Quantization, Occupancy, Hbm, L2 };
constexpr size_t kTimePartCount = 6;
using PartTimes = std::array<int64_t, kTimePartCount>; ///< ns, by TimePart

/// One launch of a model, whatever the plan.
struct ReportLaunch {
  std::string kernel;
  std::string kind;               ///< contraction, reduction, pointwise ...
  std::vector<std::string> nodes; ///< of the ONNX file
  std::vector<ReportCost> costs;  ///< one for each of the device's mask sizes
  std::string source;             ///< of the costs: model, profile ...
  /// Least CU count on which it takes at most 2 % longer than at its best.
  int64_t neededCus = 0;
};

/// A launch in a plan.
struct ReportStep {
  size_t launch = 0; ///< index into ReportWorker::launches
  size_t group = 0, queue = 0;
  int64_t cuCount = 0;
  int64_t startNs = 0, endNs = 0; ///< in the request, switches before it included
  ReportCost cost;                ///< alone, on its CUs
  /// None where the device's description is not at hand. They add up to
  /// cost.timeNs.
  std::optional<PartTimes> parts;
};

struct ReportGroup {
  std::string name;
  int64_t cuCount = 0;
  size_t queue = 0;
  size_t firstStep = 0, stepCount = 0;
  int64_t startNs = 0, endNs = 0;
  ReportCost cost; ///< without switches
};

/// What the plan would be with the steps of one side of a switch on the CU
/// count of the other.
struct ReportMerge {
  size_t firstStep = 0, stepCount = 0; ///< that would move
  int64_t cuCount = 0;                 ///< where to
  int64_t switchesSaved = 0;
  ReportCost change; ///< of the request alone, saved switches counted
  /// Relative change of the objective in millionths; above 0 is worse.
  double objectivePpm = 0;
  double aloneObjectivePpm = 0; ///< the same without neighbours
  /// Beside the neighbours: of this worker, and summed over the others.
  std::optional<ReportCost> sharedChange, othersChange;
  bool breaksLimit = false; ///< of time or of the throughput floor
};

enum class SwitchReason {
  Energy,     ///< without it the worker alone would take more energy
  Time,       ///< without it the worker alone would take more time
  Product,    ///< without it the worker alone has more energy times time
  Formula,    ///< without it the published formula is worth more
  Limit,      ///< without it a limit is broken
  Neighbours, ///< alone it doesn't pay, beside the others it does
  Branches,   ///< it begins or ends kernels that run side by side
  Nothing     ///< no better than the best merge
};

/// Two neighbouring steps with different CU counts.
struct ReportSwitch {
  size_t step = 0; ///< the one behind it
  int64_t fromCus = 0, toCus = 0;
  ReportCost cost;
  /// The run behind it on the CUs before it, and the run before it on the CUs
  /// behind it; empty where branches run side by side.
  std::vector<ReportMerge> merges;
  size_t best = 0; ///< merge that costs least
  SwitchReason reason = SwitchReason::Nothing;
};

struct ReportQueue {
  std::string name;
  int64_t cuCount = 0;
  std::vector<int64_t> maskWords; ///< 32 bits a word, lowest CU first
  std::vector<bool> mask;         ///< by bit
  int64_t launches = 0, barriers = 0, waits = 0;
  int64_t busyNs = 0;
};

/// Bytes of the arena from the first writer's start to the last reader's end.
struct ReportBuffer {
  int64_t offset = 0, bytes = 0;
  size_t firstStep = 0, lastStep = 0;
  int64_t startNs = 0, endNs = 0;
};

struct ReportMemory {
  int64_t arenaBytes = 0, lowerBoundBytes = 0;
  int64_t peakLiveBytes = 0; ///< of buffers in use at one time
  std::vector<ReportBuffer> buffers;
};

/// A kernel kind's or a kernel's part in a plan.
struct ReportShare {
  std::string name;
  std::string kind; ///< of a kernel
  int64_t launches = 0;
  ReportCost cost;
  std::optional<PartTimes> parts;
};

/// How a plan was chosen, as the clustering says it.
struct ReportClustering {
  std::string objective;
  bool optimal = false;
  /// At most so far from the best, in millionths; nothing where the bound says
  /// too little to tell.
  std::optional<int64_t> gapPpm = 0;
  std::optional<int64_t> timeLimitNs;
};

struct ReportPlan {
  std::string name;
  int64_t neighbours = 0;
  bool forMix = false;
  ReportClustering clustering;
  std::vector<ReportStep> steps;
  std::vector<ReportGroup> groups;
  std::vector<ReportSwitch> switches;
  std::vector<ReportQueue> queues;
  ReportMemory memory;
  ReportCost switchCost; ///< of one
  /// One request alone on the device, with its switches, as the clustering
  /// predicts it.
  ReportCost total;
  /// The same, one kernel after another; more where branches run side by side.
  ReportCost sequence;
  int64_t lastEndNs = 0; ///< of the steps: queues may overlap a little more
  /// Beside the neighbours, as the clustering of the mix predicts it.
  std::optional<ReportCost> shared;
  std::vector<ReportCost> uniform;     ///< all launches on each mask size
  std::vector<ReportShare> kinds;      ///< by time, falling
  std::vector<ReportShare> topByTime;  ///< kernels
  std::vector<ReportShare> topByEnergy;
  std::optional<PartTimes> parts; ///< of all launches
  int64_t switchTimeNs = 0;       ///< of all switches

  int64_t barriers() const;
  const ReportCost &allCus() const { return uniform.back(); }
};

struct ReportTensor {
  std::string name, type;
  int64_t bytes = 0;
};

struct ReportWorker {
  std::string name;
  std::string modelHash;
  std::vector<ReportTensor> inputs, outputs;
  std::vector<ReportLaunch> launches;
  size_t kernelCount = 0; ///< different kernels
  std::vector<ReportPlan> plans;
};

/// One worker of a mix beside the others.
struct ReportMixWorker {
  ReportCost allCusAlone, alone, shared;
  /// Time that each other worker adds; 0 for itself.
  std::vector<int64_t> paysNs;
};

/// One way to run the mix, by the simulator of docs/mixes.md: throughput and
/// efficiency are 1 for one model at a time on all CUs.
struct ReportMixWay {
  std::string name;
  double throughput = 0, efficiency = 0, watts = 0;
  std::vector<double> p95Ns; ///< by worker
};

struct ReportMix {
  std::string objective;
  bool optimal = false;
  std::optional<int64_t> gapPpm = 0;
  int64_t throughputFloorPpm = 0; ///< 0: none
  int64_t queues = 0; ///< different masks
  int64_t maxQueues = 0;
  std::vector<ReportMixWorker> workers;
  std::vector<ReportMixWay> ways; ///< the last is the plan
};

struct ReportDevice {
  std::string name, target;
  MaskTopology topology;
  std::vector<int64_t> maskSizes;
  int64_t maxMaskedQueues = 0;
  DeviceLimits limits;
};

struct Report {
  std::string compilerVersion;
  ReportDevice device;
  std::vector<ReportWorker> workers;
  std::optional<ReportMix> mix;
};

llvm::StringRef timePartName(TimePart part);
llvm::StringRef switchReasonName(SwitchReason reason);

/// The part of largest time.
TimePart largestPart(const PartTimes &parts);

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_REPORT_H
