// Grows the heap until the kernel refuses, which must be where TRAPFRAME begins, and uses its end.
#include "user.h"

int main(void) {
  int step = 0x7ffff000;
  while (step >= PAGE_SIZE)
    if (sbrk(step) == (char *)-1)
      step = step / 2 & -PAGE_SIZE;
  uint64_t size = (uint64_t)sbrk(0);
  if (size != TRAPFRAME || sbrk(1) != (char *)-1)
    return 1;
  *(volatile char *)(size - 1) = 1;
  printf("size %p\n", (void *)size);
  return 0;
}
