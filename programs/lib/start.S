// Where exec enters: a0 = argc, a1 = argv. What main returns is the exit status.
.section .text._start, "ax", @progbits
.globl _start
_start:
  call main
  call exit
