//===- IndexedEval.h - one element of a kernel's tensor ---------*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// Generators ask for tensor values by index, and this writes the scalar code
// that computes them from the kernel's buffers. Data movement thereby becomes
// index arithmetic and costs no memory traffic.
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_KERNELS_CODEGEN_INDEXEDEVAL_H
#define ECLIP_COMPILER_KERNELS_CODEGEN_INDEXEDEVAL_H

#include "compiler/kernels/codegen/Generator.h"

#include "mlir/IR/IRMapping.h"

#include "llvm/ADT/DenseMap.h"

#include <functional>
#include <optional>
#include <tuple>
#include <unordered_map>
#include <vector>

namespace eclip {

/// Writes the code that evaluates elements of the tensors of one kernel body.
///
/// Understood: block arguments; constants (splats, or one element);
/// tensor.empty (its elements are unspecified: zero); linalg.fill and
/// linalg.generic (and any linalg op that carries its indexing maps and a
/// scalar body); tensor.pad, generate, extract_slice, insert_slice,
/// expand_shape, collapse_shape, concat, cast, bitcast, splat, and
/// from_elements of a few elements; tensor.extract in a scalar body (indices
/// are clamped to the tensor, so that a bad index read at run time never leaves
/// its buffer).
///
/// A generic with reduction iterators is evaluated in loops of the asking
/// thread, unless its result is bound.
///
/// Values are remembered by (tensor, indices) while the scope in which they
/// were made is open: open a Scope around every nested block (loop body, if)
/// that code is made in. Equal indices are recognized when they are the same
/// SSA value or equal constants, so pass indices on instead of rebuilding them.
///
/// Values at different indices are computed again. A body in which that happens
/// at every step of a long chain has no useful code; after kMaxValues values
/// the evaluation is refused. eclip-cut-kernels keeps kernels far below that.
///
/// Indices must lie within the tensor's shape; all index arithmetic is on
/// `index` (32 bits wide once lowered, since no buffer has 2^31 bytes: half the
/// VALU work of 64 bits, and addresses of the form scalar base + 32-bit offset)
/// and never wraps.
class IndexedEval {
public:
  /// Computes a bound tensor's element. The builder stands where the code is
  /// wanted. A failure must have been diagnosed.
  using BindFn = std::function<mlir::FailureOr<mlir::Value>(
      mlir::OpBuilder &, mlir::Location, mlir::ValueRange indices)>;

  static constexpr int64_t kMaxValues = 20000;
  void setMaxValues(int64_t limit) { maxValues = limit; }

  /// How often elements of each tensor are computed: once for each place in the
  /// code, times the trips of the loops around it unless only places count.
  struct Census {
    llvm::DenseMap<mlir::Value, double> times;
    bool countsTrips = true;
    /// Of the code that is being written, by whoever asks for it.
    double trips = 1;
  };

  /// `func`'s arguments become the buffers of `kernel`'s arguments. `builder`
  /// is the caller's and is used wherever it stands.
  IndexedEval(KernelOp kernel, mlir::gpu::GPUFuncOp func,
              mlir::OpBuilder &builder);

  /// The element of `tensor` at `indices`: a scalar of its element type (i1
  /// for i1 tensors). Emits an error at the op that it can't evaluate.
  mlir::FailureOr<mlir::Value> at(mlir::Value tensor, mlir::ValueRange indices);

  /// Counts in `census` from now on.
  void count(Census &into) { census = &into; }
  /// How many values have been computed, loads included.
  int64_t valueCount() const { return values; }

  /// From now on elements of `tensor` come from `fn`. Replaces an earlier
  /// binding and what is remembered of the tensor itself. To drop what was
  /// computed from it, bind inside a Scope.
  void bind(mlir::Value tensor, BindFn fn);
  void unbind(mlir::Value tensor);

  /// The scalar body of `op` at the loop indices `ivs`, with `inputs` for its
  /// inputs and `outs` for its output block arguments. Returns what it yields.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  applyBody(mlir::linalg::LinalgOp op, mlir::ValueRange ivs,
            mlir::ValueRange inputs, mlir::ValueRange outs);

  /// The inputs of `op` at its loop indices `ivs`; scalars are passed through.
  mlir::FailureOr<llvm::SmallVector<mlir::Value>>
  inputsAt(mlir::linalg::LinalgOp op, mlir::ValueRange ivs);

  /// `map` applied to `operands` (its dims), as index arithmetic.
  llvm::SmallVector<mlir::Value> applyMap(mlir::AffineMap map,
                                          mlir::ValueRange operands);

  /// `value` (a scalar of `kernel`'s body or of a generic's) outside of it.
  mlir::FailureOr<mlir::Value> scalar(mlir::Value value);

  /// Stores `value` into `buffer`, i1 as i8.
  void store(mlir::Value value, mlir::Value buffer, mlir::ValueRange indices);
  /// Loads from `buffer`; i8 becomes i1 where `elementType` is i1.
  mlir::Value load(mlir::Value buffer, mlir::ValueRange indices,
                   mlir::Type elementType);

  /// The buffer of a kernel argument.
  mlir::Value bufferOf(mlir::BlockArgument argument);
  /// The buffer of the kernel's yielded value number `index`.
  mlir::Value resultBuffer(unsigned index);

  mlir::OpBuilder &builder() { return b; }
  mlir::Location loc() const { return location; }

  // Index arithmetic on non-negative values, folded where constants allow.
  mlir::Value constant(int64_t value);
  mlir::Value add(mlir::Value lhs, mlir::Value rhs);
  mlir::Value mul(mlir::Value lhs, int64_t rhs);
  mlir::Value div(mlir::Value lhs, int64_t rhs);
  mlir::Value rem(mlir::Value lhs, int64_t rhs);
  /// Row-major: the index vector of element number `linear` in `shape`; dims
  /// of size 1 give constant 0.
  llvm::SmallVector<mlir::Value> delinearize(mlir::Value linear,
                                             llvm::ArrayRef<int64_t> shape);
  /// Row-major number of the element at `indices`.
  mlir::Value linearize(mlir::ValueRange indices,
                        llvm::ArrayRef<int64_t> shape);

  /// Values made while it lives are forgotten when it ends.
  class Scope {
  public:
    explicit Scope(IndexedEval &eval) : eval(eval) {
      eval.levels.emplace_back();
    }
    ~Scope() { eval.levels.pop_back(); }
    Scope(const Scope &) = delete;
    Scope &operator=(const Scope &) = delete;

  private:
    IndexedEval &eval;
  };

private:
  enum ArithKind : unsigned { Add, Sub, Mul, Div, Rem, Min, Max, InRange };
  using Indices = llvm::SmallVector<mlir::Value, 4>;
  struct Entry {
    Indices indices;
    mlir::Value value;
  };
  struct Level {
    /// By the indices' hash.
    llvm::DenseMap<mlir::Value, std::unordered_multimap<size_t, Entry>> tensors;
    llvm::DenseMap<std::tuple<unsigned, mlir::Value, mlir::Value>, mlir::Value>
        arithmetic;
  };

  mlir::FailureOr<mlir::Value> compute(mlir::Value tensor,
                                       mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalLinalg(mlir::OpResult result,
                                          mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalReduction(mlir::linalg::LinalgOp op,
                                             unsigned resultNumber,
                                             mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalPad(mlir::tensor::PadOp op,
                                       mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalConcat(mlir::tensor::ConcatOp op,
                                          mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalInsertSlice(mlir::tensor::InsertSliceOp op,
                                               mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalExtractSlice(mlir::tensor::ExtractSliceOp op,
                                                mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalExpand(mlir::tensor::ExpandShapeOp op,
                                          mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalCollapse(mlir::tensor::CollapseShapeOp op,
                                            mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalFromElements(mlir::tensor::FromElementsOp op,
                                                mlir::ValueRange indices);
  /// What `region`, which has the indices as arguments, yields there.
  mlir::FailureOr<mlir::Value> yieldedAt(mlir::Region &region,
                                         mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> evalConstant(mlir::arith::ConstantOp op);
  mlir::FailureOr<mlir::Value> evalElementwise(mlir::Operation *op,
                                               mlir::ValueRange indices);
  mlir::FailureOr<mlir::Value> refuse(mlir::Operation *op,
                                      const llvm::Twine &reason);
  /// `kind lhs rhs`, the earlier such value if one is in scope.
  mlir::Value arith(ArithKind kind, mlir::Value lhs, mlir::Value rhs);
  mlir::Value scalarConstant(mlir::TypedAttr value);
  mlir::Value remembered(mlir::Value tensor, mlir::ValueRange indices);
  void remember(mlir::Value tensor, mlir::ValueRange indices,
                mlir::Value value);
  /// The same for indices that are the same.
  static size_t hashOf(mlir::ValueRange indices);
  /// The value if `index` is a constant.
  static std::optional<int64_t> constantOf(mlir::Value index);
  static bool sameIndex(mlir::Value lhs, mlir::Value rhs);
  mlir::LogicalResult cloneScalarOp(mlir::Operation &op, mlir::ValueRange ivs,
                                    mlir::IRMapping &mapping);
  mlir::Value applyExpr(mlir::AffineExpr expr, mlir::ValueRange operands,
                        unsigned dimCount);
  /// index + amount, of either sign.
  mlir::Value shift(mlir::Value index, int64_t amount);
  mlir::Value clamp(mlir::Value index, int64_t size);
  /// True where 0 <= index < size, as one unsigned comparison.
  mlir::Value inRange(mlir::Value index, int64_t size);

  KernelOp kernel;
  mlir::gpu::GPUFuncOp func;
  mlir::OpBuilder &b;
  mlir::Location location;
  std::vector<Level> levels;
  int64_t values = 0, maxValues = kMaxValues;
  Census *census = nullptr;
  llvm::DenseMap<mlir::Value, BindFn> bound;
  /// Constants live at the start of the function, so they serve every scope.
  llvm::DenseMap<mlir::Attribute, mlir::Value> constants;
};

/// The reduction loops of `op` as (dimension, trip count), outermost first.
llvm::SmallVector<std::pair<unsigned, int64_t>>
reductionLoops(mlir::linalg::LinalgOp op);

} // namespace eclip

#endif // ECLIP_COMPILER_KERNELS_CODEGEN_INDEXEDEVAL_H
