// Starts `driver` as the first process's child, as the kernel model starts a program: with the
// console as its descriptors, and as process 2.
#include "user.h"

int main(void) {
  static char *const arguments[] = {"driver", NULL};
  int status = 1;
  open("console", O_RDWR);
  dup(0);
  dup(0);
  int pid = fork();
  if (pid == 0) {
    exec("/driver", (char **)arguments);
    exit(1);
  }
  while (wait(&status) != pid)
    ;
  return status;
}
