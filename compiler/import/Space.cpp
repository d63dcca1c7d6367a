//===- Space.cpp - DepthToSpace and SpaceToDepth ------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"

#include "mlir/Dialect/Linalg/IR/Linalg.h"

using namespace mlir;

namespace eclip::frontend {

/// Reshapes to six dimensions, permutes them, reshapes back.
static LogicalResult rearrange(NodeEmitter &e, ArrayRef<int64_t> split, ArrayRef<int64_t> permutation,
                               ArrayRef<int64_t> result) {
  if (failed(e.checkShape(result, e.type(0))))
    return failure();
  Value value = e.reshape(e.value(0), split);
  Shape permuted;
  for (int64_t d : permutation)
    permuted.push_back(split[d]);
  Value init = e.emptyTensor(permuted, e.elementType(e.type(0)));
  value = linalg::TransposeOp::create(e.b, e.loc, value, init, permutation).getResult()[0];
  return e.setResult(0, e.reshape(value, result), e.type(0));
}

static FailureOr<int64_t> blockSize(NodeEmitter &e) {
  if (e.rank(0) != 4)
    return e.error("input 0 needs rank 4, it has shape " + shapeText(e.shape(0)));
  int64_t size = e.intAttr("blocksize", 0);
  if (size < 1 || size > (int64_t(1) << 15))
    return e.error("attribute 'blocksize' is " + Twine(size) + ", which is out of range");
  return size;
}

LogicalResult emitDepthToSpace(NodeEmitter &e) {
  FailureOr<int64_t> size = blockSize(e);
  if (failed(size))
    return failure();
  int64_t s = *size, n = e.shape(0)[0], c = e.shape(0)[1], h = e.shape(0)[2], w = e.shape(0)[3];
  std::string mode = e.stringAttr("mode", "DCR");
  if (mode != "DCR" && mode != "CRD")
    return e.error("attribute 'mode' is '" + mode + "', it must be DCR or CRD");
  if (c % (s * s))
    return e.error("attribute 'blocksize' is " + Twine(s) + ", whose square does not divide " + Twine(c) +
                   " channels");
  int64_t depth = c / (s * s);
  // Depth first, or the block's rows and columns first.
  if (mode == "DCR")
    return rearrange(e, {n, s, s, depth, h, w}, {0, 3, 4, 1, 5, 2}, {n, depth, h * s, w * s});
  return rearrange(e, {n, depth, s, s, h, w}, {0, 1, 4, 2, 5, 3}, {n, depth, h * s, w * s});
}

LogicalResult emitSpaceToDepth(NodeEmitter &e) {
  FailureOr<int64_t> size = blockSize(e);
  if (failed(size))
    return failure();
  int64_t s = *size, n = e.shape(0)[0], c = e.shape(0)[1], h = e.shape(0)[2], w = e.shape(0)[3];
  if (h % s || w % s)
    return e.error("attribute 'blocksize' is " + Twine(s) + ", which does not divide the extents " +
                   shapeText({h, w}));
  return rearrange(e, {n, c, h / s, s, w / s, s}, {0, 3, 5, 1, 2, 4}, {n, c * s * s, h / s, w / s});
}

} // namespace eclip::frontend
