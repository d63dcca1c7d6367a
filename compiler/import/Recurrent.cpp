//===- Recurrent.cpp - RNN, GRU and LSTM ----------------------------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM Exceptions.
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//
//
// The number of steps is static, so a recurrent layer is unrolled: one matrix
// product of the whole sequence with the input weights, then for each step the
// product of the state with the recurrence weights and one elementwise
// operation for each part of the state. Steps have the same kernels.
//
//===----------------------------------------------------------------------===//

#include "compiler/import/OpTable.h"
#include "compiler/import/Reduction.h"

#include "mlir/Dialect/Arith/IR/Arith.h"
#include "mlir/Dialect/Linalg/IR/Linalg.h"
#include "mlir/Dialect/Tensor/IR/Tensor.h"

using namespace mlir;

namespace eclip::frontend {

namespace {
/// Unrolled code grows with the sequence.
constexpr int64_t kMaxSteps = 1024;

using Activation = Value (*)(ScalarBuilder &, Value);

Activation findActivation(StringRef name) {
  if (name.equals_insensitive("Sigmoid"))
    return [](ScalarBuilder &s, Value x) { return s.sigmoid(x); };
  if (name.equals_insensitive("Tanh"))
    return [](ScalarBuilder &s, Value x) { return s.tanh(x); };
  if (name.equals_insensitive("Relu"))
    return [](ScalarBuilder &s, Value x) { return s.max(x, s.c(0)); };
  return nullptr;
}

/// One layer. Gates are numbered as ONNX orders their weights: z r h for GRU,
/// i o f c for LSTM.
class Layer {
public:
  explicit Layer(NodeEmitter &e) : e(e), type(e.type(0)) {}
  LogicalResult read();
  LogicalResult emit();

private:
  struct State {
    Value hidden, cell; // [batch, hidden]; `cell` of LSTM only
  };

  LogicalResult readActivations();
  LogicalResult checkInputs();
  LogicalResult checkInput(unsigned i, ArrayRef<int64_t> shape);

  /// Row `direction` of an input [directions, ..] without that dimension.
  Value ofDirection(unsigned input, int64_t direction);
  Value initial(unsigned input, int64_t direction);
  /// a [m, k] times the transpose of b [n, k].
  Value product(Value a, Value b);
  /// Columns of gate `gate` in [rows, gates * hidden].
  Value gate(Value all, int64_t gate);
  Value inputProducts(Value sequence, int64_t direction);
  State step(const State &state, Value fromInput, int64_t direction);
  State stepGru(const State &state, Value fromInput, int64_t direction);
  State stepLstm(const State &state, Value fromInput, int64_t direction);
  /// Elementwise over [batch, hidden]; `vectors` are [hidden].
  Value combine(ValueRange matrices, ValueRange vectors,
                function_ref<Value(ScalarBuilder &, ValueRange)> body);
  Value activate(ScalarBuilder &s, Value x, int64_t direction, int64_t number);
  Value transposed(Value value, ArrayRef<int64_t> permutation);
  Value concatenated(ArrayRef<Value> parts, int64_t axis);

  NodeEmitter &e;
  DType type;
  int64_t gates = 1, directions = 1, hidden = 0, steps = 0, batch = 0, inputs = 0;
  bool isReverse = false, isBatchFirst = false, resetsAfter = false, couplesInput = false;
  std::optional<double> clip;
  SmallVector<Activation> activations; // of all directions
  // Of the direction that is being emitted.
  Value recurrence, recurrenceBias, peepholes;
};
} // namespace

//===----------------------------------------------------------------------===//
// Attributes and inputs
//===----------------------------------------------------------------------===//

LogicalResult Layer::readActivations() {
  SmallVector<std::string> names;
  if (const Attribute *given = e.attribute("activations"))
    names.assign(given->strings.begin(), given->strings.end());
  SmallVector<StringRef> standard = gates == 4   ? SmallVector<StringRef>{"Sigmoid", "Tanh", "Tanh"}
                                    : gates == 3 ? SmallVector<StringRef>{"Sigmoid", "Tanh"}
                                                 : SmallVector<StringRef>{"Tanh"};
  size_t needed = standard.size() * directions;
  for (size_t i = 0; names.size() < needed && !e.attribute("activations"); ++i)
    names.push_back(standard[i % standard.size()].str());
  if (names.size() != needed)
    return e.error("attribute 'activations' has " + Twine(names.size()) + " names, needs " + Twine(needed));
  for (const std::string &name : names) {
    activations.push_back(findActivation(name));
    if (!activations.back())
      return e.error("activation '" + name + "' is not supported, only Sigmoid, Tanh and Relu are");
  }
  return success();
}

LogicalResult Layer::checkInput(unsigned i, ArrayRef<int64_t> shape) {
  if (e.type(i) != type || e.shape(i) != shape)
    return e.error("input " + Twine(i) + " is " + dtypeName(e.type(i)) + " " + shapeText(e.shape(i)) + ", needs " +
                   dtypeName(type) + " " + shapeText(shape));
  return success();
}

LogicalResult Layer::checkInputs() {
  if (failed(checkInput(1, {directions, gates * hidden, inputs})) ||
      failed(checkInput(2, {directions, gates * hidden, hidden})) ||
      (e.has(3) && failed(checkInput(3, {directions, 2 * gates * hidden}))))
    return failure();
  if (e.has(4)) {
    const HostTensor *lengths = e.constant(4);
    if (!lengths || e.type(4) != DType::I32 || lengths->elements() != batch ||
        !llvm::all_of(lengths->integers(), [&](int64_t n) { return n == steps; }))
      return e.error("input 4 (sequence_lens) must give all " + Twine(batch) + " sequences the full length " +
                     Twine(steps) + ", known at import");
  }
  Shape state{directions, batch, hidden};
  if (isBatchFirst)
    std::swap(state[0], state[1]);
  for (unsigned i : {5u, 6u})
    if (e.has(i) && failed(checkInput(i, state)))
      return failure();
  return e.has(7) ? checkInput(7, {directions, 3 * hidden}) : success();
}

LogicalResult Layer::read() {
  gates = e.node.op == "LSTM" ? 4 : e.node.op == "GRU" ? 3 : 1;
  if (e.rank(0) != 3)
    return e.error("input 0 needs rank 3, it has shape " + shapeText(e.shape(0)));
  std::string direction = e.stringAttr("direction", "forward");
  if (direction != "forward" && direction != "reverse" && direction != "bidirectional")
    return e.error("attribute 'direction' is '" + direction + "', which is not supported");
  isReverse = direction == "reverse";
  directions = direction == "bidirectional" ? 2 : 1;
  isBatchFirst = e.intAttr("layout", 0) != 0;
  steps = e.shape(0)[isBatchFirst ? 1 : 0];
  batch = e.shape(0)[isBatchFirst ? 0 : 1];
  inputs = e.shape(0)[2];
  if (e.rank(2) != 3)
    return e.error("input 2 needs rank 3, it has shape " + shapeText(e.shape(2)));
  hidden = e.shape(2)[2];
  if (int64_t given = e.intAttr("hidden_size", hidden); given != hidden)
    return e.error("attribute 'hidden_size' is " + Twine(given) + ", the weights have " + Twine(hidden));
  if (steps > kMaxSteps)
    return e.error("a sequence of " + Twine(steps) + " steps is too long, at most " + Twine(kMaxSteps) +
                   " are unrolled");
  resetsAfter = e.intAttr("linear_before_reset", 0) != 0;
  couplesInput = e.intAttr("input_forget", 0) != 0;
  if (e.attribute("clip"))
    clip = e.floatAttr("clip", 0);
  return failed(checkInputs()) ? failure() : readActivations();
}

//===----------------------------------------------------------------------===//
// Parts
//===----------------------------------------------------------------------===//

Value Layer::ofDirection(unsigned input, int64_t direction) {
  Shape shape(e.shape(input)), offsets(shape.size(), 0);
  offsets[0] = direction;
  shape[0] = 1;
  Value row = e.slice(e.value(input), offsets, shape);
  return e.reshape(row, ArrayRef<int64_t>(shape).drop_front());
}

Value Layer::initial(unsigned input, int64_t direction) {
  if (!e.has(input))
    return e.filled({batch, hidden}, e.number(e.elementType(type), 0));
  if (!isBatchFirst)
    return ofDirection(input, direction);
  return e.reshape(e.slice(e.value(input), {0, direction, 0}, {batch, 1, hidden}), {batch, hidden});
}

Value Layer::product(Value a, Value b) {
  int64_t m = shapeOf(a)[0], n = shapeOf(b)[0];
  Value init = e.filled({m, n}, e.number(e.elementType(type), 0));
  SmallVector<AffineMap> maps{e.mapWithout(3, {1}), e.mapWithout(3, {0}), e.mapWithout(3, {2})};
  SmallVector<utils::IteratorType> iterators(3, utils::IteratorType::parallel);
  iterators[2] = utils::IteratorType::reduction;
  return linalg::GenericOp::create(e.b, e.loc, init.getType(), ValueRange{a, b}, init, maps, iterators,
                                   [&](OpBuilder &builder, Location, ValueRange args) {
                                     Value term = arith::MulFOp::create(builder, e.loc, args[0], args[1]);
                                     Value sum = arith::AddFOp::create(builder, e.loc, args[2], term);
                                     linalg::YieldOp::create(builder, e.loc, sum);
                                   })
      .getResult(0);
}

Value Layer::gate(Value all, int64_t number) {
  ArrayRef<int64_t> shape = shapeOf(all);
  if (gates == 1)
    return all;
  if (shape.size() == 1)
    return e.slice(all, number * hidden, hidden);
  return e.slice(all, {0, number * hidden}, {shape[0], hidden});
}

Value Layer::combine(ValueRange matrices, ValueRange vectors,
                     function_ref<Value(ScalarBuilder &, ValueRange)> body) {
  SmallVector<Value> operands(matrices);
  operands.append(vectors.begin(), vectors.end());
  SmallVector<AffineMap> maps(matrices.size(), e.b.getMultiDimIdentityMap(2));
  maps.append(vectors.size(), e.mapWithout(2, {0}));
  return e.pointwise(operands, maps, {batch, hidden}, e.elementType(type), [&](OpBuilder &b, ValueRange args) {
    ScalarBuilder s(e, b, type);
    return body(s, args);
  });
}

Value Layer::activate(ScalarBuilder &s, Value x, int64_t direction, int64_t number) {
  if (clip)
    x = s.min(s.max(x, s.c(-*clip)), s.c(*clip));
  return activations[direction * static_cast<int64_t>(activations.size()) / directions + number](s, x);
}

Value Layer::transposed(Value value, ArrayRef<int64_t> permutation) {
  Shape shape;
  for (int64_t d : permutation)
    shape.push_back(shapeOf(value)[d]);
  Value init = e.emptyTensor(shape, e.elementType(type));
  return linalg::TransposeOp::create(e.b, e.loc, value, init, permutation).getResult()[0];
}

Value Layer::concatenated(ArrayRef<Value> parts, int64_t axis) {
  return parts.size() == 1 ? parts[0] : Value(tensor::ConcatOp::create(e.b, e.loc, axis, parts));
}

/// x * W^T and the input bias, [steps * batch, gates * hidden]. The bias of the
/// recurrence is added here too, but for a GRU, whose reset gate may scale it.
Value Layer::inputProducts(Value sequence, int64_t direction) {
  Value result = product(e.reshape(sequence, {steps * batch, inputs}), ofDirection(1, direction));
  recurrence = ofDirection(2, direction);
  recurrenceBias = {};
  peepholes = e.has(7) ? ofDirection(7, direction) : Value();
  if (!e.has(3))
    return result;
  int64_t width = gates * hidden;
  Value bias = ofDirection(3, direction), own = e.slice(bias, 0, width);
  recurrenceBias = e.slice(bias, width, width);
  SmallVector<Value> operands{result, own};
  SmallVector<AffineMap> maps{e.b.getMultiDimIdentityMap(2), e.mapWithout(2, {0})};
  if (gates != 3) {
    operands.push_back(recurrenceBias);
    maps.push_back(maps[1]);
  }
  return e.pointwise(operands, maps, {steps * batch, width}, e.elementType(type),
                     [&](OpBuilder &b, ValueRange args) {
                       ScalarBuilder s(e, b, type);
                       Value sum = s.add(args[0], args[1]);
                       return args.size() > 2 ? s.add(sum, args[2]) : sum;
                     });
}

//===----------------------------------------------------------------------===//
// Steps
//===----------------------------------------------------------------------===//

Layer::State Layer::step(const State &state, Value fromInput, int64_t direction) {
  if (gates == 4)
    return stepLstm(state, fromInput, direction);
  if (gates == 3)
    return stepGru(state, fromInput, direction);
  Value fromState = product(state.hidden, recurrence);
  return {combine({fromInput, fromState}, {},
                  [&](ScalarBuilder &s, ValueRange a) { return activate(s, s.add(a[0], a[1]), direction, 0); }),
          {}};
}

Layer::State Layer::stepGru(const State &state, Value fromInput, int64_t direction) {
  // Without a bias zeros stand in, so that one form covers both.
  auto bias = [&](int64_t number) {
    return recurrenceBias ? gate(recurrenceBias, number)
                          : e.filled(hidden, e.number(e.elementType(type), 0));
  };
  auto recurrenceGates = [&](int64_t first, int64_t count) {
    return e.slice(recurrence, {first * hidden, 0}, {count * hidden, hidden});
  };
  Value fromState = product(state.hidden, resetsAfter ? recurrence : recurrenceGates(0, 2));
  auto columns = [&](int64_t number) { return e.slice(fromState, {0, number * hidden}, {batch, hidden}); };
  auto sigmoid = [&](int64_t number) {
    return combine({gate(fromInput, number), columns(number)}, bias(number), [&](ScalarBuilder &s, ValueRange a) {
      return activate(s, s.add(s.add(a[0], a[1]), a[2]), direction, 0);
    });
  };
  Value update = sigmoid(0), reset = sigmoid(1), candidate;
  if (resetsAfter) {
    candidate = combine({gate(fromInput, 2), columns(2), reset}, bias(2), [&](ScalarBuilder &s, ValueRange a) {
      return activate(s, s.add(a[0], s.mul(a[2], s.add(a[1], a[3]))), direction, 1);
    });
  } else {
    Value kept = combine({reset, state.hidden}, {},
                         [](ScalarBuilder &s, ValueRange a) { return s.mul(a[0], a[1]); });
    Value fromKept = product(kept, recurrenceGates(2, 1));
    candidate = combine({gate(fromInput, 2), fromKept}, bias(2), [&](ScalarBuilder &s, ValueRange a) {
      return activate(s, s.add(s.add(a[0], a[1]), a[2]), direction, 1);
    });
  }
  return {combine({update, candidate, state.hidden}, {},
                  [](ScalarBuilder &s, ValueRange a) {
                    return s.add(s.mul(s.sub(s.c(1), a[0]), a[1]), s.mul(a[0], a[2]));
                  }),
          {}};
}

Layer::State Layer::stepLstm(const State &state, Value fromInput, int64_t direction) {
  Value fromState = product(state.hidden, recurrence);
  SmallVector<Value> sums;
  for (int64_t number = 0; number < 4; ++number)
    sums.append({gate(fromInput, number), gate(fromState, number)});
  auto peephole = [&](int64_t number) { return e.slice(peepholes, number * hidden, hidden); };
  SmallVector<Value> inner, outer;
  if (peepholes) {
    inner = {peephole(0), peephole(2)};
    outer = {peephole(1)};
  }
  State next;
  next.cell = combine({sums[0], sums[1], sums[4], sums[5], sums[6], sums[7], state.cell}, inner,
                      [&](ScalarBuilder &s, ValueRange a) {
                        Value in = s.add(a[0], a[1]), forget = s.add(a[2], a[3]);
                        if (peepholes) {
                          in = s.add(in, s.mul(a[7], a[6]));
                          forget = s.add(forget, s.mul(a[8], a[6]));
                        }
                        in = activate(s, in, direction, 0);
                        forget = couplesInput ? s.sub(s.c(1), in) : activate(s, forget, direction, 0);
                        Value candidate = activate(s, s.add(a[4], a[5]), direction, 1);
                        return s.add(s.mul(forget, a[6]), s.mul(in, candidate));
                      });
  next.hidden = combine({sums[2], sums[3], next.cell}, outer, [&](ScalarBuilder &s, ValueRange a) {
    Value out = s.add(a[0], a[1]);
    if (peepholes)
      out = s.add(out, s.mul(a[3], a[2]));
    out = activate(s, out, direction, 0);
    // The output's activation is not clipped.
    int64_t last = direction * static_cast<int64_t>(activations.size()) / directions + 2;
    return s.mul(out, activations[last](s, a[2]));
  });
  return next;
}

//===----------------------------------------------------------------------===//
// The layer
//===----------------------------------------------------------------------===//

LogicalResult Layer::emit() {
  Value sequence = isBatchFirst ? transposed(e.value(0), {1, 0, 2}) : e.value(0);
  SmallVector<Value> outputs, lastHidden, lastCell; // of each direction
  for (int64_t d = 0; d < directions; ++d) {
    Value products = inputProducts(sequence, d);
    State state{initial(5, d), gates == 4 ? initial(6, d) : Value()};
    SmallVector<Value> hiddens(steps);
    bool backwards = isReverse || d == 1;
    for (int64_t i = 0; i < steps; ++i) {
      int64_t t = backwards ? steps - 1 - i : i;
      state = step(state, e.slice(products, {t * batch, 0}, {batch, gates * hidden}), d);
      hiddens[t] = e.reshape(state.hidden, {1, 1, batch, hidden});
    }
    if (e.wants(0))
      outputs.push_back(concatenated(hiddens, 0));
    lastHidden.push_back(e.reshape(state.hidden, {1, batch, hidden}));
    if (gates == 4)
      lastCell.push_back(e.reshape(state.cell, {1, batch, hidden}));
  }
  auto setState = [&](unsigned i, ArrayRef<Value> parts) {
    Value all = concatenated(parts, 0);
    return e.setResult(i, isBatchFirst ? transposed(all, {1, 0, 2}) : all, type);
  };
  if (e.wants(0)) {
    Value all = concatenated(outputs, 1);
    if (failed(e.setResult(0, isBatchFirst ? transposed(all, {2, 0, 1, 3}) : all, type)))
      return failure();
  }
  if (e.wants(1) && failed(setState(1, lastHidden)))
    return failure();
  return gates == 4 && e.wants(2) ? setState(2, lastCell) : success();
}

LogicalResult emitRecurrent(NodeEmitter &e) {
  Layer layer(e);
  return failed(layer.read()) ? failure() : layer.emit();
}

} // namespace eclip::frontend
