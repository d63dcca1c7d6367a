//===- Format.cpp - figures and names for people --------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/Format.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>

using namespace eclip;

std::string eclip::decimal(double value, int digits) {
  char buffer[64];
  std::snprintf(buffer, sizeof buffer, "%.*f", digits, value);
  return buffer;
}

/// `value` with four significant digits, in the largest unit below it.
static std::string scaled(int64_t value, llvm::ArrayRef<const char *> units) {
  double number = std::abs(static_cast<double>(value));
  size_t unit = 0;
  while (number >= 999.95 && unit + 1 < units.size()) {
    number /= 1000;
    ++unit;
  }
  int digits = unit == 0       ? 0
               : number >= 100 ? 1
               : number >= 10  ? 2
                               : 3;
  return (value < 0 ? "-" : "") + decimal(number, digits) + " " + units[unit];
}

std::string eclip::timeText(int64_t ns) {
  return scaled(ns, {"ns", "us", "ms", "s"});
}
std::string eclip::energyText(int64_t nj) {
  return scaled(nj, {"nJ", "uJ", "mJ", "J"});
}
std::string eclip::bytesText(int64_t bytes) {
  return scaled(bytes, {"B", "kB", "MB", "GB"});
}

std::string eclip::countText(int64_t count) {
  std::string text = std::to_string(std::abs(count));
  for (int i = static_cast<int>(text.size()) - 3; i > 0; i -= 3)
    text.insert(i, ",");
  return count < 0 ? "-" + text : text;
}

std::string eclip::counted(int64_t count, llvm::StringRef noun) {
  std::string text = std::to_string(count) + " " + noun.str();
  if (count != 1)
    text += noun.ends_with("ch") ? "es" : "s";
  return text;
}

std::string eclip::signedTime(int64_t ns) {
  return (ns > 0 ? "+" : "") + timeText(ns);
}
std::string eclip::signedEnergy(int64_t nj) {
  return (nj > 0 ? "+" : "") + energyText(nj);
}

std::string eclip::changeText(int64_t value, int64_t base) {
  if (base == 0)
    return "";
  double percent =
      (static_cast<double>(value) - base) / static_cast<double>(base) * 100;
  std::string text = decimal(percent, 2);
  if (text == "-0.00")
    text = "0.00";
  return (percent > 0 && text != "0.00" ? "+" : "") + text + " %";
}

std::string eclip::shareText(int64_t value, int64_t base) {
  if (base == 0)
    return "";
  return decimal(static_cast<double>(value) / base * 100, 1) + " %";
}

llvm::StringRef eclip::timePartTitle(TimePart part) {
  constexpr llvm::StringLiteral titles[] = {
      "launch",    "arithmetic",    "quantization",
      "occupancy", "HBM bandwidth", "L2 bandwidth"};
  return titles[static_cast<size_t>(part)];
}

llvm::StringRef eclip::timePartText(TimePart part) {
  constexpr llvm::StringLiteral texts[] = {
      "overhead of the launch, whatever the kernel does",
      "arithmetic, if every CU worked at its full rate all the time",
      "CUs without a workgroup, or done before the busiest: workgroups come "
      "whole",
      "too few wavefronts on a CU to hide its latencies",
      "memory traffic, at the bandwidth that the CUs can draw",
      "L2 traffic, at the bandwidth that the CUs can draw"};
  return texts[static_cast<size_t>(part)];
}

std::string eclip::boundText(const std::optional<PartTimes> &parts,
                                int64_t timeNs) {
  if (!parts)
    return "unknown";
  TimePart part = largestPart(*parts);
  return timePartTitle(part).str() + " " +
         shareText((*parts)[static_cast<size_t>(part)], timeNs);
}

std::string eclip::gapText(bool optimal, std::optional<int64_t> gapPpm) {
  if (optimal)
    return "proven optimal";
  if (!gapPpm)
    return "no bound";
  return "within " + decimal(static_cast<double>(*gapPpm) * 1e-4, 2) +
         " % of the best";
}

std::string eclip::reasonText(const ReportPlan &plan,
                              const ReportSwitch &found) {
  switch (found.reason) {
  case SwitchReason::Energy:
    return "saves energy";
  case SwitchReason::Time:
    return "saves time";
  case SwitchReason::Product:
    return "lowers energy x time";
  case SwitchReason::Formula:
    return "lowers the published formula";
  case SwitchReason::Limit:
    return plan.clustering.timeLimitNs ? "keeps the time limit"
                                       : "keeps a limit";
  case SwitchReason::Neighbours:
    return "pays with neighbours";
  case SwitchReason::Branches:
    return "branches side by side";
  case SwitchReason::Nothing:
    break;
  }
  if (!found.merges.empty() && found.merges[found.best].objectivePpm < 0)
    return "none: the solver stopped short of it";
  return "none: a merge does as well";
}

std::vector<MaskRow> eclip::maskRows(const MaskTopology &topology) {
  std::map<std::pair<int64_t, int64_t>, std::map<int64_t, int64_t>> bits;
  for (int64_t bit = 0; bit < topology.cuCount; ++bit) {
    // SMs are given out in granules; their engines are pairs, too many to draw.
    if (topology.order == MaskBitOrder::SmGroup) {
      bits[{0, bit / topology.granule}][bit % topology.granule] = bit;
      continue;
    }
    CuPosition position = positionOfBit(topology, bit);
    bits[{position.xcd, position.engine}][position.cu] = bit;
  }
  std::vector<MaskRow> rows;
  for (auto &[place, inRow] : bits) {
    MaskRow row;
    for (auto &[cu, bit] : inRow)
      row.bits.push_back(bit);
    if (topology.order == MaskBitOrder::SmGroup)
      row.name = "SMs " + std::to_string(row.bits.front()) + "-" +
                 std::to_string(row.bits.back());
    else if (topology.xcdCount > 1)
      row.name = "XCD" + std::to_string(place.first) + " SE" +
                 std::to_string(place.second);
    else
      row.name = "SE" + std::to_string(place.second);
    rows.push_back(std::move(row));
  }
  return rows;
}
