// Which page faults are served, and which kill.
#include "lazytests.h"

// With the stack pointer in the heap, the heap below it is heap as any.
void stack_pointer_in_the_heap(void) {
  char *heap = sbrklazy(4 * PAGE_SIZE);
  uint64_t below;
  asm volatile("mv t0, sp\n"
               "mv sp, %1\n"
               "sd zero, -8(sp)\n"
               "ld %0, 0(%2)\n"
               "mv sp, t0"
               : "=&r"(below)
               : "r"(heap + 4 * PAGE_SIZE), "r"(heap)
               : "t0", "memory");
  check(below == 0);
}

static void store_to_text(void) {
  *(volatile char *)store_to_text = 1;
}

void store_to_read_only_page(void) {
  check(in_child(store_to_text) == KILLED);
}

static char *guard(void) {
  char local;
  return (char *)((uintptr_t)&local & -PAGE_SIZE) - 8;
}

static void load_from_guard(void) {
  *(volatile char *)guard();
}

static void store_to_guard_with_sp_0(void) {
  asm volatile("mv t0, sp\n li sp, 0\n sd zero, 0(%0)\n mv sp, t0"
               :
               : "r"(guard())
               : "t0", "memory");
}

void guard_page_without_a_stack(void) {
  check(in_child(load_from_guard) == KILLED);
  check(in_child(store_to_guard_with_sp_0) == KILLED);
}

#define RET 0x8082

static char *code;

static void run_heap(void) {
  asm volatile("fence.i");
  ((void (*)(void))code)();
}

// Neither a page that was touched nor one that was not.
void heap_is_not_executable(void) {
  code = sbrklazy(2 * PAGE_SIZE);
  *(volatile uint16_t *)code = RET;
  check(in_child(run_heap) == KILLED);
  code += PAGE_SIZE;
  check(in_child(run_heap) == KILLED);
}

static volatile char *address;

static void load(void) {
  *address;
}

static void store(void) {
  *address = 1;
}

void pages_past_the_end(void) {
  char *heap = sbrklazy(2 * PAGE_SIZE);
  char *const past[] = {
      heap + 2 * PAGE_SIZE,        heap + GIB,           (char *)TRAPFRAME - 1,
      (char *)TRAPFRAME,           (char *)TRAMPOLINE,   (char *)MAXVA,
      (char *)0x8000000000000000u, (char *)-PAGE_SIZE,   (char *)-1,
  };
  for (unsigned i = 0; i < sizeof past / sizeof *past; i++) {
    address = past[i];
    check(in_child(load) == KILLED);
    check(in_child(store) == KILLED);
  }
  // Given back, it is past the end as well.
  heap[PAGE_SIZE] = 1;
  sbrk(-PAGE_SIZE);
  address = heap + PAGE_SIZE;
  check(in_child(load) == KILLED);
}

static char *hole;

static void fill_the_hole(void) {
  check(hole[0] == 1 && hole[PAGE_SIZE] == 0);
  hole[0] = 2;
  hole[PAGE_SIZE] = 2;
  hole[2 * PAGE_SIZE] = 2;
}

// What is untouched before a fork is untouched in both processes, and what they touch is their own.
void fork_leaves_holes(void) {
  hole = sbrklazy(3 * PAGE_SIZE);
  hole[0] = 1;
  check(in_child(fill_the_hole) == 0);
  check(hole[0] == 1 && hole[PAGE_SIZE] == 0 && hole[2 * PAGE_SIZE] == 0);
}
