// Touches every page of a large heap, gives the heap back and begins again: nothing but page faults.
#include "user.h"

#define PAGES 2000
#define PASSES 10

int main(void) {
  for (int pass = 0; pass < PASSES; pass++) {
    char *heap = sbrk(PAGES * PAGE_SIZE);
    if (heap == (char *)-1)
      return 1;
    for (int i = 0; i < PAGES; i++)
      *(volatile char *)(heap + (long)i * PAGE_SIZE) = 1;
    if (sbrk(-PAGES * PAGE_SIZE) == (char *)-1)
      return 1;
  }
  return 0;
}
