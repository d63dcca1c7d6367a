//===- ReferenceShort.cpp - 16-bit integers and dot products, lane by lane ===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <algorithm>

namespace eclip::vgpu::test {

using U = uint64_t;
static U cut(int64_t v) { return static_cast<U>(v) & 0xffff; }
static U signedLimit(int64_t v) { return cut(std::clamp<int64_t>(v, -32768, 32767)); }
static U unsignedLimit(int64_t v) { return cut(std::clamp<int64_t>(v, 0, 65535)); }

/// Applies `op` to the low and the high halves.
template <class F> static U halves(Lane &x, F op) {
  Lane low = {u16(x.a), u16(x.b), u16(x.c), false, 0, false};
  Lane high = {u16(x.a >> 16), u16(x.b >> 16), u16(x.c >> 16), false, 0, false};
  return cut(static_cast<int64_t>(op(low))) | cut(static_cast<int64_t>(op(high))) << 16;
}

static void addSingle(std::vector<VectorCase> &c) {
  constexpr Kind S = Kind::B16, B = Kind::B32, N = Kind::None;
  c.push_back({"v_add_u16", S, {S, S, N}, [](Lane &x) { return cut(u16(x.a) + u16(x.b)); }, C_IntClamp,
               [](Lane &x) { return unsignedLimit(int64_t(u16(x.a)) + u16(x.b)); }});
  c.push_back({"v_sub_u16", S, {S, S, N}, [](Lane &x) { return cut(int64_t(u16(x.a)) - u16(x.b)); }, C_IntClamp,
               [](Lane &x) { return unsignedLimit(int64_t(u16(x.a)) - u16(x.b)); }});
  c.push_back({"v_subrev_u16", S, {S, S, N}, [](Lane &x) { return cut(int64_t(u16(x.b)) - u16(x.a)); }, C_IntClamp,
               [](Lane &x) { return unsignedLimit(int64_t(u16(x.b)) - u16(x.a)); }});
  c.push_back({"v_add_i16", S, {S, S, N}, [](Lane &x) { return cut(i16(x.a) + i16(x.b)); }, C_IntClamp | C_KeepHigh,
               [](Lane &x) { return signedLimit(i16(x.a) + i16(x.b)); }});
  c.push_back({"v_sub_i16", S, {S, S, N}, [](Lane &x) { return cut(i16(x.a) - i16(x.b)); }, C_IntClamp | C_KeepHigh,
               [](Lane &x) { return signedLimit(i16(x.a) - i16(x.b)); }});
  c.push_back({"v_mul_lo_u16", S, {S, S, N}, [](Lane &x) { return cut(int64_t(u16(x.a)) * u16(x.b)); }});
  auto mad = [](Lane &x) { return cut(int64_t(u16(x.a)) * u16(x.b) + u16(x.c)); };
  c.push_back({"v_mad_u16", S, {S, S, S}, mad, C_KeepHigh});
  c.push_back({"v_mad_i16", S, {S, S, S}, mad, C_KeepHigh}); // the low half is the same
  c.push_back({"v_mad_legacy_u16", S, {S, S, S}, mad});
  c.push_back({"v_mad_legacy_i16", S, {S, S, S}, mad});
  c.push_back({"v_mad_u32_u16", B, {S, S, B}, [](Lane &x) -> U { return U(u16(x.a)) * u16(x.b) + x.c; }});
  c.push_back({"v_mad_i32_i16", B, {S, S, B}, [](Lane &x) -> U { return static_cast<U>(int64_t(i16(x.a)) * i16(x.b)) + x.c; }});
  c.push_back({"v_lshlrev_b16", S, {S, S, N}, [](Lane &x) { return cut(int64_t(u16(x.b)) << (x.a % 16)); }});
  c.push_back({"v_lshrrev_b16", S, {S, S, N}, [](Lane &x) { return cut(u16(x.b) >> (x.a % 16)); }});
  c.push_back({"v_ashrrev_i16", S, {S, S, N}, [](Lane &x) { return cut(i16(x.b) >> (x.a % 16)); }});
}

static void addOrder(std::vector<VectorCase> &c) {
  constexpr Kind S = Kind::B16, N = Kind::None;
  c.push_back({"v_min_u16", S, {S, S, N}, [](Lane &x) { return cut(std::min(u16(x.a), u16(x.b))); }});
  c.push_back({"v_max_u16", S, {S, S, N}, [](Lane &x) { return cut(std::max(u16(x.a), u16(x.b))); }});
  c.push_back({"v_min_i16", S, {S, S, N}, [](Lane &x) { return cut(std::min(i16(x.a), i16(x.b))); }});
  c.push_back({"v_max_i16", S, {S, S, N}, [](Lane &x) { return cut(std::max(i16(x.a), i16(x.b))); }});
  c.push_back({"v_min3_u16", S, {S, S, S}, [](Lane &x) { return cut(std::min({u16(x.a), u16(x.b), u16(x.c)})); }, C_KeepHigh});
  c.push_back({"v_max3_u16", S, {S, S, S}, [](Lane &x) { return cut(std::max({u16(x.a), u16(x.b), u16(x.c)})); }, C_KeepHigh});
  c.push_back({"v_min3_i16", S, {S, S, S}, [](Lane &x) { return cut(std::min({i16(x.a), i16(x.b), i16(x.c)})); }, C_KeepHigh});
  c.push_back({"v_max3_i16", S, {S, S, S}, [](Lane &x) { return cut(std::max({i16(x.a), i16(x.b), i16(x.c)})); }, C_KeepHigh});
  c.push_back({"v_med3_u16", S, {S, S, S}, [](Lane &x) {
                 uint32_t v[3] = {u16(x.a), u16(x.b), u16(x.c)};
                 std::sort(v, v + 3);
                 return cut(v[1]);
               }, C_KeepHigh});
  c.push_back({"v_med3_i16", S, {S, S, S}, [](Lane &x) {
                 int32_t v[3] = {i16(x.a), i16(x.b), i16(x.c)};
                 std::sort(v, v + 3);
                 return cut(v[1]);
               }, C_KeepHigh});
}

#define HALVES(formula) [](Lane &pair) -> U { return halves(pair, [](Lane &x) { return formula; }); }

static void addPairs(std::vector<VectorCase> &c) {
  constexpr Kind P = Kind::PairB16, N = Kind::None;
  constexpr uint32_t clamp = C_Packed | C_IntClamp;
  c.push_back({"v_pk_add_u16", P, {P, P, N}, HALVES(x.a + x.b), clamp, HALVES(unsignedLimit(int64_t(x.a + x.b)))});
  c.push_back({"v_pk_sub_u16", P, {P, P, N}, HALVES(x.a - x.b), clamp, HALVES(unsignedLimit(int64_t(x.a - x.b)))});
  c.push_back({"v_pk_add_i16", P, {P, P, N}, HALVES(x.a + x.b), clamp, HALVES(signedLimit(i16(x.a) + i16(x.b)))});
  c.push_back({"v_pk_sub_i16", P, {P, P, N}, HALVES(x.a - x.b), clamp, HALVES(signedLimit(i16(x.a) - i16(x.b)))});
  c.push_back({"v_pk_mul_lo_u16", P, {P, P, N}, HALVES(x.a * x.b), C_Packed});
  c.push_back({"v_pk_mad_u16", P, {P, P, P}, HALVES(x.a * x.b + x.c), C_Packed});
  c.push_back({"v_pk_mad_i16", P, {P, P, P}, HALVES(x.a * x.b + x.c), C_Packed});
  c.push_back({"v_pk_lshlrev_b16", P, {P, P, N}, HALVES(x.b << (x.a % 16)), C_Packed});
  c.push_back({"v_pk_lshrrev_b16", P, {P, P, N}, HALVES(x.b >> (x.a % 16)), C_Packed});
  c.push_back({"v_pk_ashrrev_i16", P, {P, P, N}, HALVES(static_cast<U>(i16(x.b) >> (x.a % 16))), C_Packed});
  c.push_back({"v_pk_max_u16", P, {P, P, N}, HALVES(std::max(x.a, x.b)), C_Packed});
  c.push_back({"v_pk_min_u16", P, {P, P, N}, HALVES(std::min(x.a, x.b)), C_Packed});
  c.push_back({"v_pk_max_i16", P, {P, P, N}, HALVES(static_cast<U>(std::max(i16(x.a), i16(x.b)))), C_Packed});
  c.push_back({"v_pk_min_i16", P, {P, P, N}, HALVES(static_cast<U>(std::min(i16(x.a), i16(x.b)))), C_Packed});
}

template <unsigned width, bool isSigned> static int64_t exactDot(Lane &x) {
  int64_t sum = isSigned ? int64_t(i32(x.c)) : int64_t(u32(x.c));
  auto part = [](U v, unsigned k) {
    int64_t field = static_cast<int64_t>(v >> (width * k) & ((U(1) << width) - 1));
    return isSigned && field >> (width - 1) ? field - (int64_t(1) << width) : field;
  };
  for (unsigned k = 0; k < 32 / width; ++k)
    sum += part(x.a, k) * part(x.b, k);
  return sum;
}
template <unsigned width, bool isSigned> static void dot(std::vector<VectorCase> &c, const char *name) {
  Kind kind = width == 16 ? Kind::PairB16 : Kind::B32;
  c.push_back({name, Kind::B32, {kind, kind, Kind::B32},
               [](Lane &x) { return static_cast<U>(exactDot<width, isSigned>(x)); }, C_Packed | C_IntClamp, [](Lane &x) {
                 int64_t low = isSigned ? -0x80000000ll : 0, high = isSigned ? 0x7fffffffll : 0xffffffffll;
                 return static_cast<U>(std::clamp(exactDot<width, isSigned>(x), low, high));
               }});
}

void addShortCases(std::vector<VectorCase> &cases) {
  addSingle(cases);
  addOrder(cases);
  addPairs(cases);
  dot<16, true>(cases, "v_dot2_i32_i16");
  dot<16, false>(cases, "v_dot2_u32_u16");
  dot<8, true>(cases, "v_dot4_i32_i8");
  dot<8, false>(cases, "v_dot4_u32_u8");
  dot<4, true>(cases, "v_dot8_i32_i4");
  dot<4, false>(cases, "v_dot8_u32_u4");
}

} // namespace eclip::vgpu::test
