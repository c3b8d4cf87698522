// Processes: kernel_model/proc/state.py, regions.py and trapframe.py.
#ifndef PROC_H
#define PROC_H

#include "param.h"
#include "riscv.h"
#include "spinlock.h"

// What swtch saves: all else is saved by those who call it.
struct context {
  uint64 ra, sp;
  uint64 s[12];
};

struct cpu {
  struct proc *proc; // who runs, or NULL
  struct context context; // the scheduler's
  int noff;  // depth of push_off
  int intena; // were interrupts on before the first one?
};

// What trampoline.S saves of a process, and needs of the kernel; it knows the offsets.
struct trapframe {
  uint64 kernel_satp;   //   0
  uint64 kernel_sp;     //   8: the top of the process's kernel stack
  uint64 kernel_trap;   //  16: usertrap
  uint64 epc;           //  24
  uint64 reservation;   //  32: a store-conditional goes here, to break what a program has reserved
  uint64 ra, sp, gp, tp; // 40 to 64
  uint64 t0, t1, t2;    //  72
  uint64 s0, s1;        //  96
  uint64 a0, a1, a2, a3, a4, a5, a6, a7;         // 112
  uint64 s2, s3, s4, s5, s6, s7, s8, s9, s10, s11; // 176
  uint64 t3, t4, t5, t6; // 256
};

enum owner { SEGMENT, GUARD, STACK, HEAP };

// Pages with one owner. A page that has no frame gets one by a touch that the rights allow.
struct region {
  uint64 end;    // it begins where the one before ends
  uint rights;   // of PTE_R, PTE_W, PTE_X
  enum owner owner;
};

// Whose a process's pages are, by address, from 0 to the page of its size.
struct regions {
  int count;
  struct region part[NREGION];
};

enum procstate { UNUSED, USED, SLEEPING, RUNNABLE, RUNNING, ZOMBIE };

struct proc {
  enum procstate state;
  void *chan;    // what it waits for if it sleeps
  int killed;    // it is to exit before it runs again
  int xstate;    // the status of its exit
  int pid;
  uint64 wakes;  // the tick in which its sleep ends, if `chan` is that of sleep
  struct proc *parent;

  uint64 kstack; // the lowest address of its kernel stack
  uint64 sz;     // bytes of its memory, touched or not
  struct regions regions;
  pagetable_t pagetable;
  struct trapframe *trapframe;
  struct context context; // swtch here to run it
  struct file *ofile[NOFILE];
  struct inode *cwd;
  char name[16];
};

extern struct proc proc[NPROC];

#endif
