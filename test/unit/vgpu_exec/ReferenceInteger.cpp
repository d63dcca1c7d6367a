//===- ReferenceInteger.cpp - 32- and 64-bit integers, lane by lane -------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <algorithm>

namespace eclip::vgpu::test {

using U = uint64_t;
static int64_t s24(U v) { return static_cast<int64_t>((v & 0xffffff) ^ 0x800000) - 0x800000; }
static U u24(U v) { return v & 0xffffff; }
static U saturateSigned(__int128 v) { return static_cast<U>(std::clamp<__int128>(v, -0x80000000ll, 0x7fffffffll)); }
static U saturateUnsigned(__int128 v) { return static_cast<U>(std::clamp<__int128>(v, 0, 0xffffffffll)); }
static U byteAt(U v, unsigned k) { return v >> (8 * k) & 255; }
static U gap(U a, U b) { return a > b ? a - b : b - a; }

static U bitField(U v, unsigned offset, unsigned width) {
  U r = 0;
  for (unsigned k = 0; k < width && offset + k < 32; ++k)
    r |= (v >> (offset + k) & 1) << k;
  return r;
}
static U bitFieldSigned(Lane &x) {
  unsigned width = x.c & 31;
  U r = bitField(u32(x.a), x.b & 31, width);
  if (width && (r >> (width - 1) & 1))
    r |= ~U(0) << width;
  return r;
}
static U leadingZeros(U v) {
  for (unsigned k = 0; k < 32; ++k)
    if (v >> (31 - k) & 1)
      return k;
  return 0xffffffff;
}
static U permute(Lane &x) {
  U r = 0;
  uint64_t pool = static_cast<uint64_t>(u32(x.a)) << 32 | u32(x.b);
  for (unsigned k = 0; k < 4; ++k) {
    unsigned sel = static_cast<unsigned>(byteAt(x.c, k));
    U byte;
    if (sel < 8)
      byte = pool >> (8 * sel) & 255;
    else if (sel < 12) // the sign of bytes 1, 3, 5, 7
      byte = pool >> (16 * (sel - 8) + 15) & 1 ? 255 : 0;
    else
      byte = sel == 12 ? 0 : 255;
    r |= byte << (8 * k);
  }
  return r;
}

static void addArithmetic(std::vector<VectorCase> &c) {
  constexpr Kind B = Kind::B32, N = Kind::None;
  auto add = [](Lane &x) -> U { return x.a + x.b; };
  auto subtract = [](Lane &x) -> U { return x.a - x.b; };
  c.push_back({"v_add_u32", B, {B, B, N}, add, C_IntClamp,
               [](Lane &x) { return saturateUnsigned(static_cast<__int128>(u32(x.a)) + u32(x.b)); }});
  c.push_back({"v_sub_u32", B, {B, B, N}, subtract, C_IntClamp,
               [](Lane &x) { return saturateUnsigned(static_cast<__int128>(u32(x.a)) - u32(x.b)); }});
  c.push_back({"v_subrev_u32", B, {B, B, N}, [](Lane &x) -> U { return x.b - x.a; }, C_IntClamp,
               [](Lane &x) { return saturateUnsigned(static_cast<__int128>(u32(x.b)) - u32(x.a)); }});
  c.push_back({"v_add_i32", B, {B, B, N}, add, C_IntClamp,
               [](Lane &x) { return saturateSigned(static_cast<__int128>(i32(x.a)) + i32(x.b)); }});
  c.push_back({"v_sub_i32", B, {B, B, N}, subtract, C_IntClamp,
               [](Lane &x) { return saturateSigned(static_cast<__int128>(i32(x.a)) - i32(x.b)); }});
  c.push_back({"v_mul_lo_u32", B, {B, B, N}, [](Lane &x) -> U { return U(u32(x.a)) * u32(x.b); }});
  c.push_back({"v_mul_hi_u32", B, {B, B, N}, [](Lane &x) -> U { return U(u32(x.a)) * u32(x.b) >> 32; }});
  c.push_back({"v_mul_hi_i32", B, {B, B, N}, [](Lane &x) -> U {
                 return static_cast<U>(static_cast<int64_t>(i32(x.a)) * i32(x.b)) >> 32;
               }});
  c.push_back({"v_mul_u32_u24", B, {B, B, N}, [](Lane &x) -> U { return u24(x.a) * u24(x.b); }});
  c.push_back({"v_mul_i32_i24", B, {B, B, N}, [](Lane &x) -> U { return static_cast<U>(s24(x.a) * s24(x.b)); }});
  c.push_back({"v_mul_hi_u32_u24", B, {B, B, N}, [](Lane &x) -> U { return u24(x.a) * u24(x.b) >> 32; }});
  c.push_back({"v_mul_hi_i32_i24", B, {B, B, N}, [](Lane &x) -> U { return static_cast<U>(s24(x.a) * s24(x.b) >> 32); }});
  c.push_back({"v_mad_u32_u24", B, {B, B, B}, [](Lane &x) -> U { return u24(x.a) * u24(x.b) + x.c; }, C_IntClamp,
               [](Lane &x) { return saturateUnsigned(static_cast<__int128>(u24(x.a) * u24(x.b)) + u32(x.c)); }});
  c.push_back({"v_mad_i32_i24", B, {B, B, B}, [](Lane &x) -> U { return static_cast<U>(s24(x.a) * s24(x.b)) + x.c; },
               C_IntClamp, [](Lane &x) { return saturateSigned(static_cast<__int128>(s24(x.a) * s24(x.b)) + i32(x.c)); }});
}

static void addLogic(std::vector<VectorCase> &c) {
  constexpr Kind B = Kind::B32, N = Kind::None;
  c.push_back({"v_mov_b32", B, {B, N, N}, [](Lane &x) -> U { return x.a; }});
  c.push_back({"v_not_b32", B, {B, N, N}, [](Lane &x) -> U { return ~x.a; }});
  c.push_back({"v_and_b32", B, {B, B, N}, [](Lane &x) -> U { return x.a & x.b; }});
  c.push_back({"v_or_b32", B, {B, B, N}, [](Lane &x) -> U { return x.a | x.b; }});
  c.push_back({"v_xor_b32", B, {B, B, N}, [](Lane &x) -> U { return x.a ^ x.b; }});
  c.push_back({"v_xnor_b32", B, {B, B, N}, [](Lane &x) -> U { return ~(x.a ^ x.b); }});
  c.push_back({"v_lshlrev_b32", B, {B, B, N}, [](Lane &x) -> U { return x.b << (x.a % 32); }});
  c.push_back({"v_lshrrev_b32", B, {B, B, N}, [](Lane &x) -> U { return u32(x.b) >> (x.a % 32); }});
  c.push_back({"v_ashrrev_i32", B, {B, B, N}, [](Lane &x) -> U { return static_cast<U>(i32(x.b) >> (x.a % 32)); }});
  c.push_back({"v_add3_u32", B, {B, B, B}, [](Lane &x) -> U { return x.a + x.b + x.c; }});
  c.push_back({"v_lshl_add_u32", B, {B, B, B}, [](Lane &x) -> U { return (x.a << (x.b % 32)) + x.c; }});
  c.push_back({"v_add_lshl_u32", B, {B, B, B}, [](Lane &x) -> U { return (x.a + x.b) << (x.c % 32); }});
  c.push_back({"v_lshl_or_b32", B, {B, B, B}, [](Lane &x) -> U { return (x.a << (x.b % 32)) | x.c; }});
  c.push_back({"v_and_or_b32", B, {B, B, B}, [](Lane &x) -> U { return (x.a & x.b) | x.c; }});
  c.push_back({"v_or3_b32", B, {B, B, B}, [](Lane &x) -> U { return x.a | x.b | x.c; }});
  c.push_back({"v_xad_u32", B, {B, B, B}, [](Lane &x) -> U { return (x.a ^ x.b) + x.c; }});
  c.push_back({"v_bfe_u32", B, {B, B, B}, [](Lane &x) { return bitField(u32(x.a), x.b & 31, x.c & 31); }});
  c.push_back({"v_bfe_i32", B, {B, B, B}, bitFieldSigned});
  c.push_back({"v_bfi_b32", B, {B, B, B}, [](Lane &x) -> U { return (x.a & x.b) | (~x.a & x.c); }});
  c.push_back({"v_bfm_b32", B, {B, B, N}, [](Lane &x) -> U { return ((U(1) << (x.a % 32)) - 1) << (x.b % 32); }});
  c.push_back({"v_bfrev_b32", B, {B, N, N}, [](Lane &x) {
                 U r = 0;
                 for (unsigned k = 0; k < 32; ++k)
                   r |= (x.a >> k & 1) << (31 - k);
                 return r;
               }});
  c.push_back({"v_bcnt_u32_b32", B, {B, B, N}, [](Lane &x) {
                 U r = x.b;
                 for (unsigned k = 0; k < 32; ++k)
                   r += x.a >> k & 1;
                 return r;
               }});
  c.push_back({"v_ffbh_u32", B, {B, N, N}, [](Lane &x) { return leadingZeros(u32(x.a)); }});
  c.push_back({"v_ffbh_i32", B, {B, N, N}, [](Lane &x) { return leadingZeros(i32(x.a) < 0 ? ~u32(x.a) : u32(x.a)); }});
  c.push_back({"v_ffbl_b32", B, {B, N, N}, [](Lane &x) -> U {
                 for (unsigned k = 0; k < 32; ++k)
                   if (x.a >> k & 1)
                     return k;
                 return 0xffffffff;
               }});
  c.push_back({"v_alignbit_b32", B, {B, B, B}, [](Lane &x) -> U { return (U(u32(x.a)) << 32 | u32(x.b)) >> (x.c % 32); }});
  c.push_back({"v_alignbyte_b32", B, {B, B, B}, [](Lane &x) -> U { return (U(u32(x.a)) << 32 | u32(x.b)) >> 8 * (x.c % 4); }});
  c.push_back({"v_perm_b32", B, {B, B, B}, permute});
  c.push_back({"v_cndmask_b32", B, {B, B, N}, [](Lane &x) -> U { return x.carryIn ? x.b : x.a; }, C_CarryIn});
}

static void addOrder(std::vector<VectorCase> &c) {
  constexpr Kind B = Kind::B32, N = Kind::None;
  c.push_back({"v_min_u32", B, {B, B, N}, [](Lane &x) -> U { return std::min(u32(x.a), u32(x.b)); }});
  c.push_back({"v_max_u32", B, {B, B, N}, [](Lane &x) -> U { return std::max(u32(x.a), u32(x.b)); }});
  c.push_back({"v_min_i32", B, {B, B, N}, [](Lane &x) -> U { return u32(static_cast<U>(std::min(i32(x.a), i32(x.b)))); }});
  c.push_back({"v_max_i32", B, {B, B, N}, [](Lane &x) -> U { return u32(static_cast<U>(std::max(i32(x.a), i32(x.b)))); }});
  c.push_back({"v_min3_u32", B, {B, B, B}, [](Lane &x) -> U { return std::min({u32(x.a), u32(x.b), u32(x.c)}); }});
  c.push_back({"v_max3_u32", B, {B, B, B}, [](Lane &x) -> U { return std::max({u32(x.a), u32(x.b), u32(x.c)}); }});
  c.push_back({"v_min3_i32", B, {B, B, B}, [](Lane &x) -> U { return static_cast<U>(std::min({i32(x.a), i32(x.b), i32(x.c)})); }});
  c.push_back({"v_max3_i32", B, {B, B, B}, [](Lane &x) -> U { return static_cast<U>(std::max({i32(x.a), i32(x.b), i32(x.c)})); }});
  c.push_back({"v_med3_u32", B, {B, B, B}, [](Lane &x) -> U {
                 uint32_t v[3] = {u32(x.a), u32(x.b), u32(x.c)};
                 std::sort(v, v + 3);
                 return v[1];
               }});
  c.push_back({"v_med3_i32", B, {B, B, B}, [](Lane &x) -> U {
                 int32_t v[3] = {i32(x.a), i32(x.b), i32(x.c)};
                 std::sort(v, v + 3);
                 return static_cast<U>(v[1]);
               }});
}

static void addSums(std::vector<VectorCase> &c) {
  constexpr Kind B = Kind::B32;
  c.push_back({"v_sad_u8", B, {B, B, B}, [](Lane &x) {
                 U r = x.c;
                 for (unsigned k = 0; k < 4; ++k)
                   r += gap(byteAt(x.a, k), byteAt(x.b, k));
                 return r;
               }});
  c.push_back({"v_sad_hi_u8", B, {B, B, B}, [](Lane &x) {
                 U r = 0;
                 for (unsigned k = 0; k < 4; ++k)
                   r += gap(byteAt(x.a, k), byteAt(x.b, k));
                 return (r << 16) + x.c;
               }});
  c.push_back({"v_sad_u16", B, {B, B, B}, [](Lane &x) {
                 return x.c + gap(x.a & 0xffff, x.b & 0xffff) + gap(x.a >> 16 & 0xffff, x.b >> 16 & 0xffff);
               }});
  c.push_back({"v_sad_u32", B, {B, B, B}, [](Lane &x) { return x.c + gap(u32(x.a), u32(x.b)); }});
  c.push_back({"v_msad_u8", B, {B, B, B}, [](Lane &x) {
                 U r = x.c;
                 for (unsigned k = 0; k < 4; ++k)
                   if (byteAt(x.b, k) != 0)
                     r += gap(byteAt(x.a, k), byteAt(x.b, k));
                 return r;
               }});
  c.push_back({"v_lerp_u8", B, {B, B, B}, [](Lane &x) {
                 U r = 0;
                 for (unsigned k = 0; k < 4; ++k)
                   r += ((byteAt(x.a, k) + byteAt(x.b, k) + (byteAt(x.c, k) & 1)) / 2) << (8 * k);
                 return r;
               }});
}

/// a - b - borrow, with the borrow out.
static U subtractBorrow(Lane &x, U a, U b, bool borrow) {
  int64_t r = static_cast<int64_t>(u32(a)) - static_cast<int64_t>(u32(b)) - borrow;
  x.carry = r < 0;
  return static_cast<U>(r);
}
static U addCarry(Lane &x, bool carry) {
  U r = U(u32(x.a)) + u32(x.b) + carry;
  x.carry = r >> 32;
  return r;
}

static void addWide(std::vector<VectorCase> &c) {
  constexpr Kind B = Kind::B32, W = Kind::B64, N = Kind::None;
  c.push_back({"v_add_co_u32", B, {B, B, N}, [](Lane &x) { return addCarry(x, false); }, C_CarryOut});
  c.push_back({"v_sub_co_u32", B, {B, B, N}, [](Lane &x) { return subtractBorrow(x, x.a, x.b, false); }, C_CarryOut});
  c.push_back({"v_subrev_co_u32", B, {B, B, N}, [](Lane &x) { return subtractBorrow(x, x.b, x.a, false); }, C_CarryOut});
  constexpr uint32_t both = C_CarryOut | C_CarryIn;
  c.push_back({"v_addc_co_u32", B, {B, B, N}, [](Lane &x) { return addCarry(x, x.carryIn); }, both});
  c.push_back({"v_subb_co_u32", B, {B, B, N}, [](Lane &x) { return subtractBorrow(x, x.a, x.b, x.carryIn); }, both});
  c.push_back({"v_subbrev_co_u32", B, {B, B, N}, [](Lane &x) { return subtractBorrow(x, x.b, x.a, x.carryIn); }, both});
  c.push_back({"v_mad_u64_u32", W, {B, B, W}, [](Lane &x) {
                 U product = U(u32(x.a)) * u32(x.b), r = product + x.c;
                 x.carry = r < product;
                 return r;
               }, C_CarryOut});
  c.push_back({"v_mad_i64_i32", W, {B, B, W}, [](Lane &x) {
                 __int128 r = static_cast<__int128>(i32(x.a)) * i32(x.b) + i64(x.c);
                 x.carry = static_cast<U>(r >> 64) & 1;
                 return static_cast<U>(r);
               }, C_CarryOut});
  c.push_back({"v_lshlrev_b64", W, {B, W, N}, [](Lane &x) -> U { return x.b << (x.a % 64); }});
  c.push_back({"v_lshrrev_b64", W, {B, W, N}, [](Lane &x) -> U { return x.b >> (x.a % 64); }});
  c.push_back({"v_ashrrev_i64", W, {B, W, N}, [](Lane &x) -> U { return static_cast<U>(i64(x.b) >> (x.a % 64)); }});
  auto countBelow = [](Lane &x, unsigned first) {
    U r = x.b;
    for (unsigned k = 0; k < 32 && first + k < x.index; ++k)
      r += x.a >> k & 1;
    return r;
  };
  static auto count = countBelow;
  c.push_back({"v_mbcnt_lo_u32_b32", B, {B, B, N}, [](Lane &x) { return count(x, 0); }});
  c.push_back({"v_mbcnt_hi_u32_b32", B, {B, B, N}, [](Lane &x) { return count(x, 32); }});
}

void addIntegerCases(std::vector<VectorCase> &cases) {
  addArithmetic(cases);
  addLogic(cases);
  addOrder(cases);
  addSums(cases);
  addWide(cases);
}

} // namespace eclip::vgpu::test
