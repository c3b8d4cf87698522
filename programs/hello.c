// The smallest program: no heap, no faults.
#include "user.h"

int main(void) {
  printf("hello from user mode, pid %d\n", getpid());
  return 0;
}
