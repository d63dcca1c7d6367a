//===- CopyEngine.h - asynchronous copies -----------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One thread, as one SDMA engine: takes any submitted copy whose signals are 0,
// so a copy that waits holds up no other.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_COPYENGINE_H
#define ECLIP_VGPU_HSA_COPYENGINE_H

#include "runtime/vgpu/hsa/Checker.h"
#include "runtime/vgpu/hsa/Hsa.h"

#include <list>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace eclip::vgpu {

class CopyEngine {
public:
  ~CopyEngine() { stop(); }
  void submit(void *destination, const void *source, size_t bytes,
              std::vector<hsa_signal_t> dependencies, hsa_signal_t completion);
  void stop();

private:
  struct Copy {
    void *destination;
    const void *source;
    size_t bytes;
    std::vector<hsa_signal_t> dependencies;
    hsa_signal_t completion;
    std::shared_ptr<CheckedEvent> event; ///< checking mode only
    bool failed = false; ///< a dependency did; then nothing is copied
  };
  void loop();
  bool ready(Copy &copy);
  void perform(Copy &copy);

  std::mutex mutex;
  std::list<Copy> pending;
  std::thread thread;
  bool stopping = false;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_COPYENGINE_H
