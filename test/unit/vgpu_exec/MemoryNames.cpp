//===- MemoryNames.cpp - memory instructions and their meaning ------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "MemoryNames.h"

#include "Reference.h"

#include <algorithm>
#include <cmath>

namespace eclip::vgpu::test {

using Old = uint32_t;
static uint32_t whole(uint64_t m, Old) { return static_cast<uint32_t>(m); }
static uint32_t byte(uint64_t m, Old) { return m & 255; }
static uint32_t signedByte(uint64_t m, Old) { return static_cast<uint32_t>(static_cast<int32_t>(static_cast<int8_t>(m))); }
static uint32_t half(uint64_t m, Old) { return m & 0xffff; }
static uint32_t signedHalf(uint64_t m, Old) { return static_cast<uint32_t>(static_cast<int32_t>(static_cast<int16_t>(m))); }
template <uint32_t (*narrow)(uint64_t, Old)> static uint32_t intoLow(uint64_t m, Old old) {
  return (old & 0xffff0000) | (narrow(m, old) & 0xffff);
}
template <uint32_t (*narrow)(uint64_t, Old)> static uint32_t intoHigh(uint64_t m, Old old) {
  return (old & 0xffff) | narrow(m, old) << 16;
}
static uint32_t same(uint32_t v) { return v; }
static uint32_t upper(uint32_t v) { return v >> 16; }

const std::vector<MemoryKind> &ldsReads() {
  static const std::vector<MemoryKind> all = {
      {"b32", 4, 1, whole, nullptr},        {"b64", 8, 2, whole, nullptr},
      {"b96", 12, 3, whole, nullptr},       {"b128", 16, 4, whole, nullptr},
      {"u8", 1, 1, byte, nullptr},          {"i8", 1, 1, signedByte, nullptr},
      {"u16", 2, 1, half, nullptr},         {"i16", 2, 1, signedHalf, nullptr},
      {"u8_d16", 1, 1, intoLow<byte>, nullptr}, {"u8_d16_hi", 1, 1, intoHigh<byte>, nullptr},
      {"i8_d16", 1, 1, intoLow<signedByte>, nullptr}, {"i8_d16_hi", 1, 1, intoHigh<signedByte>, nullptr},
      {"u16_d16", 2, 1, intoLow<half>, nullptr}, {"u16_d16_hi", 2, 1, intoHigh<half>, nullptr},
  };
  return all;
}
const std::vector<MemoryKind> &ldsWrites() {
  static const std::vector<MemoryKind> all = {
      {"b8", 1, 1, nullptr, same},          {"b16", 2, 1, nullptr, same},        {"b32", 4, 1, nullptr, same},
      {"b64", 8, 2, nullptr, same},         {"b96", 12, 3, nullptr, same},       {"b128", 16, 4, nullptr, same},
      {"b8_d16_hi", 1, 1, nullptr, upper},  {"b16_d16_hi", 2, 1, nullptr, upper},
  };
  return all;
}
const std::vector<MemoryKind> &globalLoads() {
  static const std::vector<MemoryKind> all = {
      {"dword", 4, 1, whole, nullptr},      {"dwordx2", 8, 2, whole, nullptr},
      {"dwordx3", 12, 3, whole, nullptr},   {"dwordx4", 16, 4, whole, nullptr},
      {"ubyte", 1, 1, byte, nullptr},       {"sbyte", 1, 1, signedByte, nullptr},
      {"ushort", 2, 1, half, nullptr},      {"sshort", 2, 1, signedHalf, nullptr},
      {"ubyte_d16", 1, 1, intoLow<byte>, nullptr}, {"ubyte_d16_hi", 1, 1, intoHigh<byte>, nullptr},
      {"sbyte_d16", 1, 1, intoLow<signedByte>, nullptr}, {"sbyte_d16_hi", 1, 1, intoHigh<signedByte>, nullptr},
      {"short_d16", 2, 1, intoLow<half>, nullptr}, {"short_d16_hi", 2, 1, intoHigh<half>, nullptr},
  };
  return all;
}
const std::vector<MemoryKind> &globalStores() {
  static const std::vector<MemoryKind> all = {
      {"dword", 4, 1, nullptr, same},       {"dwordx2", 8, 2, nullptr, same},    {"dwordx3", 12, 3, nullptr, same},
      {"dwordx4", 16, 4, nullptr, same},    {"byte", 1, 1, nullptr, same},       {"short", 2, 1, nullptr, same},
      {"byte_d16_hi", 1, 1, nullptr, upper}, {"short_d16_hi", 2, 1, nullptr, upper},
  };
  return all;
}

// Atomics on words of 32 or 64 bits.
using U = uint64_t;
template <unsigned words> static U cut(U v) { return words == 1 ? v & 0xffffffff : v; }
template <unsigned words> static int64_t sign(U v) { return words == 1 ? static_cast<int32_t>(v) : static_cast<int64_t>(v); }
template <unsigned n> static U swap(U, U d, U) { return d; }
template <unsigned n> static U add(U m, U d, U) { return cut<n>(m + d); }
template <unsigned n> static U sub(U m, U d, U) { return cut<n>(m - d); }
template <unsigned n> static U rsub(U m, U d, U) { return cut<n>(d - m); }
template <unsigned n> static U both(U m, U d, U) { return m & d; }
template <unsigned n> static U either(U m, U d, U) { return m | d; }
template <unsigned n> static U differ(U m, U d, U) { return m ^ d; }
template <unsigned n> static U umin(U m, U d, U) { return std::min(m, d); }
template <unsigned n> static U umax(U m, U d, U) { return std::max(m, d); }
template <unsigned n> static U smin(U m, U d, U) { return sign<n>(m) < sign<n>(d) ? m : d; }
template <unsigned n> static U smax(U m, U d, U) { return sign<n>(m) > sign<n>(d) ? m : d; }
template <unsigned n> static U inc(U m, U d, U) { return m >= d ? 0 : m + 1; }
template <unsigned n> static U dec(U m, U d, U) { return m == 0 || m > d ? d : m - 1; }
template <unsigned n> static U compareLds(U m, U expected, U value) { return m == expected ? value : m; }
template <unsigned n> static U compareGlobal(U m, U value, U expected) { return m == expected ? value : m; }
template <unsigned n> static U maskOr(U m, U mask, U value) { return (m & ~mask) | value; }
static U floatAdd(U m, U d, U) { return bits(f32(m) + f32(d)); }
static U floatMin(U m, U d, U) { return std::isnan(f32(m)) ? d : std::isnan(f32(d)) || f32(m) < f32(d) ? m : d; }
static U floatMax(U m, U d, U) { return std::isnan(f32(m)) ? d : std::isnan(f32(d)) || f32(m) > f32(d) ? m : d; }

#define LDS_ATOMIC(op, t32, t64, f)                                                                              \
  all.push_back({"ds_" op "_" t32, 1, false, f<1>});                                                             \
  all.push_back({"ds_" op "_rtn_" t32, 1, false, f<1>});                                                         \
  all.push_back({"ds_" op "_" t64, 2, false, f<2>});                                                             \
  all.push_back({"ds_" op "_rtn_" t64, 2, false, f<2>})
#define LDS_PAIR(op, f)                                                                                          \
  all.push_back({"ds_" op "_b32", 1, true, f<1>});                                                               \
  all.push_back({"ds_" op "_rtn_b32", 1, true, f<1>});                                                           \
  all.push_back({"ds_" op "_b64", 2, true, f<2>});                                                               \
  all.push_back({"ds_" op "_rtn_b64", 2, true, f<2>})

const std::vector<AtomicKind> &ldsAtomics() {
  static const std::vector<AtomicKind> list = [] {
    std::vector<AtomicKind> all;
    LDS_ATOMIC("add", "u32", "u64", add);
    LDS_ATOMIC("sub", "u32", "u64", sub);
    LDS_ATOMIC("rsub", "u32", "u64", rsub);
    LDS_ATOMIC("inc", "u32", "u64", inc);
    LDS_ATOMIC("dec", "u32", "u64", dec);
    LDS_ATOMIC("min", "i32", "i64", smin);
    LDS_ATOMIC("max", "i32", "i64", smax);
    LDS_ATOMIC("min", "u32", "u64", umin);
    LDS_ATOMIC("max", "u32", "u64", umax);
    LDS_ATOMIC("and", "b32", "b64", both);
    LDS_ATOMIC("or", "b32", "b64", either);
    LDS_ATOMIC("xor", "b32", "b64", differ);
    all.push_back({"ds_wrxchg_rtn_b32", 1, false, swap<1>});
    all.push_back({"ds_wrxchg_rtn_b64", 2, false, swap<2>});
    LDS_PAIR("cmpst", compareLds);
    LDS_PAIR("mskor", maskOr);
    for (const char *form : {"f32", "rtn_f32"}) {
      all.push_back({std::string("ds_add_") + form, 1, false, floatAdd});
      all.push_back({std::string("ds_min_") + form, 1, false, floatMin});
      all.push_back({std::string("ds_max_") + form, 1, false, floatMax});
    }
    return all;
  }();
  return list;
}

#define GLOBAL_ATOMIC(op, f)                                                                                     \
  all.push_back({op, 1, false, f<1>});                                                                           \
  all.push_back({op "_x2", 2, false, f<2>})

const std::vector<AtomicKind> &globalAtomics() {
  static const std::vector<AtomicKind> list = [] {
    std::vector<AtomicKind> all;
    GLOBAL_ATOMIC("swap", swap);
    GLOBAL_ATOMIC("add", add);
    GLOBAL_ATOMIC("sub", sub);
    GLOBAL_ATOMIC("smin", smin);
    GLOBAL_ATOMIC("umin", umin);
    GLOBAL_ATOMIC("smax", smax);
    GLOBAL_ATOMIC("umax", umax);
    GLOBAL_ATOMIC("and", both);
    GLOBAL_ATOMIC("or", either);
    GLOBAL_ATOMIC("xor", differ);
    GLOBAL_ATOMIC("inc", inc);
    GLOBAL_ATOMIC("dec", dec);
    all.push_back({"cmpswap", 1, true, compareGlobal<1>});
    all.push_back({"cmpswap_x2", 2, true, compareGlobal<2>});
    return all;
  }();
  return list;
}

std::string rowsText(unsigned first, unsigned words) {
  if (words == 1)
    return "v" + std::to_string(first);
  return "v[" + std::to_string(first) + ":" + std::to_string(first + words - 1) + "]";
}

std::set<std::string> testedMemoryNames() {
  std::set<std::string> names = {
      "ds_read2_b32",  "ds_read2_b64",  "ds_read2st64_b32",  "ds_read2st64_b64",  "ds_write2_b32",
      "ds_write2_b64", "ds_write2st64_b32", "ds_write2st64_b64", "ds_permute_b32", "ds_bpermute_b32",
      "ds_swizzle_b32", "ds_nop", "buffer_wbinvl1", "buffer_wbinvl1_vol"};
  for (const MemoryKind &k : ldsReads())
    names.insert(std::string("ds_read_") + k.suffix);
  for (const MemoryKind &k : ldsWrites())
    names.insert(std::string("ds_write_") + k.suffix);
  for (const AtomicKind &k : ldsAtomics())
    names.insert(k.name);
  for (const char *space : {"global", "flat", "scratch", "buffer"}) {
    for (const MemoryKind &k : globalLoads())
      names.insert(std::string(space) + "_load_" + k.suffix);
    for (const MemoryKind &k : globalStores())
      names.insert(std::string(space) + "_store_" + k.suffix);
    if (std::string(space) != "scratch")
      for (const AtomicKind &k : globalAtomics())
        names.insert(std::string(space) + "_atomic_" + k.name);
  }
  for (const char *space : {"s_load_dword", "s_buffer_load_dword"})
    for (const char *count : {"", "x2", "x4", "x8", "x16"})
      names.insert(std::string(space) + count);
  return names;
}

} // namespace eclip::vgpu::test
