//===- HtmlParts.h - pieces of the HTML report ------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_EXPLAIN_HTMLPARTS_H
#define ECLIP_COMPILER_EXPLAIN_HTMLPARTS_H

#include "compiler/explain/Format.h"
#include "compiler/explain/Report.h"

#include "llvm/Support/raw_ostream.h"

namespace eclip {

/// A name from a model as HTML text or attribute value: valid UTF-8 without
/// control characters, and with every character of the markup escaped.
std::string escaped(llvm::StringRef name);

/// A figure of Format.h with the signs that HTML has: µ and −.
std::string figure(std::string text);

/// The first ONNX node of a launch and how many more it has; escaped.
std::string nodesText(const ReportLaunch &launch);

/// What hovering over a step says; escaped.
std::string stepTitle(const ReportWorker &worker, const ReportStep &step,
                      size_t number);

/// The style sheet.
llvm::StringRef htmlStyle();

/// Inline SVG; none of it refers to anything.
enum class ChartAxis { Time, Launches };
void drawCuChart(const ReportDevice &device, const ReportWorker &worker,
                 const ReportPlan &plan, ChartAxis axis, llvm::raw_ostream &os);
/// The same plan in little, on a time axis of `endNs`.
void drawCuStrip(const ReportDevice &device, const ReportWorker &worker,
                 const ReportPlan &plan, int64_t endNs, llvm::raw_ostream &os);
void drawArena(const ReportPlan &plan, llvm::raw_ostream &os);
void drawMask(const ReportDevice &device, const ReportQueue &queue,
              llvm::raw_ostream &os);

struct Bar {
  std::string name;
  ReportCost cost;
  bool isPlan = false;
};
/// Time on the left, energy on the right, one row a bar.
void drawBars(llvm::ArrayRef<Bar> bars, llvm::raw_ostream &os);

/// A bar of parts with its legend. `colour` is a class of the style sheet.
struct Part {
  std::string name, colour, value;
  int64_t size = 0;
  std::string text; ///< of the legend, may be empty
};
void drawStack(const std::string &title, llvm::ArrayRef<Part> parts,
               llvm::raw_ostream &os);

/// Class of the style sheet for a kernel kind or a part of the time.
std::string kindColour(llvm::StringRef kind);
std::string partColour(TimePart part);

} // namespace eclip

#endif // ECLIP_COMPILER_EXPLAIN_HTMLPARTS_H
