//===- Values.cpp - operand values worth trying ---------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Values.h"

#include <cmath>
#include <iterator>

namespace eclip::vgpu::test {

static const uint32_t words[] = {0, 1, 2, 3, 7, 8, 12, 15, 16, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 0x7fff, 0x8000,
                                 0xffff, 0x10000, 0x7fffff, 0x800000, 0xffffff, 0x1000000, 0x7fffffff, 0x80000000,
                                 0x80000001, 0xfffffffe, 0xffffffff, 0xffff8000, 0xc0d0e0f, 0x03020100, 0x0b0a0908};
/// Zeros, ones, infinities, quiet and signalling NaNs, denormals at both ends,
/// normals at both ends, ties, and the borders of integer conversions.
static const uint32_t singles[] = {
    0x00000000, 0x80000000, 0x3f800000, 0xbf800000, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00001, 0x7f800001,
    0xffbfffff, 0x00000001, 0x80000001, 0x007fffff, 0x807fffff, 0x00800000, 0x80800000, 0x7f7fffff, 0xff7fffff,
    0x3f000000, 0xbf000000, 0x3fc00000, 0x40200000, 0xc0200000, 0x4effffff, 0x4f000000, 0xcf000000, 0xcf000001,
    0x4f7fffff, 0x4f800000, 0x477fe000, 0x477ff000, 0x47800000, 0x33000000, 0x33800000, 0x387fc000, 0x3effffff,
    0x3f7fffff, 0x3f800001, 0x4b000001, 0x4affffff, 0x42fe0000, 0xc3160000, 0x43000000, 0xc2fc0000};
static const uint16_t halves[] = {0x0000, 0x8000, 0x3c00, 0xbc00, 0x7c00, 0xfc00, 0x7e00, 0xfe01, 0x7c01, 0xfdff,
                                  0x0001, 0x8001, 0x03ff, 0x83ff, 0x0400, 0x8400, 0x7bff, 0xfbff, 0x3800, 0xb800,
                                  0x3e00, 0x4100, 0x3bff, 0x3c01, 0x77ff, 0x7800, 0xf800, 0x6400, 0x67ff};
static const uint64_t doubles[] = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff0000000000000, 0x7ff0000000000000,
    0xfff0000000000000, 0x7ff8000000000000, 0x7ff0000000000001, 0x0000000000000001, 0x000fffffffffffff,
    0x8010000000000000, 0x0010000000000000, 0x7fefffffffffffff, 0x3fe0000000000000, 0x4004000000000000,
    0x41dfffffffc00000, 0x41e0000000000000, 0xc1e0000000000000, 0xc1e0000000200000, 0x41efffffffe00000,
    0x41f0000000000000, 0x36a0000000000000, 0x380fffffffffffff, 0x47efffffefffffff, 0x47efffffe0000000};

template <class T, size_t n> static T pick(const T (&list)[n], uint64_t r) { return list[r % n]; }

static uint64_t edge(Kind kind, uint64_t r) {
  switch (kind) {
  case Kind::F32:
    return pick(singles, r);
  case Kind::F64:
    return pick(doubles, r);
  case Kind::F16:
    return pick(halves, r) | (r >> 32 & 0xffff) << 16;
  case Kind::PairF16:
    return pick(halves, r) | static_cast<uint64_t>(pick(halves, r >> 20)) << 16;
  case Kind::B64:
    return pick(words, r) | static_cast<uint64_t>(pick(words, r >> 20)) << 32;
  default:
    return pick(words, r);
  }
}

/// A number of everyday size.
static uint64_t plain(Kind kind, uint64_t r) {
  double v = (static_cast<double>(static_cast<int64_t>(r)) * 0x1p-63) * std::ldexp(1.0, static_cast<int>(r % 23) - 6);
  switch (kind) {
  case Kind::F32:
    return bits(static_cast<float>(v));
  case Kind::F64:
    return bits(v);
  case Kind::F16:
    return toHalf(v) | (r & 0xffff0000);
  case Kind::PairF16:
    return toHalf(v) | toHalf(-v * 3) << 16;
  default:
    return r % 1000;
  }
}

uint64_t Values::draw(Kind kind) {
  uint64_t r = random(), how = random() % 8;
  uint64_t v = how < 3 ? edge(kind, r) : how < 5 ? r : plain(kind, r);
  return isWide(kind) ? v : v & 0xffffffff;
}

} // namespace eclip::vgpu::test
