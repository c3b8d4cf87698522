// The clock: ticks are counted by the hart's `time`, so that nobody has to be woken for each of
// them. The timer interrupts at the end of a turn, or when somebody's sleep ends.
#include "defs.h"
#include "memlayout.h"
#include "proc.h"

#define ACCESSES 64 // to memory, at most, from setting the timer to a program's first instruction

static struct spinlock clock_lock; // zero: not taken
static uint64 least_turn;          // cycles that are left to who returns to user mode

// Where memory is slow, a fixed time might be over before the first instruction of user mode, again
// and again.
void clockinit(void) {
  const volatile uint64 *memory = (uint64 *)proc;
  uint64 begun = time_now();
  for (int i = 0; i < ACCESSES; i++)
    (void)memory[i];
  least_turn = LEAST_TURN + 2 * (time_now() - begun);
}

uint64 ticks_now(void) {
  return time_now() / TICK;
}

// The process sleeps until tick `wakes`; 0, or -1 if it has been killed.
int sleep_until(uint64 wakes) {
  struct proc *p = myproc();
  acquire(&clock_lock);
  while (ticks_now() < wakes && !killed(p)) {
    p->wakes = wakes;
    sleep(&clock_lock, &clock_lock);
  }
  release(&clock_lock);
  return killed(p) ? -1 : 0;
}

static int sleeps(const struct proc *p) {
  return p->state == SLEEPING && p->chan == &clock_lock;
}

// The timer has interrupted: nothing is due before the next turn, or the next wait.
void clockintr(void) {
  uint64 now = ticks_now();
  stimecmp_write(-1);
  acquire(&proc_lock);
  for (struct proc *p = proc; p < &proc[NPROC]; p++)
    if (sleeps(p) && p->wakes <= now)
      p->state = RUNNABLE;
  release(&proc_lock);
}

// Nobody can run: sets the timer for whose sleep ends first.
void timer_for_sleepers(void) {
  uint64 first = -1;
  for (struct proc *p = proc; p < &proc[NPROC]; p++)
    if (sleeps(p) && p->wakes * TICK < first)
      first = p->wakes * TICK;
  stimecmp_write(first);
}

// Whoever returns to user mode has the rest of its turn, but always enough to do something in it.
void timer_for_turn(void) {
  uint64 least = time_now() + least_turn;
  stimecmp_write(turn_ends > least ? turn_ends : least);
}
