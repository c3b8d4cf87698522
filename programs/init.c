// The first program: gives itself the console and starts a shell, again and again, until one ends
// well. It reaps whatever processes it inherits meanwhile.
#include "user.h"

static char *const arguments[] = {"sh", NULL};

static void open_console(void) {
  struct stat about;
  if (fstat(0, &about) == 0)
    return;
  if (open("console", O_RDWR) < 0) {
    mknod("console", CONSOLE, 0);
    open("console", O_RDWR);
  }
  dup(0);
  dup(0);
}

static int start_shell(void) {
  printf("init: starting sh\n");
  int pid = fork();
  if (pid < 0) {
    fprintf(2, "init: cannot fork\n");
    exit(1);
  }
  if (pid == 0) {
    exec("/sh", (char **)arguments);
    fprintf(2, "init: cannot run sh\n");
    exit(0); // another try would fail as well
  }
  return pid;
}

int main(void) {
  open_console();
  for (;;) {
    int shell = start_shell(), pid, status;
    while ((pid = wait(&status)) != shell && pid >= 0)
      ;
    if (pid < 0 || status == 0)
      return pid < 0;
  }
}
