//===- HtmlCharts.cpp - inline SVG of the HTML report ---------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/HtmlParts.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>
#include <map>

using namespace eclip;

/// A coordinate with a tenth of a unit: finer than a pixel, and short.
static std::string at(double value) {
  std::string text = decimal(value, 1);
  if (llvm::StringRef(text).ends_with(".0"))
    text.resize(text.size() - 2);
  return text;
}

namespace {

/// A linear map from a range of data to one of coordinates.
struct Scale {
  double dataEnd, from, to;
  double operator()(double value) const {
    return from + (to - from) * (dataEnd > 0 ? value / dataEnd : 0);
  }
};

} // namespace

static void openSvg(llvm::raw_ostream &os, int width, int height,
                    const std::string &label) {
  os << "<svg viewBox=\"0 0 " << width << " " << height
     << "\" role=\"img\" aria-label=\"" << escaped(label) << "\">";
}

static void rect(llvm::raw_ostream &os, llvm::StringRef css, double x, double y,
                 double width, double height, const std::string &title = "") {
  os << "<rect class=\"" << css << "\" x=\"" << at(x) << "\" y=\"" << at(y)
     << "\" width=\"" << at(std::max(width, 0.1)) << "\" height=\""
     << at(std::max(height, 0.1)) << "\"";
  if (title.empty())
    os << "/>";
  else
    os << "><title>" << title << "</title></rect>";
}

static void line(llvm::raw_ostream &os, llvm::StringRef css, double x1,
                 double y1, double x2, double y2) {
  os << "<line class=\"" << css << "\" x1=\"" << at(x1) << "\" y1=\"" << at(y1)
     << "\" x2=\"" << at(x2) << "\" y2=\"" << at(y2) << "\"/>";
}

static void text(llvm::raw_ostream &os, double x, double y,
                 llvm::StringRef anchor, const std::string &content,
                 llvm::StringRef css = "") {
  os << "<text x=\"" << at(x) << "\" y=\"" << at(y) << "\"";
  if (anchor != "start")
    os << " text-anchor=\"" << anchor << "\"";
  if (!css.empty())
    os << " class=\"" << css << "\"";
  os << ">" << content << "</text>";
}

/// A step of 1, 2 or 5 times a power of ten, of which about `wanted` fit.
static double niceStep(double end, int wanted) {
  double raw = end / wanted;
  double power = std::pow(10.0, std::floor(std::log10(std::max(raw, 1e-9))));
  for (double factor : {1.0, 2.0, 5.0})
    if (factor * power >= raw)
      return factor * power;
  return 10 * power;
}

/// Ticks of time along the bottom, in one unit.
static void timeAxis(llvm::raw_ostream &os, const Scale &x, double y) {
  double unit = x.dataEnd >= 2e6 ? 1e6 : x.dataEnd >= 2e3 ? 1e3 : 1;
  const char *name = unit == 1e6 ? "ms" : unit == 1e3 ? "µs" : "ns";
  double step = std::max(niceStep(x.dataEnd, 8), 1.0);
  int digits = step >= unit ? 0 : step * 10 >= unit ? 1 : 2;
  line(os, "axis", x.from, y, x.to, y);
  for (double t = 0; t < x.dataEnd * 0.97; t += step) {
    line(os, "axis", x(t), y, x(t), y + 4);
    text(os, x(t), y + 16, t == 0 ? "start" : "middle",
         decimal(t / unit, digits) + (t == 0 ? std::string(" ") + name : ""));
  }
}

std::string eclip::kindColour(llvm::StringRef kind) {
  return kind == "contraction" ? "k1"
         : kind == "reduction" ? "k2"
         : kind == "pointwise" ? "k3"
         : kind == "movement"  ? "k4"
                               : "k5";
}

std::string eclip::partColour(TimePart part) {
  constexpr llvm::StringLiteral colours[] = {"k5", "k1", "k2",
                                             "k4", "k3", "k7"};
  return colours[static_cast<size_t>(part)].str();
}

//===----------------------------------------------------------------------===//
// CUs along the request
//===----------------------------------------------------------------------===//

/// Where each step is on the horizontal axis.
struct Span {
  double from, to;
};

static std::vector<Span> spans(const ReportPlan &plan, const Scale &x,
                               ChartAxis axis) {
  std::vector<Span> result;
  for (auto [i, step] : llvm::enumerate(plan.steps))
    if (axis == ChartAxis::Time)
      result.push_back({x(static_cast<double>(step.startNs)),
                        x(static_cast<double>(step.endNs))});
    else
      result.push_back(
          {x(static_cast<double>(i)), x(static_cast<double>(i) + 1)});
  return result;
}

/// The outline of a step function over the plan's steps, in order.
static std::string
outline(const ReportPlan &plan, llvm::ArrayRef<Span> where, const Scale &y,
        bool closed, llvm::function_ref<int64_t(const ReportStep &)> value) {
  std::string path;
  double lastY = -1, end = 0;
  for (auto [step, span] : llvm::zip(plan.steps, where)) {
    double top = y(static_cast<double>(value(step)));
    if (path.empty())
      path = closed ? "M" + at(span.from) + " " + at(y(0)) + "V" + at(top)
                    : "M" + at(span.from) + " " + at(top);
    else if (top != lastY)
      path += "H" + at(span.from) + "V" + at(top);
    lastY = top;
    end = std::max(end, span.to);
  }
  path += "H" + at(end);
  if (closed)
    path += "V" + at(y(0)) + "Z";
  return path;
}

static void cuGrid(llvm::raw_ostream &os, const ReportDevice &device,
                   const Scale &x, const Scale &y) {
  double last = -100;
  for (int64_t size : llvm::reverse(device.maskSizes)) {
    double level = y(static_cast<double>(size));
    line(os, "grid", x.from, level, x.to, level);
    if (level - last < 12)
      continue;
    last = level;
    text(os, x.from - 6, level + 4, "end", std::to_string(size));
  }
}

static bool overlaps(const ReportPlan &plan) {
  int64_t end = 0;
  for (const ReportStep &step : plan.steps) {
    if (step.startNs < end)
      return true;
    end = std::max(end, step.endNs);
  }
  return false;
}

/// CUs needed as an area, CUs assigned as a line; where queues overlap a line
/// would lie, and each step is a box.
static void cuShapes(const ReportWorker &worker, const ReportPlan &plan,
                     llvm::ArrayRef<Span> where, const Scale &y, bool asBoxes,
                     llvm::raw_ostream &os) {
  os << "<path class=\"need\" d=\""
     << outline(plan, where, y, true,
                [&](const ReportStep &step) {
                  return worker.launches[step.launch].neededCus;
                })
     << "\"/>";
  if (!asBoxes) {
    os << "<path class=\"got\" d=\""
       << outline(plan, where, y, false,
                  [](const ReportStep &step) { return step.cuCount; })
       << "\"/>";
    return;
  }
  std::string boxes, tops;
  for (auto [step, span] : llvm::zip(plan.steps, where)) {
    double top = y(static_cast<double>(step.cuCount));
    std::string edge = "M" + at(span.from) + " " + at(top) + "H" + at(span.to);
    tops += edge;
    boxes += edge + "V" + at(y(0)) + "H" + at(span.from) + "z";
  }
  os << "<path class=\"over\" d=\"" << boxes << "\"/><path class=\"got\" d=\""
     << tops << "\"/>";
}

/// Colours of the kernel kinds; one box for neighbours of one kind.
static void kindStrip(const ReportWorker &worker, const ReportPlan &plan,
                      llvm::ArrayRef<Span> where, double y,
                      llvm::raw_ostream &os) {
  for (size_t begin = 0, end; begin < where.size(); begin = end) {
    const std::string &kind = worker.launches[plan.steps[begin].launch].kind;
    double to = where[begin].to;
    for (end = begin + 1;
         end < where.size() &&
         worker.launches[plan.steps[end].launch].kind == kind &&
         where[end].from >= where[begin].from;
         ++end)
      to = std::max(to, where[end].to);
    rect(os, kindColour(kind), where[begin].from, y, to - where[begin].from, 9);
  }
}

static void launchAxis(llvm::raw_ostream &os, const Scale &x, double y) {
  line(os, "axis", x.from, y, x.to, y);
  auto step = static_cast<int64_t>(std::max(1.0, niceStep(x.dataEnd, 10)));
  for (int64_t launch = 0; static_cast<double>(launch) < x.dataEnd * 0.97;
       launch += step) {
    double where = x(static_cast<double>(launch));
    line(os, "axis", where, y, where, y + 4);
    text(os, where, y + 16, launch == 0 ? "start" : "middle",
         (launch == 0 ? "launch 0" : std::to_string(launch)));
  }
}

void eclip::drawCuChart(const ReportDevice &device, const ReportWorker &worker,
                        const ReportPlan &plan, ChartAxis axis,
                        llvm::raw_ostream &os) {
  bool byTime = axis == ChartAxis::Time;
  int height = byTime ? 190 : 120;
  Scale x{static_cast<double>(std::max<int64_t>(
              byTime ? plan.lastEndNs : static_cast<int64_t>(plan.steps.size()),
              1)),
          40, 992},
      y{static_cast<double>(device.topology.cuCount),
        static_cast<double>(height), 12};
  std::vector<Span> where = spans(plan, x, axis);
  os << "<div class=\"chart\">";
  openSvg(os, 1000, height + 46, "CUs along the request of plan " + plan.name);
  cuGrid(os, device, x, y);
  cuShapes(worker, plan, where, y, byTime && overlaps(plan), os);
  for (const ReportSwitch &found : plan.switches)
    line(os, "sw", where[found.step].from, 12, where[found.step].from,
         height + 16);
  kindStrip(worker, plan, where, height + 4, os);
  // Short kernels are hit in the other chart, which says more.
  for (auto [i, step] : llvm::enumerate(plan.steps))
    if (double width = where[i].to - where[i].from; width >= 0.5 || !byTime)
      rect(os, "hit", where[i].from, 12, width, height + 1,
           byTime ? "#" + std::to_string(i) + " " +
                        escaped(worker.launches[step.launch].kernel)
                  : stepTitle(worker, step, i));
  if (byTime)
    timeAxis(os, x, height + 18);
  else
    launchAxis(os, x, height + 18);
  os << "</svg></div>\n";
}

void eclip::drawCuStrip(const ReportDevice &device, const ReportWorker &worker,
                        const ReportPlan &plan, int64_t endNs,
                        llvm::raw_ostream &os) {
  Scale x{static_cast<double>(std::max<int64_t>(endNs, 1)), 40, 992},
      y{static_cast<double>(device.topology.cuCount), 56, 6};
  os << "<div class=\"chart\">";
  openSvg(os, 1000, 62, "CUs along the request of plan " + plan.name);
  line(os, "grid", x.from, y(0), x.to, y(0));
  line(os, "grid", x.from, y.to, x.to, y.to);
  text(os, x.from - 6, y.to + 8, "end", std::to_string(device.topology.cuCount));
  cuShapes(worker, plan, spans(plan, x, ChartAxis::Time), y, overlaps(plan), os);
  os << "</svg></div>\n";
}

//===----------------------------------------------------------------------===//
// Arena
//===----------------------------------------------------------------------===//

/// Bytes in use over time, as a path.
static std::string liveBytes(const ReportMemory &memory, const Scale &x,
                             const Scale &y) {
  std::map<int64_t, int64_t> changes;
  for (const ReportBuffer &buffer : memory.buffers) {
    changes[buffer.startNs] += buffer.bytes;
    changes[buffer.endNs] -= buffer.bytes;
  }
  std::string path = "M" + at(x(0)) + " " + at(y(0));
  int64_t now = 0;
  for (auto &[time, change] : changes) {
    if (change == 0)
      continue;
    now += change;
    path += "H" + at(x(static_cast<double>(time))) + "V" +
            at(y(static_cast<double>(now)));
  }
  return path;
}

void eclip::drawArena(const ReportPlan &plan, llvm::raw_ostream &os) {
  const ReportMemory &memory = plan.memory;
  auto bytes = static_cast<double>(std::max<int64_t>(
      {memory.arenaBytes, memory.lowerBoundBytes, memory.peakLiveBytes, 1}));
  Scale x{static_cast<double>(std::max<int64_t>(plan.lastEndNs, 1)), 62, 992},
      y{bytes, 190, 14};
  os << "<div class=\"chart\">";
  openSvg(os, 1000, 216, "The arena of plan " + plan.name + " over time");
  double step = niceStep(bytes, 4);
  for (double level = 0; level <= bytes; level += step) {
    line(os, "grid", x.from, y(level), x.to, y(level));
    text(os, x.from - 6, y(level) + 4, "end",
         bytesText(static_cast<int64_t>(level)));
  }
  for (const ReportBuffer &buffer : memory.buffers) {
    double from = x(static_cast<double>(buffer.startNs));
    double top = y(static_cast<double>(buffer.offset + buffer.bytes));
    rect(os, "buf", from, top, x(static_cast<double>(buffer.endNs)) - from,
         y(static_cast<double>(buffer.offset)) - top,
         bytesText(buffer.bytes) + " at " + bytesText(buffer.offset) +
             ", from launch " + std::to_string(buffer.firstStep) + " to " +
             std::to_string(buffer.lastStep));
  }
  if (!memory.buffers.empty())
    os << "<path class=\"live\" d=\"" << liveBytes(memory, x, y) << "\"/>";
  double bound = y(static_cast<double>(memory.lowerBoundBytes));
  line(os, "bound", x.from, bound, x.to, bound);
  timeAxis(os, x, 192);
  os << "</svg></div>\n";
}

//===----------------------------------------------------------------------===//
// Masks, bars, stacks
//===----------------------------------------------------------------------===//

void eclip::drawMask(const ReportDevice &device, const ReportQueue &queue,
                     llvm::raw_ostream &os) {
  std::vector<MaskRow> rows = maskRows(device.topology);
  size_t columns = 0, longest = 0;
  for (const MaskRow &row : rows) {
    columns = std::max(columns, row.bits.size());
    longest = std::max(longest, row.name.size());
  }
  bool dense = rows.size() > 8;
  int pitch = dense ? 9 : 13, size = dense ? 7 : 11;
  int left = static_cast<int>(longest) * 7 + 6;
  int width = left + static_cast<int>(columns) * pitch,
      height = static_cast<int>(rows.size()) * pitch + 2;
  os << "<svg width=\"" << width << "\" height=\"" << height
     << "\" viewBox=\"0 0 " << width << " " << height
     << "\" role=\"img\" aria-label=\"mask of " << escaped(queue.name) << ": "
     << queue.cuCount << " CUs\">";
  for (auto [r, row] : llvm::enumerate(rows)) {
    int y = static_cast<int>(r) * pitch;
    text(os, left - 5, y + size - (dense ? 0 : 1), "end", row.name);
    // One path for the CUs in the mask and one for those out of it.
    std::string paths[2];
    for (auto [c, bit] : llvm::enumerate(row.bits))
      paths[queue.mask[bit]] += "M" + std::to_string(left + c * pitch) + " " +
                                std::to_string(y) + "h" + std::to_string(size) +
                                "v" + std::to_string(size) + "h-" +
                                std::to_string(size) + "z";
    for (bool on : {false, true})
      if (!paths[on].empty())
        os << "<path class=\"cu" << (on ? " on" : "") << "\" d=\"" << paths[on]
           << "\"/>";
  }
  os << "</svg>";
}

void eclip::drawBars(llvm::ArrayRef<Bar> bars, llvm::raw_ostream &os) {
  int64_t mostNs = 1, mostNj = 1;
  for (const Bar &bar : bars) {
    mostNs = std::max(mostNs, bar.cost.timeNs);
    mostNj = std::max(mostNj, bar.cost.energyNj);
  }
  constexpr int row = 24;
  Scale time{static_cast<double>(mostNs), 190, 500},
      energy{static_cast<double>(mostNj), 600, 910};
  int height = static_cast<int>(bars.size()) * row + 20;
  os << "<div class=\"chart\">";
  openSvg(os, 1000, height, "Time and energy of one request");
  text(os, 190, 11, "start", "time of one request");
  text(os, 600, 11, "start", "energy of one request");
  for (auto [i, bar] : llvm::enumerate(bars)) {
    double y = 18 + static_cast<double>(i) * row;
    const char *css = bar.isPlan ? "bar on" : "bar";
    double toNs = time(static_cast<double>(bar.cost.timeNs)),
           toNj = energy(static_cast<double>(bar.cost.energyNj));
    text(os, 180, y + 13, "end", escaped(bar.name), bar.isPlan ? "v" : "");
    rect(os, css, 190, y + 1, toNs - 190, row - 8);
    text(os, toNs + 6, y + 13, "start", figure(timeText(bar.cost.timeNs)), "v");
    rect(os, css, 600, y + 1, toNj - 600, row - 8);
    text(os, toNj + 6, y + 13, "start", figure(energyText(bar.cost.energyNj)),
         "v");
  }
  os << "</svg></div>\n";
}

void eclip::drawStack(const std::string &title, llvm::ArrayRef<Part> parts,
                      llvm::raw_ostream &os) {
  int64_t all = 0;
  for (const Part &part : parts)
    all += part.size;
  os << "<div class=\"stack\"><h4>" << escaped(title) << "</h4>"
     << "<svg viewBox=\"0 0 1000 20\" preserveAspectRatio=\"none\" role=\"img\" "
        "aria-label=\""
     << escaped(title) << "\">";
  Scale x{static_cast<double>(std::max<int64_t>(all, 1)), 0, 1000};
  int64_t before = 0;
  for (const Part &part : parts) {
    if (part.size > 0)
      rect(os, part.colour, x(static_cast<double>(before)), 0,
           x(static_cast<double>(part.size)), 20,
           escaped(part.name) + ": " + figure(part.value));
    before += part.size;
  }
  os << "</svg><ul class=\"legend\">";
  for (const Part &part : parts)
    if (part.size > 0) {
      os << "<li";
      if (!part.text.empty())
        os << " title=\"" << escaped(part.text) << "\"";
      os << "><svg viewBox=\"0 0 10 10\" aria-hidden=\"true\"><rect class=\""
         << part.colour << "\" width=\"10\" height=\"10\" rx=\"2\"/></svg>"
         << escaped(part.name) << " <span class=\"muted\">" << figure(part.value)
         << ", " << shareText(part.size, all) << "</span></li>";
    }
  os << "</ul></div>\n";
}
