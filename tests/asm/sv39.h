/*
 * What the programs with translation share: page-table entries, pages, and one checked access.
 *
 * Page tables and data lie in pages at addresses that the assembler knows: page n is at PAGE(n),
 * behind the program's code. A supervisor sees RAM where it is, a user 1 GiB up (s11).
 *
 * Registers with a fixed meaning, besides those of test.h:
 *
 *   s8   virtual address of the page that `access` accesses
 *   s9   mstatus it does so with, and t4 where its instructions are in that mode (AS)
 *   s10  physical address of the page it must reach
 *   tp   kind of the next access in a sweep
 */

#include "test.h"

.equ V, 1 << 0
.equ R, 1 << 1
.equ W, 1 << 2
.equ X, 1 << 3
.equ U, 1 << 4
.equ G, 1 << 5
.equ A, 1 << 6
.equ D, 1 << 7
/* All that a supervisor page, and a user page, can be allowed. */
.equ KERNEL, V | R | W | X | A | D
.equ USER, KERNEL | U

/* A leaf, and a pointer to a page table; `pa` of a superpage is its start. */
#define PTE(pa, flags) ((((pa) >> 12) << 10) | (flags))
#define POINTER(pa) PTE(pa, V)
#define VA(vpn2, vpn1, vpn0) (((vpn2) << 30) | ((vpn1) << 21) | ((vpn0) << 12))
#define SATP(root, asid) ((8 << 60) | ((asid) << 44) | ((root) >> 12))

#define PAGE(n) (0x80008000 + ((n) << 12))
.equ RAM, 0x80000000

/* The page tables that every program has, and the first page behind them. */
.equ ROOT, 0
.equ MIDDLE, 1
.equ LEAF, 2
.equ DATA, 3

/* What follows goes to `offset` in page `n`. Places must come in order. */
.macro AT_PAGE n, offset=0
  .org 0x8000 + ((\n) << 12) + (\offset)
.endm

/* Lays down entry `index` of the page table in page `table`. */
.macro ENTRY table, index, pte
  AT_PAGE \table, (\index) << 3
  .dword \pte
.endm

/* The entries of ROOT that let the program go on when translation is on. */
.macro PROGRAM_ENTRIES table=ROOT
  ENTRY \table, 2, PTE(RAM, KERNEL)
  ENTRY \table, 3, PTE(RAM, USER)
.endm

/* Fills page `n` as `access` wants it: what is loaded, stored to and run there; all tell its PA. */
.macro CONTENT n
  AT_PAGE \n
  .dword PAGE(\n), 0
  .option push
  .option norvc
  lui a2, PAGE((\n)) >> 12
  ecall
  .option pop
.endm

/* Turns translation on below M. */
.macro TRANSLATE root=PAGE(ROOT), asid=0
  li t0, SATP(\root, \asid)
  csrw satp, t0
  sfence.vma
  li s11, 0x40000000
.endm

/* Writes a PTE, a constant, to memory. */
.macro WRITE_PTE table, index, pte
  li t0, PAGE(\table) + ((\index) << 3)
  li t1, \pte
  sd t1, 0(t0)
.endm

/* The page that `access` accesses, and the one that it must reach. */
.macro TARGET va, pa
  li s8, \va
  li s10, \pa
.endm

.equ LOAD, 0
.equ STORE, 1
.equ FETCH, 2

/* An access of `kind` must pass (0) or trap with `cause`. */
.macro ACCESS kind, cause
  li a0, \kind
  call access
  CHECK a0, \cause
.endm

/* The next access of a sweep, of the kinds in turn, must end in a page fault, or pass. */
.macro PAGE_FAULT
  jal sp, must_page_fault
.endm
.macro MUST_PASS
  mv a0, tp
  call access
  bnez a0, fail
.endm

/* From here on `access` accesses with privilege `mode` (S or U), and with these bits of mstatus. */
.macro AS mode, bits=0
  li s9, (PRIV_\mode << 11) | \bits
  la t4, accesses
  .ifeqs "\mode", "U"
  add t4, t4, s11
  .endif
.endm

  AS S
  li tp, LOAD
  j begin

/*
 * Accesses the page at s8, as AS said: a0 = 0 loads offset 0, 1 stores to offset 8, 2 runs offset
 * 16. Returns in a0 0 if it passed, and has reached the page s10; else the cause of the trap, which
 * had the right xepc and xtval. Changes a2, a5, t0 to t2, and the trap record.
 */
access:
  slli t2, a0, 3
  add t1, s8, t2                 // the address accessed
  mv s7, t1                      // pc: there,
  addi t0, a0, -FETCH
  beqz t0, 1f
  add s7, t4, t2                 // or at the instruction that accesses it
1:
  csrw mstatus, s9
  csrw mepc, s7
  la s1, 1f
  li s6, 0
  li a2, 0
  csrr a5, minstret              // a new value to store
  mret
.option push
.option norvc
accesses:
  lw a2, 0(t1)
  ecall
  sw a5, 0(t1)
  ecall
.option pop
1:
  addi t2, s2, -CAUSE_ECALL_U
  andi t2, t2, ~1
  beqz t2, 1f
  bne s4, t1, fail
  bne s3, s7, fail
  mv a0, s2
  ret
1:
  addi t0, a0, -STORE
  sext.w t2, s10
  bnez t0, 1f
  lw a2, 8(s10)
  sext.w t2, a5
1:
  bne a2, t2, fail
  li a0, 0
  ret

/* Accesses with the kind in tp, which must end in a page fault; then changes to the next kind. */
must_page_fault:
  mv a0, tp
  call access
  la t0, page_faults
  add t0, t0, tp
  lbu t0, 0(t0)
  bne a0, t0, fail
  addi tp, tp, 1
  addi t0, tp, -FETCH
  blez t0, 1f
  li tp, LOAD
1:
  jr sp
page_faults:
  .byte CAUSE_LOAD_PAGE, CAUSE_STORE_PAGE, CAUSE_FETCH_PAGE
.balign 4

begin:
