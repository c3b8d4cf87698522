// The lab's first two tests: a page in 64 of a gigabyte; 64 processes that inherit such a gigabyte.
#include "user.h"

#define GIB 0x40000000L
#define STEP (64 * PAGE_SIZE)
#define FORK_STEP (1L << 24)

// Touches a page every `step` bytes, and reads what it has stored there.
static int touch(char *heap, long step) {
  for (long at = PAGE_SIZE; at < GIB; at += step)
    *(char **)(heap + at) = heap + at;
  for (long at = PAGE_SIZE; at < GIB; at += step)
    if (*(char **)(heap + at) != heap + at)
      return 1;
  return 0;
}

static int fork_all(char *heap) {
  for (long at = PAGE_SIZE; at < GIB; at += FORK_STEP) {
    int status = -1;
    int pid = fork();
    if (pid == 0)
      return *(char **)(heap + at) != heap + at || sbrk(-GIB) == SBRK_FAILED;
    if (pid < 0 || wait(&status) != pid || status != 0)
      return 1;
  }
  return 0;
}

int main(int argc, char **argv) {
  char *heap = sbrk(GIB);
  if (heap == SBRK_FAILED || argc != 2)
    return 1;
  if (strcmp(argv[1], "forks") != 0)
    return touch(heap, STEP);
  return touch(heap, FORK_STEP) || fork_all(heap);
}
