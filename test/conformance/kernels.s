// Kernels of the conformance suite, for gfx906. test/conformance/assemble makes
// kernels.hsaco of them, which is checked in: the suite needs no LLVM.
//
// All take addresses only and one element a work-item, 64 work-items a
// workgroup, in one dimension.
//   copy   (in, out)      out[i] = in[i]
//   add    (a, b, out)    out[i] = a[i] + b[i], float
//   slow   (in, out)      copy, after some 100000 loop iterations
//   fault  (in, out)      stores to address 16
//   double (in, out)      out[i] = in[i] + in[i] through LDS, float

  .amdgcn_target "amdgcn-amd-amdhsa--gfx906"
  .amdhsa_code_object_version 5
  .text

// s[0:1] kernel arguments, s2 workgroup, v0 work-item. Leaves the byte offset of
// the element in v0, the first two addresses in s[4:7].
.macro element_offset
  s_load_dwordx4 s[4:7], s[0:1], 0x0
  s_lshl_b32 s2, s2, 6
  v_add_u32_e32 v0, s2, v0
  v_lshlrev_b32_e32 v0, 2, v0
  s_waitcnt lgkmcnt(0)
.endm

  .globl copy
  .p2align 8
  .type copy,@function
copy:
  element_offset
  global_load_dword v1, v0, s[4:5]
  s_waitcnt vmcnt(0)
  global_store_dword v0, v1, s[6:7]
  s_endpgm
.Lcopy_end:
  .size copy, .Lcopy_end-copy

  .globl add
  .p2align 8
  .type add,@function
add:
  s_load_dwordx2 s[8:9], s[0:1], 0x10
  element_offset
  global_load_dword v1, v0, s[4:5]
  global_load_dword v2, v0, s[6:7]
  s_waitcnt vmcnt(0)
  v_add_f32_e32 v1, v1, v2
  global_store_dword v0, v1, s[8:9]
  s_endpgm
.Ladd_end:
  .size add, .Ladd_end-add

  .globl slow
  .p2align 8
  .type slow,@function
slow:
  element_offset
  s_mov_b32 s3, 100000
.Lslow_loop:
  s_sub_u32 s3, s3, 1
  s_cmp_lg_u32 s3, 0
  s_cbranch_scc1 .Lslow_loop
  global_load_dword v1, v0, s[4:5]
  s_waitcnt vmcnt(0)
  global_store_dword v0, v1, s[6:7]
  s_endpgm
.Lslow_end:
  .size slow, .Lslow_end-slow

  .globl fault
  .p2align 8
  .type fault,@function
fault:
  v_mov_b32_e32 v0, 16
  v_mov_b32_e32 v1, 0
  global_store_dword v[0:1], v0, off
  s_waitcnt vmcnt(0)
  s_endpgm
.Lfault_end:
  .size fault, .Lfault_end-fault

  .globl double
  .p2align 8
  .type double,@function
double:
  v_lshlrev_b32_e32 v3, 2, v0
  element_offset
  global_load_dword v1, v0, s[4:5]
  s_waitcnt vmcnt(0)
  ds_write_b32 v3, v1
  s_waitcnt lgkmcnt(0)
  s_barrier
  ds_read_b32 v2, v3
  s_waitcnt lgkmcnt(0)
  v_add_f32_e32 v1, v1, v2
  global_store_dword v0, v1, s[6:7]
  s_endpgm
.Ldouble_end:
  .size double, .Ldouble_end-double

.macro descriptor name, kernarg, lds
  .p2align 6
  .amdhsa_kernel \name
    .amdhsa_user_sgpr_kernarg_segment_ptr 1
    .amdhsa_system_sgpr_workgroup_id_x 1
    .amdhsa_kernarg_size \kernarg
    .amdhsa_group_segment_fixed_size \lds
    .amdhsa_next_free_vgpr 4
    .amdhsa_next_free_sgpr 10
    .amdhsa_float_denorm_mode_32 3
  .end_amdhsa_kernel
.endm

  .section .rodata,"a",@progbits
  descriptor copy, 16, 0
  descriptor add, 24, 0
  descriptor slow, 16, 0
  descriptor fault, 16, 0
  descriptor double, 16, 256

  .amdgpu_metadata
amdhsa.version: [1, 2]
amdhsa.kernels:
  - {.name: copy, .symbol: copy.kd, .kernarg_segment_size: 16, .kernarg_segment_align: 8, .group_segment_fixed_size: 0, .private_segment_fixed_size: 0, .wavefront_size: 64, .sgpr_count: 16, .vgpr_count: 4, .max_flat_workgroup_size: 64, .args: [{.size: 8, .offset: 0, .value_kind: global_buffer, .address_space: global}, {.size: 8, .offset: 8, .value_kind: global_buffer, .address_space: global}]}
  - {.name: add, .symbol: add.kd, .kernarg_segment_size: 24, .kernarg_segment_align: 8, .group_segment_fixed_size: 0, .private_segment_fixed_size: 0, .wavefront_size: 64, .sgpr_count: 16, .vgpr_count: 4, .max_flat_workgroup_size: 64, .args: [{.size: 8, .offset: 0, .value_kind: global_buffer, .address_space: global}, {.size: 8, .offset: 8, .value_kind: global_buffer, .address_space: global}, {.size: 8, .offset: 16, .value_kind: global_buffer, .address_space: global}]}
  - {.name: slow, .symbol: slow.kd, .kernarg_segment_size: 16, .kernarg_segment_align: 8, .group_segment_fixed_size: 0, .private_segment_fixed_size: 0, .wavefront_size: 64, .sgpr_count: 16, .vgpr_count: 4, .max_flat_workgroup_size: 64, .args: [{.size: 8, .offset: 0, .value_kind: global_buffer, .address_space: global}, {.size: 8, .offset: 8, .value_kind: global_buffer, .address_space: global}]}
  - {.name: fault, .symbol: fault.kd, .kernarg_segment_size: 16, .kernarg_segment_align: 8, .group_segment_fixed_size: 0, .private_segment_fixed_size: 0, .wavefront_size: 64, .sgpr_count: 16, .vgpr_count: 4, .max_flat_workgroup_size: 64, .args: [{.size: 8, .offset: 0, .value_kind: global_buffer, .address_space: global}, {.size: 8, .offset: 8, .value_kind: global_buffer, .address_space: global}]}
  - {.name: double, .symbol: double.kd, .kernarg_segment_size: 16, .kernarg_segment_align: 8, .group_segment_fixed_size: 256, .private_segment_fixed_size: 0, .wavefront_size: 64, .sgpr_count: 16, .vgpr_count: 4, .max_flat_workgroup_size: 64, .args: [{.size: 8, .offset: 0, .value_kind: global_buffer, .address_space: global}, {.size: 8, .offset: 8, .value_kind: global_buffer, .address_space: global}]}
  .end_amdgpu_metadata
