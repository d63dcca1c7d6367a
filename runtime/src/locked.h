//===- locked.h - holds a mutex for a scope ---------------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_LOCKED_H
#define ECLIP_RUNTIME_LOCKED_H

#include <pthread.h>

namespace eclip {

/// Holds a mutex for a scope. Not std::lock_guard: the library uses nothing of
/// libstdc++ that would have to be there at run time.
class Locked {
public:
  explicit Locked(pthread_mutex_t &mutex) : mutex(mutex) {
    pthread_mutex_lock(&mutex);
  }
  ~Locked() { pthread_mutex_unlock(&mutex); }
  Locked(const Locked &) = delete;
  Locked &operator=(const Locked &) = delete;

private:
  pthread_mutex_t &mutex;
};

} // namespace eclip

#endif // ECLIP_RUNTIME_LOCKED_H
