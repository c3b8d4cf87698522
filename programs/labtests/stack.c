// A stack has as many pages as `--stack-pages` says, and the guard page below them.
#include "labtests.h"

#define MOST 64 // pages looked at

static char *probe;

static void store_to_probe(void) {
  *(volatile char *)probe = 1;
}

// How many pages the stack may have, its highest one included.
static int pages_of_stack(void) {
  char local;
  char *highest = (char *)((uintptr_t)&local & -PAGE_SIZE);
  for (int pages = 1; pages < MOST; pages++) {
    probe = highest - pages * PAGE_SIZE;
    if (in_child(store_to_probe) == KILLED)
      return pages;
  }
  return MOST;
}

// A page of stack for each call, and what it has stored there is found on the way back.
static int recurse(int depth) {
  volatile int own[PAGE_SIZE / sizeof(int)];
  asm volatile("" : : "r"(own)); // all of it, though not all is used
  own[0] = own[PAGE_SIZE / sizeof(int) - 1] = depth;
  int below = depth > 0 ? recurse(depth - 1) : 0;
  check(own[0] == depth && own[PAGE_SIZE / sizeof(int) - 1] == depth);
  return below + own[0];
}

static int depth;

static void recurse_to_depth(void) {
  check(recurse(depth) == depth * (depth + 1) / 2);
}

void stack_grows_to_its_guard_page(void) {
  int pages = pages_of_stack();
  if (pages > 4) {
    depth = pages - 4;
    recurse_to_depth();
  }
  depth = pages;
  check(in_child(recurse_to_depth) == KILLED);
  // What the recursion has left is in memory, and what nobody has reached waits.
  char local;
  char *lowest = (char *)((uintptr_t)&local & -PAGE_SIZE) - (pages - 1) * PAGE_SIZE;
  unsigned char vector[MOST];
  check(mincore(lowest, pages * PAGE_SIZE, vector) == 0);
  check(vector[pages - 1] == 1);
}

void stack_of_a_child(void) {
  depth = pages_of_stack() - 4;
  if (depth < 1)
    return;
  recurse_to_depth();
  check(in_child(recurse_to_depth) == 0);
}
