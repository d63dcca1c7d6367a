//===- MixForm.cpp - what workers cost each other, as squares -------------===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#include "compiler/schedule/MixForm.h"

#include "llvm/ADT/STLExtras.h"

#include <algorithm>
#include <cmath>

using namespace eclip;
using namespace eclip::mix;

using Matrix = std::vector<Vector>;

static Matrix zeros(size_t rows, size_t columns) {
  return Matrix(rows, Vector(columns));
}

static void rotate(Vector &x, Vector &y, double cosine, double sine) {
  for (size_t i = 0; i < x.size(); ++i) {
    double old = x[i];
    x[i] = cosine * old - sine * y[i];
    y[i] = sine * old + cosine * y[i];
  }
}

/// Cyclic Jacobi: leaves the eigenvalues of the symmetric matrix on its
/// diagonal and returns the eigenvectors as rows.
static Matrix diagonalize(Matrix &a) {
  size_t n = a.size();
  Matrix vectors = zeros(n, n);
  for (size_t i = 0; i < n; ++i)
    vectors[i][i] = 1;
  for (int sweep = 0; sweep < 50; ++sweep) {
    double off = 0, all = 0;
    for (size_t i = 0; i < n; ++i)
      for (size_t j = 0; j < n; ++j)
        (i == j ? all : off) += a[i][j] * a[i][j];
    all += off;
    if (off <= 1e-28 * all)
      break;
    for (size_t p = 0; p < n; ++p)
      for (size_t q = p + 1; q < n; ++q) {
        double pq = a[p][q];
        if (pq * pq <= 1e-32 * all)
          continue;
        double theta = (a[q][q] - a[p][p]) / (2 * pq);
        double tangent = (theta >= 0 ? 1 : -1) /
                         (std::abs(theta) + std::sqrt(1 + theta * theta));
        double cosine = 1 / std::sqrt(1 + tangent * tangent);
        double sine = cosine * tangent;
        double pp = a[p][p] - tangent * pq, qq = a[q][q] + tangent * pq;
        rotate(a[p], a[q], cosine, sine);
        a[p][p] = pp;
        a[q][q] = qq;
        a[p][q] = a[q][p] = 0;
        for (size_t k = 0; k < n; ++k) {
          a[k][p] = a[p][k];
          a[k][q] = a[q][k];
        }
        rotate(vectors[p], vectors[q], cosine, sine);
      }
  }
  return vectors;
}

/// Adds the covariance of the shapes times the weight.
static void addCovariance(llvm::ArrayRef<Vector> shapes, double weight,
                          Matrix &into) {
  if (shapes.empty())
    return;
  weight /= static_cast<double>(shapes.size());
  Vector mean(into.size());
  for (const Vector &shape : shapes)
    for (size_t i = 0; i < mean.size(); ++i)
      mean[i] += shape[i] / static_cast<double>(shapes.size());
  for (const Vector &shape : shapes)
    for (size_t i = 0; i < mean.size(); ++i)
      for (size_t j = 0; j < mean.size(); ++j)
        into[i][j] += weight * (shape[i] - mean[i]) * (shape[j] - mean[j]);
}

/// Principal axes of worker `w` as rows, and how far shapes spread along each:
/// in equal parts those of all kernels on one CU count, which are far apart,
/// and of best responses. The floor keeps what no good choice did from being
/// taken for impossible.
static Matrix principalAxes(const Model &model, size_t w, Vector &spread) {
  constexpr double floor = 0.05;
  const Worker &worker = model.workers[w];
  std::vector<Vector> uniform;
  for (size_t cu = 0; cu < worker.width; ++cu)
    uniform.push_back(
        worker.point(std::vector<uint8_t>(worker.kernels, cu)).shape);
  Matrix covariance = zeros(worker.entries(), worker.entries());
  addCovariance(uniform, 0.5, covariance);
  addCovariance(model.seen[w], 0.5, covariance);
  Matrix axes = diagonalize(covariance);
  for (size_t i = 0; i < axes.size(); ++i)
    spread.push_back(
        std::sqrt(std::max(0.0, covariance[i][i]) + floor * floor));
  return axes;
}

/// Block (w, v) of S.
static Matrix block(const Model &model, const Vector &timeWeights, size_t w,
                    size_t v) {
  size_t n = model.workers[v].entries();
  Matrix columns;
  for (size_t f = 0; f < n; ++f) {
    Vector unit(n), column(model.workers[w].entries());
    unit[f] = 1;
    model.addPrices(w, timeWeights, v, unit, column);
    columns.push_back(std::move(column));
  }
  return columns; // entry (g, f) of the block is columns[f][g]
}

/// The price that kernel `k` of `v`, on its CU count `cu`, puts on entry `f` of
/// the exposures of `w`.
static double priceOf(const Model &model, size_t w, size_t f, size_t v,
                      const Kernel &k, size_t cu) {
  const Quantities &q = model.quantities;
  size_t width = model.workers[w].width;
  double shared = model.overlap(w, f % width, v, cu);
  switch (f / width) {
  case 0:
    return shared * k.shape[q.presence()];
  case 1:
    return (1 - shared) * k.shape[q.demand()];
  default:
    return model.waitShare(w, f % width, v, cu) *
           k.shape[q.blocking(model.higher(w, v))];
  }
}

/// Least of each price that the others put on an exposure of `w`, by itself.
static Vector leastEnvironment(const Model &model, size_t w) {
  Vector result(model.workers[w].exposures());
  for (size_t f = 0; f < result.size(); ++f)
    for (size_t v = 0; v < model.workers.size(); ++v) {
      const Worker &other = model.workers[v];
      for (size_t kernel = 0; v != w && kernel < other.kernels; ++kernel) {
        double least = 1e300;
        for (size_t cu = 0; cu < other.width; ++cu)
          least = std::min(
              least, priceOf(model, w, f, v, other.at(kernel, cu), cu));
        result[f] += least * (1 - 1e-12);
      }
    }
  return result;
}

Form::Form(const Model &model, Vector weights)
    : timeWeights(std::move(weights)) {
  size_t count = model.workers.size(), total = 0;
  std::vector<size_t> first;
  std::vector<Matrix> axes(count);
  std::vector<Vector> spreads(count);
  for (auto [w, worker] : llvm::enumerate(model.workers)) {
    first.push_back(total);
    total += worker.entries();
    least.push_back(leastEnvironment(model, w));
    axes[w] = principalAxes(model, w, spreads[w]);
  }
  // R'SR, where R has the axes of each worker, times the spread, as columns.
  Matrix form = zeros(total, total);
  for (size_t w = 0; w < count; ++w)
    for (size_t v = w + 1; v < count; ++v) {
      Matrix columns = block(model, timeWeights, w, v);
      for (size_t j = 0; j < axes[v].size(); ++j) {
        Vector image(axes[w].size());
        for (size_t f = 0; f < columns.size(); ++f)
          for (size_t g = 0; g < image.size(); ++g)
            image[g] += columns[f][g] * axes[v][j][f] * spreads[v][j];
        for (size_t i = 0; i < axes[w].size(); ++i) {
          double entry = 0;
          for (size_t g = 0; g < image.size(); ++g)
            entry += axes[w][i][g] * image[g];
          form[first[w] + i][first[v] + j] = entry * spreads[w][i];
          form[first[v] + j][first[w] + i] = entry * spreads[w][i];
        }
      }
    }
  Matrix vectors = diagonalize(form);
  double most = 0;
  for (size_t i = 0; i < total; ++i)
    most = std::max(most, std::abs(form[i][i]));
  for (size_t i = 0; i < total; ++i) {
    if (std::abs(form[i][i]) <= 1e-13 * most)
      continue; // far below what the solver takes off its bound
    Direction direction;
    direction.curvature = form[i][i];
    falling += form[i][i] < 0;
    for (size_t w = 0; w < count; ++w) {
      Vector &of = direction.of.emplace_back(axes[w].size());
      for (size_t j = 0; j < of.size(); ++j)
        for (size_t f = 0; f < of.size(); ++f)
          of[f] += vectors[i][first[w] + j] / spreads[w][j] * axes[w][j][f];
    }
    directions.push_back(std::move(direction));
  }
  llvm::stable_sort(directions, [](const Direction &x, const Direction &y) {
    return x.curvature < y.curvature;
  });
}

double Form::along(size_t i, size_t w, const Vector &shape) const {
  double sum = 0;
  for (size_t f = 0; f < shape.size(); ++f)
    sum += directions[i].of[w][f] * shape[f];
  return sum;
}
