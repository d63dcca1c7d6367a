//===- HtmlText.cpp - names and figures of the HTML report ----------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/explain/HtmlParts.h"

#include "llvm/Support/JSON.h"

using namespace eclip;

std::string eclip::escaped(llvm::StringRef name) {
  std::string text;
  for (char c : llvm::json::fixUTF8(name)) {
    switch (c) {
    case '&':
      text += "&amp;";
      break;
    case '<':
      text += "&lt;";
      break;
    case '>':
      text += "&gt;";
      break;
    case '"':
      text += "&quot;";
      break;
    case '\'':
      text += "&#39;";
      break;
    default:
      text += static_cast<unsigned char>(c) < 0x20 || c == 0x7f
                  ? std::string("\uFFFD")
                  : std::string(1, c);
    }
  }
  return text;
}

std::string eclip::figure(std::string text) {
  auto replace = [&](llvm::StringRef from, llvm::StringRef to) {
    if (size_t at = text.find(from.str()); at != std::string::npos)
      text.replace(at, from.size(), to.str());
  };
  replace(" us", " µs");
  replace(" uJ", " µJ");
  if (llvm::StringRef(text).starts_with("-"))
    text.replace(0, 1, "−");
  replace(" ", "\u00A0");
  return text;
}

/// The first ONNX node of a launch and how many more it has.
std::string eclip::nodesText(const ReportLaunch &launch) {
  if (launch.nodes.empty())
    return "";
  std::string first = launch.nodes.front();
  if (first.size() > 80)
    first = first.substr(0, 77) + "...";
  if (launch.nodes.size() > 1)
    first += " +" + std::to_string(launch.nodes.size() - 1);
  return escaped(first);
}

std::string eclip::stepTitle(const ReportWorker &worker, const ReportStep &step,
                             size_t number) {
  const ReportLaunch &launch = worker.launches[step.launch];
  std::string text = "#" + std::to_string(number) + " " + escaped(launch.kernel);
  if (!launch.nodes.empty())
    text += "\n" + nodesText(launch);
  text += "\n" + std::to_string(step.cuCount) + " CUs, needs " +
          std::to_string(launch.neededCus) + "; " +
          figure(timeText(step.cost.timeNs)) + ", " +
          figure(energyText(step.cost.energyNj));
  if (step.parts)
    text += "; " + boundText(step.parts, step.cost.timeNs);
  return text;
}
