// Makes one access that no kernel may serve, chosen by name; must be killed for it.
#include "user.h"

static void announce(const char *what, uint64_t address) {
  printf("badaccess: %s at %p\n", what, (void *)address);
}

static void load(uint64_t address) {
  announce("load", address);
  *(volatile char *)address;
}

static void store(uint64_t address) {
  announce("store", address);
  *(volatile char *)address = 1;
}

static void jump(uint64_t address) {
  announce("jump", address);
  ((void (*)(void))address)();
}

static uint64_t size(void) {
  return (uint64_t)sbrk(0);
}

// An address in the page below the stack's page.
static uint64_t guard(void) {
  char local;
  return ((uint64_t)&local & -(uint64_t)PAGE_SIZE) - 8;
}

// A kernel must not judge by the stack pointer whether an address is below the stack.
static void store_to_guard_without_stack(void) {
  uint64_t address = guard();
  announce("store", address);
  asm volatile("mv t0, sp\n li sp, 0\n sd zero, 0(%0)\n mv sp, t0"
               :
               : "r"(address)
               : "t0", "memory");
}

static void store_past_the_end(void) {
  store(size() + 0x1000000);
}

static void load_at_the_end(void) {
  load(size());
}

static void store_to_null(void) {
  store(0);
}

static void store_to_text(void) {
  store((uint64_t)store_to_text);
}

static void store_to_guard(void) {
  store(guard());
}

static void load_given_back(void) {
  char *heap = sbrk(PAGE_SIZE);
  *(volatile char *)heap = 1;
  sbrk(-PAGE_SIZE);
  load((uint64_t)heap);
}

// Succeeds, and takes the text away from under the program.
static void give_everything_back(void) {
  announce("sbrk to nothing", size());
  sbrk(-(int)size());
}

static void run_heap(void) {
  uint16_t *heap = (uint16_t *)sbrk(PAGE_SIZE);
  *heap = 0x8082; // ret
  asm volatile("fence.i");
  jump((uint64_t)heap);
}

static void run_illegal(void) {
  printf("badaccess: illegal instruction\n");
  asm volatile(".balign 4\n .word 0");
}

static void load_trapframe(void) {
  load(TRAPFRAME);
}

static void run_trampoline(void) {
  jump(TRAMPOLINE);
}

static void load_not_canonical(void) {
  load(MAXVA);
}

static const struct {
  const char *name;
  void (*run)(void);
} accesses[] = {
    {"past", store_past_the_end},
    {"end", load_at_the_end},
    {"null", store_to_null},
    {"text", store_to_text},
    {"guard", store_to_guard},
    {"guard-sp0", store_to_guard_without_stack},
    {"given-back", load_given_back},
    {"gone", give_everything_back},
    {"heap-exec", run_heap},
    {"illegal", run_illegal},
    {"trapframe", load_trapframe},
    {"trampoline", run_trampoline},
    {"noncanonical", load_not_canonical},
};

int main(int argc, char **argv) {
  for (unsigned i = 0; i < sizeof accesses / sizeof *accesses; i++) {
    if (argc != 2) {
      printf("%s%s", i == 0 ? "usage: badaccess " : "|", accesses[i].name);
    } else if (strcmp(argv[1], accesses[i].name) == 0) {
      accesses[i].run();
      printf("badaccess: survived\n");
      return 1;
    }
  }
  printf(argc != 2 ? "\n" : "badaccess: no such access\n");
  return 2;
}
