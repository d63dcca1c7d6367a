//===- ClusteringExport.cpp - an instance as an integer program -----------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/ClusteringExport.h"

#include "llvm/ADT/Twine.h"

#include <numeric>

using namespace eclip;

namespace {

/// One linear expression, broken into lines that every reader accepts.
class Line {
public:
  explicit Line(llvm::raw_ostream &out) : out(out) {}
  Line &add(int64_t factor, const llvm::Twine &name) {
    if (factor == 0)
      return *this;
    out << (factor < 0 ? " - " : " + ");
    // LP readers take numbers as doubles anyway; 2^53 of them are exact.
    uint64_t size = factor < 0 ? 0 - static_cast<uint64_t>(factor)
                               : static_cast<uint64_t>(factor);
    if (size != 1)
      out << size << " ";
    out << name;
    if (++terms % 8 == 0)
      out << "\n  ";
    return *this;
  }

private:
  llvm::raw_ostream &out;
  size_t terms = 0;
};

class Writer {
public:
  Writer(const ClusteringProblem &problem, llvm::raw_ostream &out)
      : problem(problem), out(out) {}

  llvm::Error write();

private:
  std::string x(size_t kernel, int64_t cuCount) const {
    return ("x_" + llvm::Twine(kernel) + "_" + llvm::Twine(cuCount)).str();
  }
  llvm::Error findSums();
  void writeObjective();
  void writeChoice();
  void writeSwitches();
  void writeSums();
  void writeBounds();

  const ClusteringProblem &problem;
  llvm::raw_ostream &out;
  std::vector<int64_t> sums; ///< that Paper's CU counts can have
};

} // namespace

llvm::Error Writer::findSums() {
  if (problem.objective != Objective::Paper)
    return llvm::Error::success();
  auto kernels = static_cast<int64_t>(problem.kernelCount);
  int64_t step = 0;
  for (int64_t cuCount : problem.cuCounts)
    step = std::gcd(step, cuCount - problem.cuCounts.front());
  int64_t low = kernels * problem.cuCounts.front();
  int64_t high = kernels * problem.cuCounts.back();
  if (step > 0 && (high - low) / step > 100000)
    return llvm::createStringError("more than 100000 sums of CU counts");
  for (int64_t sum = low; sum <= high; sum += std::max<int64_t>(step, 1))
    sums.push_back(sum);
  return llvm::Error::success();
}

void Writer::writeObjective() {
  out << "Minimize\n obj:";
  Line line(out);
  if (problem.objective == Objective::Paper) {
    auto kernels = static_cast<int64_t>(problem.kernelCount);
    for (int64_t sum : sums)
      line.add(kernels * problem.cuCounts.back() * 1000 + sum * 1000 +
                   kernels * problem.otherMilliCus,
               "a_" + llvm::Twine(sum));
    out << "\n";
    return;
  }
  bool latency = problem.objective == Objective::Latency;
  for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel)
    for (int64_t cuCount : problem.cuCounts) {
      KernelCost cost = problem.cost(kernel, cuCount);
      line.add(latency ? cost.timeNs : cost.energyNj, x(kernel, cuCount));
    }
  for (size_t kernel = 1; kernel < problem.kernelCount; ++kernel)
    line.add(latency ? problem.switchCost.timeNs : problem.switchCost.energyNj,
             "d_" + llvm::Twine(kernel));
  out << "\n";
}

/// C1, C3 and C4.
void Writer::writeChoice() {
  for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel) {
    out << " one_" << kernel << ":";
    Line line(out);
    for (int64_t cuCount : problem.cuCounts)
      line.add(1, x(kernel, cuCount));
    out << " = 1\n";
  }
  if (problem.maxQueues < static_cast<int64_t>(problem.cuCounts.size())) {
    for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel)
      for (int64_t cuCount : problem.cuCounts)
        out << " uses_" << kernel << "_" << cuCount << ": "
            << x(kernel, cuCount) << " - u_" << cuCount << " <= 0\n";
    out << " queues:";
    Line line(out);
    for (int64_t cuCount : problem.cuCounts)
      line.add(1, "u_" + llvm::Twine(cuCount));
    out << " <= " << problem.maxQueues << "\n";
  }
  if (problem.timeLimitNs) {
    out << " time:";
    Line line(out);
    for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel)
      for (int64_t cuCount : problem.cuCounts)
        line.add(problem.cost(kernel, cuCount).timeNs, x(kernel, cuCount));
    for (size_t kernel = 1; kernel < problem.kernelCount; ++kernel)
      line.add(problem.switchCost.timeNs, "d_" + llvm::Twine(kernel));
    out << " <= " << *problem.timeLimitNs << "\n";
  }
}

/// C2. Of all x of two kernels exactly one may rise, so d is at least what
/// rises; the published sum of |x - x| / 2 is the same.
void Writer::writeSwitches() {
  for (size_t kernel = 1; kernel < problem.kernelCount; ++kernel)
    for (int64_t cuCount : problem.cuCounts)
      out << " change_" << kernel << "_" << cuCount << ": "
          << x(kernel, cuCount) << " - " << x(kernel - 1, cuCount) << " - d_"
          << kernel << " <= 0\n";
  if (problem.kernelCount < 2)
    return;
  out << " switches:";
  Line line(out);
  for (size_t kernel = 1; kernel < problem.kernelCount; ++kernel)
    line.add(1, "d_" + llvm::Twine(kernel));
  out << " <= " << problem.maxSwitches << "\n";
}

void Writer::writeSums() {
  if (sums.empty())
    return;
  int64_t most = 0;
  for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel) {
    int64_t slowest = 0;
    for (int64_t cuCount : problem.cuCounts)
      slowest = std::max(slowest, problem.cost(kernel, cuCount).timeNs);
    most += slowest;
  }
  out << " level:";
  Line level(out);
  for (int64_t sum : sums)
    level.add(1, "l_" + llvm::Twine(sum));
  out << " = 1\n cus:";
  Line cus(out);
  for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel)
    for (int64_t cuCount : problem.cuCounts)
      cus.add(cuCount, x(kernel, cuCount));
  for (int64_t sum : sums)
    cus.add(-sum, "l_" + llvm::Twine(sum));
  out << " = 0\n spread:";
  Line spread(out);
  for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel)
    for (int64_t cuCount : problem.cuCounts)
      spread.add(problem.cost(kernel, cuCount).timeNs, x(kernel, cuCount));
  for (int64_t sum : sums)
    spread.add(-1, "a_" + llvm::Twine(sum));
  out << " = 0\n";
  for (int64_t sum : sums)
    out << " at_" << sum << ": a_" << sum << " - " << most << " l_" << sum
        << " <= 0\n";
}

void Writer::writeBounds() {
  out << "Bounds\n";
  for (size_t kernel = 1; kernel < problem.kernelCount; ++kernel)
    out << " 0 <= d_" << kernel << " <= 1\n";
  out << "Binaries\n";
  for (size_t kernel = 0; kernel < problem.kernelCount; ++kernel)
    for (int64_t cuCount : problem.cuCounts)
      out << " " << x(kernel, cuCount) << "\n";
  if (problem.maxQueues < static_cast<int64_t>(problem.cuCounts.size()))
    for (int64_t cuCount : problem.cuCounts)
      out << " u_" << cuCount << "\n";
  for (int64_t sum : sums)
    out << " l_" << sum << "\n";
  out << "End\n";
}

llvm::Error Writer::write() {
  if (llvm::Error invalid = problem.check())
    return invalid;
  if (problem.objective == Objective::Edp)
    return llvm::createStringError(
        "objective edp has no integer linear program of bearable size");
  if (problem.kernelCount == 0)
    return llvm::createStringError("no kernels to write");
  if (llvm::Error tooMany = findSums())
    return tooMany;
  writeObjective();
  out << "Subject To\n";
  writeChoice();
  writeSwitches();
  writeSums();
  writeBounds();
  return llvm::Error::success();
}

llvm::Error eclip::writeIntegerProgram(const ClusteringProblem &problem,
                                       llvm::raw_ostream &out) {
  return Writer(problem, out).write();
}

llvm::Expected<std::vector<int64_t>>
eclip::readIntegerSolution(const ClusteringProblem &problem,
                           llvm::StringRef text) {
  std::vector<int64_t> choice(problem.kernelCount, 0);
  llvm::StringRef word, rest = text;
  llvm::StringRef before;
  while (!rest.empty()) {
    std::tie(word, rest) = llvm::getToken(rest);
    llvm::StringRef name = before;
    before = word;
    double value;
    if (!name.consume_front("x_") || word.getAsDouble(value) || value < 0.5)
      continue;
    auto [kernelText, cuText] = name.split('_');
    size_t kernel;
    int64_t cuCount;
    if (kernelText.getAsInteger(10, kernel) ||
        cuText.getAsInteger(10, cuCount) || kernel >= choice.size())
      return llvm::createStringError("unknown variable x_" + name);
    if (choice[kernel] != 0)
      return llvm::createStringError("kernel " + llvm::Twine(kernel) +
                                     " has two CU counts");
    choice[kernel] = cuCount;
  }
  for (size_t kernel = 0; kernel < choice.size(); ++kernel)
    if (choice[kernel] == 0)
      return llvm::createStringError("kernel " + llvm::Twine(kernel) +
                                     " has no CU count");
  return choice;
}
