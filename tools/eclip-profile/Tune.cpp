//===- Tune.cpp - the fastest tile of each contraction --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Compiling is what costs: threads compile one tile after the other, in order
// of the problems, while this one measures what is done: on all CUs, and on
// parts of them. After each problem the table on disk is replaced, so that a run
// that is stopped goes on with the next problem.
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Tune.h"

#include "compiler/kernels/codegen/mma/MmaTable.h"
#include "tools/eclip-profile/Energy.h"
#include "tools/eclip-profile/Progress.h"
#include "tools/eclip-profile/TuneMeasure.h"
#include "tools/eclip-profile/TuneProcess.h"
#include "tools/eclip-profile/WriteFile.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/ScopeExit.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/raw_ostream.h"

#include <chrono>
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
      auto code = compiler.compile(mine, mine.tiles[result.tile].name);
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
    std::unique_ptr<CompiledTile> code;
    std::vector<float> values;
    std::map<int64_t, double> timeNs; ///< by CU count
  };
  size_t seen = 0;
  std::map<int64_t, double> bestNs; ///< by CU count
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
      if (!differ(one.values, other.values))
        agreeing.push_back(i);
    if (agreeing.size() > best.size())
      best = std::move(agreeing);
  }
  std::vector<Standing::Measured> kept, others;
  for (auto [i, one] : llvm::enumerate(measured))
    (llvm::is_contained(best, i) ? kept : others).push_back(std::move(one));
  measured = std::move(kept);
  std::move(others.begin(), others.end(), std::back_inserter(measured));
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
      firstUncompiled = problem.tiles[compiled.tile].name + " of " + problem.key +
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

namespace {
/// Measures all tiles of some problems.
class Tuner {
public:
  Tuner(const Options &options, const TuneState &state,
        const TuneReport &report, int64_t allCus, TileBench &bench,
        MmaTable &table)
      : options(options), state(state), report(report), allCus(allCus),
        bench(bench), table(table) {}

  llvm::Error run(llvm::ArrayRef<TileProblem> problems);
  Trouble trouble;
  std::vector<std::string> finished; ///< keys of problems
  bool unwritten = false; ///< the error is the table's

private:
  llvm::Expected<double> time(const TileProblem &problem,
                              Standing::Measured &measured, int64_t cuCount,
                              double atMostNs);
  llvm::Error measure(const TileProblem &problem, Compiled &&compiled,
                      Standing &standing);
  llvm::Error choose(const TileProblem &problem, Standing &standing);
  llvm::Expected<MmaTable::Partition>
  choosePartition(const TileProblem &problem,
                  std::vector<Standing::Measured> &measured, size_t whole,
                  const MmaTable::Entry &entry, int64_t cuCount);
  bool isOver() const {
    std::chrono::duration<double> passed =
        std::chrono::steady_clock::now() - state.begin;
    return options.budgetSeconds > 0 && passed.count() > options.budgetSeconds;
  }

  const Options &options;
  const TuneState &state;
  const TuneReport &report;
  int64_t allCus;
  TileBench &bench;
  MmaTable &table;
};
} // namespace

/// A tile that is this little slower than the fastest is taken where it has a
/// kernel already: as much as two runs differ.
static constexpr double kAsFast = 1.03;
/// Where there is no terminal, a line tells how far it is.
static constexpr std::chrono::seconds kBetweenLines{15};

llvm::Expected<double> Tuner::time(const TileProblem &problem,
                                   Standing::Measured &measured,
                                   int64_t cuCount, double atMostNs) {
  report.measuring(problem.key, measured.tile);
  auto timeNs = bench.run(problem, *measured.code, cuCount, atMostNs,
                          measured.values.empty() ? &measured.values : nullptr);
  if (!timeNs) {
    std::string message = llvm::toString(timeNs.takeError());
    report.failed(message);
    return refuse(message);
  }
  return measured.timeNs[cuCount] = *timeNs;
}

llvm::Error Tuner::measure(const TileProblem &problem, Compiled &&compiled,
                           Standing &standing) {
  ++standing.seen;
  const TileCandidate &tile = problem.tiles[compiled.tile];
  if (!compiled.code) {
    trouble.add(problem, compiled);
    return llvm::Error::success();
  }
  if (state.faulty.count({problem.key, tile.name}))
    return llvm::Error::success();
  Standing::Measured measured{tile.name, std::move(compiled.code), {}, {}};
  for (int64_t cuCount : tile.cuCounts) {
    auto best = standing.bestNs.try_emplace(
        cuCount, std::numeric_limits<double>::infinity());
    double &bestNs = best.first->second;
    // A third slower at first sight is not the fastest.
    auto timeNs = time(problem, measured, cuCount, bestNs * 1.33);
    if (!timeNs)
      return timeNs.takeError();
    bestNs = std::min(bestNs, *timeNs);
  }
  standing.measured.push_back(std::move(measured));
  return llvm::Error::success();
}

/// The tile for `cuCount` CUs: the fastest there, or one that is as good as that
/// and has been chosen already.
llvm::Expected<MmaTable::Partition>
Tuner::choosePartition(const TileProblem &problem,
                       std::vector<Standing::Measured> &measured, size_t whole,
                       const MmaTable::Entry &entry, int64_t cuCount) {
  if (!measured[whole].timeNs.count(cuCount))
    if (auto timeNs = time(problem, measured[whole], cuCount,
                           std::numeric_limits<double>::infinity());
        !timeNs)
      return timeNs.takeError();
  double wholeNs = measured[whole].timeNs[cuCount];
  MmaTable::Partition best{measured[whole].tile, wholeNs, wholeNs};
  for (const Standing::Measured &one : measured)
    if (auto it = one.timeNs.find(cuCount);
        it != one.timeNs.end() && it->second < best.timeNs)
      best = {one.tile, it->second, wholeNs};
  if (wholeNs <= best.timeNs * kAsFast)
    return MmaTable::Partition{measured[whole].tile, wholeNs, wholeNs};
  double atMostNs = best.timeNs * kAsFast;
  for (const auto &[other, chosen] : entry.partitions)
    for (const Standing::Measured &one : measured)
      if (auto it = one.timeNs.find(cuCount); one.tile == chosen.tile &&
                                              it != one.timeNs.end() &&
                                              it->second <= atMostNs) {
        atMostNs = it->second;
        best = {one.tile, it->second, wholeNs};
      }
  return best;
}

/// Puts the fastest of the tiles that can be trusted into the table.
llvm::Error Tuner::choose(const TileProblem &problem, Standing &standing) {
  auto &measured = standing.measured;
  size_t trusted = separate(measured);
  for (size_t i = trusted; i < measured.size(); ++i)
    trouble.addDifferent(problem, measured[i].tile);
  measured.resize(trusted);
  std::optional<size_t> whole;
  for (auto [i, one] : llvm::enumerate(measured))
    if (auto it = one.timeNs.find(allCus);
        it != one.timeNs.end() &&
        (!whole || it->second < measured[*whole].timeNs[allCus]))
      whole = i;
  if (!whole)
    return llvm::Error::success();
  MmaTable::Entry entry{measured[*whole].tile,
                        std::round(measured[*whole].timeNs[allCus]), {}};
  for (int64_t cuCount : options.cuCounts) {
    auto partition =
        choosePartition(problem, measured, *whole, entry, cuCount);
    if (!partition)
      return partition.takeError();
    partition->timeNs = std::round(partition->timeNs);
    partition->wholeTileNs = std::round(partition->wholeTileNs);
    entry.partitions[cuCount] = *partition;
  }
  // Partitions that were not asked for hold as long as the tile beside them does.
  MmaTable::Entry &known = table.tiles[problem.key];
  if (known.tile == entry.tile)
    entry.partitions.insert(known.partitions.begin(), known.partitions.end());
  known = std::move(entry);
  return llvm::Error::success();
}

llvm::Error Tuner::run(llvm::ArrayRef<TileProblem> problems) {
  size_t total = 0;
  for (const TileProblem &problem : problems)
    total += problem.tiles.size();
  bool terminal = isatty(STDERR_FILENO);
  Progress progress(!options.quiet && terminal, total);
  llvm::scope_exit end([&] { progress.clear(); });
  auto nextLine = state.begin;
  Compilers compilers(problems, table.chip, options.jobs);
  std::map<size_t, Standing> standings;
  for (size_t done = 0; done < total && !isOver(); ++done) {
    progress.show(done, "tiles");
    if (auto now = std::chrono::steady_clock::now();
        !terminal && !options.quiet && now >= nextLine) {
      nextLine = now + kBetweenLines;
      llvm::errs() << "eclip-profile: " << done << " of " << total
                   << " tiles of " << problems.size() << " contractions after "
                   << std::chrono::duration_cast<std::chrono::seconds>(
                          now - state.begin)
                          .count()
                   << " s\n";
    }
    Compiled compiled = compilers.next();
    const TileProblem &problem = problems[compiled.problem];
    Standing &standing = standings[compiled.problem];
    size_t index = compiled.problem;
    if (llvm::Error error = measure(problem, std::move(compiled), standing))
      return error;
    if (standing.seen < problem.tiles.size())
      continue;
    if (llvm::Error error = choose(problem, standing))
      return error;
    standings.erase(index);
    if (llvm::Error error = writeTable(options, table)) {
      unwritten = true;
      return error;
    }
    report.done(problem.key);
    finished.push_back(problem.key);
  }
  return llvm::Error::success();
}

/// Whether `entry` has all that is asked for.
static bool isComplete(const Options &options, const MmaTable::Entry &entry) {
  return llvm::all_of(options.cuCounts, [&](int64_t cuCount) {
    return entry.partitions.count(cuCount) != 0;
  });
}

/// The problems that are left to tune; `known` counts the others.
static llvm::Expected<std::vector<TileProblem>>
findProblems(const Options &options, const TuneState &state, double clockMhz,
             const MmaTable &table, size_t &known) {
  auto problems = findTileProblems(options, table, clockMhz);
  if (!problems)
    return problems.takeError();
  size_t all = problems->size();
  llvm::erase_if(*problems, [&](const TileProblem &problem) {
    const MmaTable::Entry *entry = table.find(problem.key);
    return problem.tiles.empty() || state.done.count(problem.key) ||
           (entry && !options.again && isComplete(options, *entry));
  });
  known = all - problems->size() - state.done.size();
  return problems;
}

/// Tunes in this process, which a tile may end.
static int tuneHere(const Options &options,
                    const DeviceDescription &description,
                    const TuneState &state, const TuneReport &journal) {
  Device device;
  if (llvm::Error error = device.open(options))
    return report(ExitNoDevice, llvm::toString(std::move(error)));
  if (device.info.cu_count != description.cuCount ||
      !llvm::StringRef(device.info.isa).ends_with("--" + description.target))
    return report(ExitNoDevice, llvm::Twine(device.info.name) + ": is " +
                                    device.info.isa + " with " +
                                    llvm::Twine(device.info.cu_count) +
                                    " SMs, not '" + description.name + "'");
  MmaTable fresh;
  fresh.chip = description.target;
  fresh.device = device.info.name;
  fresh.driver = nvidiaVersions(options);
  fresh.date = today();
  auto table = openTable(options, fresh);
  if (!table)
    return report(ExitUsage, llvm::toString(table.takeError()));
  size_t known = 0;
  auto problems = findProblems(options, state, description.engineClockMhz,
                               *table, known);
  if (!problems)
    return report(ExitUsage, llvm::toString(problems.takeError()));
  TileBench bench(options, description, device);
  if (llvm::Error error = bench.prepare(*problems))
    return report(ExitFailed, llvm::toString(std::move(error)));
  if (llvm::Error error = writeTable(options, *table))
    return report(ExitNotWritten, llvm::toString(std::move(error)));
  Tuner tuner(options, state, journal, description.cuCount, bench, *table);
  if (llvm::Error error = tuner.run(*problems)) {
    std::string message = llvm::toString(std::move(error));
    // Of a tile the journal has it, and another process goes on.
    return tuner.unwritten ? report(ExitNotWritten, message) : ExitFailed;
  }
  if (!options.quiet) {
    tuner.trouble.print();
    // One whose tiles all failed has no entry.
    auto isTuned = [&](const std::string &key) { return table->find(key); };
    size_t tuned = llvm::count_if(state.done, isTuned) +
                   llvm::count_if(tuner.finished, isTuned);
    llvm::errs() << options.output << ": " << tuned << " contractions tuned, "
                 << known << " known";
    if (size_t left = problems->size() - tuner.finished.size())
      llvm::errs() << ", " << left << " left";
    llvm::errs() << "\n";
  }
  return ExitOk;
}

/// The CU counts of `options` that are parts of the device; an error for what is
/// no mask of it.
static llvm::Error checkCuCounts(Options &options,
                                 const DeviceDescription &description) {
  int64_t granule = std::max<int64_t>(description.maskTopology().granule, 1);
  for (int64_t count : options.cuCounts)
    if (count > description.cuCount ||
        (count < description.cuCount && count % granule != 0))
      return refuse("--cus " + llvm::Twine(count) + ": device '" +
                    description.name + "' has " +
                    llvm::Twine(description.cuCount) + " SMs in groups of " +
                    llvm::Twine(granule));
  llvm::erase(options.cuCounts, description.cuCount);
  return llvm::Error::success();
}

int eclip::profiler::tune(const Options &given) {
  Options options = given;
  auto description = loadDeviceDescription(
      options.description.empty() ? "h100" : options.description);
  if (!description)
    return report(ExitUsage, llvm::toString(description.takeError()));
  if (llvm::Error error = checkCuCounts(options, *description))
    return report(ExitUsage, llvm::toString(std::move(error)));
  return supervise(options,
                   [&](const TuneState &state, const TuneReport &journal) {
                     return tuneHere(options, *description, state, journal);
                   });
}
