//===- Tune.cpp - the fastest tile of each contraction --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiling is what costs: threads compile one tile after the other, in order
// of the problems, while this one measures what is done. After each problem the
// table on disk is replaced, so that a run that is stopped goes on with the
// next problem.
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Tune.h"

#include "compiler/kernels/codegen/mma/MmaTable.h"
#include "tools/eclip-profile/Energy.h"
#include "tools/eclip-profile/Progress.h"
#include "tools/eclip-profile/TuneMeasure.h"
#include "tools/eclip-profile/WriteFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <cmath>
#include <condition_variable>
#include <ctime>
#include <deque>
#include <limits>
#include <map>
#include <mutex>
#include <thread>
#include <unistd.h>

using namespace eclip;
using namespace eclip::profiler;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

namespace {

struct Compiled {
  size_t problem, tile;
  std::unique_ptr<CompiledTile> code; ///< null if it can't be compiled
  std::string error;
};

/// Compiles every tile of the problems, in order, on threads of its own.
class Compilers {
public:
  Compilers(llvm::ArrayRef<TileProblem> problems, llvm::StringRef chip,
            unsigned threads)
      : problems(problems), chip(chip) {
    for (unsigned i = 0; i < threads; ++i)
      workers.emplace_back([this] { work(); });
  }
  ~Compilers() {
    {
      std::lock_guard<std::mutex> guard(mutex);
      stopped = true;
    }
    changed.notify_all();
    for (std::thread &worker : workers)
      worker.join();
  }

  /// Waits for the next one; call once for each tile.
  Compiled next() {
    std::unique_lock<std::mutex> lock(mutex);
    changed.wait(lock, [&] { return !done.empty(); });
    Compiled result = std::move(done.front());
    done.pop_front();
    changed.notify_all();
    return result;
  }

private:
  /// Code that waits to be measured, at most.
  static constexpr size_t kMostWaiting = 512;

  void work() {
    TileCompiler compiler(chip);
    for (;;) {
      std::unique_lock<std::mutex> lock(mutex);
      changed.wait(lock, [&] { return stopped || done.size() < kMostWaiting; });
      while (problem < problems.size() &&
             tile == problems[problem].tiles.size()) {
        ++problem;
        tile = 0;
      }
      if (stopped || problem == problems.size())
        return;
      Compiled result{problem, tile++, nullptr, {}};
      lock.unlock();
      const TileProblem &mine = problems[result.problem];
      auto code = compiler.compile(mine, mine.tiles[result.tile]);
      if (code)
        result.code = std::move(*code);
      else
        result.error = llvm::toString(code.takeError());
      lock.lock();
      done.push_back(std::move(result));
      lock.unlock();
      changed.notify_all();
    }
  }

  llvm::ArrayRef<TileProblem> problems;
  std::string chip;
  std::vector<std::thread> workers;
  std::mutex mutex; // all below
  std::condition_variable changed;
  std::deque<Compiled> done;
  size_t problem = 0, tile = 0; // to compile next
  bool stopped = false;
};

/// What a problem's tiles have shown so far.
struct Standing {
  struct Measured {
    std::string tile;
    TileBench::Result result;
  };
  size_t seen = 0;
  double bestNs = std::numeric_limits<double>::infinity();
  std::vector<Measured> measured;
};

} // namespace

/// The tiles whose results most others agree with: no tile is trusted more
/// than another. Those that are left out come last; returns how many stay.
static size_t separate(std::vector<Standing::Measured> &measured) {
  std::vector<size_t> best;
  for (const auto &one : measured) {
    std::vector<size_t> agreeing;
    for (auto [i, other] : llvm::enumerate(measured))
      if (!differ(one.result.values, other.result.values))
        agreeing.push_back(i);
    if (agreeing.size() > best.size())
      best = std::move(agreeing);
  }
  std::vector<Standing::Measured> kept, others;
  for (auto [i, one] : llvm::enumerate(measured))
    (llvm::is_contained(best, i) ? kept : others).push_back(std::move(one));
  measured = std::move(kept);
  llvm::append_range(measured, std::move(others));
  return best.size();
}

static std::string today() {
  std::time_t now = std::time(nullptr);
  std::tm parts;
  gmtime_r(&now, &parts);
  char text[16];
  std::strftime(text, sizeof(text), "%Y-%m-%d", &parts);
  return text;
}

/// The table at the output's place, or one with the base's tiles.
static llvm::Expected<MmaTable> openTable(const Options &options,
                                          const MmaTable &fresh) {
  if (llvm::sys::fs::exists(options.output)) {
    auto old = MmaTable::read(options.output, fresh.chip);
    if (!old)
      return old.takeError();
    if (old->device != fresh.device || old->driver != fresh.driver)
      return refuse(options.output + ": was measured on '" + old->device +
                    "' with '" + old->driver + "', this is '" + fresh.device +
                    "' with '" + fresh.driver + "'; choose another file");
    old->date = fresh.date;
    return old;
  }
  MmaTable table = fresh;
  if (options.baseTable.empty())
    return table;
  auto base = MmaTable::read(options.baseTable, fresh.chip);
  if (!base)
    return base.takeError();
  table.tiles = std::move(base->tiles);
  return table;
}

static llvm::Error writeTable(const Options &options, const MmaTable &table) {
  return writeFile(options.output,
                   [&](llvm::raw_ostream &os) { table.print(os); });
}

namespace {
/// Counts of what went wrong, with the first of each.
struct Trouble {
  size_t uncompiled = 0, different = 0;
  std::string firstUncompiled, firstDifferent;

  void add(const TileProblem &problem, const Compiled &compiled) {
    if (uncompiled++ == 0)
      firstUncompiled = problem.tiles[compiled.tile] + " of " + problem.key +
                        ": " + compiled.error;
  }
  void addDifferent(const TileProblem &problem, llvm::StringRef tile) {
    if (different++ == 0)
      firstDifferent =
          (tile + " of " + problem.key + " (" + problem.name + ")").str();
  }
  void print() const {
    if (uncompiled)
      llvm::errs() << "eclip-profile: warning: " << uncompiled
                   << " tiles can't be compiled, the first is "
                   << firstUncompiled << "\n";
    if (different)
      llvm::errs() << "eclip-profile: warning: " << different
                   << " tiles compute something else than most of their "
                      "problem and are left out, the first is "
                   << firstDifferent << "\n";
  }
};
} // namespace

/// Measures one tile, if it could be compiled.
static llvm::Error measureOne(TileBench &bench, const TileProblem &problem,
                              const Compiled &compiled, Standing &standing,
                              Trouble &trouble) {
  ++standing.seen;
  const std::string &tile = problem.tiles[compiled.tile];
  if (!compiled.code) {
    trouble.add(problem, compiled);
    return llvm::Error::success();
  }
  // A third slower at first sight is not the fastest.
  auto result = bench.run(problem, *compiled.code, standing.bestNs * 1.33);
  if (!result)
    return refuse("tile '" + tile + "' of " + problem.key + " (" +
                  problem.name + "): " + llvm::toString(result.takeError()));
  standing.bestNs = std::min(standing.bestNs, result->timeNs);
  standing.measured.push_back({tile, std::move(*result)});
  return llvm::Error::success();
}

/// Puts the fastest of the tiles that can be trusted into the table.
static void choose(const TileProblem &problem, Standing &standing,
                   MmaTable &table, Trouble &trouble) {
  auto &measured = standing.measured;
  size_t trusted = separate(measured);
  for (size_t i = trusted; i < measured.size(); ++i)
    trouble.addDifferent(problem, measured[i].tile);
  measured.resize(trusted);
  auto fastest =
      llvm::min_element(measured, [](const auto &a, const auto &b) {
        return a.result.timeNs < b.result.timeNs;
      });
  if (fastest != measured.end())
    table.tiles[problem.key] = {fastest->tile,
                                std::round(fastest->result.timeNs)};
}

/// Measures all tiles of `problems`.
static llvm::Error measureAll(const Options &options, TileBench &bench,
                              llvm::ArrayRef<TileProblem> problems,
                              MmaTable &table, Trouble &trouble) {
  size_t total = 0;
  for (const TileProblem &problem : problems)
    total += problem.tiles.size();
  Progress progress(!options.quiet && isatty(STDERR_FILENO), total);
  llvm::scope_exit end([&] { progress.clear(); });
  Compilers compilers(problems, table.chip, options.jobs);
  std::map<size_t, Standing> standings;
  for (size_t done = 0; done < total; ++done) {
    progress.show(done, "tiles");
    Compiled compiled = compilers.next();
    const TileProblem &problem = problems[compiled.problem];
    Standing &standing = standings[compiled.problem];
    if (llvm::Error error =
            measureOne(bench, problem, compiled, standing, trouble))
      return error;
    if (standing.seen < problem.tiles.size())
      continue;
    choose(problem, standing, table, trouble);
    standings.erase(compiled.problem);
    if (llvm::Error error = writeTable(options, table))
      return error;
  }
  return llvm::Error::success();
}

static llvm::Expected<std::vector<TileProblem>>
findProblems(const Options &options, const DeviceDescription &description,
             const MmaTable &table, size_t &known) {
  Progress progress(!options.quiet && isatty(STDERR_FILENO), 0);
  auto problems = findTileProblems(
      options, description.target, description.engineClockMhz,
      [&](llvm::StringRef model) { progress.show(0, model); });
  progress.clear();
  if (!problems)
    return problems.takeError();
  size_t all = problems->size();
  llvm::erase_if(*problems, [&](const TileProblem &problem) {
    return table.find(problem.key) != nullptr || problem.tiles.empty();
  });
  known = all - problems->size();
  return problems;
}

int eclip::profiler::tune(const Options &options) {
  auto description = loadDeviceDescription(
      options.description.empty() ? "h100" : options.description);
  if (!description)
    return report(ExitUsage, llvm::toString(description.takeError()));
  Device device;
  if (llvm::Error error = device.open(options))
    return report(ExitNoDevice, llvm::toString(std::move(error)));
  if (device.info.cu_count != description->cuCount ||
      !llvm::StringRef(device.info.isa).ends_with("--" + description->target))
    return report(ExitNoDevice, llvm::Twine(device.info.name) + ": is " +
                                    device.info.isa + " with " +
                                    llvm::Twine(device.info.cu_count) +
                                    " SMs, not '" + description->name + "'");
  MmaTable fresh;
  fresh.chip = description->target;
  fresh.device = device.info.name;
  fresh.driver = nvidiaVersions(options);
  fresh.date = today();
  auto table = openTable(options, fresh);
  if (!table)
    return report(ExitUsage, llvm::toString(table.takeError()));
  size_t known = 0;
  auto problems = findProblems(options, *description, *table, known);
  if (!problems)
    return report(ExitUsage, llvm::toString(problems.takeError()));
  TileBench bench(options, *description, device);
  Trouble trouble;
  if (llvm::Error error = bench.prepare(*problems))
    return report(ExitFailed, llvm::toString(std::move(error)));
  if (llvm::Error error = writeTable(options, *table))
    return report(ExitNotWritten, llvm::toString(std::move(error)));
  if (llvm::Error error =
          measureAll(options, bench, *problems, *table, trouble))
    return report(ExitFailed, llvm::toString(std::move(error)));
  if (!options.quiet) {
    trouble.print();
    llvm::errs() << options.output << ": " << problems->size()
                 << " contractions tuned, " << known << " known\n";
  }
  return ExitOk;
}
