/* Physical memory protection, on a hart with 8 entries: registers, matching, permissions, locks. */
#include "../sv39.h"

.equ OFF, 0 << 3
.equ TOR, 1 << 3
.equ NA4, 2 << 3
.equ NAPOT, 3 << 3
.equ L, 1 << 7
/* Permissions of an entry. */
.equ PR, 1
.equ PW, 2
.equ PX, 4
.equ ALL, NAPOT | PR | PW | PX

/* pmpaddr of `size` bytes, a power of two, at `base`. */
#define REGION(base, size) (((base) >> 2) | (((size) >> 3) - 1))
/* The configuration of entry `n`, in pmpcfg0. */
#define CFG(n, cfg) ((cfg) << ((n) * 8))
/* The last entry lets everything happen that the others do not forbid. */
#define OPEN CFG(7, ALL)

/* Pages of data, of code, and what is seen through the page table. */
.equ CODE, DATA + 1
.equ SEEN, DATA + 2

/* Sets pmpaddr`n`. */
.macro ADDRESS n, value:vararg
  li t0, \value
  csrw pmpaddr\n, t0
.endm
/* Sets pmpcfg0, and lets the MMU see it. */
.macro CONFIGURE value:vararg
  li t0, \value
  csrw pmpcfg0, t0
  sfence.vma
.endm
/* `csr` must read `value`. */
.macro READS csr, value:vararg
  csrr t0, \csr
  CHECK t0, \value
.endm
/* From here on data are accessed with the privilege `mode`, up to the next trap or HERE. */
.macro LIKE mode
  li t0, MSTATUS_MPP
  csrc mstatus, t0
  li t0, MSTATUS_MPRV | (PRIV_\mode << 11)
  csrs mstatus, t0
.endm
.macro HERE
  li t0, MSTATUS_MPRV
  csrc mstatus, t0
.endm
/* `insn`, a data access at a0 with privilege `mode`, must pass. */
.macro LETS mode, insn:vararg
  LIKE \mode
  \insn
  HERE
.endm
/* It must be refused with `cause`, and leave a1 alone. */
.macro REFUSES mode, cause, insn:vararg
  li a1, 77
  LIKE \mode
  TRAPS M, \insn
  HERE
  EXPECT \cause, a0
  CHECK a1, 77
.endm
/* Execution at `address` with privilege `mode` must come to the ecall at `end`. */
.macro RUNS mode, address, end
  li t0, \address
  TRAPS_AT \mode, t0
  CHECK s2, CAUSE_ECALL_\mode
  CHECK s3, \end
.endm
/* It must end in an access fault of the instruction at `pc`, for its portion at `tval`. */
.macro STOPS mode, address, pc, tval
  li t0, \address
  TRAPS_AT \mode, t0
  CHECK s2, CAUSE_FETCH_ACCESS
  CHECK s3, \pc
  CHECK s4, \tval
.endm

  TEST 2  // after reset all entries are off; Spike's first one lets everything happen
  SKIP_ON_SPIKE 1f
  READS pmpcfg0, 0
  READS pmpcfg2, 0
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  READS pmpaddr\n, 0
  .endr

1:

  TEST 3  // then M-mode may do everything, the others nothing
  csrw pmpcfg0, zero
  la a0, tohost
  ld a1, 0(a0)
  .irp mode, S, U
  TRAPS \mode, nop
  EXPECT CAUSE_FETCH_ACCESS, s7
  REFUSES \mode, CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  REFUSES \mode, CAUSE_STORE_ACCESS, sd a1, 0(a0)
  REFUSES \mode, CAUSE_STORE_ACCESS, amoadd.d a1, a1, (a0)
  .endr
  LETS M, ld a1, 0(a0)

  TEST 4  // the registers are M-mode's, and odd pmpcfg are RV32's
  CONFIGURE OPEN
  ADDRESS 7, -1
  .irp mode, S, U
  TRAPS \mode, csrr a0, pmpcfg0
  CHECK s2, CAUSE_ILLEGAL
  TRAPS \mode, csrw pmpaddr0, a0
  CHECK s2, CAUSE_ILLEGAL
  .endr
  TRAPS M, .word 0x3a102573  // csrr a0, pmpcfg1
  CHECK s2, CAUSE_ILLEGAL
  TRAPS M, .word 0x3a302573
  CHECK s2, CAUSE_ILLEGAL

  TEST 5  // WARL: 54 bits of address, 5 of configuration, and W needs R
  li t0, -1
  csrw pmpaddr0, t0
  READS pmpaddr0, (1 << 54) - 1
  csrw pmpaddr8, t0
  csrw pmpaddr15, t0
  READS pmpaddr8, 0
  READS pmpaddr15, 0
  csrw pmpcfg2, t0
  READS pmpcfg2, 0
  li t0, 0x0060600706020301
  csrw pmpcfg0, t0
  READS pmpcfg0, 0x0000000704000301
  csrw pmpcfg0, zero
  READS pmpcfg0, 0

  TEST 6  // each permission by itself and together, for each kind of access
  ADDRESS 0, REGION(PAGE(DATA), 4096)
  li a0, PAGE(DATA)
  CONFIGURE OPEN | CFG(0, NAPOT)
  REFUSES S, CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  REFUSES S, CAUSE_LOAD_ACCESS, lr.d a1, (a0)
  REFUSES S, CAUSE_STORE_ACCESS, sd a1, 0(a0)
  REFUSES S, CAUSE_STORE_ACCESS, amoadd.d a1, a1, (a0)
  CONFIGURE OPEN | CFG(0, NAPOT | PR)
  LETS U, ld a1, 0(a0)
  LETS U, lr.d a1, (a0)
  REFUSES U, CAUSE_STORE_ACCESS, sb a1, 0(a0)
  REFUSES U, CAUSE_STORE_ACCESS, amoadd.w a1, a1, (a0)
  CONFIGURE OPEN | CFG(0, NAPOT | PX)
  REFUSES S, CAUSE_LOAD_ACCESS, lb a1, 0(a0)
  REFUSES S, CAUSE_STORE_ACCESS, amoswap.d a1, a1, (a0)
  CONFIGURE OPEN | CFG(0, NAPOT | PR | PW)
  LETS S, sd a1, 0(a0)
  LETS S, amoadd.d a1, a1, (a0)
  LETS S, lr.d a1, (a0)
  LETS S, sc.d a1, a1, (a0)

  TEST 7  // what is not locked lets M-mode do everything
  CONFIGURE OPEN | CFG(0, NAPOT)
  ld a1, 0(a0)
  sd a1, 0(a0)
  amoadd.d a1, a1, (a0)
  RUNS M, PAGE(CODE), PAGE(CODE) + 8

  TEST 8  // the borders of a region of 16 bytes
  ADDRESS 0, REGION(PAGE(DATA) + 16, 16)
  CONFIGURE OPEN | CFG(0, NAPOT)
  .irp offset, 8, 32
  li a0, PAGE(DATA) + \offset
  LETS S, ld a1, 0(a0)
  .endr
  .irp offset, 16, 24
  li a0, PAGE(DATA) + \offset
  REFUSES S, CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  .endr

  TEST 9  // four bytes: an access that lies there in part fails, in M-mode, too
  ADDRESS 0, (PAGE(DATA) + 4) >> 2
  CONFIGURE OPEN | CFG(0, NA4 | PR | PW | PX)
  .irp mode, M, S
  li a0, PAGE(DATA)
  REFUSES \mode, CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  REFUSES \mode, CAUSE_STORE_ACCESS, sd a1, 0(a0)
  REFUSES \mode, CAUSE_STORE_ACCESS, amoadd.d a1, a1, (a0)
  LETS \mode, lw a1, 0(a0)
  LETS \mode, lw a1, 4(a0)
  LETS \mode, lbu a1, 7(a0)
  LETS \mode, ld a1, 8(a0)
  .endr
  CONFIGURE OPEN | CFG(0, NA4)
  LETS S, lhu a1, 2(a0)
  LETS S, lw a1, 8(a0)
  li a0, PAGE(DATA) + 6
  REFUSES S, CAUSE_LOAD_ACCESS, lhu a1, 0(a0)

  TEST 10  // top of range: from the address below, of an entry of any kind, and of entry 0 from 0
  ADDRESS 0, (PAGE(DATA) + 8) >> 2
  ADDRESS 1, (PAGE(DATA) + 24) >> 2
  CONFIGURE OPEN | CFG(1, TOR)
  .irp offset, 0, 24
  li a0, PAGE(DATA) + \offset
  LETS S, ld a1, 0(a0)
  .endr
  .irp offset, 8, 16
  li a0, PAGE(DATA) + \offset
  REFUSES S, CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  .endr
  CONFIGURE OPEN | CFG(0, TOR)
  li a0, PAGE(DATA)
  REFUSES S, CAUSE_LOAD_ACCESS, ld a1, 0(a0)
  li a0, PAGE(DATA) + 8
  LETS S, ld a1, 0(a0)
  ADDRESS 1, (PAGE(DATA) + 8) >> 2
  CONFIGURE OPEN | CFG(1, TOR)
  LETS S, ld a1, 0(a0)
  ADDRESS 1, PAGE(DATA) >> 2
  li a0, PAGE(DATA)
  LETS S, ld a1, 0(a0)

  TEST 11  // the lowest entry that matches decides
  ADDRESS 0, REGION(PAGE(DATA) + 64, 64)
  ADDRESS 1, REGION(PAGE(DATA), 4096)
  CONFIGURE OPEN | CFG(0, NAPOT | PR) | CFG(1, NAPOT)
  li a0, PAGE(DATA) + 64
  LETS S, ld a1, 0(a0)
  REFUSES S, CAUSE_STORE_ACCESS, sd a1, 0(a0)
  li a0, PAGE(DATA) + 128
  REFUSES S, CAUSE_LOAD_ACCESS, ld a1, 0(a0)

  TEST 12  // fetches need X
  ADDRESS 0, REGION(PAGE(CODE), 4096)
  CONFIGURE OPEN | CFG(0, NAPOT | PX)
  RUNS S, PAGE(CODE), PAGE(CODE) + 8
  CONFIGURE OPEN | CFG(0, NAPOT | PR | PW)
  STOPS S, PAGE(CODE), PAGE(CODE), PAGE(CODE)
  STOPS U, PAGE(CODE) + 6, PAGE(CODE) + 6, PAGE(CODE) + 6

  TEST 13  // half of a word: what goes on there fails, and where an instruction reaches into it
  ADDRESS 0, (PAGE(CODE) + 4) >> 2
  CONFIGURE OPEN | CFG(0, NA4)
  .irp mode, S, U
  STOPS \mode, PAGE(CODE), PAGE(CODE) + 4, PAGE(CODE) + 4
  STOPS \mode, PAGE(CODE) + 6, PAGE(CODE) + 6, PAGE(CODE) + 6
  RUNS \mode, PAGE(CODE) + 8, PAGE(CODE) + 8
  .endr
  ADDRESS 0, (PAGE(CODE) + 20) >> 2
  STOPS S, PAGE(CODE) + 16, PAGE(CODE) + 18, PAGE(CODE) + 20
  ADDRESS 0, (PAGE(CODE) + 36) >> 2
  RUNS S, PAGE(CODE) + 32, PAGE(CODE) + 40
  RUNS S, PAGE(CODE) + 32, PAGE(CODE) + 40

  TEST 14  // the other half
  ADDRESS 0, PAGE(CODE) >> 2
  STOPS S, PAGE(CODE), PAGE(CODE), PAGE(CODE)
  RUNS S, PAGE(CODE) + 4, PAGE(CODE) + 8
  ADDRESS 0, (PAGE(CODE) + 56) >> 2
  STOPS S, PAGE(CODE) + 52, PAGE(CODE) + 54, PAGE(CODE) + 56

  TEST 15  // two entries that each permit half of a word
  ADDRESS 0, PAGE(CODE) >> 2
  ADDRESS 1, (PAGE(CODE) + 4) >> 2
  CONFIGURE OPEN | CFG(0, NA4 | PX) | CFG(1, NA4 | PX)
  RUNS S, PAGE(CODE), PAGE(CODE) + 8
  RUNS M, PAGE(CODE), PAGE(CODE) + 8

  TEST 16  // page tables are read as by the supervisor: access faults of the access's own kind
  TRANSLATE
  .irp table, ROOT, MIDDLE, LEAF
  ADDRESS 0, REGION(PAGE(\table), 8)
  TARGET VA(0, 0, 0), PAGE(SEEN)
  AS S
  CONFIGURE OPEN | CFG(0, NAPOT | PW | PX)
  ACCESS LOAD, CAUSE_LOAD_ACCESS
  ACCESS STORE, CAUSE_STORE_ACCESS
  ACCESS FETCH, CAUSE_FETCH_ACCESS
  CONFIGURE OPEN | CFG(0, NAPOT | PR)
  ACCESS LOAD, 0
  ACCESS FETCH, 0
  .endr

  TEST 17  // A and D are not set where the supervisor must not write
  ADDRESS 0, REGION(PAGE(LEAF) + 8, 8)
  li t0, MENVCFG_ADUE
  csrw menvcfg, t0
  TARGET VA(0, 0, 1), PAGE(SEEN)
  AS S
  CONFIGURE OPEN | CFG(0, NAPOT | PR)
  ACCESS LOAD, CAUSE_LOAD_ACCESS
  ACCESS STORE, CAUSE_STORE_ACCESS
  ACCESS FETCH, CAUSE_FETCH_ACCESS
  li a0, PAGE(LEAF) + 8
  ld a1, 0(a0)
  CHECK a1, PTE(PAGE(SEEN), V | R | W | X)
  CONFIGURE OPEN | CFG(0, NAPOT | PR | PW)
  ACCESS STORE, 0
  CONFIGURE OPEN | CFG(0, NAPOT | PR)
  ACCESS STORE, 0

  TEST 18  // the translated address is checked, after A and D have been set
  WRITE_PTE LEAF, 1, PTE(PAGE(SEEN), V | R | W | X)
  ADDRESS 0, REGION(PAGE(SEEN), 4096)
  CONFIGURE OPEN | CFG(0, NAPOT | PR)
  ACCESS STORE, CAUSE_STORE_ACCESS
  li a0, PAGE(LEAF) + 8
  ld a1, 0(a0)
  CHECK a1, PTE(PAGE(SEEN), V | R | W | X | A | D)
  ACCESS LOAD, 0
  csrw satp, zero
  li s11, 0

  TEST 19  // a lock keeps an entry, and the address below a locked top of range
  ADDRESS 2, 0x1000
  ADDRESS 3, 0x2000
  ADDRESS 4, 0x3000
  CONFIGURE OPEN | CFG(3, L | TOR | PR)
  .irp n, 2, 3, 4
  csrw pmpaddr\n, zero
  .endr
  READS pmpaddr2, 0x1000
  READS pmpaddr3, 0x2000
  READS pmpaddr4, 0
  csrw pmpcfg0, zero
  READS pmpcfg0, CFG(3, L | TOR | PR)
  CONFIGURE OPEN
  READS pmpcfg0, OPEN | CFG(3, L | TOR | PR)

  TEST 20  // a lock binds M-mode
  ADDRESS 1, REGION(PAGE(DATA), 64)
  CONFIGURE OPEN | CFG(1, L | NAPOT | PR)
  li a0, PAGE(DATA)
  LETS M, ld a1, 0(a0)
  REFUSES M, CAUSE_STORE_ACCESS, sd a1, 0(a0)
  REFUSES M, CAUSE_STORE_ACCESS, amoadd.d a1, a1, (a0)
  STOPS M, PAGE(DATA), PAGE(DATA), PAGE(DATA)
  li a0, PAGE(DATA) + 64
  LETS M, sd a1, 0(a0)

  TEST 21  // a write acts on the very next instruction
  ADDRESS 0, (PAGE(CODE) + 68) >> 2
  li t1, OPEN | CFG(0, L | NA4 | PR)
  STOPS M, PAGE(CODE) + 64, PAGE(CODE) + 68, PAGE(CODE) + 68

  PASS

  AT_PAGE ROOT
  .dword POINTER(PAGE(MIDDLE))
  PROGRAM_ENTRIES
  ENTRY MIDDLE, 0, POINTER(PAGE(LEAF))
  ENTRY LEAF, 0, PTE(PAGE(SEEN), KERNEL)
  ENTRY LEAF, 1, PTE(PAGE(SEEN), V | R | W | X)

  AT_PAGE CODE
  .option push
  .option rvc
  c.nop
  c.nop
  c.nop
  c.nop
  .option norvc
  ecall
  nop
  .option rvc
  c.nop                     // 16: a long instruction in the middle
  .option norvc
  addi x0, x0, 0
  .option rvc
  c.nop
  c.nop                     // 24
  c.nop
  c.nop
  c.nop
  c.nop                     // 32: a jump over the upper half
  c.j 1f
  c.nop
  c.nop
1:
  .option norvc
  ecall                     // 40
  nop
  .option rvc
  c.nop                     // 48: a long instruction over the end
  c.nop
  c.nop
  .option norvc
  addi x0, x0, 0
  .option rvc
  c.nop
  c.nop
  c.nop
  .option norvc
  csrw pmpcfg0, t1          // 64
  ecall
  .option pop

  CONTENT SEEN
