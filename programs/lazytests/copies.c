// System calls whose pointers lead to pages that nobody has touched.
#include "lazytests.h"

#define PAGES 4

// Zeros are written from fresh pages, and come back into fresh pages between bytes of other pages.
void buffers_over_several_pages(void) {
  const int n = (PAGES - 1) * PAGE_SIZE;
  char *from = sbrklazy(PAGES * PAGE_SIZE), *to = sbrklazy(PAGES * PAGE_SIZE);
  int descriptor = must_open("lazyfile", O_CREATE | O_TRUNC | O_WRONLY);
  check(write(descriptor, from + 10, n) == n);
  check(write(descriptor, "end", 3) == 3);
  close(descriptor);
  descriptor = must_open("lazyfile", O_RDONLY);
  check(read(descriptor, to + 10, n + 3) == n + 3);
  close(descriptor);
  check(unlink("lazyfile") == 0);
  for (int i = 0; i < n; i += PAGE_SIZE / 2)
    check(from[10 + i] == 0 && to[10 + i] == 0);
  check(memcmp(to + 10 + n, "end", 4) == 0);
}

void pipe_over_two_pages(void) {
  char *heap = sbrklazy(2 * PAGE_SIZE);
  int *ends = (int *)(heap + PAGE_SIZE) - 1;
  char byte = 0;
  check(pipe(ends) == 0);
  check(write(ends[1], "x", 1) == 1);
  check(read(ends[0], &byte, 1) == 1 && byte == 'x');
}

static void end_with_7(void) {
  exit(7);
}

// `fstat` and `wait` store across a page boundary, too.
void results_over_two_pages(void) {
  char *heap = sbrklazy(4 * PAGE_SIZE);
  struct stat *about = (struct stat *)(heap + PAGE_SIZE - 8), expected;
  int descriptor = must_open(".", O_RDONLY);
  check(fstat(descriptor, about) == 0);
  check(fstat(descriptor, &expected) == 0);
  check(memcmp(about, &expected, sizeof expected) == 0);
  int pid = fork();
  if (pid == 0)
    end_with_7();
  char *status = heap + 3 * PAGE_SIZE - 2;
  int value;
  check(wait((int *)status) == pid);
  memcpy(&value, status, sizeof value);
  check(value == 7);
}

// The string's NUL is the first byte of a page that was never touched.
void string_that_ends_on_a_fresh_page(void) {
  char *heap = sbrklazy(2 * PAGE_SIZE);
  char *name = heap + PAGE_SIZE - 5;
  memmove(name, "fresh", 5);
  int descriptor = must_open(name, O_CREATE | O_RDWR);
  close(descriptor);
  close(must_open("fresh", O_RDONLY));
  check(unlink("fresh") == 0);
  // The same for a program's name and the array of its arguments.
  char **arguments = (char **)sbrklazy(PAGE_SIZE);
  check(exec("nothing", arguments) == -1);
  char *empty = sbrklazy(PAGE_SIZE);
  check(unlink(empty) == -1);
}
