// Starts a program and waits for it, again and again: itself, with an argument.
#include "user.h"

#define CHILDREN 300

int main(int argc, char **argv) {
  if (argc > 1)
    return 0;
  char *arguments[] = {argv[0], "child", NULL};
  for (int i = 0; i < CHILDREN; i++) {
    int status = -1;
    int pid = fork();
    if (pid == 0) {
      exec(argv[0], arguments);
      return 1;
    }
    if (pid < 0 || wait(&status) != pid || status != 0)
      return 1;
  }
  return 0;
}
