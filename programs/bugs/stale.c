// Parent and child share a page after fork, until one of them stores to it. The parent stores at
// once: where its TLB has the entry of before, which allows that, the child sees what it has stored.
#include "user.h"

static volatile int shared;

int main(void) {
  shared = 1;
  int pid = fork();
  if (pid < 0) {
    printf("stale: fork failed\n");
    return 2;
  }
  if (pid != 0) {
    shared = 2;
    wait(0);
    return 0;
  }
  printf("stale: the child sees %d\n", shared);
  return 0;
}
