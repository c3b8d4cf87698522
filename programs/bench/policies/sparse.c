// A sparse gigabyte: a page of 8 MiB is stored to, the others never. No eager kernel has so much.
#include "user.h"

#define GIB 0x40000000L
#define STEP (8L << 20)

int main(void) {
  char *heap = sbrk(GIB);
  if (heap == SBRK_FAILED)
    return 1;
  for (long at = 0; at < GIB; at += STEP)
    heap[at] = 1;
  return 0;
}
