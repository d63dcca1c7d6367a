// Constraints A1 to A9 of dialect/EclipAttrs.td.
// RUN: eclip-opt %s --split-input-file --verify-diagnostics

// A1
// expected-error@+1 {{device 'd': 9 CUs are not a positive multiple of 2 shader engines}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 9, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]>} {}

// -----

// A1
// expected-error@+1 {{device 'd': 0 CUs are not a positive multiple of 2 shader engines}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 0, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4, 8]>} {}

// -----

// A1
// expected-error@+1 {{device 'd': 8 CUs are not a positive multiple of 0 shader engines}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 8, shader_engines = 0, max_masked_queues = 1, mask_sizes = [4, 8]>} {}

// -----

// A2
// expected-error@+1 {{device 'd': mask_sizes must ascend strictly from at least 1 to 8}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [8, 4]>} {}

// -----

// A2
// expected-error@+1 {{device 'd': mask_sizes must ascend strictly from at least 1 to 8}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [4]>} {}

// -----

// A2
// expected-error@+1 {{device 'd': mask_sizes must ascend strictly from at least 1 to 8}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 1, mask_sizes = [0, 8]>} {}

// -----

// A3
// expected-error@+1 {{device 'd': max_masked_queues must be at least 1, is 0}}
module attributes {x = #eclip.device<name = "d", target = "t", cus = 8, shader_engines = 2, max_masked_queues = 0, mask_sizes = [4, 8]>} {}

// -----

// A4
// expected-error@+1 {{cost needs lists of one length, at least 1; has 2 CU counts, 1 times and 2 energies}}
module attributes {x = #eclip.cost<cus = [4, 8], time_ns = [1], energy_nj = [3, 3], source = "model">} {}

// -----

// A4
// expected-error@+1 {{cost needs lists of one length, at least 1; has 2 CU counts, 2 times and 3 energies}}
module attributes {x = #eclip.cost<cus = [4, 8], time_ns = [2, 1], energy_nj = [1, 2, 3], source = "model">} {}

// -----

// A5
// expected-error@+1 {{cost needs strictly ascending positive CU counts}}
module attributes {x = #eclip.cost<cus = [8, 4], time_ns = [2, 1], energy_nj = [3, 3], source = "model">} {}

// -----

// A5
// expected-error@+1 {{cost needs strictly ascending positive CU counts}}
module attributes {x = #eclip.cost<cus = [0, 4], time_ns = [2, 1], energy_nj = [3, 3], source = "model">} {}

// -----

// A5
// expected-error@+1 {{cost needs positive times}}
module attributes {x = #eclip.cost<cus = [4, 8], time_ns = [1, 0], energy_nj = [3, 3], source = "model">} {}

// -----

// A5
// expected-error@+1 {{cost needs energies that are not negative}}
module attributes {x = #eclip.cost<cus = [4, 8], time_ns = [2, 1], energy_nj = [1, -1], source = "model">} {}

// -----

// A5
// expected-error@+1 {{cost source must be "model" or "profile", is "guess"}}
module attributes {x = #eclip.cost<cus = [4, 8], time_ns = [2, 1], energy_nj = [3, 3], source = "guess">} {}

// -----

// A6
// expected-error@+1 {{a mask of 40 CUs needs 2 words, has 1}}
module attributes {x = #eclip.cu_mask<cus = 40, words = [1]>} {}

// -----

// A6
// expected-error@+1 {{a mask of 0 CUs needs 0 words, has 1}}
module attributes {x = #eclip.cu_mask<cus = 0, words = [1]>} {}

// -----

// A6
// expected-error@+1 {{mask word 0 does not fit 32 bits}}
module attributes {x = #eclip.cu_mask<cus = 40, words = [4294967296, 0]>} {}

// -----

// A6
// expected-error@+1 {{mask word 1 does not fit 32 bits}}
module attributes {x = #eclip.cu_mask<cus = 40, words = [0, -1]>} {}

// -----

// A7
// expected-error@+1 {{mask is empty}}
module attributes {x = #eclip.cu_mask<cus = 40, words = [0, 0]>} {}

// -----

// A7
// expected-error@+1 {{mask has a bit at or beyond CU 40}}
module attributes {x = #eclip.cu_mask<cus = 40, words = [1, 256]>} {}

// -----

// A8
// expected-error@+1 {{launch needs three positive entries each in grid and workgroup}}
module attributes {x = #eclip.launch<grid = [1, 1], workgroup = [64, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 8, vgprs = 1, sgprs = 1>} {}

// -----

// A8
// expected-error@+1 {{launch needs three positive entries each in grid and workgroup}}
module attributes {x = #eclip.launch<grid = [1, 1, 1], workgroup = [64, 0, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 8, vgprs = 1, sgprs = 1>} {}

// -----

// A8
// expected-error@+1 {{a workgroup has at most 1024 work-items}}
module attributes {x = #eclip.launch<grid = [1, 1, 1], workgroup = [64, 32, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 8, vgprs = 1, sgprs = 1>} {}

// -----

// A9
// expected-error@+1 {{launch resources must not be negative}}
module attributes {x = #eclip.launch<grid = [1, 1, 1], workgroup = [64, 1, 1], lds_bytes = -1, scratch_bytes = 0, kernarg_bytes = 8, vgprs = 1, sgprs = 1>} {}

// -----

// A9
// expected-error@+1 {{launch resources must not be negative}}
module attributes {x = #eclip.launch<grid = [1, 1, 1], workgroup = [64, 1, 1], lds_bytes = 0, scratch_bytes = 0, kernarg_bytes = 8, vgprs = -1, sgprs = 1>} {}
