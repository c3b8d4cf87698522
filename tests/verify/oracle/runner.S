/*
 * Performs accesses that it is told, and tells what became of each.
 *
 * Cases come on standard input and results leave on standard output, through HTIF's system calls:
 * a doubleword that counts the cases of a batch (at most BATCH), then the cases; the results of all
 * of them; and again, until the input ends. All are doublewords, laid out as in `spike_hart.py`.
 *
 * RAM is filled before the first case, and as it was after each.
 *
 * s0 is the case and s1 its result, while its access runs a0 is the address, a1 the operand and a2
 * what the access loads.
 */

.equ SYS_READ, 63
.equ SYS_WRITE, 64
.equ MTIMECMP, 0x02004000
/* Flags of a case. */
.equ FLAG_RETURNS, 1
.equ FLAG_RESERVED, 2

/* Offsets in a case, and in its result. */
.equ VA, 0
.equ OPERAND, 8
.equ ENTRY, 16
.equ FLAGS, 24
.equ MSTATUS, 32
.equ SATP, 40
.equ MENVCFG, 48
.equ OBSERVED, 56
.equ PTES, 64
.equ BEYOND, PTES + (4 + MISALIGNED) * 16
.equ PMPCFG, BEYOND + MISALIGNED * 8
.equ PMPADDR, PMPCFG + 8
.if PROTECTED | MISALIGNED
.equ CASE_BITS, 8
.else
.equ CASE_BITS, 7
.endif
.equ CASE_BYTES, 1 << CASE_BITS

.equ CAUSE, 0
.equ TVAL, 8
.equ ADVANCE, 16
.equ VALUE, 24
.equ MEMORY, 32
.equ PTES_AFTER, 40
.equ MEMORY_BEYOND, PTES_AFTER + (4 + MISALIGNED) * 8
.equ RESULT_BYTES, MEMORY_BEYOND + MISALIGNED * 8

.option norelax
.option arch, +zicsr, +zifencei

/* ---------------------------------------------------------------- the accesses */

/* What performs one; lies at a symbol by which the bench finds it. */
.macro ACCESS name, insn:vararg
  .globl \name
\name:
  \insn
  ebreak
.endm

.text
.option push
.option norvc
.balign 4096
ACCESS LOAD_1, lb a2, (a0)
ACCESS LOAD_2, lh a2, (a0)
ACCESS LOAD_4, lw a2, (a0)
ACCESS LOAD_8, ld a2, (a0)
ACCESS STORE_1, sb a1, (a0)
ACCESS STORE_2, sh a1, (a0)
ACCESS STORE_4, sw a1, (a0)
ACCESS STORE_8, sd a1, (a0)
ACCESS LR_4, lr.w a2, (a0)
ACCESS LR_8, lr.d a2, (a0)
ACCESS SC_4, sc.w a2, a1, (a0)
ACCESS SC_8, sc.d a2, a1, (a0)
ACCESS AMO_4, amoadd.w a2, a1, (a0)
ACCESS AMO_8, amoadd.d a2, a1, (a0)
.option pop

/* ---------------------------------------------------------------- batches */

.globl _start
_start:
  la t0, trap
  csrw mtvec, t0
  csrw medeleg, zero
  csrw mideleg, zero
  csrw mie, zero
  call fill
batch:
  la a1, count
  li a2, 8
  call read
  la a1, cases
  ld s2, count
  slli a2, s2, CASE_BITS
  call read
  la s0, cases
  la s1, results
  j 2f
1:
  addi s2, s2, -1
  call perform
  addi s0, s0, CASE_BYTES
  addi s1, s1, RESULT_BYTES
2:
  bnez s2, 1b
  la a1, results
  sub a2, s1, a1
  call write
  j batch

/* Reads a2 bytes to a1; ends the program if the input has ended. */
read:
  li a0, SYS_READ
  li a3, 0
  j transfer
/* Writes a2 bytes from a1. */
write:
  li a0, SYS_WRITE
  li a3, 1
transfer:
  la t0, request
1:
  beqz a2, 3f
  sd a0, 0(t0)
  sd a3, 8(t0)
  sd a1, 16(t0)
  sd a2, 24(t0)
  fence
  la t1, tohost
  sd t0, 0(t1)
  la t1, fromhost
2:
  ld t2, 0(t1)
  beqz t2, 2b
  sd zero, 0(t1)
  ld t2, 0(t0)          // how many bytes it was
  blez t2, finish
  add a1, a1, t2
  sub a2, a2, t2
  j 1b
3:
  ret
finish:
  la t1, tohost
  li t2, 1
  sd t2, 0(t1)
  j finish

/* Fills all RAM outside RESERVED with doublewords that tell their own address, as `content` does. */
fill:
  li t0, RAM_BASE
  li t1, RAM_END
  li t2, RESERVED_START
  li t3, RESERVED_END
  li t4, CONTENT
  li t5, 1 << 34
  li t6, 1 << 12
1:
  mv a0, t4
  .rept 16
  sd a0, (t0)
  add a0, a0, t5
  addi t0, t0, 8
  .endr
  add t4, t4, t6
  bne t0, t2, 2f
  sub a1, t3, t2        // skips it: 128 bytes are one step of lui
  srli a1, a1, 7
  slli a1, a1, 12
  add t4, t4, a1
  mv t0, t3
2:
  bne t0, t1, 1b
  fence.i
  ret

/* ---------------------------------------------------------------- one case */

/* Puts PTE `n` in memory; keeps what was there in `old`. */
.macro PUT n, old
  ld t0, PTES + 16 * \n(s0)
  ld t1, PTES + 16 * \n + 8(s0)
  ld \old, 0(t0)
  sd t1, 0(t0)
.endm

/* Records PTE `n`. */
.macro RECORD n
  ld t0, PTES + 16 * \n(s0)
  ld t1, 0(t0)
  sd t1, PTES_AFTER + 8 * \n(s1)
.endm

/* Puts back what was in the place of PTE `n`. */
.macro RESTORE n, old
  ld t0, PTES + 16 * \n(s0)
  sd \old, 0(t0)
.endm

perform:
  mv s3, ra
  PUT 0, s4
  PUT 1, s5
  PUT 2, s6
  PUT 3, s7
.if MISALIGNED
  PUT 4, s10
  ld t0, BEYOND(s0)
  ld s11, 0(t0)
.endif
  li t0, MTIMECMP
  li t1, -1
  sd t1, 0(t0)
  ld t0, OBSERVED(s0)
  andi s9, t0, -8
  ld s8, 0(s9)
  // An SC succeeds at OBSERVED, or if it is not to at `unused`, and nowhere else.
  ld t1, FLAGS(s0)
  andi t1, t1, FLAG_RESERVED
  bnez t1, 1f
  la t0, unused
1:
  lr.w zero, (t0)
  andi t1, t0, 4
  bnez t1, 1f
  lr.d zero, (t0)
1:
  ld t0, SATP(s0)
  csrw satp, t0
  ld t0, MENVCFG(s0)
  csrw menvcfg, t0
.if PROTECTED
  .irp n, 0, 1, 2, 3, 4, 5, 6, 7
  ld t0, PMPADDR + 8 * \n(s0)
  csrw pmpaddr\n, t0
  .endr
  ld t0, PMPCFG(s0)
  csrw pmpcfg0, t0
.endif
  sfence.vma
  ld a0, VA(s0)
  ld a1, OPERAND(s0)
  li a2, POISON
  ld t0, ENTRY(s0)
  csrw mepc, t0
  ld t1, FLAGS(s0)
  andi t1, t1, FLAG_RETURNS
  ld t2, MSTATUS(s0)
  csrw mstatus, t2
  bnez t1, 1f
  jr t0
1:
  mret

/* Every access ends here. It left MPRV clear, or MPP says M. */
.balign 4
trap:
  csrw mstatus, zero
.if PROTECTED
  csrw pmpcfg0, zero    // M-mode, too, fails where an entry matches in part
.endif
  csrw satp, zero
  csrr t0, mcause
  sd t0, CAUSE(s1)
  csrr t0, mtval
  sd t0, TVAL(s1)
  csrr t0, mepc
  ld t1, ENTRY(s0)
  sub t0, t0, t1
  sd t0, ADVANCE(s1)
  sd a2, VALUE(s1)
  ld t1, 0(s9)
  sd t1, MEMORY(s1)
  RECORD 0
  RECORD 1
  RECORD 2
  RECORD 3
.if MISALIGNED
  RECORD 4
  ld t0, BEYOND(s0)
  ld t1, 0(t0)
  sd t1, MEMORY_BEYOND(s1)
  sd s11, 0(t0)
.endif
  sd s8, 0(s9)
.if MISALIGNED
  RESTORE 4, s10
.endif
  RESTORE 3, s7
  RESTORE 2, s6
  RESTORE 1, s5
  RESTORE 0, s4
  mv ra, s3
  ret

/* ---------------------------------------------------------------- memory */

.bss
.balign 64
.globl tohost, fromhost
tohost: .skip 64
fromhost: .skip 64
request: .skip 64
count: .skip 8
.globl unused
unused: .skip 8         // where a case that has fewer PTEs puts the others
cases: .skip BATCH * CASE_BYTES
results: .skip BATCH * RESULT_BYTES
