//===- ReferenceCompare.cpp - comparisons, lane by lane -------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "Reference.h"

#include <cmath>
#include <deque>
#include <string>

namespace eclip::vgpu::test {

/// Outcome of comparing two values: the predicates are sets of these.
enum Outcome : unsigned { less = 1, equal = 2, greater = 4, unordered = 8 };

template <class T> static unsigned outcome(T a, T b) {
  if (a < b)
    return less;
  if (a > b)
    return greater;
  return a == b ? equal : unordered;
}
template <unsigned accepted, class T, T (*view)(uint64_t)> static uint64_t test(Lane &x) {
  x.carry = (outcome<T>(view(x.a), view(x.b)) & accepted) != 0;
  return 0;
}

/// Names live as long as the program; a deque never moves them.
static const char *keep(const std::string &name) {
  static std::deque<std::string> names;
  names.push_back(name);
  return names.back().c_str();
}
static void both(std::vector<VectorCase> &c, const std::string &rest, Kind a, Kind b, Formula formula) {
  c.push_back({keep("v_cmp_" + rest), Kind::None, {a, b, Kind::None}, formula, C_Compare});
  c.push_back({keep("v_cmpx_" + rest), Kind::None, {a, b, Kind::None}, formula, C_Compare | C_CompareX});
}

template <class T, T (*view)(uint64_t)> static void floats(std::vector<VectorCase> &c, const char *type, Kind k) {
  auto add = [&](const char *predicate, Formula f) { both(c, std::string(predicate) + "_" + type, k, k, f); };
  add("f", test<0, T, view>);
  add("lt", test<less, T, view>);
  add("eq", test<equal, T, view>);
  add("le", test<less | equal, T, view>);
  add("gt", test<greater, T, view>);
  add("lg", test<less | greater, T, view>);
  add("ge", test<greater | equal, T, view>);
  add("o", test<less | equal | greater, T, view>);
  add("u", test<unordered, T, view>);
  add("nge", test<less | unordered, T, view>);
  add("nlg", test<equal | unordered, T, view>);
  add("ngt", test<less | equal | unordered, T, view>);
  add("nle", test<greater | unordered, T, view>);
  add("neq", test<less | greater | unordered, T, view>);
  add("nlt", test<greater | equal | unordered, T, view>);
  add("tru", test<15, T, view>);
}
template <class T, T (*view)(uint64_t)> static void integers(std::vector<VectorCase> &c, const char *type, Kind k) {
  auto add = [&](const char *predicate, Formula f) { both(c, std::string(predicate) + "_" + type, k, k, f); };
  add("f", test<0, T, view>);
  add("lt", test<less, T, view>);
  add("eq", test<equal, T, view>);
  add("le", test<less | equal, T, view>);
  add("gt", test<greater, T, view>);
  add("ne", test<less | greater, T, view>);
  add("ge", test<greater | equal, T, view>);
  add("t", test<15, T, view>);
}

static uint64_t same(uint64_t v) { return v; }

/// The class bit of a value: sNaN, qNaN, -inf, -normal, -denormal, -0, +0,
/// +denormal, +normal, +inf.
static unsigned classOf(double v, bool isQuiet, double smallestNormal) {
  bool sign = std::signbit(v);
  if (std::isnan(v))
    return isQuiet ? 1 : 0;
  if (std::isinf(v))
    return sign ? 2 : 9;
  if (v == 0)
    return sign ? 5 : 6;
  if (std::fabs(v) < smallestNormal)
    return sign ? 4 : 7;
  return sign ? 3 : 8;
}

void addCompareCases(std::vector<VectorCase> &c) {
  floats<float, f32>(c, "f32", Kind::F32);
  floats<double, f64>(c, "f64", Kind::F64);
  floats<double, halfValue>(c, "f16", Kind::F16);
  integers<uint32_t, u32>(c, "u32", Kind::B32);
  integers<int32_t, i32>(c, "i32", Kind::B32);
  integers<uint64_t, same>(c, "u64", Kind::B64);
  integers<int64_t, i64>(c, "i64", Kind::B64);
  integers<uint32_t, u16>(c, "u16", Kind::B16);
  integers<int32_t, i16>(c, "i16", Kind::B16);
  both(c, "class_f32", Kind::F32, Kind::B32, [](Lane &x) -> uint64_t {
    x.carry = x.b >> classOf(f32(x.a), x.a >> 22 & 1, 0x1p-126) & 1;
    return 0;
  });
  both(c, "class_f64", Kind::F64, Kind::B32, [](Lane &x) -> uint64_t {
    x.carry = x.b >> classOf(f64(x.a), x.a >> 51 & 1, 0x1p-1022) & 1;
    return 0;
  });
  both(c, "class_f16", Kind::F16, Kind::B32, [](Lane &x) -> uint64_t {
    x.carry = x.b >> classOf(halfValue(x.a), x.a >> 9 & 1, 0x1p-14) & 1;
    return 0;
  });
}

bool isNan(Kind kind, uint64_t b) {
  return kind == Kind::F32 ? std::isnan(f32(b)) : kind == Kind::F64 ? std::isnan(f64(b))
         : kind == Kind::F16 ? std::isnan(halfValue(b)) : false;
}

const std::vector<VectorCase> &vectorCases() {
  static const std::vector<VectorCase> all = [] {
    std::vector<VectorCase> c;
    addFloatCases(c);
    addDoubleCases(c);
    addHalfCases(c);
    addIntegerCases(c);
    addShortCases(c);
    addConvertCases(c);
    addCompareCases(c);
    return c;
  }();
  return all;
}

} // namespace eclip::vgpu::test
