// The tests of a table, one after another.
#include "testing.h"

enum counting { AT_THE_ENDS, AFTER_EACH, NEVER };

void fail(const char *file, int line, const char *condition) {
  printf("%s:%d: wrong: %s\n", file, line, condition);
  exit(1);
}

int join(int pid) {
  int status;
  check(pid > 0);
  check(wait(&status) == pid);
  return status;
}

int in_child(void (*body)(void)) {
  int pid = fork();
  if (pid == 0) {
    body();
    exit(0);
  }
  return join(pid);
}

int must_open(const char *path, int flags) {
  int descriptor = open(path, flags);
  if (descriptor < 0)
    printf("cannot open %s\n", path);
  check(descriptor >= 0);
  return descriptor;
}

int is_eager(void) {
  // No machine has so much that it would be given at once.
  if (sbrk(GIB) == SBRK_FAILED)
    return 1;
  sbrk(-GIB);
  return 0;
}

// Whether the free pages are still `*before`, which is brought up to date.
static int is_all_free(long *before) {
  long after = free_pages();
  long lost = *before - after;
  *before = after;
  if (lost != 0)
    printf("%ld pages lost, %ld are free\n", lost, after);
  return lost == 0;
}

static int run_test(const struct test *test, enum counting counting, long *before) {
  int passed = in_child(test->run) == 0;
  if (counting == AFTER_EACH && !is_all_free(before))
    passed = 0;
  // At the end, so that it is on one line even if the kernel has reported what it killed.
  printf("test %s: %s\n", test->name, passed ? "OK" : "FAILED");
  return passed;
}

static const struct test *find(const struct test *table, const char *name) {
  while (table->name != NULL && strcmp(table->name, name) != 0)
    table++;
  return table->name ? table : NULL;
}

static int run_named(const struct test *table, char **names, enum counting counting) {
  for (char **name = names; *name != NULL; name++) {
    if (find(table, *name) == NULL) {
      printf("no such test: %s\n", *name);
      return 2;
    }
  }
  int failures = 0;
  long before = counting == NEVER ? 0 : free_pages();
  if (*names == NULL) {
    for (const struct test *test = table; test->name != NULL; test++)
      failures += !run_test(test, counting, &before);
  }
  for (char **name = names; *name != NULL; name++)
    failures += !run_test(find(table, *name), counting, &before);
  if (counting == AT_THE_ENDS && !is_all_free(&before))
    failures++;
  printf(failures ? "SOME TESTS FAILED\n" : "ALL TESTS PASSED\n");
  return failures != 0;
}

int run_tests(const struct test *table, int argc, char **argv) {
  const char *option = argc > 1 && argv[1][0] == '-' ? argv[1] : "";
  if (strcmp(option, "-l") == 0) {
    for (; table->name != NULL; table++)
      printf("%s\n", table->name);
    return 0;
  }
  if (strcmp(option, "-f") == 0)
    return run_named(table, argv + 2, AFTER_EACH);
  if (strcmp(option, "-n") == 0)
    return run_named(table, argv + 2, NEVER);
  if (*option != 0) {
    printf("usage: %s [-l | -f | -n] [TEST...]\n", argv[0]);
    return 2;
  }
  return run_named(table, argv + 1, AT_THE_ENDS);
}
