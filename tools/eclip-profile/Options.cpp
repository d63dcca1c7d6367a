//===- Options.cpp - the command line of eclip-profile --------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Options.h"

#include "llvm/Support/CommandLine.h"
#include "llvm/Support/raw_ostream.h"

#include <cstdlib>

using namespace eclip::profiler;
namespace cl = llvm::cl;

namespace {
cl::OptionCategory category("eclip-profile options");
cl::opt<std::string> model(cl::Positional, cl::cat(category),
                           cl::desc("MODEL.eclip|MODEL.onnx"));
cl::opt<std::string> output("o", cl::cat(category),
                            cl::value_desc("PROFILE.json"),
                            cl::desc("Profile to write, or to go on with"));
cl::opt<std::string> device("device", cl::cat(category),
                            cl::value_desc("DRIVER"),
                            cl::desc("Driver: hsa (AMD GPU) or vgpu (virtual "
                                     "AMD GPU)"));
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
                      cl::desc("CU counts; default: all mask sizes"));
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
                         cl::desc("ROCm SMI library for the energy counter; "
                                  "default librocm_smi64.so.1"));
cl::opt<bool> noEnergy("no-energy", cl::cat(category),
                       cl::desc("Leave the energy counter alone"));
cl::opt<unsigned> energyWindow("energy-window-ms", cl::cat(category),
                               cl::init(300),
                               cl::desc("How long each point runs for its "
                                        "energy"));
cl::opt<double> timeout("timeout", cl::cat(category), cl::init(600),
                        cl::desc("Seconds that one launch may take"));
cl::list<std::string> compileOption("compile-option", cl::cat(category),
                                    cl::value_desc("OPTION"),
                                    cl::desc("Passed to eclip-compile, for a "
                                             "MODEL.onnx"));
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

/// What is wrong with the options; empty if nothing.
static std::string check() {
  if (model.empty())
    return "no model given; see --help";
  if (output.empty())
    return "no output given: -o PROFILE.json";
  if (device != "hsa" && device != "vgpu")
    return "--device must be hsa or vgpu" +
           (device.empty() ? std::string() : ", is '" + device + "'");
  if (hostTime && device != "vgpu")
    return "--vgpu-host-time needs --device vgpu";
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
          "Measures the kernels of a model on every CU count of a device.\n",
          &llvm::errs()))
    std::exit(ExitUsage);
  if (std::string message = check(); !message.empty())
    std::exit(report(ExitUsage, message));
  bool modelled = device == "vgpu" && !hostTime;
  Options options;
  options.model = model;
  options.output = output;
  options.driver = device;
  options.library = library;
  options.deviceIndex = deviceIndex;
  options.description = description;
  options.cuCounts.assign(cus.begin(), cus.end());
  options.repetitions = repetitions ? unsigned(repetitions) : modelled ? 1 : 50;
  options.warmups = warmups >= 0 ? int(warmups) : modelled ? 0 : 5;
  options.hostTime = hostTime;
  options.smiLibrary = smi;
  options.noEnergy = noEnergy;
  options.energyWindowMs = energyWindow;
  options.timeoutSeconds = timeout;
  options.compileOptions.assign(compileOption.begin(), compileOption.end());
  options.quiet = quiet;
  return options;
}
