//===- Html.cpp - a report as one page ------------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// No script, no link to anything outside, and a content security policy that
// would refuse both: names in it come from models that nobody has to trust.
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/HtmlParts.h"
#include "compiler/explain/Write.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"

using namespace eclip;

/// A relative change as a table cell, coloured where it matters.
static std::string changeCell(int64_t value, int64_t base) {
  std::string text = changeText(value, base);
  const char *css = value < base ? "n good" : value > base ? "n bad" : "n";
  return std::string("<td class=\"") + css + "\">" + figure(text) + "</td>";
}

//===----------------------------------------------------------------------===//
// Sections
//===----------------------------------------------------------------------===//

namespace {

class Page {
public:
  Page(const Report &report, llvm::raw_ostream &os) : report(report), os(os) {}
  void write();

private:
  void head();
  void navigation();
  void mix(const ReportMix &mix);
  void simulated(const ReportMix &mix);
  void worker(const ReportWorker &worker, size_t index);
  void plans(const ReportWorker &worker);
  void plan(const ReportWorker &worker, const ReportPlan &plan,
            const std::string &id);
  void tiles(const ReportPlan &plan);
  void against(const ReportPlan &plan);
  void cus(const ReportWorker &worker, const ReportPlan &plan);
  void shares(const ReportPlan &plan);
  void topTable(const ReportPlan &plan, bool byTime);
  void switches(const ReportWorker &worker, const ReportPlan &plan);
  void mergeCells(const ReportPlan &plan, const ReportSwitch &found,
                  size_t index);
  void groups(const ReportPlan &plan);
  void queues(const ReportPlan &plan);
  void arena(const ReportPlan &plan);
  void launches(const ReportWorker &worker);
  void tile(const std::string &value, const std::string &label);

  const Report &report;
  llvm::raw_ostream &os;
};

} // namespace

static std::string title(const Report &report) {
  std::vector<std::string> names;
  for (const ReportWorker &worker : report.workers)
    names.push_back(escaped(worker.name));
  return llvm::join(names, " + ");
}

void Page::head() {
  os << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src "
        "'none'; style-src 'unsafe-inline'\">"
        "<meta name=\"color-scheme\" content=\"light dark\">"
        "<title>"
     << title(report) << " on " << escaped(report.device.name)
     << ": ECLIP schedule report</title><style>" << htmlStyle()
     << "</style></head>\n<body><header><h1>" << title(report) << " on "
     << escaped(report.device.name) << "</h1>";
  const ReportDevice &device = report.device;
  std::vector<std::string> sizes;
  for (int64_t size : device.maskSizes)
    sizes.push_back(std::to_string(size));
  os << "<p class=\"muted\">ECLIP schedule report";
  if (!report.compilerVersion.empty())
    os << ", eclip-compile " << escaped(report.compilerVersion);
  os << ". " << escaped(device.name) << " (" << escaped(device.target)
     << "): " << device.topology.cuCount << " CUs, masks of "
     << llvm::join(sizes, ", ") << " CUs, at most " << device.maxMaskedQueues
     << " masked queues. All figures are predictions of the cost model or of a "
        "profile; nothing here ran.</p>";
  navigation();
  os << "</header><main>\n";
}

static std::string planId(size_t worker, size_t plan) {
  return "w" + std::to_string(worker) + "p" + std::to_string(plan);
}

void Page::navigation() {
  os << "<nav>";
  if (report.mix)
    os << "<a href=\"#mix\"><b>the mix</b></a>";
  for (auto [w, worker] : llvm::enumerate(report.workers)) {
    if (report.workers.size() > 1)
      os << "<a href=\"#w" << w << "\"><b>" << escaped(worker.name)
         << "</b></a>";
    for (auto [p, plan] : llvm::enumerate(worker.plans))
      os << "<a href=\"#" << planId(w, p) << "\">" << escaped(plan.name)
         << "</a>";
    os << "<a href=\"#launches" << w << "\">launches</a>";
  }
  os << "</nav>";
}

void Page::tile(const std::string &value, const std::string &label) {
  os << "<div class=\"tile\"><b>" << value << "</b><span>" << label
     << "</span></div>";
}

static std::string arenaLabel(const ReportMemory &memory) {
  if (memory.lowerBoundBytes == 0)
    return "arena";
  if (memory.arenaBytes == memory.lowerBoundBytes)
    return "arena, as small as can be";
  return "arena, " +
         figure(changeText(memory.arenaBytes, memory.lowerBoundBytes)) +
         " over its lower bound";
}

void Page::tiles(const ReportPlan &plan) {
  os << "<div class=\"tiles\">";
  tile(figure(timeText(plan.total.timeNs)),
       "a request, " + figure(changeText(plan.total.timeNs, plan.allCus().timeNs)) +
           " against all CUs");
  tile(figure(energyText(plan.total.energyNj)),
       "a request, " +
           figure(changeText(plan.total.energyNj, plan.allCus().energyNj)) +
           " against all CUs");
  if (plan.total.timeNs > 0)
    tile(decimal(static_cast<double>(plan.total.energyNj) /
                     static_cast<double>(plan.total.timeNs),
                 1) +
             "\u00A0W",
         "mean power of the board");
  tile(std::to_string(plan.steps.size()),
       "launches in " + counted(plan.groups.size(), "group"));
  tile(std::to_string(plan.switches.size()),
       "switches of CU count, " + counted(plan.barriers(), "barrier packet"));
  tile(figure(bytesText(plan.memory.arenaBytes)), arenaLabel(plan.memory));
  os << "</div>\n";
}

void Page::against(const ReportPlan &plan) {
  std::vector<Bar> bars = {{"this plan", plan.total, true}};
  if (plan.shared)
    bars.push_back({"beside its neighbours", *plan.shared, true});
  if (plan.sequence.timeNs != plan.total.timeNs)
    bars.push_back({"no branches side by side", plan.sequence});
  for (size_t i = plan.uniform.size(); i-- > 0;)
    bars.push_back({"all kernels on " +
                        std::to_string(report.device.maskSizes[i]) + " CUs",
                    plan.uniform[i]});
  os << "<div class=\"card\"><h4>Against one CU count for all kernels</h4>";
  drawBars(bars, os);
  os << "</div>\n";
}

void Page::cus(const ReportWorker &worker, const ReportPlan &plan) {
  os << "<div class=\"card\"><h4>CUs along the request</h4>";
  drawCuChart(report.device, worker, plan, ChartAxis::Time, os);
  os << "<p class=\"note\">The same with every launch as wide as the others:"
        "</p>";
  drawCuChart(report.device, worker, plan, ChartAxis::Launches, os);
  os << "<ul class=\"legend\"><li><i class=\"swatch a\"></i>assigned</li>"
        "<li><i class=\"swatch b\"></i>needed: least count within 2 % of the "
        "kernel's best time</li>"
        "<li><i class=\"swatch f\"></i>switch</li>";
  for (const ReportShare &kind : plan.kinds)
    os << "<li><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\""
       << kindColour(kind.name)
       << "\" width=\"10\" height=\"10\" rx=\"2\"/></svg>" << escaped(kind.name)
       << "</li>";
  os << "</ul></div>\n";
}

void Page::shares(const ReportPlan &plan) {
  std::vector<Part> time, energy;
  for (const ReportShare &kind : plan.kinds) {
    std::string launches = counted(kind.launches, "launch");
    time.push_back({kind.name, kindColour(kind.name),
                    timeText(kind.cost.timeNs), kind.cost.timeNs, launches});
    energy.push_back({kind.name, kindColour(kind.name),
                      energyText(kind.cost.energyNj), kind.cost.energyNj,
                      launches});
  }
  os << "<div class=\"card\">";
  if (plan.parts) {
    std::vector<Part> parts;
    for (auto [i, ns] : llvm::enumerate(*plan.parts)) {
      auto part = static_cast<TimePart>(i);
      parts.push_back({timePartTitle(part).str(), partColour(part), timeText(ns),
                       ns, timePartText(part).str()});
    }
    parts.push_back({"switches", "k6", timeText(plan.switchTimeNs),
                     plan.switchTimeNs,
                     "barrier packets and the delay behind them"});
    drawStack("What the time is, by the cost model", parts, os);
    os << "<br>";
  }
  drawStack("Time by kernel kind", time, os);
  os << "<br>";
  drawStack("Energy by kernel kind", energy, os);
  os << "</div>\n";
}

void Page::topTable(const ReportPlan &plan, bool byTime) {
  ReportCost all;
  for (const ReportStep &step : plan.steps)
    all += step.cost;
  os << "<div class=\"card\"><h4>Top kernels by " << (byTime ? "time" : "energy")
     << "</h4><div class=\"scroll\"><table><tr><th>kernel<th "
        "class=\"n\">launches<th class=\"n\">"
     << (byTime ? "time<th>bound by" : "energy<th class=\"n\">power")
     << "</tr>";
  for (const ReportShare &share : byTime ? plan.topByTime : plan.topByEnergy) {
    int64_t part = byTime ? share.cost.timeNs : share.cost.energyNj;
    int64_t whole = std::max<int64_t>(1, byTime ? all.timeNs : all.energyNj);
    os << "<tr><td class=\"name\"><code>" << escaped(share.name)
       << "</code></td><td class=\"n\">" << share.launches
       << "</td><td class=\"share\" style=\"--v:"
       << decimal(100.0 * static_cast<double>(part) / static_cast<double>(whole),
                  1)
       << "%\">" << figure(byTime ? timeText(part) : energyText(part)) << "</td>";
    if (byTime)
      os << "<td>" << boundText(share.parts, share.cost.timeNs) << "</td>";
    else
      os << "<td class=\"n\">"
         << decimal(static_cast<double>(share.cost.energyNj) /
                        static_cast<double>(share.cost.timeNs),
                    0)
         << "\u00A0W</td>";
    os << "</tr>";
  }
  os << "</table></div></div>\n";
}

static std::string launchesOn(const ReportMerge &merge) {
  return counted(merge.stepCount, "launch") + " on " +
         std::to_string(merge.cuCount) + " CUs";
}

/// The plan without the switch, one of the two ways: the best in full colour.
void Page::mergeCells(const ReportPlan &plan, const ReportSwitch &found,
                      size_t index) {
  const ReportMerge &merge = found.merges[index];
  bool alt = index != found.best;
  auto cell = [&](const std::string &text, double value) {
    os << "<td class=\"n"
       << (alt ? " alt" : value > 0 ? " bad" : value < 0 ? " good" : "") << "\">"
       << figure(text) << "</td>";
  };
  auto costCells = [&](const ReportCost &change) {
    cell(signedTime(change.timeNs), static_cast<double>(change.timeNs));
    cell(signedEnergy(change.energyNj), static_cast<double>(change.energyNj));
  };
  os << "<td class=\"wide" << (alt ? " alt" : "") << "\">" << launchesOn(merge)
     << "</td>";
  costCells(merge.sharedChange ? *merge.sharedChange : merge.change);
  if (merge.othersChange)
    costCells(*merge.othersChange);
  cell((merge.objectivePpm > 0 ? "+" : "") +
           decimal(merge.objectivePpm * 1e-4, 3) + " %",
       merge.objectivePpm);
  os << "<td" << (alt ? " class=\"alt\"" : "") << ">"
     << (!alt                ? reasonText(plan, found)
         : merge.breaksLimit ? "breaks a limit"
                             : "")
     << "</td>";
}

void Page::switches(const ReportWorker &worker, const ReportPlan &plan) {
  if (plan.switches.empty())
    return;
  bool shared = llvm::any_of(plan.switches, [](const ReportSwitch &found) {
    return !found.merges.empty() && found.merges.front().sharedChange;
  });
  os << "<div class=\"card\"><h4>Why each switch is worth its cost</h4>"
        "<p class=\"note\">A switch costs "
     << figure(timeText(plan.switchCost.timeNs)) << " and "
     << figure(energyText(plan.switchCost.energyNj))
     << ". Each row is this plan without the switch: the launches on one side "
        "run on the CUs of the other, and what that changes. The cheaper of the "
        "two says why the switch is there.</p><div class=\"scroll\"><table><tr>"
        "<th class=\"n\">at<th>CUs<th>before<th>without it<th "
        "class=\"n\">time<th class=\"n\">energy";
  if (shared)
    os << "<th class=\"n\">time, others<th class=\"n\">energy, others";
  os << "<th class=\"n\">objective<th>why</tr>";
  for (const ReportSwitch &found : plan.switches) {
    size_t rows = std::max<size_t>(1, found.merges.size());
    std::string span = " rowspan=\"" + std::to_string(rows) + "\"";
    const ReportLaunch &launch = worker.launches[plan.steps[found.step].launch];
    os << "<tr><td class=\"n\"" << span << ">"
       << figure(timeText(plan.steps[found.step].startNs)) << "</td><td" << span
       << ">" << found.fromCus << "\u00A0→\u00A0" << found.toCus
       << "</td><td class=\"name\"" << span << "><code>"
       << escaped(launch.kernel) << "</code></td>";
    if (found.merges.empty())
      os << "<td colspan=\"" << (shared ? 6 : 4) << "\"></td><td>"
         << reasonText(plan, found) << "</td></tr>";
    for (size_t i = 0; i < found.merges.size(); ++i) {
      os << (i > 0 ? "<tr>" : "");
      mergeCells(plan, found, i);
      os << "</tr>";
    }
  }
  os << "</table></div></div>\n";
}

void Page::groups(const ReportPlan &plan) {
  os << "<div class=\"card\"><h4>Groups</h4><div class=\"scroll\"><table><tr>"
        "<th>group<th class=\"n\">CUs<th class=\"n\">launches<th>queue<th "
        "class=\"n\">start<th class=\"n\">time<th class=\"n\">energy</tr>";
  for (const ReportGroup &group : plan.groups)
    os << "<tr><td class=\"name\"><code>" << escaped(group.name)
       << "</code></td><td class=\"n\">" << group.cuCount
       << "</td><td class=\"n\">" << group.stepCount << "</td><td><code>"
       << escaped(plan.queues[group.queue].name) << "</code></td><td class=\"n\">"
       << figure(timeText(group.startNs)) << "</td><td class=\"n\">"
       << figure(timeText(group.cost.timeNs)) << "</td><td class=\"n\">"
       << figure(energyText(group.cost.energyNj)) << "</td></tr>";
  os << "</table></div></div>\n";
}

void Page::queues(const ReportPlan &plan) {
  os << "<div class=\"card\"><h4>Masked queues</h4><div class=\"queues\">";
  for (const ReportQueue &queue : plan.queues) {
    os << "<figure style=\"margin:0\">";
    drawMask(report.device, queue, os);
    os << "<figcaption><code>" << escaped(queue.name) << "</code>: "
       << queue.cuCount << " CUs<br>" << counted(queue.launches, "launch") << ", "
       << counted(queue.barriers, "barrier packet") << ", "
       << counted(queue.waits, "wait") << "<br>busy " << figure(timeText(queue.busyNs))
       << "</figcaption></figure>";
  }
  os << "</div></div>\n";
}

void Page::arena(const ReportPlan &plan) {
  const ReportMemory &memory = plan.memory;
  os << "<div class=\"card\"><h4>Arena</h4>";
  drawArena(plan, os);
  os << "<ul class=\"legend\"><li><i class=\"swatch c\"></i>buffer, at its "
        "place and while in use</li><li><i class=\"swatch d\"></i>bytes in use, "
        "at most "
     << figure(bytesText(memory.peakLiveBytes))
     << "</li><li><i class=\"swatch e\"></i>no plan needs less than "
     << figure(bytesText(memory.lowerBoundBytes)) << "</li></ul></div>\n";
}

void Page::plan(const ReportWorker &worker, const ReportPlan &plan,
                const std::string &id) {
  os << "<section id=\"" << id << "\"><h3>Plan: " << escaped(plan.name)
     << "</h3><p class=\"note\">";
  if (!plan.clustering.objective.empty())
    os << "Objective " << escaped(plan.clustering.objective) << ", "
       << gapText(plan.clustering.optimal, plan.clustering.gapPpm);
  if (plan.clustering.timeLimitNs)
    os << ", with at most " << figure(timeText(*plan.clustering.timeLimitNs))
       << " a request";
  os << ".</p>";
  tiles(plan);
  cus(worker, plan);
  switches(worker, plan);
  against(plan);
  shares(plan);
  os << "<div class=\"pair\">";
  topTable(plan, /*byTime=*/true);
  topTable(plan, /*byTime=*/false);
  os << "</div>";
  groups(plan);
  queues(plan);
  arena(plan);
  os << "</section>\n";
}

void Page::plans(const ReportWorker &worker) {
  if (worker.plans.size() < 2)
    return;
  int64_t end = 1;
  for (const ReportPlan &plan : worker.plans)
    end = std::max(end, plan.lastEndNs);
  os << "<div class=\"card\"><h4>Plans side by side</h4><p class=\"note\">The "
        "runtime plays the plan that fits what else is loaded. Time and energy "
        "are of one request alone; beside the neighbours that the plan was made "
        "for, they share the idle power.</p><div class=\"scroll\"><table><tr><th>plan<th class=\"n\">time<th "
        "class=\"n\">to all CUs<th class=\"n\">energy<th class=\"n\">to all "
        "CUs<th class=\"n\">time beside<th class=\"n\">energy beside<th "
        "class=\"n\">switches<th class=\"n\">queues<th class=\"n\">arena</tr>";
  for (const ReportPlan &plan : worker.plans) {
    os << "<tr><td>" << escaped(plan.name) << "</td><td class=\"n\">"
       << figure(timeText(plan.total.timeNs)) << "</td>"
       << changeCell(plan.total.timeNs, plan.allCus().timeNs)
       << "<td class=\"n\">" << figure(energyText(plan.total.energyNj))
       << "</td>" << changeCell(plan.total.energyNj, plan.allCus().energyNj)
       << "<td class=\"n\">"
       << (plan.shared ? figure(timeText(plan.shared->timeNs)) : "")
       << "</td><td class=\"n\">"
       << (plan.shared ? figure(energyText(plan.shared->energyNj)) : "")
       << "</td><td class=\"n\">" << plan.switches.size()
       << "</td><td class=\"n\">" << plan.queues.size() << "</td><td class=\"n\">"
       << figure(bytesText(plan.memory.arenaBytes)) << "</td></tr>";
  }
  os << "</table></div>";
  for (const ReportPlan &plan : worker.plans) {
    os << "<p class=\"note\" style=\"margin:10px 0 0\">" << escaped(plan.name)
       << "</p>";
    drawCuStrip(report.device, worker, plan, end, os);
  }
  os << "</div>\n";
}

void Page::launches(const ReportWorker &worker) {
  os << "<details class=\"card\"><summary>All " << worker.launches.size()
     << " launches</summary><div class=\"scroll\"><table><tr><th "
        "class=\"n\">#<th>kernel<th>ONNX node<th>kind<th class=\"n\">needed";
  for (const ReportPlan &plan : worker.plans)
    os << "<th class=\"n\">" << escaped(plan.name);
  os << "<th class=\"n\">time<th class=\"n\">energy<th>bound by</tr>";
  std::vector<std::vector<const ReportStep *>> stepOf;
  for (const ReportPlan &plan : worker.plans) {
    stepOf.emplace_back(worker.launches.size(), nullptr);
    for (const ReportStep &step : plan.steps)
      stepOf.back()[step.launch] = &step;
  }
  for (auto [i, launch] : llvm::enumerate(worker.launches)) {
    os << "<tr><td class=\"n\">" << i << "</td><td class=\"name\"><code>"
       << escaped(launch.kernel) << "</code></td><td class=\"name\">"
       << nodesText(launch) << "</td><td>" << escaped(launch.kind)
       << "</td><td class=\"n\">" << launch.neededCus << "</td>";
    for (const auto &steps : stepOf)
      os << "<td class=\"n\">"
         << (steps[i] ? std::to_string(steps[i]->cuCount) : "") << "</td>";
    if (const ReportStep *step = stepOf.front()[i])
      os << "<td class=\"n\">" << figure(timeText(step->cost.timeNs))
         << "</td><td class=\"n\">" << figure(energyText(step->cost.energyNj))
         << "</td><td>" << boundText(step->parts, step->cost.timeNs) << "</td>";
    os << "</tr>\n";
  }
  os << "</table></div></details>\n";
}

void Page::simulated(const ReportMix &mix) {
  os << "<div class=\"card\"><h4>Simulated</h4><p class=\"note\">Every worker "
        "sends its next request when the last is complete. Throughput and "
        "efficiency are 1 for one model at a time on all CUs.</p>"
        "<div class=\"scroll\"><table><tr><th>way to run<th "
        "class=\"n\">throughput<th class=\"n\">per watt<th class=\"n\">power";
  for (const ReportWorker &worker : report.workers)
    os << "<th class=\"n\">p95 " << escaped(worker.name);
  os << "</tr>";
  for (const ReportMixWay &way : mix.ways) {
    os << "<tr><td>" << escaped(way.name) << "</td><td class=\"n\">"
       << decimal(way.throughput, 2) << "</td><td class=\"n\">"
       << decimal(way.efficiency, 2) << "</td><td class=\"n\">"
       << decimal(way.watts, 0) << "\u00A0W</td>";
    for (double ns : way.p95Ns)
      os << "<td class=\"n\">" << figure(timeText(static_cast<int64_t>(ns)))
         << "</td>";
    os << "</tr>";
  }
  os << "</table></div></div>\n";
}

void Page::mix(const ReportMix &mix) {
  os << "<section id=\"mix\"><h2>The mix</h2><p class=\"muted\">Objective "
     << escaped(mix.objective) << ", " << gapText(mix.optimal, mix.gapPpm);
  if (mix.throughputFloorPpm)
    os << ", at least " << shareText(mix.throughputFloorPpm, 1000000)
       << " of each model's throughput alone, on average";
  os << "; " << mix.queues << " of " << mix.maxQueues
     << " masked queues.</p><div class=\"card\"><h4>One request of each "
        "worker</h4><p class=\"note\">In the mix, energy is what the worker "
        "draws above idle power and an equal part of that.</p><div "
        "class=\"scroll\"><table><tr><th>worker<th class=\"n\" "
        "colspan=\"2\">all CUs, alone<th class=\"n\" colspan=\"2\">plan, "
        "alone<th class=\"n\" colspan=\"2\">plan, in the mix</tr>";
  for (auto [worker, own] : llvm::zip(report.workers, mix.workers)) {
    os << "<tr><td class=\"name\">" << escaped(worker.name) << "</td>";
    for (const ReportCost &cost : {own.allCusAlone, own.alone, own.shared})
      os << "<td class=\"n\">" << figure(timeText(cost.timeNs))
         << "</td><td class=\"n\">" << figure(energyText(cost.energyNj))
         << "</td>";
    os << "</tr>";
  }
  os << "</table></div></div><div class=\"card\"><h4>What each request pays for "
        "the others</h4><div class=\"scroll\"><table><tr><th>a request of";
  for (const ReportWorker &worker : report.workers)
    os << "<th class=\"n\">for " << escaped(worker.name);
  os << "</tr>";
  for (auto [worker, own] : llvm::zip(report.workers, mix.workers)) {
    os << "<tr><td class=\"name\">" << escaped(worker.name) << "</td>";
    for (int64_t ns : own.paysNs) {
      double share = own.alone.timeNs > 0 ? static_cast<double>(ns) /
                                                static_cast<double>(own.alone.timeNs)
                                          : 0;
      os << "<td class=\"heat\" style=\"--v:"
         << decimal(std::clamp(share, 0.0, 1.0) * 60, 0) << "%\">";
      if (ns != 0)
        os << figure(signedTime(ns)) << " <span class=\"muted\">"
           << figure(changeText(own.alone.timeNs + ns, own.alone.timeNs))
           << "</span>";
      os << "</td>";
    }
    os << "</tr>";
  }
  os << "</table></div></div>\n";
  simulated(mix);
  os << "</section>\n";
}

void Page::worker(const ReportWorker &worker, size_t index) {
  os << "<section id=\"w" << index << "\"><h2>" << escaped(worker.name)
     << "</h2><p class=\"muted\">" << counted(worker.launches.size(), "launch")
     << " of " << counted(worker.kernelCount, "kernel") << ". Takes ";
  auto tensors = [&](const std::vector<ReportTensor> &list) {
    for (auto [i, tensor] : llvm::enumerate(list))
      os << (i ? ", " : "") << "<code>" << escaped(tensor.name)
         << "</code> " << escaped(tensor.type);
  };
  tensors(worker.inputs);
  os << "; gives ";
  tensors(worker.outputs);
  os << ".</p>";
  plans(worker);
  for (auto [p, plan] : llvm::enumerate(worker.plans))
    this->plan(worker, plan, planId(index, p));
  os << "<div id=\"launches" << index << "\">";
  launches(worker);
  os << "</div></section>\n";
}

void Page::write() {
  head();
  if (report.mix)
    mix(*report.mix);
  for (auto [index, worker] : llvm::enumerate(report.workers))
    this->worker(worker, index);
  os << "</main></body></html>\n";
}

void eclip::writeHtml(const Report &report, llvm::raw_ostream &os) {
  Page(report, os).write();
}
