/* Zicsr: the six instructions, what reads and what writes, rights, views, neighbours. */
#include "test.h"

  li a1, 0x123456789abcdef
  li a2, 0x0ff00ff00ff00ff0

  TEST 2  // csrrw swaps
  csrw mscratch, a1
  csrrw a0, mscratch, a2
  CHECK_SAME a0, a1
  csrr a0, mscratch
  CHECK_SAME a0, a2

  TEST 3  // csrrs sets, returns the old value
  csrw mscratch, a1
  csrrs a0, mscratch, a2
  CHECK_SAME a0, a1
  csrr a0, mscratch
  CHECK a0, 0x0ff34ff78ffbcfff

  TEST 4  // csrrc clears
  csrw mscratch, a1
  csrrc a0, mscratch, a2
  CHECK_SAME a0, a1
  csrr a0, mscratch
  CHECK a0, 0x00034007800bc00f

  TEST 5  // csrrwi, csrrsi, csrrci take five unsigned bits
  csrrwi a0, mscratch, 31
  CHECK a0, 0x00034007800bc00f
  csrrsi a0, mscratch, 0
  CHECK a0, 31
  csrrci a0, mscratch, 21
  CHECK a0, 31
  csrrsi a0, mscratch, 16
  CHECK a0, 10
  csrr a0, mscratch
  CHECK a0, 26

  TEST 6  // rd = x0 writes all the same
  csrrw x0, mscratch, a1
  csrr a0, mscratch
  CHECK_SAME a0, a1
  csrrs x0, mscratch, a2
  csrrc x0, mscratch, a1
  csrr a0, mscratch
  CHECK a0, 0x0ed00a9006500210
  csrrwi x0, mscratch, 5
  csrr a0, mscratch
  CHECK a0, 5

  TEST 7  // rd = rs1 swaps
  mv a0, a1
  csrrw a0, mscratch, a0
  CHECK a0, 5
  csrr a0, mscratch
  CHECK_SAME a0, a1

  TEST 8  // a read-only CSR can be read by the forms that write nothing
  csrrs a0, mhartid, x0
  CHECK a0, 0
  csrrc a0, mhartid, x0
  csrrsi a0, mhartid, 0
  csrrci a0, mhartid, 0
  csrrs x0, mhartid, x0
  csrrs a0, cycle, x0

  TEST 9  // every other form on it is illegal, though it would change nothing
  li a3, 0
  csrr a4, mhartid
  li a0, 77
  TRAPS M, csrrs a0, mhartid, a3
  li a5, 0xf146a573
  EXPECT CAUSE_ILLEGAL, a5
  TRAPS M, csrrc a0, mhartid, a3
  li a5, 0xf146b573
  EXPECT CAUSE_ILLEGAL, a5
  TRAPS M, csrrw x0, mhartid, a4
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, csrrw a0, mhartid, x0
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, csrrwi a0, cycle, 0
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, csrrsi a0, instret, 1
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, csrrci a0, time, 1
  CHECK s2, CAUSE_ILLEGAL
  CHECK a0, 77

  TEST 10  // machine CSRs are illegal below M, and stay as they are
  csrw mscratch, a1
  TRAPS S, csrw mscratch, x0
  li a5, 0x34001073
  EXPECT CAUSE_ILLEGAL, a5
  TRAPS U, csrr a0, mscratch
  li a5, 0x34002573
  EXPECT CAUSE_ILLEGAL, a5
  TRAPS S, csrr a0, mhartid
  CHECK s2, CAUSE_ILLEGAL
  csrr a0, mscratch
  CHECK_SAME a0, a1

  TEST 11  // supervisor CSRs are illegal in U-mode, not in S-mode
  csrw sscratch, a1
  TRAPS U, csrw sscratch, x0
  li a5, 0x14001073
  EXPECT CAUSE_ILLEGAL, a5
  TRAPS U, csrr a0, sstatus
  CHECK s2, CAUSE_ILLEGAL
  RUN S
  csrrw a0, sscratch, a2
  END
  CHECK_SAME a0, a1
  csrr a0, sscratch
  CHECK_SAME a0, a2

  TEST 12  // a value read is used by the next instruction
  csrw mscratch, a1
  WIDE csrr a0, mscratch
  WIDE addi a0, a0, 1
  CHECK a0, 0x123456789abcdf0
  la a4, word
  WIDE csrr a0, mscratch
  WIDE sd a0, 0(a4)
  ld a0, 0(a4)
  CHECK_SAME a0, a1

  TEST 13  // a value just computed, or just loaded, is written
  WIDE addi a0, x0, 99
  WIDE csrw mscratch, a0
  WIDE csrr a3, mscratch
  CHECK a3, 99
  WIDE ld a0, 0(a4)
  WIDE csrw mscratch, a0
  WIDE csrr a3, mscratch
  CHECK_SAME a3, a1
  csrwi mscratch, 1
  csrwi mscratch, 2
  csrrsi a0, mscratch, 4
  csrrci a3, mscratch, 2
  csrr a5, mscratch
  CHECK a0, 2
  CHECK a3, 6
  CHECK a5, 4

  TEST 14  // reading to x0 keeps x0
  csrrs x0, mscratch, x0
  add a0, x0, x0
  CHECK a0, 0
  csrrw x0, mscratch, x0
  add a0, x0, x0
  CHECK a0, 0

  TEST 15  // a CSR write on a squashed path does not happen
  csrwi mscratch, 3
  beqz x0, 1f
  csrwi mscratch, 4
1:
  csrr a0, mscratch
  CHECK a0, 3

  TEST 16  // sstatus is a view of mstatus
  li a0, MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_MPP | MSTATUS_MPIE | MSTATUS_SUM
  csrw mstatus, a0
  csrr a3, sstatus
  li a4, MSTATUS_SUM | 2 << 32   // UXL
  CHECK_SAME a3, a4
  li a4, MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_MXR
  csrw sstatus, a4
  csrr a3, mstatus
  li a4, MSTATUS_MPRV | MSTATUS_TVM | MSTATUS_MPP | MSTATUS_MPIE | MSTATUS_SPP | MSTATUS_SPIE \
    | MSTATUS_MXR | 10 << 32     // UXL and SXL
  CHECK_SAME a3, a4
  csrw mstatus, x0

  TEST 17  // sie shows and changes the delegated bits of mie
  csrwi mie, 0
  li a0, 1 << 1 | 1 << 5 | 1 << 9
  li a3, 1 << 5 | 1 << 9
  csrw mie, a0
  csrw mideleg, a3
  csrr a4, sie
  CHECK_SAME a4, a3
  csrw sie, x0
  csrr a4, mie
  CHECK a4, 2
  csrs sie, a0
  csrr a4, mie
  CHECK_SAME a4, a0
  csrw mie, x0

  TEST 18  // sip shows the delegated bits of mip; only SSIP can be written there
  csrw mip, a0
  csrr a4, sip
  CHECK_SAME a4, a3
  csrw sip, x0
  csrr a4, sip
  CHECK_SAME a4, a3
  csrw mideleg, a0
  csrr a4, sip
  CHECK_SAME a4, a0
  csrw sip, x0
  csrr a4, sip
  CHECK_SAME a4, a3
  csrs sip, a0
  csrr a4, sip
  CHECK_SAME a4, a0
  csrw mip, x0
  csrr a4, sip
  CHECK a4, 0

  PASS

.data
.balign 8
word:
  .dword 0
