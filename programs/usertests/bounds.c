// System calls with pointers that lead nowhere: each fails, and the process goes on.
#include "usertests.h"

#define TEXT ((char *)0)

// Addresses that no process has, with a guess at what a kernel might do with each.
static char *bad[12];

static int collect(void) {
  int n = 0;
  char local;
  bad[n++] = sbrk(0);                                           // one past the end
  bad[n++] = sbrk(0) - 1;                                       // the last byte, then past the end
  bad[n++] = sbrk(0) + GIB;                                     // far past it
  bad[n++] = (char *)((uintptr_t)&local & -PAGE_SIZE) - 1;      // the guard page, then the stack
  bad[n++] = (char *)((uintptr_t)&local & -PAGE_SIZE) - 100;    // the guard page
  bad[n++] = (char *)0x80000000ul;                              // the kernel's own, if it is mapped
  bad[n++] = (char *)TRAPFRAME;
  bad[n++] = (char *)TRAMPOLINE;
  bad[n++] = (char *)MAXVA;
  bad[n++] = (char *)0x8000000000000000ul;
  bad[n++] = (char *)-PAGE_SIZE;
  bad[n++] = (char *)-1;                                        // wraps around
  return n;
}

#define N 8192 // bytes asked for

// Out of bad memory nothing is written.
void copy_in(void) {
  int ends[2];
  for (int i = 0, n = collect(); i < n; i++) {
    int file = must_open("copyin", O_CREATE | O_WRONLY | O_TRUNC);
    check(write(file, bad[i], N) == -1);
    close(file);
    check(pipe(ends) == 0);
    int written = write(ends[1], bad[i], N);
    check(written <= 1); // the one good byte that some have
    close(ends[0]);
    close(ends[1]);
  }
  check(unlink("copyin") == 0);
}

static void check_file(char *to) {
  int file = must_open("copyout", O_RDONLY);
  check(read(file, to, N) == -1);
  check(fstat(file, (struct stat *)to) == -1);
  close(file);
}

static void check_pipe(char *to) {
  int ends[2], again[2];
  check(pipe((int *)to) == -1);
  check(pipe(ends) == 0);
  check(write(ends[1], "xyz", 3) == 3);
  check(read(ends[0], to, 3) <= 1);
  close(ends[0]);
  close(ends[1]);
  check(pipe(again) == 0);
  check(again[0] == ends[0] && again[1] == ends[1]); // the one that failed has left nothing open
  close(again[0]);
  close(again[1]);
}

static void check_wait(char *to) {
  int pid = fork();
  check(pid >= 0);
  if (pid == 0)
    exit(3);
  check(wait((int *)to) == -1);
  check(join(pid) == 3); // it is still there to be waited for
}

// Into bad memory, or into the text, nothing is read.
void copy_out(void) {
  static char block[N];
  int file = must_open("copyout", O_CREATE | O_WRONLY | O_TRUNC);
  check(write(file, block, N) == N);
  close(file);
  for (int i = 0, n = collect(); i < n; i++) {
    check_file(bad[i]);
    check_pipe(bad[i]);
    check_wait(bad[i]);
  }
  char *text = (char *)copy_out;
  check_file(text);
  check_file(TEXT);
  check_pipe(text);
  check_pipe(TEXT);
  check_wait(text);
  check(unlink("copyout") == 0);
}

static void check_string(char *path) {
  static char *const arguments[] = {"x", NULL};
  check(open(path, O_CREATE | O_WRONLY) == -1);
  check(unlink(path) == -1);
  check(mkdir(path) == -1);
  check(chdir(path) == -1);
  check(mknod(path, 1, 1) == -1);
  check(link(path, "x") == -1);
  check(link("copyinstr", path) == -1);
  check(exec(path, (char **)arguments) == -1);
}

// Strings that begin in bad memory, or run into it.
void copy_in_strings(void) {
  close(must_open("copyinstr", O_CREATE | O_WRONLY));
  char *heap = sbrk(PAGE_SIZE);
  memset(heap, 'x', PAGE_SIZE);
  for (int i = 0, n = collect(); i < n; i++) {
    static char *arguments[] = {"echo", NULL, NULL};
    check_string(bad[i]);
    check(exec("echo", (char **)bad[i]) == -1);
    arguments[1] = bad[i];
    check(exec("echo", arguments) == -1);
  }
  check_string(heap + PAGE_SIZE - 10);
  check_string(heap); // too long as well
  check(unlink("copyinstr") == 0);
  close(must_open("console", O_RDONLY)); // and a good one still works
}

// A path of 127 bytes is a path, one of 128 is too long.
void long_paths(void) {
  char path[MAXPATH + 1];
  memset(path, '/', MAXPATH);
  strcpy(path + MAXPATH - 2, "y");
  close(must_open(path, O_CREATE | O_RDWR));
  close(must_open("y", O_RDONLY));
  strcpy(path + MAXPATH - 1, "y");
  check(open(path, O_RDONLY) == -1);
  check(unlink("y") == 0);
}

// Out of text and constants may be written, a page boundary notwithstanding.
void copy_in_text(void) {
  int ends[2];
  char byte;
  check(pipe(ends) == 0);
  check(write(ends[1], (char *)copy_in_text, 1) == 1);
  check(read(ends[0], &byte, 1) == 1 && byte == *(char *)copy_in_text);
  check(write(ends[1], (char *)PAGE_SIZE - 1, 2) == 2);
}

// Numbers that stand for no open file.
void bad_descriptors(void) {
  static const int numbers[] = {-1, 3, NOFILE - 1, NOFILE, NOFILE + 1, 1000, 0x7fffffff, -0x7fffffff - 1};
  char byte;
  struct stat about;
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++) {
    check(read(numbers[i], &byte, 1) == -1);
    check(write(numbers[i], &byte, 1) == -1);
    check(fstat(numbers[i], &about) == -1);
    check(dup(numbers[i]) == -1);
    check(close(numbers[i]) == -1);
  }
}

static int result_of(long number, const void *argument) {
  register long a7 asm("a7") = number;
  register long a0 asm("a0") = (long)argument;
  asm volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
  return a0;
}

// Numbers that stand for no system call; the kernel says so on the console.
void bad_calls(void) {
  static const long numbers[] = {0, 22, 1000, -1, 0x7fffffff};
  for (unsigned i = 0; i < sizeof numbers / sizeof *numbers; i++)
    check(result_of(numbers[i], "x") == -1);
}
