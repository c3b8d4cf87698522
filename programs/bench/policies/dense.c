// A dense array: every page of 512 KiB is stored to, in order, and read back.
#include "user.h"

#define WORDS (128 * PAGE_SIZE / 8)

int main(void) {
  long *array = (long *)sbrk(WORDS * 8), sum = 0;
  for (long i = 0; i < WORDS; i += 64)
    array[i] = i;
  for (long i = 0; i < WORDS; i += 64)
    sum += array[i];
  return sum != (WORDS / 64 - 1) * WORDS / 2;
}
