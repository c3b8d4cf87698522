// A hash table of 512 KiB, of which few slots are taken, and many are looked at.
#include "user.h"

#define SLOTS (1 << 16)

int main(void) {
  unsigned long *table = (unsigned long *)sbrk(SLOTS * 8), key = 1, found = 0;
  for (int i = 0; i < 1000; i++) {
    key = key * 6364136223846793005UL + 1442695040888963407UL;
    unsigned long *slot = &table[key >> 48];
    if (i % 16 == 0)
      *slot = key;
    else
      found += *slot != 0;
  }
  return found > 1000;
}
