/*
 * Makes the accesses that it is told, one at a time: Python writes the block `told`, sets `go`, and
 * waits for `done`. Nothing here is translated but the access itself: data by MPRV, code by mret.
 */
.option norelax
.option norvc
.option arch, +zicsr, +zifencei

.macro ACCESS name, insn:vararg
  .globl \name
\name:
  \insn
  ebreak
.endm

.text
.globl _start
_start:
  la t0, trap
  csrw mtvec, t0
  la s0, told
next:
  li t0, 1
  sd t0, 64(s0)         // done
1:
  ld t0, 0(s0)          // go
  beqz t0, 1b
  sd zero, 0(s0)
  sd zero, 64(s0)
  ld t0, 8(s0)
  csrw satp, t0
  ld t0, 16(s0)
  csrw menvcfg, t0
  ld a0, 96(s0)         // what is stored; what was loaded
  ld a1, 24(s0)         // address
  ld a2, 32(s0)         // address space of a fence
  ld t1, 40(s0)         // where it begins
  csrw mepc, t1
  ld t2, 56(s0)         // whether that is translated, too
  ld t0, 48(s0)
  csrw mstatus, t0      // from here on data is
  bnez t2, 2f
  jr t1
2:
  mret

ACCESS ld, ld a0, (a1)
ACCESS lw, lw a0, (a1)
ACCESS sd, sd a0, (a1)
ACCESS sw, sw a0, (a1)
ACCESS amoadd, amoadd.d a0, a0, (a1)
ACCESS fence, sfence.vma
ACCESS fence_va, sfence.vma a1
ACCESS fence_asid, sfence.vma zero, a2
ACCESS fence_both, sfence.vma a1, a2

.balign 4
trap:
  csrw mstatus, zero
  csrr t0, mcause
  sd t0, 72(s0)
  csrr t0, mtval
  sd t0, 80(s0)
  csrr t0, mepc
  sd t0, 88(s0)
  sd a0, 96(s0)
  j next

.data
.balign 64
.globl told, tohost, fromhost
told: .skip 128
.balign 64
tohost: .skip 8
fromhost: .skip 8
