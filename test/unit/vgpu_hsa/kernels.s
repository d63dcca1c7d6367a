// Small gfx906 kernels for the tests of the virtual GPU. All use workgroups of 64
// work-items in one dimension and get the kernarg pointer in s[0:1], the
// workgroup's index in s2 and the work-item's in v0.

  .amdgcn_target "amdgcn-amd-amdhsa--gfx906"
  .amdhsa_code_object_version 5

.macro begin name
  .text
  .globl \name
  .p2align 8
  .type \name,@function
\name:
.endm

.macro finish name, kernarg
.Lend_\name:
  .size \name, .Lend_\name-\name
  .rodata
  .p2align 6
  .amdhsa_kernel \name
    .amdhsa_user_sgpr_kernarg_segment_ptr 1
    .amdhsa_kernarg_size \kernarg
    .amdhsa_next_free_vgpr 8
    .amdhsa_next_free_sgpr 16
  .end_amdhsa_kernel
.endm

// v1 = byte offset of this work-item's dword
.macro offset
  s_lshl_b32 s3, s2, 6
  v_add_u32_e32 v0, s3, v0
  v_lshlrev_b32_e32 v1, 2, v0
.endm

// fill(u32 *out, u32 value): out[i] = value
begin fill
  s_load_dwordx2 s[4:5], s[0:1], 0x0
  s_load_dword s6, s[0:1], 0x8
  offset
  s_waitcnt lgkmcnt(0)
  v_mov_b32_e32 v2, s6
  global_store_dword v1, v2, s[4:5]
  s_endpgm
finish fill, 12

// step(u32 *data, u32 value): data[i] = 2 * data[i] + value
begin step
  s_load_dwordx2 s[4:5], s[0:1], 0x0
  s_load_dword s6, s[0:1], 0x8
  offset
  s_waitcnt lgkmcnt(0)
  global_load_dword v2, v1, s[4:5]
  s_waitcnt vmcnt(0)
  v_lshlrev_b32_e32 v2, 1, v2
  v_add_u32_e32 v2, s6, v2
  global_store_dword v1, v2, s[4:5]
  s_endpgm
finish step, 12

// move(const u32 *in, u32 *out, u32 value): out[i] = in[i] + value
begin move
  s_load_dwordx4 s[4:7], s[0:1], 0x0
  s_load_dword s8, s[0:1], 0x10
  offset
  s_waitcnt lgkmcnt(0)
  global_load_dword v2, v1, s[4:5]
  s_waitcnt vmcnt(0)
  v_add_u32_e32 v2, s8, v2
  global_store_dword v1, v2, s[6:7]
  s_endpgm
finish move, 20

// spin(u32 *out, u32 count): loops, then out[i] = count
begin spin
  s_load_dwordx2 s[4:5], s[0:1], 0x0
  s_load_dword s6, s[0:1], 0x8
  offset
  s_waitcnt lgkmcnt(0)
  s_mov_b32 s7, s6
.Lspin:
  s_sub_u32 s7, s7, 1
  s_cmp_lg_u32 s7, 0
  s_cbranch_scc1 .Lspin
  v_mov_b32_e32 v2, s6
  global_store_dword v1, v2, s[4:5]
  s_endpgm
finish spin, 12

// unknown(): an instruction that the executor does not know
begin unknown
  v_mov_b32_e32 v0, 0
  image_load v0, v[0:1], s[8:15] dmask:0x1
  s_endpgm
finish unknown, 0

// lookup(u32 *out, u32 index): out[i] = table[index], table in the code object,
// its address in a relocated pointer
begin lookup
  s_load_dwordx2 s[4:5], s[0:1], 0x0
  s_load_dword s6, s[0:1], 0x8
  s_getpc_b64 s[8:9]
  s_add_u32 s8, s8, table_pointer@rel32@lo+4
  s_addc_u32 s9, s9, table_pointer@rel32@hi+12
  s_load_dwordx2 s[8:9], s[8:9], 0x0
  offset
  s_waitcnt lgkmcnt(0)
  s_lshl_b32 s6, s6, 2
  s_load_dword s10, s[8:9], s6
  s_waitcnt lgkmcnt(0)
  v_mov_b32_e32 v2, s10
  global_store_dword v1, v2, s[4:5]
  s_endpgm
finish lookup, 12

  .rodata
  .protected table
  .globl table
  .type table,@object
  .p2align 2
table:
  .long 11
  .long 22
  .long 33
  .long 44
  .size table, 16

  .section .data.rel.ro,"aw",@progbits
  .protected table_pointer
  .globl table_pointer
  .type table_pointer,@object
  .p2align 3
table_pointer:
  .quad table
  .size table_pointer, 8

  .data
  .protected counter
  .globl counter
  .type counter,@object
  .p2align 2
counter:
  .long 5
  .size counter, 4
