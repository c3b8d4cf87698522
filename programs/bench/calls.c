// A system call that does nothing, again and again.
#include "user.h"

#define CALLS 20000

int main(void) {
  for (int i = 0; i < CALLS; i++)
    if (getpid() < 0)
      return 1;
  return 0;
}
