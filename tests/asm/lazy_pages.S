/*
 * A kernel that maps its user's heap when the user touches it, the way xv6 does: trampoline and
 * trap frame at the top of both address spaces, page tables switched between two fences, faults
 * delegated to S-mode, no fence after mapping (VexRiscv#60), and a timer that ticks through it all.
 *
 * gp stays the number of the test; every other register is the user's while it runs.
 */
#include "sv39.h"

.equ TRAMPOLINE_PAGE, DATA
.equ TRAP_FRAME_PAGE, DATA + 1
.equ USER_ROOT, DATA + 2
.equ USER_MIDDLE, DATA + 3
.equ USER_LEAF, DATA + 4
.equ TOP_MIDDLE, DATA + 5        // the top of either address space
.equ TOP_LEAF, DATA + 6
.equ USER_CODE, DATA + 7
.equ FRAMES, DATA + 8            // to give away; all zeros
.equ TRAMPOLINE, VA(255, 511, 511)
.equ TRAP_FRAME, VA(255, 511, 510)
.equ USER_RETURN, 0x200          // where in the trampoline the way back starts
#define HEAP(page) ((16 + (page)) << 12)
.equ SYS_UNMAP, 1
.equ SYS_EXIT, 2

/* Everything but x0, gp and a0. */
.macro EACH_REGISTER op
  .irp r, 1,2,4,5,6,7,8,9,11,12,13,14,15,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  \op x\r, \r * 8(a0)
  .endr
.endm

/* Goes to `label` if a0, scause, is `cause`. */
.macro ON cause, label
  li t0, \cause
  beq a0, t0, \label
.endm

  li t0, -1
  csrw stimecmp, t0
  li t0, MENVCFG_STCE
  csrw menvcfg, t0
  csrwi mcounteren, 2            // the time
  li t0, 1 << CAUSE_LOAD_PAGE | 1 << CAUSE_STORE_PAGE | 1 << CAUSE_ECALL_U
  csrw medeleg, t0
  li t0, STI
  csrw mideleg, t0
  csrw mie, t0
  la t0, unexpected
  csrw mtvec, t0
  li t0, TRAMPOLINE
  csrw stvec, t0
  li t0, SATP(PAGE(ROOT), 0)
  csrw satp, t0
  sfence.vma
  csrw sepc, x0                  // where the user starts
  la t0, return_to_user
  csrw mepc, t0
  li t0, MSTATUS_MPP_S
  csrw mstatus, t0
  TEST 2  // the user runs, and faults where it should and nowhere else
  mret

/* The kernel, in S-mode under its own page table: starts the user, or lets it go on at sepc. */
return_to_user:
  li t0, MSTATUS_SPP
  csrc sstatus, t0
  li t0, MSTATUS_SPIE
  csrs sstatus, t0
  la t0, quantum
  ld t1, 0(t0)
  csrr t2, time
  add t2, t2, t1
  csrw stimecmp, t2
  li a0, SATP(PAGE(USER_ROOT), 0)
  li t0, TRAMPOLINE + USER_RETURN
  jr t0

/* The trampoline comes here with the user's registers saved. */
kernel_trap:
  csrr t0, sstatus
  andi t0, t0, MSTATUS_SPP
  bnez t0, fail                  // only the user traps
  csrr a0, scause
  ON CAUSE_STI, tick
  ON CAUSE_ECALL_U, system_call

/* Checks that this is the next page fault expected, and maps a frame. */
page_fault:
  la s8, next_fault
  ld s9, 0(s8)
  lw t0, 0(s9)
  bne a0, t0, fail
  csrr a1, stval
  lwu t0, 4(s9)
  bne a1, t0, fail
  addi s9, s9, 8
  sd s9, 0(s8)
  la s8, next_frame
  ld s9, 0(s8)
  li t0, 4096
  add t0, t0, s9
  sd t0, 0(s8)
  srli s9, s9, 2                 // the PTE
  ori s9, s9, V | R | W | U | A | D
  srli a1, a1, 12
  slli a1, a1, 3
  li t0, PAGE(USER_LEAF)
  add t0, t0, a1
  ld t1, 0(t0)
  bnez t1, fail                  // mapped already: no reason to fault
  sd s9, 0(t0)
  j return_to_user

/* The next tick comes later, so that the user gets somewhere. */
tick:
  la t0, quantum
  ld t1, 0(t0)
  srli t2, t1, 2
  add t1, t1, t2
  sd t1, 0(t0)
  j return_to_user

/* SYS_UNMAP in a7: the page of a0 is unmapped. SYS_EXIT: a0 and a1 are the user's results. */
system_call:
  csrr t0, sepc
  addi t0, t0, 4
  csrw sepc, t0
  li t0, PAGE(TRAP_FRAME_PAGE)
  ld a0, 10 * 8(t0)
  ld a1, 11 * 8(t0)
  ld a7, 17 * 8(t0)
  addi t0, a7, -SYS_EXIT
  beqz t0, exit
  srli a0, a0, 12
  slli a0, a0, 3
  li t1, PAGE(USER_LEAF)
  add t1, t1, a0
  sd x0, 0(t1)
  j return_to_user

exit:
  TEST 3  // every page was zero at first, and has kept what was stored
  CHECK a0, 0x1111
  TEST 4  // the user's registers have come through every trap
  CHECK a1, 0
  TEST 5  // every fault has come
  la t0, next_fault
  ld t0, 0(t0)
  lw t0, 0(t0)
  CHECK t0, 0
  PASS

.balign 4
unexpected:
  j fail

.data
.balign 8
quantum:
  .dword 60                      // cycles until the next tick
next_frame:
  .dword PAGE(FRAMES)
next_fault:
  .dword faults
faults:
  .word CAUSE_STORE_PAGE, HEAP(0) + 8
  .word CAUSE_STORE_PAGE, HEAP(1) + 4095
  .word CAUSE_LOAD_PAGE, HEAP(2) + 8
  .word CAUSE_LOAD_PAGE, HEAP(3) + 12
  .word CAUSE_STORE_PAGE, HEAP(4) + 8
  .word CAUSE_LOAD_PAGE, HEAP(5) + 8
  .word CAUSE_LOAD_PAGE, HEAP(0) + 8
  .word 0
.text

  PROGRAM_ENTRIES
  ENTRY ROOT, 255, POINTER(PAGE(TOP_MIDDLE))

  AT_PAGE TRAMPOLINE_PAGE
  csrw sscratch, a0
  li a0, TRAP_FRAME
  EACH_REGISTER sd
  csrr t0, sscratch
  sd t0, 10 * 8(a0)
  ld t1, 0(a0)
  li t0, SATP(PAGE(ROOT), 0)
  sfence.vma
  csrw satp, t0
  sfence.vma
  jr t1
  AT_PAGE TRAMPOLINE_PAGE, USER_RETURN
  sfence.vma
  csrw satp, a0
  sfence.vma
  li a0, TRAP_FRAME
  EACH_REGISTER ld
  ld a0, 10 * 8(a0)
  sret

  AT_PAGE TRAP_FRAME_PAGE
  .dword kernel_trap             // registers from here on, by their numbers

  ENTRY USER_ROOT, 0, POINTER(PAGE(USER_MIDDLE))
  ENTRY USER_ROOT, 255, POINTER(PAGE(TOP_MIDDLE))
  ENTRY USER_MIDDLE, 0, POINTER(PAGE(USER_LEAF))
  ENTRY USER_LEAF, 0, PTE(PAGE(USER_CODE), V | R | X | U | A | D)
  ENTRY TOP_MIDDLE, 511, POINTER(PAGE(TOP_LEAF))
  ENTRY TOP_LEAF, 510, PTE(PAGE(TRAP_FRAME_PAGE), V | R | W | A | D)
  ENTRY TOP_LEAF, 511, PTE(PAGE(TRAMPOLINE_PAGE), V | R | X | A | D)

  AT_PAGE USER_CODE
  .irp r, 1,2,4,5,6,7,8,9,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  li x\r, \r * 0x101
  .endr
  li a0, 0
  li a1, HEAP(0) + 8             // a store
  li a2, 0x1000
  sd a2, 0(a1)
  ld a3, 0(a1)
  add a0, a0, a3
  li a1, HEAP(1) + 4095          // of the last byte of a page
  li a2, 0x7f
  sb a2, 0(a1)
  lbu a3, 0(a1)
  addi a3, a3, 0x81
  add a0, a0, a3
  li a1, HEAP(2) + 8             // a load, then a store
  ld a2, 0(a1)
  add a0, a0, a2
  li a2, 0x10
  sd a2, 0(a1)
  ld a3, 0(a1)
  add a0, a0, a3
  li a1, HEAP(3) + 12            // a load of a word
  lw a2, 0(a1)
  add a0, a0, a2
  li a1, HEAP(4) + 8             // an AMO
  li a2, 1
  amoadd.d a3, a2, (a1)
  add a0, a0, a3
  ld a3, 0(a1)
  add a0, a0, a3
  li a1, HEAP(5) + 8             // an LR
  lr.d a2, (a1)
  add a6, a0, a2
  li a0, HEAP(0) + 8             // a page given back
  li a7, SYS_UNMAP
  ecall
  ld a2, 0(a0)
  add a0, a6, a2
  li a1, 0
  .irp r, 1,2,4,5,6,7,8,9,18,19,20,21,22,23,24,25,26,27,28,29,30,31
  li a2, \r * 0x101
  sub a2, a2, x\r
  or a1, a1, a2
  .endr
  li a7, SYS_EXIT
  ecall

  AT_PAGE FRAMES, 7 << 12
