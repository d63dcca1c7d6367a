//===- Text.cpp - a report for a terminal ---------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Format.h"
#include "compiler/explain/Write.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

#include <algorithm>

using namespace eclip;

static constexpr size_t kWidth = 99;

namespace {

/// Rows of cells, printed with each column as wide as its widest cell.
class Table {
public:
  /// One character a column: '<' left, '>' right.
  explicit Table(llvm::StringRef alignment) : alignment(alignment) {}
  void row(std::vector<std::string> cells) { rows.push_back(std::move(cells)); }
  void print(llvm::raw_ostream &os) const;

private:
  std::string alignment;
  std::vector<std::vector<std::string>> rows;
};

} // namespace

static std::string repeat(size_t count, char c) { return std::string(count, c); }

/// The first left column gives way where the line would be too long.
void Table::print(llvm::raw_ostream &os) const {
  std::vector<size_t> widths(alignment.size(), 0);
  for (const auto &row : rows)
    for (auto [width, cell] : llvm::zip(widths, row))
      width = std::max(width, cell.size());
  size_t total = 2;
  for (size_t width : widths)
    total += width + 2;
  size_t widest = 0;
  for (size_t i = 0; i < widths.size(); ++i)
    if (alignment[i] == '<' &&
        (alignment[widest] != '<' || widths[i] > widths[widest]))
      widest = i;
  if (total > kWidth + 2)
    widths[widest] -= std::min(widths[widest] - 8, total - kWidth - 2);
  for (const auto &row : rows) {
    std::string line = "  ";
    for (auto [i, full] : llvm::enumerate(row)) {
      std::string cell = full;
      if (cell.size() > widths[i])
        cell = cell.substr(0, widths[i] - 2) + "..";
      std::string pad = repeat(widths[i] - cell.size(), ' ');
      line += (alignment[i] == '<' ? cell + pad : pad + cell) + "  ";
    }
    os << llvm::StringRef(line).rtrim() << "\n";
  }
}

/// Names come from the model's file and may hold anything, terminal control
/// sequences among it.
static std::string plain(llvm::StringRef name) {
  std::string text;
  for (unsigned char c : name)
    if (c >= 0x20 && c < 0x7f)
      text += static_cast<char>(c);
    else
      text += "\\x" + llvm::toHex(llvm::StringRef(
                          reinterpret_cast<const char *>(&c), 1));
  return text;
}

static void heading(llvm::raw_ostream &os, const std::string &text) {
  os << "\n" << text << "\n";
}

static void writeDevice(const ReportDevice &device, llvm::raw_ostream &os) {
  std::vector<std::string> sizes;
  for (int64_t size : device.maskSizes)
    sizes.push_back(std::to_string(size));
  os << "device " << plain(device.name) << " (" << plain(device.target)
     << "): " << device.topology.cuCount << " CUs, masks of "
     << llvm::join(sizes, ", ") << " CUs, at most " << device.maxMaskedQueues
     << " masked queues\n";
}

/// CU counts over time: a row for each mask size, a column for a slice of time.
static void drawCus(const ReportDevice &device, const ReportWorker &worker,
                    const ReportPlan &plan, llvm::raw_ostream &os) {
  constexpr size_t columns = 88;
  int64_t end = std::max<int64_t>(1, plan.lastEndNs);
  std::vector<std::string> rows(device.maskSizes.size(), repeat(columns, ' '));
  for (const ReportStep &step : plan.steps) {
    int64_t needed = worker.launches[step.launch].neededCus;
    auto column = [&](int64_t ns) {
      return std::min<size_t>(columns - 1, static_cast<double>(ns) / end * columns);
    };
    // A later step that shares the column replaces an earlier one.
    for (size_t x = column(step.startNs); x <= column(step.endNs - 1); ++x)
      for (auto [row, size] : llvm::zip(rows, device.maskSizes))
        row[x] = step.cuCount >= size ? (needed >= size ? '#' : '+')
                                      : (needed >= size ? '.' : ' ');
  }
  heading(os, "CUs along the request: # needed and assigned, + assigned beyond "
              "need, . needed, not assigned");
  for (size_t i = rows.size(); i-- > 0;)
    os << "  " << llvm::right_justify(std::to_string(device.maskSizes[i]), 4)
       << " |" << llvm::StringRef(rows[i]).rtrim() << "\n";
  std::string to = timeText(end);
  os << "       0" << repeat(columns - to.size() - 1, '-') << to << "\n";
}

static void writeTotals(const ReportDevice &device, const ReportPlan &plan,
                        llvm::raw_ostream &os) {
  Table table("<>>>>");
  table.row({"one request alone", "time", "energy", "time", "energy"});
  auto row = [&](const std::string &name, const ReportCost &cost) {
    const ReportCost &all = plan.allCus();
    bool isAll = &cost == &all;
    table.row({name, timeText(cost.timeNs), energyText(cost.energyNj),
               isAll ? "" : changeText(cost.timeNs, all.timeNs),
               isAll ? "" : changeText(cost.energyNj, all.energyNj)});
  };
  row("this plan", plan.total);
  for (size_t i = plan.uniform.size(); i-- > 0;)
    row(i + 1 == plan.uniform.size()
            ? "all kernels on all " + std::to_string(device.maskSizes[i]) + " CUs"
            : "all kernels on " + std::to_string(device.maskSizes[i]) + " CUs",
        plan.uniform[i]);
  if (plan.sequence.timeNs != plan.total.timeNs)
    row("this plan, no branches side by side", plan.sequence);
  if (plan.shared)
    row("this plan, beside its neighbours", *plan.shared);
  table.print(os);
  os << "  " << counted(plan.steps.size(), "launch") << " in "
     << counted(plan.groups.size(), "group") << " on "
     << counted(plan.queues.size(), "masked queue") << ", "
     << counted(plan.switches.size(), "switch") << " of CU count, "
     << counted(plan.barriers(), "barrier packet") << "\n"
     << "  arena " << countText(plan.memory.arenaBytes)
     << " bytes; lower bound " << countText(plan.memory.lowerBoundBytes);
  if (plan.memory.arenaBytes == plan.memory.lowerBoundBytes)
    os << ": as small as can be";
  else if (plan.memory.lowerBoundBytes > 0)
    os << " (" << changeText(plan.memory.arenaBytes, plan.memory.lowerBoundBytes)
       << ")";
  os << "\n";
}

static void writeGroups(const ReportPlan &plan, llvm::raw_ostream &os) {
  heading(os, "groups");
  Table table("<>><>>>");
  table.row({"group", "CUs", "launches", "queue", "start", "time", "energy"});
  for (const ReportGroup &group : plan.groups)
    table.row({plain(group.name), std::to_string(group.cuCount),
               std::to_string(group.stepCount),
               plain(plan.queues[group.queue].name), timeText(group.startNs),
               timeText(group.cost.timeNs), energyText(group.cost.energyNj)});
  table.print(os);
}

static std::string mergeText(const ReportMerge &merge) {
  return counted(merge.stepCount, "launch") + " on " +
         std::to_string(merge.cuCount);
}

static void writeSwitches(const ReportPlan &plan, llvm::raw_ostream &os) {
  if (plan.switches.empty())
    return;
  heading(os, "switches, each " + timeText(plan.switchCost.timeNs) + " and " +
                  energyText(plan.switchCost.energyNj) +
                  ": what the plan would cost more or less without it");
  Table table("><<>>><");
  table.row({"at", "CUs", "without it", "time", "energy", "objective", "why"});
  for (const ReportSwitch &found : plan.switches) {
    std::string at = timeText(plan.steps[found.step].startNs);
    std::string cus = std::to_string(found.fromCus) + " -> " +
                      std::to_string(found.toCus);
    if (found.merges.empty())
      table.row({at, cus, "", "", "", "", reasonText(plan, found)});
    for (auto [i, merge] : llvm::enumerate(found.merges)) {
      const ReportCost &change =
          merge.sharedChange ? *merge.sharedChange : merge.change;
      table.row({i == 0 ? at : "", i == 0 ? cus : "", mergeText(merge),
                 signedTime(change.timeNs), signedEnergy(change.energyNj),
                 (merge.objectivePpm > 0 ? "+" : "") +
                     decimal(merge.objectivePpm * 1e-4, 3) + " %",
                 i != found.best      ? (merge.breaksLimit ? "breaks a limit" : "")
                                      : reasonText(plan, found)});
      if (merge.othersChange)
        table.row({"", "", "  the others", signedTime(merge.othersChange->timeNs),
                   signedEnergy(merge.othersChange->energyNj), "", ""});
    }
  }
  table.print(os);
}

static void writeQueues(const ReportDevice &device, const ReportPlan &plan,
                        llvm::raw_ostream &os) {
  heading(os, "queues: # CUs of the mask, by shader engine");
  std::vector<MaskRow> rows = maskRows(device.topology);
  for (const ReportQueue &queue : plan.queues) {
    os << "  " << plain(queue.name) << ": " << queue.cuCount << " CUs, "
       << counted(queue.launches, "launch") << ", "
       << counted(queue.barriers, "barrier packet") << " with "
       << counted(queue.waits, "wait") << ", mask";
    for (size_t i = queue.maskWords.size(); i-- > 0;)
      os << " "
         << llvm::format_hex_no_prefix(
                static_cast<uint64_t>(queue.maskWords[i]), 8);
    os << "\n";
    std::string line = "   ";
    for (const MaskRow &row : rows) {
      std::string cell = " " + row.name + " ";
      for (int64_t bit : row.bits)
        cell += queue.mask[bit] ? '#' : '.';
      if (line.size() + cell.size() > kWidth) {
        os << line << "\n";
        line = "   ";
      }
      line += cell + " ";
    }
    os << llvm::StringRef(line).rtrim() << "\n";
  }
}

static void writeShares(const std::string &title,
                        const std::vector<ReportShare> &shares,
                        const ReportPlan &plan, llvm::raw_ostream &os) {
  heading(os, title);
  ReportCost all;
  for (const ReportStep &step : plan.steps)
    all += step.cost;
  Table table("<>>>>><");
  table.row({"", "launches", "time", "", "energy", "", "bound by"});
  for (const ReportShare &share : shares)
    table.row({plain(share.name), std::to_string(share.launches),
               timeText(share.cost.timeNs),
               shareText(share.cost.timeNs, all.timeNs),
               energyText(share.cost.energyNj),
               shareText(share.cost.energyNj, all.energyNj),
               boundText(share.parts, share.cost.timeNs)});
  table.print(os);
}

static void writeParts(const ReportPlan &plan, llvm::raw_ostream &os) {
  if (!plan.parts)
    return;
  heading(os, "what the time is, by the cost model");
  int64_t all = plan.switchTimeNs;
  for (int64_t part : *plan.parts)
    all += part;
  Table table("<>><");
  for (auto [i, part] : llvm::enumerate(*plan.parts))
    table.row({timePartTitle(static_cast<TimePart>(i)).str(), timeText(part),
               shareText(part, all), timePartText(static_cast<TimePart>(i)).str()});
  table.row({"switches", timeText(plan.switchTimeNs),
             shareText(plan.switchTimeNs, all),
             "barrier packets and the delay behind them"});
  table.print(os);
}

static void writePlan(const ReportDevice &device, const ReportWorker &worker,
                      const ReportPlan &plan, llvm::raw_ostream &os) {
  heading(os, "--- plan " + plain(plan.name) + ": objective " +
                  (plan.clustering.objective.empty()
                       ? "unknown"
                       : plan.clustering.objective + ", " +
                             gapText(plan.clustering.optimal,
                                     plan.clustering.gapPpm)) +
                  (plan.clustering.timeLimitNs
                       ? ", at most " + timeText(*plan.clustering.timeLimitNs)
                       : ""));
  writeTotals(device, plan, os);
  drawCus(device, worker, plan, os);
  writeGroups(plan, os);
  writeSwitches(plan, os);
  writeQueues(device, plan, os);
  writeShares("kernel kinds", plan.kinds, plan, os);
  writeParts(plan, os);
  writeShares("top kernels by time", plan.topByTime, plan, os);
  writeShares("top kernels by energy", plan.topByEnergy, plan, os);
}

static void writeMix(const Report &report, llvm::raw_ostream &os) {
  const ReportMix &mix = *report.mix;
  heading(os, "=== the mix: objective " + mix.objective + ", " +
                  gapText(mix.optimal, mix.gapPpm) + ", " +
                  std::to_string(mix.queues) + " of " +
                  std::to_string(mix.maxQueues) + " masked queues");
  Table costs("<>>>>>>");
  costs.row({"one request", "all CUs, alone", "", "plan, alone", "",
             "plan, in the mix", ""});
  for (auto [worker, own] : llvm::zip(report.workers, mix.workers))
    costs.row({plain(worker.name), timeText(own.allCusAlone.timeNs),
               energyText(own.allCusAlone.energyNj), timeText(own.alone.timeNs),
               energyText(own.alone.energyNj), timeText(own.shared.timeNs),
               energyText(own.shared.energyNj)});
  costs.print(os);
  heading(os, "what each request pays for the others");
  Table pays("<" + repeat(report.workers.size(), '>'));
  std::vector<std::string> header = {"a request of"};
  for (const ReportWorker &worker : report.workers)
    header.push_back("for " + plain(worker.name));
  pays.row(header);
  for (auto [worker, own] : llvm::zip(report.workers, mix.workers)) {
    std::vector<std::string> row = {plain(worker.name)};
    for (int64_t ns : own.paysNs)
      row.push_back(ns == 0 ? "-"
                            : signedTime(ns) + " (" +
                                  changeText(own.alone.timeNs + ns,
                                             own.alone.timeNs) +
                                  ")");
    pays.row(row);
  }
  pays.print(os);
  heading(os, "simulated, relative to one model at a time on all CUs");
  Table ways("<>>><");
  ways.row({"", "throughput", "per watt", "power", "p95 by worker"});
  for (const ReportMixWay &way : mix.ways) {
    std::vector<std::string> p95;
    for (double ns : way.p95Ns)
      p95.push_back(timeText(static_cast<int64_t>(ns)));
    ways.row({way.name, decimal(way.throughput, 2), decimal(way.efficiency, 2),
              decimal(way.watts, 0) + " W", llvm::join(p95, " / ")});
  }
  ways.print(os);
}

void eclip::writeText(const Report &report, llvm::raw_ostream &os) {
  os << "ECLIP schedule report";
  if (!report.compilerVersion.empty())
    os << ", eclip-compile " << report.compilerVersion;
  os << "\nAll figures are predictions of the cost model or of a profile; "
        "nothing here ran.\n";
  writeDevice(report.device, os);
  if (report.mix)
    writeMix(report, os);
  for (const ReportWorker &worker : report.workers) {
    heading(os, "=== " + plain(worker.name) + ": " +
                    counted(worker.launches.size(), "launch") + " of " +
                    counted(worker.kernelCount, "kernel"));
    for (const ReportPlan &plan : worker.plans)
      writePlan(report.device, worker, plan, os);
  }
}
