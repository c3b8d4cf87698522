// System calls about processes: kernel_model/calls/sysproc.py. Each returns the value for a0.
#include "defs.h"
#include "proc.h"

static int first_argument(void) {
  int value;
  argint(0, &value);
  return value;
}

uint64 sys_fork(void) {
  return kfork();
}

uint64 sys_exit(void) {
  kexit(first_argument());
}

uint64 sys_wait(void) {
  uint64 status;
  argaddr(0, &status);
  return kwait(status);
}

uint64 sys_kill(void) {
  return kkill(first_argument());
}

uint64 sys_getpid(void) {
  return myproc()->pid;
}

// The size before the change. As in the lab, growing only promises pages.
uint64 sys_sbrk(void) {
  uint64 old = myproc()->sz;
  return growproc(first_argument()) < 0 ? (uint64)-1 : old;
}

uint64 sys_sleep(void) {
  int n = first_argument();
  return n > 0 ? sleep_until(ticks_now() + n) : 0;
}

uint64 sys_uptime(void) {
  return ticks_now();
}
