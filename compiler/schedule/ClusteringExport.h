//===- ClusteringExport.h - an instance as an integer program ---*- C++ -*-===//
//
// Part of the ECLIP project, under the Apache License v2.0 with LLVM
// Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
//===----------------------------------------------------------------------===//

#ifndef ECLIP_COMPILER_SCHEDULE_CLUSTERINGEXPORT_H
#define ECLIP_COMPILER_SCHEDULE_CLUSTERINGEXPORT_H

#include "compiler/schedule/Clustering.h"

#include "llvm/Support/raw_ostream.h"

namespace eclip {

/// Writes an instance for an outside solver, in the LP format of CPLEX that
/// cbc, HiGHS, SCIP and Gurobi read. Variables:
///
///   x_K_C  1 if kernel K runs on C CUs
///   d_K    1 if kernel K is on another CU count than the one before
///   u_C    1 if CU count C is used
///
/// and for Paper, whose objective is a product of two sums, the sum of CU
/// counts s as one binary per value that it can take, and the time spread over
/// them:
///
///   l_S    1 if the sum of CU counts is S
///   a_S    the time of all kernels if l_S, else 0
///
/// so that sum (constant + S) a_S is the product, exactly. Refuses Edp, both of
/// whose sums have too many values for that, and instances with more than
/// 100000 sums.
llvm::Error writeIntegerProgram(const ClusteringProblem &problem,
                                llvm::raw_ostream &out);

/// The choice that a solution gives: of "name value" pairs anywhere in `text`
/// (the form of cbc's solution file), the x that are 1. Fails if a kernel has
/// none or two.
llvm::Expected<std::vector<int64_t>>
readIntegerSolution(const ClusteringProblem &problem, llvm::StringRef text);

} // namespace eclip

#endif // ECLIP_COMPILER_SCHEDULE_CLUSTERINGEXPORT_H
