// Processes, and whose turn it is: kernel_model/proc/proc.py and sleep.py, scheduler.py. How one
// comes into being and ends is in fork.c.
//
// One lock is for the whole table: with one hart nobody waits for it.
#include "proc.h"

#include "defs.h"
#include "memlayout.h"

struct proc proc[NPROC];
struct spinlock proc_lock;
uint64 turn_ends; // the cycle in which the turn of the process that runs does

static struct cpu cpu;
static int last_pid;

extern char trampoline[], userret[];

void procinit(void) {
  initlock(&proc_lock, "proc");
  for (int slot = 0; slot < NPROC; slot++)
    proc[slot].kstack = KSTACK(slot);
}

struct cpu *mycpu(void) {
  return &cpu;
}

struct proc *myproc(void) {
  return cpu.proc;
}

int killed(struct proc *p) {
  return p->killed;
}

// A process's first turn begins here, as if swtch returned, with the table's lock.
static void forkret(void) {
  static int first = 1;
  struct proc *p = myproc();
  release(&proc_lock);
  if (first) {
    first = 0;
    fsinit(ROOTDEV); // sleeps, so it needs a process
    p->trapframe->a0 = kexec("/init", (char *[]){"/init", NULL});
    if (p->trapframe->a0 == (uint64)-1)
      panic("no /init");
  }
  void (*go)(uint64) = (void (*)(uint64))(TRAMPOLINE + (userret - trampoline));
  go(prepare_return());
}

// A page table with trampoline and trap frame, neither of which is the user's; NULL for want of
// memory.
pagetable_t proc_pagetable(struct trapframe *trapframe) {
  pagetable_t table = uvmcreate();
  if (table == NULL)
    return NULL;
  if (mappages(table, TRAMPOLINE, PGSIZE, (uint64)trampoline, PTE_R | PTE_X) < 0) {
    uvmfree(table, 0);
    return NULL;
  }
  // Just below the trampoline: the tables for it are there.
  mappages(table, TRAPFRAME, PGSIZE, (uint64)trapframe, PTE_R | PTE_W);
  return table;
}

void proc_freepagetable(pagetable_t pagetable, uint64 sz) {
  uvmunmap(pagetable, TRAPFRAME, 2, 0); // and the trampoline above it
  uvmfree(pagetable, sz);
}

// A process without a program; NULL if there is no place, or no memory for it.
struct proc *allocproc(void) {
  struct proc *p = proc;
  while (p < &proc[NPROC] && p->state != UNUSED)
    p++;
  if (p == &proc[NPROC] || (p->trapframe = kalloc()) == NULL)
    return NULL;
  if ((p->pagetable = proc_pagetable(p->trapframe)) == NULL) {
    kfree(p->trapframe);
    return NULL;
  }
  p->state = USED;
  p->pid = ++last_pid;
  memset(p->trapframe, 0, sizeof *p->trapframe);
  p->trapframe->kernel_satp = kernel_satp();
  p->trapframe->kernel_sp = p->kstack + PGSIZE;
  p->trapframe->kernel_trap = (uint64)usertrap;
  p->context.ra = (uint64)forkret;
  p->context.sp = p->kstack + PGSIZE;
  return p;
}

// Its files are closed already.
void freeproc(struct proc *p) {
  proc_freepagetable(p->pagetable, p->sz);
  kfree(p->trapframe);
  p->sz = 0;
  p->regions.count = 0;
  p->parent = NULL;
  p->chan = NULL;
  p->killed = 0;
  p->state = UNUSED;
}

void userinit(void) {
  struct proc *p = allocproc();
  p->cwd = namei("/");
  safestrcpy(p->name, "init", sizeof p->name);
  p->state = RUNNABLE;
}

// Changes the size by `n` bytes: what is new gets its frames when it is touched. 0; -1, and nothing
// changes, if the size would leave its bounds.
int growproc(int n) {
  struct proc *p = myproc();
  uint64 sz = p->sz + (long)n; // that of a shrink below 0 is larger than all
  if (sz > TRAPFRAME)
    return -1;
  if (regions_resize(&p->regions, sz) < 0)
    return -1;
  if (n < 0)
    uvmunmap(p->pagetable, PGROUNDUP(sz), (PGROUNDUP(p->sz) - PGROUNDUP(sz)) / PGSIZE, 1);
  p->sz = sz;
  return 0;
}

static void run(struct proc *p) {
  p->state = RUNNING;
  cpu.proc = p;
  turn_ends = time_now() + QUANTUM;
  swtch(&cpu.context, &p->context);
  cpu.proc = NULL;
}

// Gives everybody who can run a turn, again and again. When nobody can, the hart waits for an
// interrupt, and the timer is set for who sleeps.
void scheduler(void) {
  for (;;) {
    intr_on(); // what has happened meanwhile
    intr_off();
    int ran = 0;
    acquire(&proc_lock);
    for (struct proc *p = proc; p < &proc[NPROC]; p++)
      if (p->state == RUNNABLE) {
        run(p);
        ran = 1;
      }
    release(&proc_lock);
    if (!ran) {
      timer_for_sleepers();
      asm volatile("wfi");
    }
  }
}

// Leaves the process; it has changed its state, and holds nothing but the table's lock.
void sched(void) {
  int intena = cpu.intena;
  if (!holding(&proc_lock) || cpu.noff != 1 || myproc()->state == RUNNING || intr_get())
    panic("sched");
  swtch(&myproc()->context, &cpu.context);
  cpu.intena = intena;
}

void yield(void) {
  acquire(&proc_lock);
  myproc()->state = RUNNABLE;
  sched();
  release(&proc_lock);
}

// Waits until `chan` is woken, without `lk` meanwhile. Nobody can wake it in between: interrupts
// are off from the one lock to the other.
void sleep(void *chan, struct spinlock *lk) {
  struct proc *p = myproc();
  acquire(&proc_lock);
  release(lk);
  p->chan = chan;
  p->state = SLEEPING;
  sched();
  p->chan = NULL;
  release(&proc_lock);
  acquire(lk);
}

// With the table's lock.
void wakeup_locked(void *chan) {
  for (struct proc *p = proc; p < &proc[NPROC]; p++)
    if (p->state == SLEEPING && p->chan == chan)
      p->state = RUNNABLE;
}

void wakeup(void *chan) {
  acquire(&proc_lock);
  wakeup_locked(chan);
  release(&proc_lock);
}

// For whoever debugs, by Ctrl-P.
void procdump(void) {
  static const char *const states[] = {"unused", "used", "sleep", "runble", "run", "zombie"};
  printf("\n");
  for (struct proc *p = proc; p < &proc[NPROC]; p++)
    if (p->state != UNUSED)
      printf("%d %s %s\n", p->pid, states[p->state], p->name);
}
