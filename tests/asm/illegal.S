/* Illegal instructions: reserved and unsupported encodings, unknown CSRs; xtval is the encoding. */
#include "test.h"

/* Every word of a table, run at `mode`, must be illegal, with itself in mtval. */
.macro ALL_ILLEGAL table, mode
  la s8, \table
  la s9, slot
1:
  lwu s10, 0(s8)
  sw s10, 0(s9)
  fence.i
  TRAPS_AT \mode, s9
  EXPECT CAUSE_ILLEGAL, s10
  addi s8, s8, 4
  lw t0, 0(s8)
  addi t0, t0, 1
  bnez t0, 1b
.endm

  TEST 2  // reserved and unsupported 32-bit encodings
  ALL_ILLEGAL wide, M

  TEST 3  // reserved and unsupported 16-bit encodings
  ALL_ILLEGAL narrow, U

  TEST 4  // CSRs that are not there
  ALL_ILLEGAL csrs, M

  TEST 5  // in the last halfword of a fetch word, and across two words
  la s9, slot + 6
  sh x0, 0(s9)
  fence.i
  TRAPS_AT U, s9
  EXPECT CAUSE_ILLEGAL, x0
  li s10, 0x02a5b50b             // custom-0
  srli t0, s10, 16
  sh s10, 0(s9)
  sh t0, 2(s9)
  fence.i
  TRAPS_AT U, s9
  EXPECT CAUSE_ILLEGAL, s10

  TEST 6  // nothing is written: neither rd nor memory
  li a0, 77
  la a1, word
  TRAPS M, .word 0x00a5f52b      // custom-1 with rd = a0
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, .word 0x04b50533      // OP with a reserved funct7
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, .word 0x00a5c023      // a store of a reserved size to (a1)
  CHECK s2, CAUSE_ILLEGAL
  CHECK a0, 77
  ld a2, 0(a1)
  CHECK a2, -1

  PASS

.balign 8
slot:
  .space 16

.data
.balign 8
word:
  .dword -1
wide:
  .word 0x00007003               // load, funct3 7
  .word 0x00004023               // stores, funct3 4 to 7
  .word 0x00007023
  .word 0x00002063               // branches, funct3 2 and 3
  .word 0x00003063
  .word 0x00001067               // jalr, funct3 1
  .word 0x04001013               // slli with a reserved bit of funct6
  .word 0x20005013               // srli, srai likewise
  .word 0x60005013
  .word 0x0200101b               // slliw, sraiw with bit 5 of the amount
  .word 0x4200501b
  .word 0x0000201b               // OP-IMM-32, funct3 2
  .word 0x40001033               // sll with funct7 of sub
  .word 0x40004033               // xor likewise
  .word 0x04000033               // OP with funct7 2
  .word 0x80000033
  .word 0x0000203b               // OP-32, funct3 2
  .word 0x0200103b               // M extension in OP-32, funct3 1
  .word 0x4000103b
  .word 0x1010302f               // lr.d with rs2
  .word 0x1010202f               // lr.w with rs2
  .word 0x2800302f               // AMO, funct5 5
  .word 0x0000002f               // AMO of a byte
  .word 0x0000402f               // AMO, funct3 4
  .word 0x0000200f               // MISC-MEM, funct3 2 (cache blocks), 3, 7
  .word 0x0000300f
  .word 0x0000700f
  .word 0x00002007               // flw
  .word 0x00003027               // fsd
  .word 0x00000053               // fadd.s
  .word 0x00000043               // fmadd.s
  .word 0x02000057               // vector
  .word 0x0000000b               // custom-0, custom-1, custom-2, custom-3
  .word 0x0000002b
  .word 0x0000005b
  .word 0x0000007b
  .word 0x00000077               // vector, packed
  .word 0x0000006b
  .word 0x00004073               // SYSTEM, funct3 4
  .word 0x00008073               // ecall with rs1
  .word 0x000000f3               // ecall with rd
  .word 0x00108073               // ebreak with rs1
  .word 0x00200073               // uret
  .word 0x10208073               // sret with rs1
  .word 0x302000f3               // mret with rd
  .word 0x105000f3               // wfi with rd
  .word 0x120000f3               // sfence.vma with rd
  .word 0x22000073               // hfence.bvma of no hypervisor
  .word 0x7b200073               // dret outside debug mode
  .word 0xc0001073               // unimp
  .word -1
narrow:
  .word 0x0000                   // all zeros
  .word 0x0004                   // c.addi4spn of 0
  .word 0x2000                   // c.fld
  .word 0xa000                   // c.fsd
  .word 0x8000                   // reserved
  .word 0x2001                   // c.addiw x0
  .word 0x6101                   // c.addi16sp of 0
  .word 0x6501                   // c.lui of 0
  .word 0x9c41                   // reserved beside c.subw, c.addw
  .word 0x9c61
  .word 0x2002                   // c.fldsp
  .word 0x4002                   // c.lwsp x0
  .word 0x6002                   // c.ldsp x0
  .word 0x8002                   // c.jr x0
  .word 0xa002                   // c.fsdsp
  .word -1

#define READ_CSR(address) .word (address) << 20 | 0x2573
csrs:
  READ_CSR(0x001)                // fflags, frm, fcsr, vstart: no F, no V
  READ_CSR(0x002)
  READ_CSR(0x003)
  READ_CSR(0x008)
  READ_CSR(0x000)                // ustatus, utvec: no N
  READ_CSR(0x005)
  READ_CSR(0x101)
  READ_CSR(0x14e)
  READ_CSR(0x15d)                // stimecmph: RV32
  READ_CSR(0x200)                // hypervisor, virtual supervisor
  READ_CSR(0x24d)
  READ_CSR(0x600)
  READ_CSR(0x60a)
  READ_CSR(0x310)                // mstatush, menvcfgh, mcycleh: RV32
  READ_CSR(0x31a)
  READ_CSR(0xb80)
  READ_CSR(0x3a0)                // pmpcfg0, pmpaddr0
  READ_CSR(0x3b0)
  READ_CSR(0x7b0)                // dcsr outside debug mode
  READ_CSR(0x800)                // custom
  READ_CSR(0xcc0)
  READ_CSR(0xfff)
  READ_CSR(0xb01)                // there is no mtime CSR
  READ_CSR(0xc80)                // cycleh
  READ_CSR(0xf10)
  .word -1
