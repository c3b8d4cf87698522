// Prints what each system call returns, for good and bad arguments. What xv6 returns, and why, is in calls.txt.
#include "user.h"

#define SAY(call) say(#call, (long)(call))

#define NOWHERE ((char *)0x3f00000000)
#define TEXT ((char *)16)
#define HOW_OLD 0x7fffffff

static char *end; // of the heap, whose last page is whole and touched
static char *guard;
static char buffer[8192];
static struct stat status;

static void say(const char *call, long result) { printf("%s = %ld\n", call, result); }

static long size_of(const char *path) { return stat(path, &status) < 0 ? -1 : (long)status.size; }

// What is left of `bytes` at the end of the heap is newlines: on the console they show as empty lines.
static char *last(int bytes) { return memset(end - bytes, '\n', bytes); }

// How a child ends that does what is in `how`: its status.
static int child(int how) {
  int pid = fork(), ended = 0;
  if (pid == 0) {
    if (how == 0)
      exit(-5);
    if (how == 1)
      *(volatile char *)TEXT = 1;
    if (how == 2)
      *(volatile char *)guard = 1;
    if (how == 3)
      *(volatile char *)end = 1;
    if (how == 4)
      for (;;)
        sleep(1);
    exit(0);
  }
  if (how == 4)
    SAY(kill(pid));
  return wait(&ended) == pid ? ended : -100;
}

static void processes(void) {
  SAY(wait(NULL));
  SAY(wait((int *)NOWHERE));
  SAY(child(0));
  SAY(child(1));
  SAY(child(2));
  SAY(child(3));
  SAY(child(4));
  if (fork() == 0)
    exit(7);
  SAY(wait((int *)TEXT));
  SAY(wait(NULL) > 0);
  SAY(getpid() > 1);
  SAY(kill(0));
  SAY(kill(-1));
  SAY(kill(HOW_OLD));
  SAY(sleep(0));
  SAY(sleep(-1));
  SAY(sleep(1));
  SAY(uptime() > 0);
}

static void memory(void) {
  char *old = sbrk(0);
  SAY(sbrk(PAGE_SIZE) - old);
  SAY(sbrk(-PAGE_SIZE) - old);
  SAY(sbrk(0) - old);
  SAY(sbrk2(-0x7fffffff, SBRK_LAZY) == old);
  SAY(sbrk2(-0x7fffffff, SBRK_LAZY) == SBRK_FAILED);
  SAY(sbrk(0) - old);
  SAY(sbrk2(0x40000000, SBRK_LAZY) == old);
  SAY(sbrk2(-0x40000000, SBRK_LAZY) - old);
  SAY(sbrk2(PAGE_SIZE + 100, SBRK_LAZY) - old);
  SAY(chdir(old)); // an untouched page: the empty string
  int ends[2];
  pipe(ends);
  char *past = old + PAGE_SIZE + 100;
  SAY(write(ends[1], past, 1));
  SAY(write(ends[1], past - 1, 1));
  SAY(write(ends[1], past, 1)); // the page is there now
  SAY(chdir(past));
  SAY(write(ends[1], old + 2 * PAGE_SIZE, 1));
  close(ends[0]);
  close(ends[1]);
  sbrk(-PAGE_SIZE - 100);
}

static void files(void) {
  int fd;
  SAY(open("none", O_RDONLY));
  SAY(open(NOWHERE, O_RDONLY));
  SAY(open("/", O_RDWR));
  SAY(open("/", O_CREATE));
  SAY(open("none/x", O_CREATE | O_RDWR));
  SAY(fd = open("f", O_CREATE | O_RDWR));
  SAY(write(fd, last(100), 200));
  SAY(size_of("f"));
  SAY(write(fd, last(3000), 3100));
  SAY(size_of("f"));
  SAY(write(fd, last(5000), 5100));
  SAY(size_of("f"));
  SAY(write(fd, NOWHERE, 1));
  SAY(write(fd, NOWHERE, 0));
  SAY(write(fd, buffer, -1));
  SAY(write(fd, buffer, 56));
  SAY(size_of("f"));
  SAY(read(fd, buffer, 10));
  SAY(close(fd));
  SAY(close(fd));
  SAY(fd = open("f", O_RDONLY));
  SAY(read(fd, TEXT, 1));
  SAY(read(fd, NOWHERE, 1));
  SAY(read(fd, end - 100, 200));
  SAY(read(fd, buffer, 0));
  SAY(read(fd, buffer, 8000));
  SAY(read(fd, NOWHERE, 1));
  SAY(write(fd, buffer, 1));
  SAY(fstat(fd, (struct stat *)TEXT));
  SAY(fstat(fd, (struct stat *)NOWHERE));
  SAY(fstat(fd, &status));
  SAY(status.type == T_FILE && status.nlink == 1 && status.dev == 1);
  SAY(dup(fd) - fd);
  SAY(close(fd + 1));
  SAY(dup(99));
  SAY(fstat(-1, &status));
  SAY(read(16, buffer, 1));
  SAY(link("f", "g"));
  SAY(link("f", "g"));
  SAY(link("/", "h"));
  SAY(link("none", "h"));
  SAY(unlink("f"));
  SAY(unlink("f"));
  SAY(unlink("g"));
  SAY(read(fd, buffer, 1)); // at its end, without a name
  SAY(close(fd));
  SAY(size_of("/") % 1024);
}

static void directories(void) {
  SAY(mkdir("d"));
  SAY(mkdir("d"));
  SAY(mkdir(NOWHERE));
  SAY(mkdir("d/e"));
  SAY(unlink("d"));
  SAY(unlink("d/."));
  SAY(unlink("d/.."));
  SAY(chdir("d/e"));
  SAY(unlink("../e"));
  SAY(open(".", O_RDONLY));
  SAY(open("made", O_CREATE | O_RDWR));
  SAY(unlink("made"));
  SAY(chdir(".."));
  SAY(chdir("e"));
  SAY(chdir("/"));
  SAY(unlink("d"));
  SAY(chdir(TEXT));
  SAY(chdir("console"));
  SAY(mknod("device", 1, 0));
  SAY(mknod("device", 1, 0));
  SAY(mknod("other", 11, 0));
  SAY(open("other", O_RDONLY));
  SAY(mknod("third", 5, 0));
  SAY(read(open("third", O_RDONLY), buffer, 1));
}

static void pipes(void) {
  int ends[2];
  SAY(pipe((int *)TEXT));
  SAY(pipe((int *)NOWHERE));
  SAY(pipe((int *)(end - 4)));
  SAY(pipe(ends));
  SAY(fstat(ends[0], &status));
  SAY(write(ends[0], buffer, 1));
  SAY(read(ends[1], buffer, 1));
  SAY(write(ends[1], NOWHERE, 1));
  SAY(write(ends[1], last(2), 3));
  SAY(write(ends[1], buffer, -1));
  SAY(read(ends[0], NOWHERE, 1));
  SAY(read(ends[0], end - 1, 2));
  write(ends[1], "abcd", 4);
  SAY(read(ends[0], end - 2, 3));
  write(ends[1], "!", 1);
  SAY(read(ends[0], buffer, 10));
  close(ends[0]);
  SAY(write(ends[1], buffer, 1));
  SAY(write(ends[1], NOWHERE, 0));
  SAY(close(ends[1]));
}

static void console(void) {
  SAY(write(1, NOWHERE, 1));
  SAY(write(1, NOWHERE, 0));
  SAY(write(1, buffer, -1));
  SAY(write(1, last(100), 200));
  SAY(write(1, last(20), 21));
  SAY(write(1, guard, 1));
  SAY(read(0, NOWHERE, 10));
  SAY(read(0, buffer, 10));
  SAY(buffer[0] == 'b');
  SAY(read(0, end - 2, 10));
  SAY(read(0, buffer, 10));
  SAY(read(0, buffer, -1));
  SAY(read(0, buffer, 10));
}

static void programs(void) {
  char *none[] = {NULL}, *bad[] = {NOWHERE, NULL}, *many[40] = {NULL};
  SAY(exec("none", none));
  SAY(exec(NOWHERE, none));
  SAY(exec("/", none));
  SAY(exec("console", none));
  SAY(exec("calls", (char **)NOWHERE));
  SAY(exec("calls", bad));
  for (int i = 0; i < 40; i++)
    many[i] = "x";
  SAY(exec("calls", many));
  close(open("script", O_CREATE | O_RDWR));
  SAY(exec("script", none));
}

int main(void) {
  end = sbrk(2 * PAGE_SIZE) + 2 * PAGE_SIZE;
  memset(end - 2 * PAGE_SIZE, 0, 2 * PAGE_SIZE);
  char on_stack;
  guard = (char *)((uintptr_t)&on_stack / PAGE_SIZE * PAGE_SIZE - PAGE_SIZE);
  processes();
  memory();
  files();
  directories();
  pipes();
  console();
  programs();
  return 0;
}
