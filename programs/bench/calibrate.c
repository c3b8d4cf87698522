// What `make calibrate` measures on the kernel in C: page faults, forks with and without their pages,
// calls that do nothing, characters on the console, pages given back. The host knows the sizes.
#include "user.h"

#define ROUNDS 4
#define PAGES 32
#define CHARACTERS 64

static const char text[] = "................................................................";

static void copy_oneself(void) {
  int pid = fork();
  if (pid == 0)
    exit(0);
  if (pid < 0 || wait(NULL) != pid)
    exit(1);
}

int main(void) {
  for (int round = 0; round < ROUNDS; round++) {
    char *heap = sbrk(PAGES * PAGE_SIZE);
    if (heap == SBRK_FAILED)
      return 1;
    for (int i = 0; i < PAGES; i++)
      ((volatile char *)heap)[i * PAGE_SIZE] = 1;
    copy_oneself();
    if (sbrk(-PAGES * PAGE_SIZE) == SBRK_FAILED)
      return 1;
    copy_oneself();
    if (getpid() < 0 || write(1, text, CHARACTERS) != CHARACTERS)
      return 1;
  }
  return 0;
}
