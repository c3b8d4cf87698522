// System calls: kernel_model/calls/syscall.py and args.py.
#include "../lib/syscall.h"

#include "defs.h"
#include "proc.h"

extern uint64 sys_fork(void), sys_exit(void), sys_wait(void), sys_pipe(void), sys_read(void);
extern uint64 sys_kill(void), sys_exec(void), sys_fstat(void), sys_chdir(void), sys_dup(void);
extern uint64 sys_getpid(void), sys_sbrk(void), sys_sleep(void), sys_uptime(void), sys_open(void);
extern uint64 sys_write(void), sys_mknod(void), sys_unlink(void), sys_link(void), sys_mkdir(void);
extern uint64 sys_close(void);

static uint64 (*const calls[])(void) = {
    [SYS_fork] = sys_fork,     [SYS_exit] = sys_exit,     [SYS_wait] = sys_wait,
    [SYS_pipe] = sys_pipe,     [SYS_read] = sys_read,     [SYS_kill] = sys_kill,
    [SYS_exec] = sys_exec,     [SYS_fstat] = sys_fstat,   [SYS_chdir] = sys_chdir,
    [SYS_dup] = sys_dup,       [SYS_getpid] = sys_getpid, [SYS_sbrk] = sys_sbrk,
    [SYS_sleep] = sys_sleep,   [SYS_uptime] = sys_uptime, [SYS_open] = sys_open,
    [SYS_write] = sys_write,   [SYS_mknod] = sys_mknod,   [SYS_unlink] = sys_unlink,
    [SYS_link] = sys_link,     [SYS_mkdir] = sys_mkdir,   [SYS_close] = sys_close,
};

// Serves the call in the process's trap frame; its result goes to a0.
void syscall(void) {
  struct proc *p = myproc();
  int number = p->trapframe->a7;
  if (number > 0 && number < (int)NELEM(calls) && calls[number]) {
    p->trapframe->a0 = calls[number]();
    return;
  }
  printf("%d %s: unknown sys call %d\n", p->pid, p->name, number);
  p->trapframe->a0 = -1;
}

// Argument `n`, from 0 to 5, as an address; nothing is checked.
void argaddr(int n, uint64 *value) {
  *value = (&myproc()->trapframe->a0)[n];
}

void argint(int n, int *value) {
  uint64 whole;
  argaddr(n, &whole);
  *value = whole;
}

// Argument `n` as a string; its length, or -1.
int argstr(int n, char *buffer, int max) {
  uint64 address;
  argaddr(n, &address);
  return fetchstr(address, buffer, max);
}

int fetchstr(uint64 addr, char *buffer, int max) {
  if (copyinstr(myproc()->pagetable, buffer, addr, max) < 0)
    return -1;
  return strlen(buffer);
}

// The pointer at `addr`, which must be all below the size; 0, or -1.
int fetchaddr(uint64 addr, uint64 *result) {
  struct proc *p = myproc();
  if (addr >= p->sz || addr + sizeof *result > p->sz)
    return -1;
  return copyin(p->pagetable, result, addr, sizeof *result);
}
