// A lock that keeps interrupts off while it is held: with one hart that is all that it takes.
#ifndef SPINLOCK_H
#define SPINLOCK_H

#include "types.h"

struct spinlock {
  uint locked;
  const char *name; // for panics
};

#endif
