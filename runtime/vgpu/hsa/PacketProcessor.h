//===- PacketProcessor.h - AQL packets --------------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// One thread serves all queues, as the command processor of the hardware does.
// It goes round the queues and launches of each what can be launched:
//
//   barrier bit   waits until all earlier packets of the queue have completed;
//   dispatch      handed to the workers; without barrier bit, the next packet
//                 may launch at once;
//   barrier-AND   completes when each of its signals is 0; nothing behind it in
//                 its queue launches before that;
//   barrier-OR    the same with any of its signals.
//
// A signal whose packet failed never becomes 0; a barrier that waits for it
// fails its own queue, so an error reaches everything that depends on it.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_VGPU_HSA_PACKETPROCESSOR_H
#define ECLIP_VGPU_HSA_PACKETPROCESSOR_H

#include "runtime/vgpu/hsa/Dispatcher.h"
#include "runtime/vgpu/hsa/Queue.h"

#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace eclip::vgpu {

class PacketProcessor {
public:
  ~PacketProcessor() { stop(); }

  void addQueue(std::shared_ptr<Queue> queue);
  /// Launches no more packets of the queue, stops its dispatches and waits for
  /// them: afterwards none of its kernels touches memory.
  void halt(Queue &queue);
  /// Halts the queue and forgets it.
  void removeQueue(const std::shared_ptr<Queue> &queue);
  void stop();

  /// For the dispatcher: what happens when a dispatch has ended.
  static void dispatchEnded(Dispatch &dispatch);

private:
  enum class Step {
    Advanced, ///< a packet was launched or completed
    Idle,     ///< nothing announced, or a completion will wake us
    Poll      ///< waits for memory that can change behind our back
  };
  void loop();
  Step step(Queue &queue);
  Step barrier(Queue &queue, uint64_t id, char *slot, bool isOr);
  void dispatch(Queue &queue, uint64_t id, char *slot);
  void drainFailed(Queue &queue);
  bool retire(Queue &queue);

  std::mutex mutex;
  std::vector<std::shared_ptr<Queue>> queues;
  std::thread thread;
  bool stopping = false;
  /// Held by the loop while it looks at a queue, so that removeQueue can wait.
  std::mutex passMutex;
};

} // namespace eclip::vgpu

#endif // ECLIP_VGPU_HSA_PACKETPROCESSOR_H
