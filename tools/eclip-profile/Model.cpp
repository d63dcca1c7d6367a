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

#include "llvm/ADT/StringSet.h"
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
                                               temporary, "--quiet"};
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

static llvm::Error findKernels(Model &model, llvm::StringRef path) {
  llvm::StringSet<> seen;
  for (const fb::Queue *queue : *model.schedule->queues()) {
    if (!queue->packets())
      continue;
    for (const fb::Packet *packet : *queue->packets()) {
      if (packet->kind() != fb::PacketKind::Dispatch)
        continue;
      const fb::Kernel *kernel =
          model.schedule->kernels()->Get(packet->kernel());
      const auto *image =
          model.schedule->code_objects()->Get(kernel->code_object())->image();
      const fb::Dims *grid = packet->grid(), *group = kernel->workgroup();
      llvm::StringRef symbol(kernel->symbol()->c_str());
      symbol.consume_back(".kd");
      auto hash = hashKernel({image->data(), image->size()}, symbol,
                             {{grid->x(), grid->y(), grid->z()},
                              {group->x(), group->y(), group->z()}});
      if (!hash)
        return refuse(path + ": kernel '" + kernel->name()->str() +
                      "': " + llvm::toString(hash.takeError()));
      if (seen.insert(*hash).second)
        model.kernels.push_back({*hash, kernel, packet});
    }
  }
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
