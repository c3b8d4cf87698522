// The corners of sbrk; each is checked here, and the last line is OK only if all were right.
#include "user.h"

#define INT_MIN (-0x7fffffff - 1)
#define GIB 0x40000000
#define FAILED ((char *)-1)

static int errors;

static void expect(const char *what, char *got, char *want) {
  if (got == want)
    return;
  printf("%s: %p, not %p\n", what, got, want);
  errors++;
}

static void refuses_too_much(char *size) {
  expect("one page more than all", sbrk(-((int)(uint64_t)size + PAGE_SIZE)), FAILED);
  expect("one byte more than all", sbrk(-((int)(uint64_t)size + 1)), FAILED);
  expect("INT_MIN", sbrk(INT_MIN), FAILED);
  expect("size after refusals", sbrk(0), size);
}

// Addresses need more than 32 bits, and a page in the middle of nowhere works.
static void returns_64_bit_addresses(char *size) {
  for (uint64_t i = 0; i < 5; i++)
    expect("growing by 1 GiB", sbrk(GIB), size + i * GIB);
  volatile char *far = size + 5UL * GIB - 1;
  expect("far page", (char *)(uint64_t)*far, 0);
  *far = 7;
  expect("far page", (char *)(uint64_t)*far, (char *)7);
  for (uint64_t i = 5; i > 0; i--)
    expect("shrinking by 1 GiB", sbrk(-GIB), size + i * GIB);
  expect("size after shrinking", sbrk(0), size);
}

// A page is freed when its last byte is given back, not before; then it reads as zero again.
static void counts_bytes(char *size) {
  expect("growing by bytes", sbrk(100), size);
  ((volatile char *)size)[10] = 5;
  expect("shrinking by bytes", sbrk(-50), size + 100);
  expect("a byte kept", (char *)(uint64_t)((volatile char *)size)[10], (char *)5);
  expect("shrinking by bytes", sbrk(-50), size + 50);
  expect("growing by a byte", sbrk(11), size);
  expect("a fresh byte", (char *)(uint64_t)((volatile char *)size)[10], 0);
  expect("shrinking by bytes", sbrk(-11), size + 11);
}

// With the stack pointer in the heap, the heap below it is heap as any.
static void moves_the_stack(char *size) {
  char *heap = sbrk(4 * PAGE_SIZE);
  char *top = heap + 4 * PAGE_SIZE;
  uint64_t below;
  asm volatile("mv t0, sp\n"
               "mv sp, %1\n"
               "sd zero, -8(sp)\n"
               "ld %0, 0(%2)\n"
               "mv sp, t0"
               : "=&r"(below)
               : "r"(top), "r"(heap)
               : "t0", "memory");
  expect("heap below the stack pointer", (char *)below, 0);
  expect("giving it back", sbrk(-4 * PAGE_SIZE), size + 4 * PAGE_SIZE);
}

int main(void) {
  char *size = sbrk(0);
  refuses_too_much(size);
  returns_64_bit_addresses(size);
  counts_bytes(size);
  moves_the_stack(size);
  expect("size at the end", sbrk(0), size);
  printf(errors ? "failed\n" : "OK\n");
  return errors != 0;
}
