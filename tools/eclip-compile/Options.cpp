//===- Options.cpp - what a run is asked for ------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-compile/Options.h"

#include "compiler/kernels/cache/KernelCache.h"
#include "compiler/schedule/Clustering.h"
#include "tools/eclip-compile/MixFile.h"

#include "llvm/ADT/StringSet.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/Path.h"

using namespace eclip;
namespace cl = llvm::cl;
namespace path = llvm::sys::path;

namespace {

cl::OptionCategory category("eclip-compile options");
cl::list<std::string> modelFlags(cl::Positional, cl::desc("MODEL.onnx..."),
                                 cl::cat(category));
cl::opt<std::string> mixFlag("mix", cl::value_desc("FILE.json"),
                             cl::desc("Models and goals of a mix, in place of "
                                      "MODEL.onnx..."),
                             cl::cat(category));
cl::opt<std::string> outputFlag("o", cl::value_desc("OUT.eclip|DIR"),
                                cl::desc("File to write, or for several models "
                                         "the folder; - is standard output for "
                                         "--emit"),
                                cl::cat(category));
cl::opt<std::string> targetFlag("target", cl::init("gfx906"), cl::value_desc("ISA"),
                                cl::desc("Machine code to generate: gfx906, sm_80 "
                                         "or sm_90"),
                                cl::cat(category));
cl::opt<std::string> deviceFlag("device", cl::value_desc("NAME|FILE"),
                                cl::desc("Device description: mi50, mi60, h100, or "
                                         "a JSON file (default mi50; h100 for sm_90)"),
                                cl::cat(category));
cl::opt<std::string> profileFlag("profile", cl::value_desc("FILE"),
                                 cl::desc("Measurements of eclip-profile, used in "
                                          "place of the cost model where they have "
                                          "a kernel"),
                                 cl::cat(category));
cl::opt<std::string> precisionFlag("precision", cl::init("f32"),
                                   cl::value_desc("f32|tf32|f16"),
                                   cl::desc("What f32 weights and activations are "
                                            "stored in; inputs and outputs keep "
                                            "their types and sums are accumulated "
                                            "in f32. tf32 stores f32 and rounds "
                                            "the factors of products to 10 bits, "
                                            "for tensor cores (default f32)"),
                                   cl::cat(category));
cl::opt<int64_t> batchFlag("batch", cl::init(0), cl::value_desc("N"),
                           cl::desc("Bind the leading dynamic dimension of the "
                                    "inputs"),
                           cl::cat(category));
cl::list<std::string> dimFlags("dim", cl::value_desc("NAME=N"),
                               cl::desc("Bind a dynamic dimension by its name"),
                               cl::cat(category));
cl::opt<std::string> emitFlag("emit", cl::value_desc("STAGE"),
                              cl::desc("Print a stage instead of writing a file: "
                                       "import, kernels, llvm, asm, plans, groups, "
                                       "schedule"),
                              cl::cat(category));
cl::list<std::string> explainFlags("explain",
                                   cl::value_desc("FILE|text|json|html"),
                                   cl::desc("Report what was decided and why: to a "
                                            ".txt, .json or .html file, or to "
                                            "standard output; may repeat"),
                                   cl::cat(category));
cl::opt<std::string> tilesFlag("tiles", cl::value_desc("FILE"),
                               cl::desc("Measured tiles of tensor cores, from "
                                        "eclip-profile --tune, ahead of those built "
                                        "in"),
                               cl::cat(category));
cl::opt<std::string> objectiveFlag("objective",
                                   cl::value_desc("latency|energy|edp|efficiency|"
                                                  "paper"),
                                   cl::desc("What the clustering minimizes (default "
                                            "energy)"),
                                   cl::cat(category));
cl::opt<int64_t> choiceFlag("choice", cl::init(0), cl::value_desc("N"),
                            cl::desc("Of a mix by objective efficiency, not the "
                                     "choice that simulation finds best (0) but "
                                     "another that is worth measuring"),
                            cl::cat(category));
cl::opt<int64_t> maxSwitchesFlag("max-switches", cl::init(14), cl::value_desc("N"),
                                 cl::desc("Limit on switches of CU count per "
                                          "request (default 14)"),
                                 cl::cat(category));
cl::opt<std::string> sloFlag("slo-ms", cl::value_desc("MS[,MS...]"),
                             cl::desc("Limit on the predicted time of a request, "
                                      "alone and beside the mix's other workers; "
                                      "one for all models or one for each"),
                             cl::cat(category));
cl::opt<double> floorFlag("throughput-floor", cl::value_desc("F"),
                          cl::desc("Least predicted throughput, 0 to 1, relative "
                                   "to all CUs and in a mix to each model alone"),
                          cl::cat(category));
cl::opt<std::string> plansFlag("plans", cl::init("all"), cl::value_desc("alone|all|cus"),
                               cl::desc("Plans to write: only for running alone, or "
                                        "also for 1 to 3 unknown neighbours "
                                        "(default all); cus, for eclip-profile: "
                                        "one for each CU count of the device"),
                               cl::cat(category));
cl::opt<std::string> cusFlag("cus", cl::value_desc("N[@near|far]"),
                             cl::desc("Put every kernel on N CUs, from that end of "
                                      "the device or the one that is free"),
                             cl::cat(category));
cl::opt<unsigned> priorityFlag("priority", cl::value_desc("N"),
                               cl::desc("With --cus: of its workgroups where they "
                                        "wait for CUs beside those of others, 0 "
                                        "(default) to 2"),
                               cl::cat(category));
cl::opt<std::string> cacheDirFlag("cache-dir", cl::value_desc("DIR"),
                                  cl::desc("Directory of the kernel cache (default "
                                           "$ECLIP_CACHE_DIR, else eclip in "
                                           "$XDG_CACHE_HOME or ~/.cache)"),
                                  cl::cat(category));
cl::opt<std::string> cacheSizeFlag("cache-size", cl::init("1G"), cl::value_desc("SIZE"),
                                   cl::desc("Size limit of the kernel cache in bytes, "
                                            "or with K, M or G (default 1G)"),
                                   cl::cat(category));
cl::opt<bool> noCacheFlag("no-cache", cl::desc("Compile every kernel and keep none"),
                          cl::cat(category));
cl::opt<bool> quietFlag("quiet", cl::desc("No progress and no summary"),
                        cl::cat(category));
cl::extrahelp exitCodes("\nExit codes: 0 compiled; 1 wrong usage; 2 a model, the "
                        "mix file or the device description cannot be compiled; 3 "
                        "the output cannot be written.\n");

constexpr llvm::StringLiteral kStages =
    "import, kernels, llvm, asm, plans, groups, schedule";

} // namespace

bool eclip::parseCommandLine(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter([](llvm::raw_ostream &os) {
    os << "eclip-compile " ECLIP_VERSION "\n";
  });
  return cl::ParseCommandLineOptions(
      argc, argv,
      "Compiles ONNX models ahead of time into schedules for one GPU, several "
      "jointly for running side by side.\n",
      &llvm::errs());
}

/// Reads --batch and --dim.
static std::string readDims(ImportOptions &options) {
  if (batchFlag.getNumOccurrences()) {
    if (batchFlag < 1)
      return "--batch must be at least 1, is " + std::to_string(batchFlag);
    options.batch = batchFlag;
  }
  for (const std::string &dim : dimFlags) {
    auto [name, value] = llvm::StringRef(dim).split('=');
    int64_t number;
    if (name.empty() || value.getAsInteger(10, number) || number < 1)
      return "--dim needs NAME=N with N at least 1, has '" + dim + "'";
    if (!options.dims.try_emplace(name, number).second)
      return "--dim binds '" + name.str() + "' twice";
  }
  return {};
}

/// Reads --cache-dir, --cache-size and --no-cache.
static std::string readCache(PipelineOptions &options) {
  llvm::StringRef digits = cacheSizeFlag;
  unsigned shift = digits.consume_back("K")   ? 10
                   : digits.consume_back("M") ? 20
                   : digits.consume_back("G") ? 30
                                              : 0;
  uint64_t number;
  if (digits.getAsInteger(10, number) || number == 0 || number > UINT64_MAX >> shift)
    return "--cache-size needs a size such as 512M, at least 1, has '" +
           std::string(cacheSizeFlag) + "'";
  if (noCacheFlag && cacheDirFlag.getNumOccurrences())
    return "--no-cache and --cache-dir exclude each other";
  if (cacheDirFlag.getNumOccurrences() && cacheDirFlag.empty())
    return "--cache-dir names no directory";
  options.cacheBytes = number << shift;
  if (!noCacheFlag)
    options.cacheDirectory =
        cacheDirFlag.empty() ? defaultCacheDirectory() : cacheDirFlag;
  return {};
}

/// Reads --plans and --cus: what is decided besides the objective.
static std::string readPlans(PipelineOptions &options) {
  if (plansFlag != "all" && plansFlag != "alone" && plansFlag != "cus")
    return "--plans '" + plansFlag + "' is not known; known: alone, all, cus";
  options.neighbours = plansFlag == "all" ? 3 : 0;
  options.eachCus = plansFlag == "cus";
  if (options.eachCus && !cusFlag.empty())
    return "--plans cus has a plan for each CU count, without --cus";
  if (priorityFlag > 2)
    return "--priority is 0 to 2, not " + std::to_string(priorityFlag);
  options.priority = priorityFlag;
  if (priorityFlag && cusFlag.empty())
    return "--priority needs --cus; a mix's are chosen by the compiler";
  if (cusFlag.empty())
    return {};
  auto [count, end] = llvm::StringRef(cusFlag).split('@');
  bool hasEnd = llvm::StringRef(cusFlag).contains('@');
  if (count.getAsInteger(10, options.cus) || options.cus < 1 ||
      (hasEnd && end != "near" && end != "far"))
    return "--cus needs N, N@near or N@far with N at least 1, has '" +
           std::string(cusFlag) + "'";
  options.end = hasEnd ? end.str() : "either";
  options.neighbours = 0; // the same CUs whoever is there
  return {};
}

/// Reads what all models share.
static std::string readShared(PipelineOptions &options) {
  options.target = targetFlag;
  options.device = deviceFlag;
  options.profile = profileFlag;
  options.precision = precisionFlag;
  options.tileFile = tilesFlag;
  options.objective = objectiveFlag;
  options.mixChoice = choiceFlag;
  options.maxSwitches = maxSwitchesFlag;
  options.throughputFloor = floorFlag;
  if (!llvm::is_contained({"gfx906", "sm_80", "sm_90"}, options.target))
    return "--target '" + options.target +
           "' is not known; known: gfx906, sm_80, sm_90";
  if (!llvm::is_contained({"f32", "tf32", "f16"}, options.precision))
    return "--precision '" + options.precision +
           "' is not known; known: f32, tf32, f16";
  if (!options.objective.empty() && !parseObjective(options.objective))
    return "--objective '" + options.objective +
           "' is not known; known: " + knownObjectives().str();
  if (choiceFlag < 0)
    return "--choice must not be negative";
  if (maxSwitchesFlag < 0)
    return "--max-switches must not be negative";
  if (floorFlag.getNumOccurrences() && !(floorFlag > 0 && floorFlag <= 1))
    return "--throughput-floor must be above 0 and at most 1";
  if (std::string message = readPlans(options); !message.empty())
    return message;
  return readCache(options);
}

/// Reads --slo-ms into the models, which are all there.
static std::string readTimeLimits(Options &options) {
  if (!sloFlag.getNumOccurrences())
    return {};
  llvm::SmallVector<llvm::StringRef> parts;
  llvm::StringRef(sloFlag).split(parts, ',');
  if (parts.size() != 1 && parts.size() != options.models.size())
    return "--slo-ms has " + std::to_string(parts.size()) + " limits for " +
           std::to_string(options.models.size()) + " models";
  for (size_t i = 0; i < options.models.size(); ++i) {
    llvm::StringRef part = parts[parts.size() == 1 ? 0 : i];
    double &limit = options.models[i].pipeline.sloMs;
    if (part.getAsDouble(limit) || !(limit > 0 && limit <= 1e9))
      return "--slo-ms needs milliseconds above 0, at most 1e9, has '" +
             part.str() + "'";
  }
  return {};
}

/// A field of the mix file that a flag says too.
static std::string saidTwice(const std::string &field, const char *flag) {
  return mixFlag + ": " + field + ": is given by " + flag + " too";
}

static std::string addMixModel(const MixFile::Model &from, const std::string &at,
                               ModelRequest &model) {
  model.path = from.path;
  if (from.name)
    model.name = *from.name;
  if (from.batch) {
    if (batchFlag.getNumOccurrences())
      return saidTwice(at + ".batch", "--batch");
    model.import.batch = *from.batch;
  }
  for (const auto &[name, size] : from.dims)
    if (!model.import.dims.try_emplace(name, size).second)
      return saidTwice(at + ".dims." + name, "--dim");
  if (from.precision) {
    if (precisionFlag.getNumOccurrences())
      return saidTwice(at + ".precision", "--precision");
    model.pipeline.precision = *from.precision;
  }
  if (from.maxSwitches) {
    if (maxSwitchesFlag.getNumOccurrences())
      return saidTwice(at + ".max_switches", "--max-switches");
    model.pipeline.maxSwitches = *from.maxSwitches;
  }
  if (from.sloMs) {
    if (sloFlag.getNumOccurrences())
      return saidTwice(at + ".slo_ms", "--slo-ms");
    model.pipeline.sloMs = *from.sloMs;
  }
  return {};
}

static std::string addMixFile(const ModelRequest &shared, Options &options) {
  auto file = readMixFile(mixFlag);
  if (!file)
    return llvm::toString(file.takeError());
  ModelRequest common = shared;
  PipelineOptions &pipeline = common.pipeline;
  if (file->device) {
    if (deviceFlag.getNumOccurrences())
      return saidTwice("device", "--device");
    llvm::SmallString<256> device(*file->device);
    if (device.ends_with(".json") && path::is_relative(device)) {
      device = path::parent_path(mixFlag);
      path::append(device, *file->device);
    }
    pipeline.device = std::string(device);
  }
  if (file->target) {
    if (targetFlag.getNumOccurrences())
      return saidTwice("target", "--target");
    pipeline.target = *file->target;
  }
  if (file->objective) {
    if (objectiveFlag.getNumOccurrences())
      return saidTwice("objective", "--objective");
    pipeline.objective = *file->objective;
  }
  if (file->throughputFloor) {
    if (floorFlag.getNumOccurrences())
      return saidTwice("throughput_floor", "--throughput-floor");
    pipeline.throughputFloor = *file->throughputFloor;
  }
  if (file->name)
    options.mixName = *file->name;
  llvm::StringMap<size_t> names;
  for (size_t i = 0; i < file->models.size(); ++i) {
    std::string at = "models[" + std::to_string(i) + "]";
    options.models.push_back(common);
    ModelRequest &model = options.models.back();
    if (std::string message = addMixModel(file->models[i], at, model);
        !message.empty())
      return message;
    if (model.name.empty())
      continue;
    auto [first, isNew] = names.try_emplace(model.name, i);
    if (!isNew)
      return mixFlag + ": " + at + ".name: '" + model.name +
             "' is the name of models[" + std::to_string(first->second) +
             "] too";
  }
  return {};
}

/// Names the workers that have no name after their models: NAME, NAME.2 ...
static void nameWorkers(Options &options) {
  llvm::StringSet<> taken;
  for (const ModelRequest &model : options.models)
    if (!model.name.empty())
      taken.insert(model.name);
  for (ModelRequest &model : options.models) {
    if (!model.name.empty())
      continue;
    std::string stem = path::stem(model.path).str();
    model.name = stem;
    for (int copy = 2; !taken.insert(model.name).second; ++copy)
      model.name = stem + "." + std::to_string(copy);
  }
  if (!options.mixName.empty())
    return;
  for (const ModelRequest &model : options.models)
    options.mixName += (options.mixName.empty() ? "" : "+") + model.name;
}

static std::string placeOutputs(Options &options) {
  std::string output = outputFlag;
  bool several = options.models.size() > 1 || mixFlag.getNumOccurrences();
  if (!emitFlag.empty()) {
    if (!explainFlags.empty())
      return "--explain reports a whole compile, --emit stops before";
    options.stage = stageByName(emitFlag);
    if (!options.stage)
      return "--emit '" + emitFlag + "' is no stage; stages: " + kStages.str();
    if (several)
      return "--emit prints one model";
    options.models.front().output = output.empty() ? "-" : output;
    return {};
  }
  if (output.empty())
    return several ? "no output given: -o DIR" : "no output given: -o OUT.eclip";
  if (!several && output.back() != '/' && !llvm::sys::fs::is_directory(output)) {
    options.models.front().output = output;
    return {};
  }
  if (several && llvm::StringRef(output).ends_with(".eclip") &&
      !llvm::sys::fs::is_directory(output))
    return "-o must name a folder for a mix, has '" + output + "'";
  options.directory = output;
  for (ModelRequest &model : options.models) {
    llvm::SmallString<256> file(output);
    path::append(file, model.name + ".eclip");
    model.output = std::string(file);
  }
  return {};
}

/// What holds of the models together, whichever of flags and file said it.
static std::string checkModels(Options &options) {
  for (ModelRequest &model : options.models) {
    PipelineOptions &pipeline = model.pipeline;
    pipeline.mixWorkers = options.models.size() > 1 ? options.models.size() : 0;
    if (pipeline.device.empty())
      pipeline.device = pipeline.target == "sm_90" ? "h100" : "mi50";
    if (pipeline.precision == "tf32" && pipeline.target == "gfx906")
      return "--precision tf32 needs tensor cores: --target sm_80 or sm_90";
    if (pipeline.objective == "paper" &&
        (pipeline.sloMs > 0 || pipeline.throughputFloor > 0))
      return "objective paper takes no time limit and no throughput floor: the "
             "published formula knows none";
  }
  if (choiceFlag.getNumOccurrences() &&
      (options.models.size() < 2 ||
       options.models.front().pipeline.objective !=
           objectiveName(Objective::Efficiency)))
    return "--choice is for several models with --objective efficiency";
  if (plansFlag == "cus" && options.models.size() > 1)
    return "--plans cus is for one model";
  if (!cusFlag.empty() && options.models.size() > 1)
    return "--cus is for one model; compile the workers of a partition one by one";
  if (!profileFlag.empty() && options.models.size() > 1)
    for (const ModelRequest &model : options.models)
      if (model.pipeline.precision != options.models[0].pipeline.precision)
        return "--profile is for models of one precision";
  return {};
}

std::string eclip::readOptions(Options &options) {
  options.quiet = quietFlag;
  ModelRequest shared;
  if (mixFlag.getNumOccurrences() && !modelFlags.empty())
    return "--mix and MODEL.onnx exclude each other";
  if (!mixFlag.getNumOccurrences() && modelFlags.empty())
    return "no model given; see --help";
  if (modelFlags.size() > kMaxModels)
    return std::to_string(modelFlags.size()) + " models given; a mix has at most " +
           std::to_string(kMaxModels);
  std::string message = readShared(shared.pipeline);
  if (message.empty())
    message = readDims(shared.import);
  if (message.empty() && mixFlag.getNumOccurrences())
    message = addMixFile(shared, options);
  for (const std::string &model : modelFlags) {
    options.models.push_back(shared);
    options.models.back().path = model;
  }
  if (message.empty())
    message = readReportRequests(explainFlags, options.reports);
  if (message.empty())
    message = readTimeLimits(options);
  if (message.empty())
    message = checkModels(options);
  if (!message.empty())
    return message;
  nameWorkers(options);
  return placeOutputs(options);
}
