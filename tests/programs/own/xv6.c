#include "kernel/types.h"
#include "kernel/stat.h"
#include "kernel/fcntl.h"
#include "kernel/fs.h"
#include "kernel/param.h"
#include "kernel/riscv.h"
#include "kernel/memlayout.h"
#include "kernel/syscall.h"
#include "kernel/vm.h"
#include "user/user.h"

int
main(int argc, char *argv[])
{
  int p[2], status;
  uint64 sum = 0;
  uchar *page = (uchar *)sbrk(4 * PGSIZE);
  for (uint i = 0; i < 4; i++)
    page[i * PGSIZE] = i + 1;
  for (uint i = 0; i < 4; i++)
    sum += page[i * PGSIZE];

  pipe(p);
  if (fork() == 0) {
    write(p[1], "child", 5);
    exit(3);
  }
  char buf[16];
  int n = read(p[0], buf, sizeof(buf) - 1);
  buf[n] = 0;
  wait(&status);
  fprintf(2, "%s %d %lu %d\n", buf, status, sum, PGROUNDUP(1));

  int fd = open("file", O_CREATE | O_WRONLY);
  fprintf(fd, "%s", "text");
  close(fd);
  struct stat st;
  stat("file", &st);
  if (pause(1) < 0 || sys_sbrk(PGSIZE, SBRK_LAZY) == SBRK_ERROR)
    exit(1);
  printf("%d %d\n", st.type == T_FILE, (int)st.size);
  exit(0);
}
