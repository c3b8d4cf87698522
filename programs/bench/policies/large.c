// A large table: every page of 6 MiB is stored to, and then 20,000 words all over it are read.
#include "user.h"

#define WORDS (6 << 20 >> 3)

int main(void) {
  unsigned long *table = (unsigned long *)sbrk(WORDS * 8), at = 1, wrong = 0;
  for (long i = 0; i < WORDS; i += PAGE_SIZE / 8)
    table[i] = i;
  for (int i = 0; i < 20000; i++) {
    at = at * 6364136223846793005 + 1442695040888963407;
    unsigned long word = (at >> 33) % WORDS;
    wrong += table[word] != (word % (PAGE_SIZE / 8) ? 0 : word);
  }
  return wrong != 0;
}
