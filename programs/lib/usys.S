// One stub per system call: the number goes into a7, arguments stay where C has put them.
#include "abi.h"
#include "syscall.h"

.macro FUNCTION name
.section .text.\name, "ax", @progbits
.globl \name
.type \name, @function
\name:
.endm

.macro SYSCALL name, number
FUNCTION \name
  li a7, \number
  ecall
  ret
.size \name, . - \name
.endm

.macro SBRK name, type
FUNCTION \name
  li a1, \type
  li a7, SYS_sbrk
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
SYSCALL sbrk2, SYS_sbrk
SYSCALL sleep, SYS_sleep
SYSCALL uptime, SYS_uptime
SYSCALL open, SYS_open
SYSCALL write, SYS_write
SYSCALL mknod, SYS_mknod
SYSCALL unlink, SYS_unlink
SYSCALL link, SYS_link
SYSCALL mkdir, SYS_mkdir
SYSCALL close, SYS_close
SYSCALL pgaccess, SYS_pgaccess
SYSCALL mmap, SYS_mmap
SYSCALL munmap, SYS_munmap
SYSCALL madvise, SYS_madvise
SYSCALL mincore, SYS_mincore
SYSCALL vmprint, SYS_vmprint

// One argument in C, two in the registers: a kernel that is always lazy never looks at the second.
SBRK sbrk, SBRK_EAGER
SBRK sbrklazy, SBRK_LAZY
