// A recursion's stack: frames of 128 bytes are pushed down from its end, and popped, thrice as deep.
#include "user.h"

#define PAGES 64
#define FRAME 128

struct frame {
  long depth;
  char locals[FRAME - sizeof(long)];
};

int main(void) {
  char *end = sbrk(PAGES * PAGE_SIZE) + PAGES * PAGE_SIZE;
  for (long pages = 7; pages <= PAGES; pages *= 3) {
    struct frame *top = (struct frame *)end;
    long depth = pages * PAGE_SIZE / FRAME;
    for (long i = 0; i < depth; i++)
      (--top)->depth = i;
    for (long i = depth - 1; i >= 0; i--)
      if (top++->depth != i)
        return 1;
  }
  return 0;
}
