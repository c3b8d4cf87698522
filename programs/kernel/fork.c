// How a process comes into being, ends, and is waited for: kernel_model/calls/lifecycle.py.
#include "defs.h"
#include "proc.h"

static struct proc *init(void) {
  return &proc[0];
}

// The child's pid; -1 if there is no place, or no memory for it, and then nothing has changed.
int kfork(void) {
  struct proc *p = myproc(), *child = allocproc();
  if (child == NULL)
    return -1;
  if (uvmcopy(p->pagetable, child->pagetable, p->sz) < 0) {
    freeproc(child);
    return -1;
  }
  child->sz = p->sz;
  child->regions = p->regions;
  *child->trapframe = *p->trapframe;
  child->trapframe->kernel_sp = child->kstack + PGSIZE;
  child->trapframe->a0 = 0;
  for (int fd = 0; fd < NOFILE; fd++)
    child->ofile[fd] = p->ofile[fd] ? filedup(p->ofile[fd]) : NULL;
  child->cwd = idup(p->cwd);
  safestrcpy(child->name, p->name, sizeof child->name);
  child->parent = p;
  acquire(&proc_lock);
  child->state = RUNNABLE;
  release(&proc_lock);
  return child->pid;
}

// Gives the process's children to init, with the table's lock.
static void reparent(struct proc *p) {
  for (struct proc *child = proc; child < &proc[NPROC]; child++)
    if (child->state != UNUSED && child->parent == p) {
      child->parent = init();
      wakeup_locked(init());
    }
}

// When init ends, so does the machine.
__attribute__((noreturn)) static void power_down(int status) {
  printf("%lu page faults served\n", faults_served);
  poweroff(status & 0xff);
}

// The process's memory stays until its parent waits for it.
void kexit(int status) {
  struct proc *p = myproc();
  if (p == init())
    power_down(status);
  for (int fd = 0; fd < NOFILE; fd++)
    if (p->ofile[fd]) {
      fileclose(p->ofile[fd]);
      p->ofile[fd] = NULL;
    }
  begin_op();
  iput(p->cwd);
  end_op();
  p->cwd = NULL;

  acquire(&proc_lock);
  reparent(p);
  wakeup_locked(p->parent);
  p->xstate = status;
  p->state = ZOMBIE;
  sched();
  panic("kexit");
}

// Frees a child that has ended, if its status can be stored; its pid, or -1.
static int reap(struct proc *child, uint64 addr) {
  int pid = child->pid;
  if (addr && copyout(myproc()->pagetable, addr, &child->xstate, sizeof child->xstate) < 0)
    return -1;
  freeproc(child);
  return pid;
}

// Waits for a child to end; its pid, or -1 if there is none. Its status goes to `addr`, unless that
// is 0; one that cannot be stored is still there to be waited for.
int kwait(uint64 addr) {
  struct proc *p = myproc();
  acquire(&proc_lock);
  for (;;) {
    int children = 0;
    for (struct proc *child = proc; child < &proc[NPROC]; child++) {
      if (child->state == UNUSED || child->parent != p)
        continue;
      children++;
      if (child->state == ZOMBIE) {
        int pid = reap(child, addr);
        release(&proc_lock);
        return pid;
      }
    }
    if (!children || killed(p)) {
      release(&proc_lock);
      return -1;
    }
    p->chan = p;
    p->state = SLEEPING;
    sched();
    p->chan = NULL;
  }
}

// Lets the process exit with status -1 when it has its turn, and wakes it; -1 if there is none.
// Init cannot be killed.
int kkill(int pid) {
  int found = -1;
  acquire(&proc_lock);
  for (struct proc *p = proc; p < &proc[NPROC]; p++)
    if (p->state != UNUSED && p->pid == pid && p != init()) {
      p->killed = 1;
      if (p->state == SLEEPING)
        p->state = RUNNABLE;
      found = 0;
    }
  release(&proc_lock);
  return found;
}
