// A lock for whose holder others sleep, so that it may be held over a wait.
#ifndef SLEEPLOCK_H
#define SLEEPLOCK_H

#include "spinlock.h"

struct sleeplock {
  uint locked;
  struct spinlock lk; // of `locked` and `pid`
  const char *name;
  int pid; // who holds it
};

#endif
