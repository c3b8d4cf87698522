// Locks that keep interrupts off. There is one hart, so nobody ever waits for one: who finds it
// taken has taken it twice.
#include "defs.h"
#include "proc.h"

void initlock(struct spinlock *lk, const char *name) {
  lk->name = name;
  lk->locked = 0;
}

void acquire(struct spinlock *lk) {
  push_off();
  if (lk->locked) {
    printf("%s: ", lk->name);
    panic("acquire");
  }
  lk->locked = 1;
}

void release(struct spinlock *lk) {
  if (!holding(lk)) {
    printf("%s: ", lk->name);
    panic("release");
  }
  lk->locked = 0;
  pop_off();
}

int holding(struct spinlock *lk) {
  return lk->locked;
}

// Interrupts are off until as many pop_off as push_off, if they were on before the first.
void push_off(void) {
  int old = intr_get();
  intr_off();
  if (mycpu()->noff++ == 0)
    mycpu()->intena = old;
}

void pop_off(void) {
  struct cpu *c = mycpu();
  if (intr_get() || c->noff < 1)
    panic("pop_off");
  if (--c->noff == 0 && c->intena)
    intr_on();
}
