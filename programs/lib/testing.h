// For programs that test the kernel: a table of tests, each run in a process of its own.
#ifndef TESTING_H
#define TESTING_H

#include "user.h"

#define GIB 0x40000000
#define KILLED (-1) // exit status of a process that was killed

struct test {
  const char *name;
  void (*run)(void); // returns if all is well
};

// Runs the tests of `table`, whose last one has no name, or those that the arguments name, and
// prints the result of each. The exit status: 0 if every one passed.
//
//   -l  only lists the names
//   -f  counts the free pages after every test
//   -n  never counts them
//
// Otherwise free pages are counted before the first test and after the last one.
int run_tests(const struct test *table, int argc, char **argv);

// Ends the process with a message unless the condition is true.
#define check(condition) ((condition) ? (void)0 : fail(__FILE_NAME__, __LINE__, #condition))
__attribute__((noreturn)) void fail(const char *file, int line, const char *condition);

// As `open`, which is not to fail.
int must_open(const char *path, int flags);

// Waits for a child that is known to end next, or for the one that was started last; its status.
int join(int pid);

// Exit status of a child that does `body` and then ends with 0.
int in_child(void (*body)(void));

// Whether the kernel takes frames in `sbrk` already: the release of 2025.
int is_eager(void);

// Has the kernel touch up to `pages` pages from `start`, which fails where the process itself would
// be killed; the number of those that could be touched.
long touch_pages(char *start, long pages);

// Processes that hold memory, to make what is left little. `hog_memory` takes all but the pages of
// one or two hogs, at most; it returns, nearly, the number of pages they hold.
struct hogs {
  int leader;
  int release;
};
long hog_memory(struct hogs *hogs);
void release_memory(struct hogs *hogs);

// The number of pages that are free, nearly: equal if nothing has changed.
long free_pages(void);

#endif
