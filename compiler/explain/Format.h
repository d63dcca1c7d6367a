//===- Format.h - figures and names for people ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// What the text and the HTML writer share.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_FORMAT_H
#define ECLIP_COMPILER_EXPLAIN_FORMAT_H

#include "compiler/explain/Report.h"

namespace eclip {

/// Four significant digits and a unit: "25.60 ms", "812 ns".
std::string timeText(int64_t ns);
/// "4.975 J", "125.0 uJ".
std::string energyText(int64_t nj);
/// "57.80 MB", in powers of ten.
std::string bytesText(int64_t bytes);
/// "12,345,678".
std::string countText(int64_t count);
/// "1 launch", "2 launches".
std::string counted(int64_t count, llvm::StringRef noun);
/// A difference, always with its sign.
std::string signedTime(int64_t ns);
std::string signedEnergy(int64_t nj);
/// (value - base) / base as "+1.25 %"; "" for a base of 0.
std::string changeText(int64_t value, int64_t base);
/// value / base as "12.3 %"; "" for a base of 0.
std::string shareText(int64_t value, int64_t base);
std::string decimal(double value, int digits);

/// What a part of the time is, in a few words and in a sentence.
llvm::StringRef timePartTitle(TimePart part);
llvm::StringRef timePartText(TimePart part);

/// The largest part and its share: "arithmetic 92.2 %"; "unknown" without parts.
std::string boundText(const std::optional<PartTimes> &parts, int64_t timeNs);

/// Why a switch is there, as a sentence.
std::string reasonText(const ReportPlan &plan, const ReportSwitch &found);

/// The gap of a clustering: "optimal", or "within 0.35 % of the best".
std::string gapText(bool optimal, std::optional<int64_t> gapPpm);

/// Columns of a drawn mask: one row for each shader engine, or granule of SMs, of
/// the bits in it.
struct MaskRow {
  std::string name; ///< SE0, XCD3 SE1, SMs 0-7
  std::vector<int64_t> bits;
};
std::vector<MaskRow> maskRows(const MaskTopology &topology);

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_FORMAT_H
