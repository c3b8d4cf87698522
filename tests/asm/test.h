/*
 * What every program here is made of: start, verdict, trap record and the macros of the tests.
 *
 * A program starts in M-mode at 0x80000000 and ends by writing its verdict to `tohost` (HTIF): 1
 * for pass, (n << 1) | 1 when test n fails. It is a list of tests, each opened by `TEST n` with a
 * comment that says what it shows, and ends with `PASS`. Expected values come from the
 * specification; every program also passes on Spike.
 *
 * Registers with a fixed meaning; tests are free to use all others but t5 and t6, which the macros
 * take for themselves:
 *
 *   gp   number of the running test
 *   s0   next entry of the table of operands (OPERAND)
 *   s1   where to resume in M-mode after the trap a test expects; 0 if it expects none
 *   s2   xcause    s3   xepc    s4   xtval    s5   xstatus    of the last trap
 *   s6   privilege whose handler took it
 *   s7   pc at which the code under test started
 *   s11  what to add to a physical address to have it in U-mode (0 without translation)
 */

.equ PRIV_U, 0
.equ PRIV_S, 1
.equ PRIV_M, 3

.equ CAUSE_FETCH_ACCESS, 1
.equ CAUSE_ILLEGAL, 2
.equ CAUSE_BREAKPOINT, 3
.equ CAUSE_LOAD_MISALIGNED, 4
.equ CAUSE_LOAD_ACCESS, 5
.equ CAUSE_STORE_MISALIGNED, 6
.equ CAUSE_STORE_ACCESS, 7
.equ CAUSE_ECALL_U, 8
.equ CAUSE_ECALL_S, 9
.equ CAUSE_ECALL_M, 11
.equ CAUSE_FETCH_PAGE, 12
.equ CAUSE_LOAD_PAGE, 13
.equ CAUSE_STORE_PAGE, 15
.equ CAUSE_SSI, 1 << 63 | 1
.equ CAUSE_STI, 1 << 63 | 5
.equ CAUSE_SEI, 1 << 63 | 9

.equ SSI, 1 << 1
.equ STI, 1 << 5
.equ SEI, 1 << 9

.equ MSTATUS_SIE, 1 << 1
.equ MSTATUS_MIE, 1 << 3
.equ MSTATUS_SPIE, 1 << 5
.equ MSTATUS_MPIE, 1 << 7
.equ MSTATUS_SPP, 1 << 8
.equ MSTATUS_MPP, 3 << 11
.equ MSTATUS_MPP_S, 1 << 11
.equ MSTATUS_MPRV, 1 << 17
.equ MSTATUS_SUM, 1 << 18
.equ MSTATUS_MXR, 1 << 19
.equ MSTATUS_TVM, 1 << 20
.equ MSTATUS_TW, 1 << 21
.equ MSTATUS_TSR, 1 << 22
.equ MENVCFG_ADUE, 1 << 61
.equ MENVCFG_STCE, 1 << 63

/* Physical addresses where nothing is: between the devices, and above any RAM of ours. */
.equ HOLE, 0x03000000
.equ BEYOND, 0x400000000

.option norelax
.option arch, +zicsr, +zifencei

/* ---------------------------------------------------------------- tests and their checks */

/* Opens test `n`; what fails from here on fails as test `n`. */
.macro TEST n
  li gp, \n
.endm

/* `reg` must hold `value`, a constant. */
.macro CHECK reg, value:vararg
  li t6, \value
  bne \reg, t6, fail
.endm

/* `reg` must hold what `other` holds. */
.macro CHECK_SAME reg, other
  bne \reg, \other, fail
.endm

/* Ends the program: every test passed. */
.macro PASS
  j pass
.endm

/* Jumps to `label` on Spike (marchid 5), where the specification leaves Spike another choice. */
.macro SKIP_ON_SPIKE label
  csrr t6, marchid
  addi t6, t6, -5
  beqz t6, \label
.endm

/* `insn`, uncompressed. */
.macro WIDE insn:vararg
  .option push
  .option norvc
  \insn
  .option pop
.endm

/* Loads `value`, a constant laid down in the table of operands, to `reg`. Never jump over one. */
.macro OPERAND reg, value:vararg
  .pushsection .data.rows, "aw"
  .dword \value
  .popsection
  ld \reg, 0(s0)
  addi s0, s0, 8
.endm

/* Register-register `op` on `a` and `b` must give `result`. */
.macro RR op, a, b, result
  OPERAND a0, \a
  OPERAND a1, \b
  WIDE \op a2, a0, a1
  OPERAND a3, \result
  bne a2, a3, fail
.endm

/* Register-immediate `op` on `a` and the constant `imm` must give `result`. */
.macro RI op, a, imm, result
  OPERAND a0, \a
  WIDE \op a2, a0, \imm
  OPERAND a3, \result
  bne a2, a3, fail
.endm

/* ---------------------------------------------------------------- traps */

/* Runs `insn` at the privilege `mode` (U, S or M); it must trap, as the EXPECT behind it says. */
.macro TRAPS mode, insn:vararg
  .option push
  .option norvc
  jal s1, enter_\mode
  j .Lresume\@
  .option pop
  \insn
  j fail
.Lresume\@:
.endm

/* Goes to the address in `reg` at the privilege `mode`; what is there must trap. */
.macro TRAPS_AT mode, reg
  mv s7, \reg
  .option push
  .option norvc
  jal s1, enter_\mode\()_at
  .option pop
.endm

/* The trap had `cause` and the `tval` in a register, at the pc entered; `by` took it. */
.macro EXPECT cause, tval, by=PRIV_M
  CHECK s2, \cause
  bne s3, s7, fail
  bne s4, \tval, fail
  CHECK s6, \by
.endm

/* Runs what follows at the privilege `mode`, up to END or CAUGHT. */
.macro RUN mode
  .option push
  .option norvc
  jal s1, enter_\mode
  j 98f
  .option pop
.endm

/* Ends a RUN that must come here without a trap. */
.macro END
  ecall
98:
  andi t6, s2, ~3
  addi t6, t6, -CAUSE_ECALL_U
  bnez t6, fail
.endm

/* Ends a RUN that must trap at `label`; to be followed by EXPECT. */
.macro CAUGHT label
  j fail
98:
  la s7, \label
.endm

/* ---------------------------------------------------------------- start, handlers, verdict */

.section .data
.balign 64
.globl tohost, fromhost
tohost: .dword 0
.balign 64
fromhost: .dword 0

.section .data.rows, "aw"
.balign 8
rows:

.text
.globl _start
_start:
  la t0, machine_trap
  csrw mtvec, t0
  la t0, supervisor_trap
  csrw stvec, t0
  csrw medeleg, zero
  csrw mideleg, zero
  csrw mie, zero
  csrw menvcfg, zero
  csrw satp, zero
  la s0, rows
  li s1, 0
  li s6, 0
  li s11, 0
  TEST 1
  j tests

/* Enter a privilege behind the jump that follows the call, or (_at) at the address in s7. */
enter_U:
  addi s7, s1, 4
  add s7, s7, s11
enter_U_at:
  li t6, MSTATUS_MPP
  csrc mstatus, t6
  j enter
enter_S:
  addi s7, s1, 4
enter_S_at:
  li t6, MSTATUS_MPP
  csrc mstatus, t6
  li t6, MSTATUS_MPP_S
  csrs mstatus, t6
enter:
  csrw mepc, s7
  li s6, 0
  mret
enter_M:
  addi s7, s1, 4
enter_M_at:
  li s6, 0
  jr s7

/* Keeps the record of a trap and resumes at s1; a trap that no test expects fails it. */
.balign 4
machine_trap:
  beqz s1, fail
  bnez s6, 1f               // the supervisor has kept the record, and called
  csrr s2, mcause
  csrr s3, mepc
  csrr s4, mtval
  csrr s5, mstatus
  li s6, PRIV_M
1:
  mv t6, s1
  li s1, 0
  jr t6

/* The same in S-mode; then calls the machine, by an illegal instruction if ecall is delegated. */
.balign 4
supervisor_trap:
  bnez s6, 1f
  csrr s2, scause
  csrr s3, sepc
  csrr s4, stval
  csrr s5, sstatus
  li s6, PRIV_S
  ecall
1:
  unimp

pass:
  li t0, 1
  j verdict
fail:
  slli t0, gp, 1
  ori t0, t0, 1
verdict:
  la t1, tohost
  sd t0, 0(t1)
1:
  j 1b

tests:
