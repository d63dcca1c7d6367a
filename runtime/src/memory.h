//===- memory.h - memory from the caller's allocator ------------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_RUNTIME_MEMORY_H
#define ECLIP_RUNTIME_MEMORY_H

#include "runtime/src/error.h"

#include <new>
#include <stdlib.h>
#include <string.h>
#include <utility>

namespace eclip {

/// The caller's allocator, or malloc. A value, as cheap as four words.
class Memory {
public:
  Memory();
  /// Fails if one of the two functions is missing.
  static eclip_status create(const eclip_allocator *given, Memory *out,
                             Error &error);

  void *allocate(size_t bytes, size_t alignment) const {
    return allocator.allocate(allocator.context, bytes, alignment);
  }
  void release(void *pointer, size_t bytes) const {
    if (pointer)
      allocator.deallocate(allocator.context, pointer, bytes);
  }

  /// Constructs a T, or returns null. Ends with destroy().
  template <typename T, typename... Args> T *make(Args &&...args) const {
    void *place = allocate(sizeof(T), alignof(T));
    return place ? new (place) T(std::forward<Args>(args)...) : nullptr;
  }
  template <typename T> void destroy(T *object) const {
    if (!object)
      return;
    object->~T();
    release(object, sizeof(T));
  }

private:
  eclip_allocator allocator;
};

/// A run of T's whose number is fixed once, so that addresses stay. Owns them.
template <typename T> class Array {
public:
  Array() = default;
  Array(const Array &) = delete;
  Array &operator=(const Array &) = delete;
  Array(Array &&other) noexcept
      : memory(other.memory), items(other.items), count(other.count) {
    other.items = nullptr;
    other.count = 0;
  }
  ~Array() { clear(); }

  /// Value-initializes `n` items. Only on an empty array. False: no memory.
  [[nodiscard]] bool allocate(const Memory &from, size_t n,
                              size_t alignment = alignof(T)) {
    size_t bytes;
    if (n == 0)
      return true;
    if (__builtin_mul_overflow(n, sizeof(T), &bytes))
      return false;
    void *place = from.allocate(bytes, alignment);
    if (!place)
      return false;
    memory = from;
    items = static_cast<T *>(place);
    for (; count < n; ++count)
      new (items + count) T();
    return true;
  }
  void clear() {
    for (size_t i = 0; i < count; ++i)
      items[i].~T();
    memory.release(items, count * sizeof(T));
    items = nullptr;
    count = 0;
  }

  T &operator[](size_t i) { return items[i]; }
  const T &operator[](size_t i) const { return items[i]; }
  T *data() { return items; }
  const T *data() const { return items; }
  size_t size() const { return count; }
  T *begin() { return items; }
  T *end() { return items + count; }
  const T *begin() const { return items; }
  const T *end() const { return items + count; }

private:
  Memory memory;
  T *items = nullptr;
  size_t count = 0;
};

} // namespace eclip

#endif // ECLIP_RUNTIME_MEMORY_H
