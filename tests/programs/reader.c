// Copies the console's input to its output, line by line, through memory that was never touched.
#include "user.h"

int main(void) {
  char *heap = sbrk(64 * PAGE_SIZE);
  int total = 0, n;
  // Each buffer straddles two pages, both untouched when the kernel writes to them.
  for (char *buffer = heap + PAGE_SIZE - 3; (n = read(0, buffer, 64)) > 0; buffer += 2 * PAGE_SIZE) {
    if (write(1, buffer, n) != n || buffer[-1] != 0 || buffer[n] != 0)
      return 1;
    total += n;
  }
  printf("%d bytes\n", total);
  return n == 0 ? 0 : 2;
}
