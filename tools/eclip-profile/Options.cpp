//===- Options.cpp - the command line of eclip-profile --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Options.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>
#include <thread>

using namespace eclip::profiler;
namespace cl = llvm::cl;

namespace {
cl::OptionCategory category("eclip-profile options");
cl::list<std::string> models(cl::Positional, cl::cat(category),
                             cl::desc("MODEL..."));
cl::opt<std::string> output("o", cl::cat(category),
                            cl::value_desc("PROFILE.json"),
                            cl::desc("Profile to write, or to go on with"));
cl::opt<std::string> device("device", cl::cat(category),
                            cl::value_desc("DRIVER"),
                            cl::desc("Driver: hsa (AMD GPU), cuda (NVIDIA "
                                     "GPU) or vgpu (virtual AMD GPU)"));
cl::opt<std::string> library("device-library", cl::cat(category),
                             cl::value_desc("FILE"),
                             cl::desc("The driver's shared library instead of "
                                      "its default"));
cl::opt<unsigned> deviceIndex("device-index", cl::cat(category), cl::init(0),
                              cl::desc("Which GPU, from 0"));
cl::opt<std::string>
    description("description", cl::cat(category), cl::value_desc("NAME|FILE"),
                cl::desc("Device description, for the virtual GPU's clock; "
                         "default: the one that the model is compiled for"));
cl::list<int64_t> cus("cus", cl::cat(category), cl::CommaSeparated,
                      cl::value_desc("N,N..."),
                      cl::desc("CU counts; default: all mask sizes. --tune: "
                               "parts of the device to choose tiles for, "
                               "besides all of it"));
cl::opt<unsigned> repetitions("repetitions", cl::cat(category), cl::init(0),
                              cl::desc("Measurements of each point; default "
                                       "50, on the virtual GPU 1"));
cl::opt<int> warmups("warmups", cl::cat(category), cl::init(-1),
                     cl::desc("Launches before them; default 5, on the virtual "
                              "GPU 0"));
cl::opt<bool> hostTime("vgpu-host-time", cl::cat(category),
                       cl::desc("Virtual GPU only: how long the simulation "
                                "took, instead of modelled time"));
cl::opt<std::string> smi("smi-library", cl::cat(category),
                         cl::value_desc("FILE"),
                         cl::desc("Library that tells energy: ROCm SMI (default "
                                  "librocm_smi64.so.1) or NVML (default "
                                  "libnvidia-ml.so.1)"));
cl::opt<bool> energyCounter("energy", cl::cat(category),
                            cl::desc("cuda: NVML's energy counter, in windows "
                                     "of a second or more, instead of power "
                                     "readings"));
cl::opt<bool> noEnergy("no-energy", cl::cat(category),
                       cl::desc("Measure no energy"));
cl::opt<unsigned> energyWindow("energy-window-ms", cl::cat(category),
                               cl::init(300),
                               cl::desc("How long each point runs for its "
                                        "energy (default 300; 1000 with "
                                        "--energy)"));
cl::opt<double> timeout("timeout", cl::cat(category), cl::init(600),
                        cl::desc("Seconds that one launch may take (default "
                                 "600; with --tune 10)"));
cl::list<std::string> compileOption("compile-option", cl::cat(category),
                                    cl::value_desc("OPTION"),
                                    cl::desc("Passed to eclip-compile, for a "
                                             "MODEL.onnx"));
cl::opt<bool> tune("tune", cl::cat(category),
                   cl::desc("Measure tiles of tensor cores for the "
                            "contractions of the models (.onnx, or the IR of "
                            "eclip-compile --emit kernels as .mlir), and "
                            "write their table"));
cl::opt<std::string> base("base", cl::cat(category), cl::value_desc("TABLE"),
                          cl::desc("--tune: begin with these tiles"));
cl::list<int64_t> batches("batch", cl::cat(category), cl::CommaSeparated,
                          cl::value_desc("N,N..."),
                          cl::desc("--tune: batch sizes of the models"));
cl::list<std::string> dims("dim", cl::cat(category), cl::value_desc("NAME=N"),
                           cl::desc("--tune: bind a dynamic dimension"));
cl::list<std::string>
    precisions("precision", cl::cat(category), cl::CommaSeparated,
               cl::value_desc("NAME,NAME..."),
               cl::desc("--tune: precisions of the models (default f16)"));
cl::opt<bool> again("again", cl::cat(category),
                    cl::desc("--tune: contractions that the table has, too"));
cl::opt<double> budget("budget-seconds", cl::cat(category), cl::init(0),
                       cl::value_desc("S"),
                       cl::desc("--tune: begin with no contraction after so "
                                "long; those that take the most time come "
                                "first"));
cl::opt<unsigned> candidates("candidates", cl::cat(category), cl::init(12),
                             cl::desc("--tune: tiles measured for each "
                                      "contraction and CU count, the most "
                                      "promising by estimate (default 12)"));
cl::list<std::string> excluded("exclude-tile", cl::cat(category),
                               cl::value_desc("TEXT"),
                               cl::desc("--tune: leave out tiles whose name "
                                        "has this text"));
cl::opt<unsigned> jobs("jobs", cl::cat(category), cl::init(0),
                       cl::desc("--tune: threads that compile (default: one "
                                "for each core)"));
cl::opt<bool> quiet("quiet", cl::cat(category), cl::desc("No progress"));
cl::extrahelp
    footer("\nA point of a kernel that the profile already has, from the same "
           "device, is not\nmeasured again; the file is replaced as a whole "
           "after each kernel.\n\nExit codes: 0 the profile has every kernel; "
           "1 wrong usage, or a file that cannot\nbe used; 2 no such device, "
           "or the model is for another one; 3 a launch failed;\n4 the "
           "profile cannot be written.\n");
} // namespace

int eclip::profiler::report(ExitCode code, const llvm::Twine &message) {
  std::string line = message.str();
  for (char &c : line)
    if (static_cast<unsigned char>(c) < 0x20)
      c = ' ';
  llvm::errs() << "eclip-profile: error: " << line << "\n";
  return code;
}

/// What is wrong with the options of --tune; empty if nothing.
static std::string checkTune() {
  if (device != "cuda" && !device.empty())
    return "--tune needs --device cuda, is '" + device + "'";
  for (const std::string &name : models)
    if (!llvm::StringRef(name).ends_with(".onnx") &&
        !llvm::StringRef(name).ends_with(".mlir"))
      return "--tune needs .onnx or .mlir files, has '" + name + "'";
  for (int64_t batch : batches)
    if (batch < 1)
      return "--batch must be at least 1, has " + std::to_string(batch);
  for (const std::string &dim : dims) {
    auto [name, value] = llvm::StringRef(dim).split('=');
    int64_t number;
    if (name.empty() || value.getAsInteger(10, number) || number < 1)
      return "--dim needs NAME=N with N at least 1, has '" + dim + "'";
  }
  for (int64_t count : cus)
    if (count < 1)
      return "--cus must be at least 1, has " + std::to_string(count);
  if (candidates < 1 || jobs > 1024 || repetitions > 1000)
    return "--candidates, --jobs or --repetitions is out of range";
  if (!(budget >= 0 && budget <= 1e6))
    return "--budget-seconds must be 0 to 1000000";
  if (!(timeout > 0 && timeout <= 1e6))
    return "--timeout must be above 0 and at most 1000000";
  return {};
}

/// What is wrong with the options; empty if nothing.
static std::string check() {
  if (models.empty())
    return "no model given; see --help";
  if (output.empty())
    return "no output given: -o PROFILE.json";
  if (tune)
    return checkTune();
  if (again || budget != 0)
    return "--again and --budget-seconds are for --tune alone";
  if (device != "hsa" && device != "vgpu" && device != "cuda")
    return "--device must be hsa, cuda or vgpu" +
           (device.empty() ? std::string() : ", is '" + device + "'");
  if (hostTime && device != "vgpu")
    return "--vgpu-host-time needs --device vgpu";
  if (energyCounter && (device != "cuda" || noEnergy))
    return "--energy needs --device cuda, and not --no-energy";
  if (energyCounter && energyWindow.getNumOccurrences() && energyWindow < 1000)
    return "--energy-window-ms must be at least 1000 with --energy: the "
           "counter moves every 100 ms";
  for (int64_t count : cus)
    if (count < 1)
      return "--cus must be at least 1, has " + std::to_string(count);
  if (!(timeout > 0 && timeout <= 1e6))
    return "--timeout must be above 0 and at most 1000000";
  if (repetitions > 1000000 || warmups > 1000000 || energyWindow > 60000)
    return "--repetitions, --warmups or --energy-window-ms is too large";
  return {};
}

Options eclip::profiler::parseOptions(int argc, char **argv) {
  cl::HideUnrelatedOptions(category);
  cl::SetVersionPrinter(
      [](llvm::raw_ostream &os) { os << "eclip-profile " ECLIP_VERSION "\n"; });
  if (!cl::ParseCommandLineOptions(
          argc, argv,
          "Measures the kernels of models (.eclip or .onnx) on every CU count "
          "of a device,\nor with --tune the tiles of its contractions.\n",
          &llvm::errs()))
    std::exit(ExitUsage);
  if (std::string message = check(); !message.empty())
    std::exit(report(ExitUsage, message));
  bool modelled = device == "vgpu" && !hostTime;
  Options options;
  options.model = models.front();
  options.tune = tune;
  options.models.assign(models.begin(), models.end());
  options.precisions.assign(precisions.begin(), precisions.end());
  if (options.precisions.empty())
    options.precisions = {"f16"};
  options.batches.assign(batches.begin(), batches.end());
  if (options.batches.empty())
    options.batches = {0};
  for (const std::string &dim : dims) {
    auto [name, value] = llvm::StringRef(dim).split('=');
    options.dims.emplace_back(name, std::stoll(value.str()));
  }
  options.excludedTiles.assign(excluded.begin(), excluded.end());
  options.baseTable = base;
  options.again = again;
  options.budgetSeconds = budget;
  options.candidates = candidates;
  options.jobs = jobs ? unsigned(jobs) : std::thread::hardware_concurrency();
  options.output = output;
  options.device.driver = tune ? std::string("cuda") : std::string(device);
  options.device.library = library;
  options.device.index = deviceIndex;
  options.description = description;
  options.cuCounts.assign(cus.begin(), cus.end());
  if (tune) {
    llvm::sort(options.cuCounts);
    options.cuCounts.erase(llvm::unique(options.cuCounts),
                           options.cuCounts.end());
  }
  // On NVIDIA GPUs each is a sequence of launches.
  options.repetitions = repetitions        ? unsigned(repetitions)
                        : tune             ? 5
                        : modelled         ? 1
                        : device == "cuda" ? 20
                                           : 50;
  options.warmups = warmups >= 0 ? int(warmups) : modelled ? 0 : tune ? 1 : 5;
  options.hostTime = hostTime;
  options.smiLibrary = smi;
  options.noEnergy = noEnergy;
  options.energyCounter = energyCounter;
  options.energyWindowMs =
      energyCounter && !energyWindow.getNumOccurrences() ? 1000 : energyWindow;
  options.timeoutSeconds = tune && !timeout.getNumOccurrences() ? 10 : timeout;
  options.compileOptions.assign(compileOption.begin(), compileOption.end());
  options.quiet = quiet;
  return options;
}
