// RUN: eclip-opt --eclip-verify-clustering --split-input-file --verify-diagnostics %s

// Takes a CU count that no queue offers (C1).
// expected-error@+1 {{kernel 1 gets 20 CUs, which no queue offers}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{cu_counts = array<i64: 30, 60>, max_switches = 1 : i64,
    time_ns = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>,
    energy_nj = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>}]},
  eclip.clustering_solution = {problem = "alone", cu_counts = [array<i64: 60, 20, 60>]}} {
}

// -----

// Too many switches (C2).
// expected-error@+1 {{takes 2 switches, the limit is 1}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{cu_counts = array<i64: 30, 60>, max_switches = 1 : i64,
    time_ns = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>,
    energy_nj = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>}]},
  eclip.clustering_solution = {problem = "alone", cu_counts = [array<i64: 60, 30, 60>]}} {
}

// -----

// Too slow (C4).
// expected-error@+1 {{takes 40 ns, the limit is 39 ns}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{cu_counts = array<i64: 30, 60>, max_switches = 1 : i64, time_limit_ns = 39 : i64,
    time_ns = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>,
    energy_nj = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>}]},
  eclip.clustering_solution = {problem = "alone", cu_counts = [array<i64: 60, 60, 30>]}} {
}

// -----

// Claims another objective (C5).
// expected-error@+1 {{claims objective_value = "29"; it is "30"}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{cu_counts = array<i64: 30, 60>, max_switches = 1 : i64,
    time_ns = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>,
    energy_nj = dense<[[20, 10], [20, 10], [20, 10]]> : tensor<3x2xi64>}]},
  eclip.clustering_solution = {problem = "alone", cu_counts = [array<i64: 60, 60, 60>], objective_value = "29"}} {
}

// -----

// A mix names the worker (Y1).
// expected-error@+1 {{worker 'b': chooses for 1 kernels, there are 2}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{name = "a", cu_counts = array<i64: 30, 60>,
    time_ns = dense<[[20, 10]]> : tensor<1x2xi64>, energy_nj = dense<[[20, 10]]> : tensor<1x2xi64>},
   {name = "b", cu_counts = array<i64: 30, 60>,
    time_ns = dense<[[20, 10], [20, 10]]> : tensor<2x2xi64>, energy_nj = dense<[[20, 10], [20, 10]]> : tensor<2x2xi64>}]},
  eclip.clustering_solution = {problem = "mix", cu_counts = [array<i64: 60>, array<i64: 60>]}} {
}

// -----

// expected-error@+1 {{workers[0].time_ns must be dense i64 with a row for each kernel and 2 columns, one for each CU count}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{cu_counts = array<i64: 30, 60>, time_ns = dense<[[20]]> : tensor<1x1xi64>,
    energy_nj = dense<[[20]]> : tensor<1x1xi64>}]},
  eclip.clustering_solution = {cu_counts = [array<i64: 60>]}} {
}

// -----

// expected-error@+1 {{workers[0].times is no known field}}
module attributes {eclip.clustering_problem = {objective = "latency", cus = 60 : i64, shader_engines = 4 : i64,
  workers = [{cu_counts = array<i64: 30, 60>, time_ns = dense<[[20, 10]]> : tensor<1x2xi64>,
    energy_nj = dense<[[20, 10]]> : tensor<1x2xi64>, times = 5 : i64}]},
  eclip.clustering_solution = {cu_counts = [array<i64: 60>]}} {
}
