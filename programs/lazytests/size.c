// The size of a process, which `sbrk` changes and nothing else.
#include "lazytests.h"

#define INT_MIN (-0x7fffffff - 1)

// A refusal is -1; the release of 2025 answers with the size, which does not change either.
static void refuses(int n) {
  char *size = sbrk(0);
  char *refusal = is_eager() ? size : SBRK_FAILED;
  check(sbrk(n) == refusal);
  check(sbrk(0) == size);
}

void overshrink(void) {
  int size = (uintptr_t)sbrk(0);
  refuses(-(size + 1));
  refuses(-(size + PAGE_SIZE));
  refuses(INT_MIN);
  char *heap = sbrklazy(PAGE_SIZE);
  *heap = 1; // the text, the stack and the heap are still there
  refuses(-(size + 2 * PAGE_SIZE));
  check(*heap == 1);
}

static void give_everything_back(void) {
  sbrk(-(int)(uintptr_t)sbrk(0));
  exit(1); // only if that has left the text where it was
}

void shrink_to_nothing(void) {
  check(in_child(give_everything_back) == KILLED);
}

void addresses_of_64_bits(void) {
  char *size = sbrk(0);
  for (uint64_t i = 0; i < 6; i++)
    check(sbrklazy(GIB) == size + i * GIB);
  volatile char *last = size + 6UL * GIB - 1;
  check(*last == 0);
  *last = 1;
  for (uint64_t i = 6; i > 0; i--)
    check(sbrk(-GIB) == size + i * GIB);
  check(sbrk(0) == size);
}

// Grows to the largest size there is.
static void grow_to_the_limit(void) {
  int step = GIB;
  while (step > 0)
    if (sbrklazy(step) == SBRK_FAILED)
      step /= 2;
  check((uintptr_t)sbrk(0) == TRAPFRAME);
}

void growth_ends_at_trapframe(void) {
  grow_to_the_limit();
  check(sbrklazy(1) == SBRK_FAILED);
  check(sbrklazy(PAGE_SIZE) == SBRK_FAILED);
  check(sbrklazy(GIB) == SBRK_FAILED);
  volatile char *last = (char *)TRAPFRAME - 1;
  check(*last == 0);
  *last = 1;
  check(*last == 1);
}

static void touch_the_last_page(void) {
  volatile char *last = (char *)TRAPFRAME - 1;
  check(*last == 7);
  last[-PAGE_SIZE] = 1;
}

void fork_of_the_largest_process(void) {
  grow_to_the_limit();
  ((volatile char *)TRAPFRAME)[-1] = 7;
  check(in_child(touch_the_last_page) == 0);
}

static char *past_the_size;

static void touch_past_the_size(void) {
  *(volatile char *)past_the_size = 1;
}

// The last page is there as far as a byte of it is below the size.
void size_counts_in_bytes(void) {
  char *heap = sbrklazy(PAGE_SIZE + 100);
  past_the_size = heap + PAGE_SIZE + 100;
  check(in_child(touch_past_the_size) == KILLED);
  heap[PAGE_SIZE + 99] = 1;
  sbrk(-99); // one byte of the page is left, and with it the page
  check(heap[PAGE_SIZE + 99] == 1);
  sbrk(-1);
  check(in_child(touch_past_the_size) == KILLED);
  sbrklazy(100);
  check(heap[PAGE_SIZE + 99] == 0);
}
