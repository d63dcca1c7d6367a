//===- IntegerCompare.cpp - v_cmp and v_cmpx of integers ------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "runtime/vgpu/exec/lanes/Lanes.h"
#include "runtime/vgpu/exec/lanes/Tables.h"

namespace eclip::vgpu::ECLIP_LANES {

#define ECLIP_COMPARE(how, T, op, type, formula)                               \
  how<T, T>(s, "v_cmp_" op "_" type, "v_cmpx_" op "_" type,                    \
            [](typename T::Value a, typename T::Value b) -> bool { return formula; })
#define ECLIP_INTEGER_COMPARES(how, T, type)                                   \
  ECLIP_COMPARE(compare, T, "f", type, (void(a), void(b), false));             \
  ECLIP_COMPARE(how, T, "lt", type, a < b);                                    \
  ECLIP_COMPARE(how, T, "eq", type, a == b);                                   \
  ECLIP_COMPARE(how, T, "le", type, a <= b);                                   \
  ECLIP_COMPARE(how, T, "gt", type, a > b);                                    \
  ECLIP_COMPARE(how, T, "ne", type, a != b);                                   \
  ECLIP_COMPARE(how, T, "ge", type, a >= b);                                   \
  ECLIP_COMPARE(compare, T, "t", type, (void(a), void(b), true))

void addIntegerCompareOps(OpSink &s) {
  ECLIP_INTEGER_COMPARES(hotCompare, U32, "u32");
  ECLIP_INTEGER_COMPARES(hotCompare, I32, "i32");
  ECLIP_INTEGER_COMPARES(compare, U64, "u64");
  ECLIP_INTEGER_COMPARES(compare, I64, "i64");
  ECLIP_INTEGER_COMPARES(compare, U16, "u16");
  ECLIP_INTEGER_COMPARES(compare, I16, "i16");
}

} // namespace eclip::vgpu::ECLIP_LANES
