// Copies: 64 KiB go through a pipe, from fresh pages of the one into fresh pages of the other.
#include "user.h"

#define BYTES (16 * PAGE_SIZE)

int main(void) {
  int ends[2], status = -1;
  char *buffer = sbrk(BYTES);
  if (pipe(ends) != 0 || fork() == 0) {
    close(ends[0]);
    return write(ends[1], buffer, BYTES) != BYTES;
  }
  close(ends[1]);
  long got = 0, n;
  while ((n = read(ends[0], buffer + got, BYTES - got)) > 0)
    got += n;
  wait(&status);
  return got != BYTES || status != 0;
}
