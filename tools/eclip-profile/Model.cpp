//===- Model.cpp - the kernels of a compiled model ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "tools/eclip-profile/Model.h"

#include "compiler/cost/KernelHash.h"
#include "runtime/schema/file_header.h"

#include "eclip/eclip.h"

#include "llvm/ADT/STLExtras.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/Path.h"
#include "llvm/Support/Program.h"

#include <cstring>

using namespace eclip;
using namespace eclip::profiler;

static llvm::Error refuse(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

/// Compiles to a temporary file, which the caller removes.
static llvm::Error compileModel(const Options &options, const char *argv0,
                                llvm::StringRef temporary) {
  static int anchor;
  std::string self = llvm::sys::fs::getMainExecutable(argv0, &anchor);
  llvm::SmallString<256> compiler(llvm::sys::path::parent_path(self));
  llvm::sys::path::append(compiler, "eclip-compile");
  llvm::SmallVector<llvm::StringRef> arguments{compiler, options.model, "-o",
                                               temporary, "--quiet",
                                               "--plans", "cus"};
  arguments.append(options.compileOptions.begin(),
                   options.compileOptions.end());
  std::string message;
  int status =
      llvm::sys::ExecuteAndWait(compiler, arguments,
                                /*Env=*/std::nullopt, {}, 0, 0, &message);
  if (status == 0)
    return llvm::Error::success();
  // The compiler has said what is wrong with the model.
  return refuse(options.model + ": cannot be compiled" +
                (message.empty() ? "" : ": " + message));
}

/// The launch that `packet` makes. Constants are the model's.
static KernelLaunch launchOf(const Model &model, const fb::Packet &packet) {
  const fb::Kernel &kernel = *model.schedule->kernels()->Get(packet.kernel());
  const fb::CodeObject &code =
      *model.schedule->code_objects()->Get(kernel.code_object());
  const fb::Dims &grid = *packet.grid(), &group = *kernel.workgroup();
  KernelLaunch launch;
  launch.name = kernel.name()->str();
  launch.symbol = kernel.symbol()->str();
  launch.isa = code.isa()->str();
  launch.image = {code.image()->data(), code.image()->size()};
  launch.ldsBytes = kernel.lds_bytes();
  launch.scratchBytes = kernel.scratch_bytes();
  launch.vgprs = kernel.vgprs();
  launch.sgprs = kernel.sgprs();
  launch.grid = {grid.x(), grid.y(), grid.z()};
  launch.workgroup = {group.x(), group.y(), group.z()};
  if (packet.arguments())
    for (const fb::Argument *argument : *packet.arguments())
      launch.buffers.push_back(
          {argument->bytes(), argument->access() == fb::Access::Write,
           argument->kind() == fb::BufferKind::Constant
               ? model.constants + argument->offset()
               : nullptr,
           /*rotates=*/false});
  return launch;
}

static llvm::Expected<std::string> hashOf(const KernelLaunch &launch) {
  LaunchGeometry geometry;
  llvm::copy(launch.grid, geometry.grid.begin());
  llvm::copy(launch.workgroup, geometry.workgroup.begin());
  llvm::StringRef symbol = launch.symbol;
  symbol.consume_back(".kd");
  return hashKernel(launch.image, symbol, geometry);
}

void eclip::profiler::addKernel(std::vector<ModelKernel> &kernels,
                                ModelKernel kernel) {
  auto known = llvm::find_if(kernels, [&](const ModelKernel &other) {
    return other.hash == kernel.hash;
  });
  if (known == kernels.end())
    kernels.push_back(std::move(kernel));
  else if (kernel.cuCounts.empty() || known->cuCounts.empty())
    known->cuCounts.clear();
  else
    known->cuCounts.insert(kernel.cuCounts.begin(), kernel.cuCounts.end());
}

/// Adds the kernels that a plan's queue launches, for `cuCounts`.
static llvm::Error addKernels(Model &model, llvm::StringRef path,
                              const fb::Queue &queue,
                              const std::set<int64_t> &cuCounts) {
  if (!queue.packets())
    return llvm::Error::success();
  for (const fb::Packet *packet : *queue.packets()) {
    if (packet->kind() != fb::PacketKind::Dispatch)
      continue;
    KernelLaunch launch = launchOf(model, *packet);
    auto hash = hashOf(launch);
    if (!hash)
      return refuse(path + ": kernel '" + launch.name +
                    "': " + llvm::toString(hash.takeError()));
    addKernel(model.kernels, {*hash, std::move(launch), cuCounts});
  }
  return llvm::Error::success();
}

/// The CU count that a plan of `eclip-compile --plans cus` is for.
static std::set<int64_t> countOf(const fb::Plan &plan) {
  llvm::StringRef name(plan.name()->c_str(), plan.name()->size());
  int64_t count;
  if (!name.consume_front("on ") || !name.consume_back(" CUs") ||
      name.getAsInteger(10, count))
    return {};
  return {count};
}

/// Of all plans: on other CU counts a plan may run other variants.
static llvm::Error findKernels(Model &model, llvm::StringRef path) {
  for (const fb::Plan *plan : *model.schedule->plans())
    for (const fb::Queue *queue : *plan->queues())
      if (llvm::Error error =
              addKernels(model, path, *queue, countOf(*plan)))
        return error;
  return llvm::Error::success();
}

static llvm::Expected<Model> readModel(llvm::StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false,
                                          /*RequiresNullTerminator=*/false);
  if (!file)
    return refuse(path + ": " + file.getError().message());
  Model model;
  model.file = std::move(*file);
  const char *data = model.file->getBufferStart();
  char text[1024] = "";
  eclip_error error = ECLIP_ERROR_INIT(text);
  if (eclip_schedule_verify(data, model.file->getBufferSize(), nullptr, &error))
    return refuse(path + ": " + text);
  eclip_file_header header;
  std::memcpy(&header, data, sizeof(header));
  model.schedule = fb::GetSchedule(data + header.payload_offset);
  model.constants =
      reinterpret_cast<const uint8_t *>(data + header.constants_offset);
  model.constantsBytes = header.constants_bytes;
  if (llvm::Error failure = findKernels(model, path))
    return failure;
  return model;
}

llvm::Expected<Model> eclip::profiler::loadModel(const Options &options,
                                                 const char *argv0) {
  if (!llvm::StringRef(options.model).ends_with(".onnx"))
    return readModel(options.model);
  llvm::SmallString<128> temporary;
  if (std::error_code error = llvm::sys::fs::createTemporaryFile(
          "eclip-profile", "eclip", temporary))
    return refuse("no temporary file: " + error.message());
  llvm::FileRemover remover(temporary);
  if (llvm::Error error = compileModel(options, argv0, temporary))
    return error;
  return readModel(temporary);
}
