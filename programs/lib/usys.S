// One stub per system call: the number goes into a7, arguments stay where C has put them.
#include "syscall.h"

.macro SYSCALL name, number
.section .text.\name, "ax", @progbits
.globl \name
.type \name, @function
\name:
  li a7, \number
  ecall
  ret
.size \name, . - \name
.endm

SYSCALL fork, SYS_fork
SYSCALL exit, SYS_exit
SYSCALL wait, SYS_wait
SYSCALL pipe, SYS_pipe
SYSCALL read, SYS_read
SYSCALL kill, SYS_kill
SYSCALL exec, SYS_exec
SYSCALL fstat, SYS_fstat
SYSCALL chdir, SYS_chdir
SYSCALL dup, SYS_dup
SYSCALL getpid, SYS_getpid
SYSCALL sbrk, SYS_sbrk
SYSCALL sleep, SYS_sleep
SYSCALL uptime, SYS_uptime
SYSCALL open, SYS_open
SYSCALL write, SYS_write
SYSCALL mknod, SYS_mknod
SYSCALL unlink, SYS_unlink
SYSCALL link, SYS_link
SYSCALL mkdir, SYS_mkdir
SYSCALL close, SYS_close
