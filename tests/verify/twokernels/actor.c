// Does what a file says, which is named by its argument: system calls with whatever arguments, and
// accesses to whatever address. Prints what comes of each.
#include "syscall.h"
#include "user.h"

// What is no system call, by its number; see scripts.py.
enum { LOAD = 101, STORE, JUMP, TRANSFER, SUM };

static struct operation {
  uint64_t number, a[3];
} script[64];

// Where the script's addresses lead, beside the heap: room, and paths of 32 bytes each.
char buffer[2 * PAGE_SIZE] __attribute__((aligned(PAGE_SIZE)));
char paths[20][32] = {"f",   "g",     "d",      "d/f",   "d/d",       "d/..", "..",   ".",
                      "/",   "",      "no",     "no/f",  "f/f",       "/d",   "//f",  "a.name.of.15by",
                      "/ls", "/echo", "/input", "d/../f"};
char *arguments[] = {paths[0], paths[17], paths[7], NULL};

static long call(uint64_t number, const uint64_t *a) {
  register long a0 asm("a0") = a[0];
  register long a1 asm("a1") = a[1];
  register long a2 asm("a2") = a[2];
  register long a7 asm("a7") = number;
  asm volatile("ecall" : "+r"(a0) : "r"(a1), "r"(a2), "r"(a7) : "memory");
  return a0;
}

// Through a pipe of its own: a2 bytes from a0 to a1.
static long transfer(const uint64_t *a) {
  int ends[2];
  if (pipe(ends) < 0)
    return -1;
  long written = call(SYS_write, (uint64_t[]){ends[1], a[0], a[2]});
  close(ends[1]);
  long got = call(SYS_read, (uint64_t[]){ends[0], a[1], a[2]});
  close(ends[0]);
  return written << 16 | (got & 0xffff);
}

static long sum(const uint64_t *a) {
  long total = 0;
  for (uint64_t at = a[0]; at < a[0] + a[1]; at++)
    total = total * 31 + *(volatile char *)at;
  return total;
}

// A pipe must not stay open: whoever reads it would wait for ever.
static long make_pipe(const uint64_t *a) {
  int ends[2];
  long result = call(SYS_pipe, a);
  if (result == 0) {
    memmove(ends, (void *)a[0], sizeof ends);
    close(ends[0]);
    close(ends[1]);
  }
  return result;
}

static long perform(const struct operation *operation) {
  const uint64_t *a = operation->a;
  switch (operation->number) {
  case LOAD:
    return *(volatile char *)a[0];
  case STORE:
    return *(volatile char *)a[0] = a[1];
  case JUMP:
    ((void (*)(void))a[0])();
    return 0;
  case TRANSFER:
    return transfer(a);
  case SUM:
    return sum(a);
  case SYS_pipe:
    return make_pipe(a);
  case SYS_uptime:
    return call(SYS_uptime, a) > 0;
  case SYS_kill:
    return kill(a[0] == 2 ? getpid() : (int)a[0]);
  default:
    return call(operation->number, a);
  }
}

static void run(const struct operation *from, const struct operation *end);

// A child does the next operations, as many as the first argument says; then its status is shown.
static const struct operation *in_child(const struct operation *fork_, const struct operation *end) {
  const struct operation *behind = fork_ + 1 + fork_->a[0];
  if (behind > end)
    behind = end;
  int status = 0, pid = fork();
  if (pid == 0) {
    run(fork_ + 1, behind);
    exit(0);
  }
  int ended = wait(&status);
  printf("fork %d %d %d\n", pid, ended == pid, status);
  return behind;
}

static void run(const struct operation *from, const struct operation *end) {
  while (from < end) {
    if (from->number == SYS_fork) {
      from = in_child(from, end);
      continue;
    }
    long result = perform(from);
    printf("%d %ld\n", (int)from->number, result);
    from++;
  }
}

int main(int argc, char **argv) {
  // Only scripts name these: the linker is not to drop them.
  asm volatile("" : : "r"(buffer), "r"(paths), "r"(arguments));
  int file = argc > 1 ? open(argv[1], O_RDONLY) : -1;
  if (file < 0)
    return 97;
  int bytes = read(file, script, sizeof script);
  close(file);
  run(script, script + bytes / sizeof *script);
  return 0;
}
