// Writes bytes from heap pages that were never touched: the kernel must fault them in.
#include "user.h"

int main(void) {
  char *heap = sbrk(4 * PAGE_SIZE);
  // Two bytes of page 0, all of page 1 and two bytes of page 2: zeros.
  int n = write(1, heap + PAGE_SIZE - 2, PAGE_SIZE + 4);
  if (n != PAGE_SIZE + 4)
    return 1;
  // Past the end of the heap, and from the guard page: none of the bytes is printed.
  if (write(1, heap + 4 * PAGE_SIZE, 1) != 0)
    return 2;
  if (write(1, heap - 2 * PAGE_SIZE, 1) != 0)
    return 3;
  return 0;
}
