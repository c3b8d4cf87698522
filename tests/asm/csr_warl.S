/* What every CSR holds of what is written to it. Instructions: zicsr.S; counters: counters.S. */
#include "test.h"

/* `csr` holds each of `values`. */
.macro HOLDS csr, values:vararg
  .irp value, \values
  OPERAND a0, \value
  csrw \csr, a0
  csrr a1, \csr
  bne a1, a0, fail
  .endr
.endm

/* `value` written to `csr` reads back as `result`, in the bits of `mask`. */
.macro READS_BACK csr, value, mask, result
  OPERAND a0, \value
  csrw \csr, a0
  csrr a1, \csr
  OPERAND a2, \mask
  and a1, a1, a2
  OPERAND a3, \result
  bne a1, a3, fail
.endm

/* `csr`, a trap vector, holds an address and modes 0 and 1, and no other mode. */
.macro VECTOR csr
  HOLDS \csr, 0x80001234, 0x80001201, 0x3ffffff000, 0xffffffc012345600, 0xffffffffffff0001
  READS_BACK \csr, 0x80001202, 2, 0
  READS_BACK \csr, 0x80001203, 2, 0
.endm

/* `csr`, an exception pc, holds every even address. */
.macro EXCEPTION_PC csr
  HOLDS \csr, 0, 0x80001234, 0x80001236, 0x3ffffffffe, 0xffffffc000000002, 0xfffffffffffffffe
  READS_BACK \csr, 0x80001235, -1, 0x80001234
  READS_BACK \csr, 0x80001237, -1, 0x80001236
.endm

  TEST 2  // misa: RV64 IMAC with S and U, whatever is written
  csrr a0, misa
  OPERAND a1, 0x8000000000141105
  CHECK_SAME a0, a1
  csrw misa, a0
  csrr a0, misa
  CHECK_SAME a0, a1
  csrw misa, a1
  li a0, -1
  csrw misa, a0
  csrr a0, misa
  CHECK_SAME a0, a1

  TEST 3  // mhartid is 0; the other identities can be read
  csrr a0, mhartid
  CHECK a0, 0
  csrr a0, mvendorid
  srli a0, a0, 32
  CHECK a0, 0
  csrr a0, marchid
  csrr a0, mimpid

  // SD, XS, FS and VS are left out: without F and V they may be 0 or not.
  .equ MSTATUS_STATES, 1 << 63 | 3 << 15 | 3 << 13 | 3 << 9
  TEST 4  // mstatus: the bits of S and U with XLEN 64 fixed
  READS_BACK mstatus, -1, ~MSTATUS_STATES, 0x0000000a007e19aa
  READS_BACK mstatus, 0, -1, 0x0000000a00000000

  TEST 5  // mstatus.MPP holds U, S and M only
  READS_BACK mstatus, 0, MSTATUS_MPP, 0
  READS_BACK mstatus, 1 << 11, MSTATUS_MPP, 1 << 11
  READS_BACK mstatus, 3 << 11, MSTATUS_MPP, 3 << 11
  li a0, 2 << 11
  csrw mstatus, a0
  csrr a1, mstatus
  li a2, MSTATUS_MPP
  and a1, a1, a2
  beq a1, a0, fail

  TEST 6  // sstatus writes its own bits and no others
  csrw mstatus, x0
  READS_BACK sstatus, -1, ~MSTATUS_STATES, 0x00000002000c0122
  csrr a1, mstatus
  OPERAND a2, ~MSTATUS_STATES
  and a1, a1, a2
  OPERAND a2, 0x0000000a000c0122
  CHECK_SAME a1, a2
  READS_BACK sstatus, 0, -1, 0x0000000200000000

  TEST 7  // medeleg: not ecall from M, no reserved cause
  READS_BACK medeleg, -1, 0xfffe, 0xb3fe
  READS_BACK medeleg, 0, -1, 0

  TEST 8  // mideleg: the supervisor's interrupts
  READS_BACK mideleg, -1, -1, 0x222
  READS_BACK mideleg, 0, -1, 0

  TEST 9  // mie
  READS_BACK mie, -1, -1, 0xaaa
  READS_BACK mie, 0, -1, 0

  TEST 10  // mip: MEIP, MTIP and MSIP are their lines (MTIP may be up)
  READS_BACK mip, -1, ~0x80, 0x222
  READS_BACK mip, 0, ~0x80, 0

  TEST 11  // sie and sip hold nothing that is not delegated
  READS_BACK sie, -1, -1, 0
  READS_BACK sip, -1, -1, 0
  READS_BACK mideleg, 0x222, -1, 0x222
  READS_BACK sie, -1, -1, 0x222
  READS_BACK sip, -1, -1, 2
  csrw sip, x0
  csrw mie, x0
  csrw mideleg, x0

  TEST 12  // mtvec
  VECTOR mtvec
  la a0, machine_trap
  csrw mtvec, a0

  TEST 13  // stvec
  VECTOR stvec

  TEST 14  // mscratch and sscratch hold 64 bits
  HOLDS mscratch, 0x123456789abcdef, 0xfedcba9876543210
  HOLDS sscratch, 0x0f1e2d3c4b5a6978, 0xf0e1d2c3b4a59687
  csrr a0, mscratch
  OPERAND a1, 0xfedcba9876543210
  CHECK_SAME a0, a1

  TEST 15  // mepc
  EXCEPTION_PC mepc

  TEST 16  // sepc
  EXCEPTION_PC sepc

  TEST 17  // mcause
  HOLDS mcause, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 15
  HOLDS mcause, 1 << 63 | 1, 1 << 63 | 3, 1 << 63 | 5, 1 << 63 | 7, 1 << 63 | 9, 1 << 63 | 11, 0

  TEST 18  // scause
  HOLDS scause, 1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 13, 15, 1 << 63 | 1, 1 << 63 | 5, 1 << 63 | 9, 0

  TEST 19  // mtval and stval hold any address
  HOLDS mtval, 0, 0x80000001, 0x4000000000, 0xffffffbfffffffff, 0x123456789abcdef, -1
  HOLDS stval, 0, 0x80000001, 0x4000000000, 0xffffffbfffffffff, 0x123456789abcdef, -1

  TEST 20  // mcounteren and scounteren have 32 bits, the lowest three ours
  READS_BACK mcounteren, -1, 0xffffffff00000007, 7
  READS_BACK mcounteren, 0, -1, 0
  READS_BACK scounteren, -1, 0xffffffff00000007, 7
  READS_BACK scounteren, 0, -1, 0

  TEST 21  // menvcfg: STCE; ADUE where there is Svadu; FIOM is free
  READS_BACK menvcfg, -1, ~MENVCFG_ADUE & ~1, 1 << 63
  READS_BACK menvcfg, 0, -1, 0

  TEST 22  // senvcfg: nothing but FIOM
  READS_BACK senvcfg, -1, ~1, 0
  READS_BACK senvcfg, 0, -1, 0

  TEST 23  // stimecmp has 64 bits
  HOLDS stimecmp, 0, 0x123456789abcdef, -1

  TEST 24  // satp: Bare, and Sv39 with 16 bits of ASID and 44 of PPN
  HOLDS satp, 0, 0x8fffffffffffffff, 0x8000000000080010, 0x8001000000000000

  TEST 25  // satp: a write with another mode changes nothing
  OPERAND a2, 0x8001000000080010
  csrw satp, a2
  .irp mode, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 14, 15
  OPERAND a0, (\mode << 60) | 0x0ffff00000000777
  csrw satp, a0
  csrr a1, satp
  CHECK_SAME a1, a2
  .endr
  SKIP_ON_SPIKE 1f               // it has Sv48 and Sv57
  .irp mode, 9, 10
  li a0, (\mode << 60) | 0x0ffff00000000777
  csrw satp, a0
  csrr a1, satp
  CHECK_SAME a1, a2
  .endr
1:
  csrw satp, x0
  OPERAND a0, 0x1000000000000777
  csrw satp, a0
  csrr a1, satp
  CHECK a1, 0

  PASS
