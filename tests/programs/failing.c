// Tests of which some fail, each in another way.
#include "testing.h"

static void good(void) {
  check(1 + 1 == 2);
}

static void wrong(void) {
  check(1 + 1 == 3);
}

static void killed(void) {
  *(volatile char *)0 = 1;
}

static void status(void) {
  exit(3);
}

// An orphan holds pages as long as nobody kills it.
static void loses(void) {
  if (fork() == 0)
    for (;;)
      sleep(1000000);
}

static void last(void) {
}

static const struct test tests[] = {
    {"good", good},     {"wrong", wrong}, {"killed", killed}, {"status", status},
    {"loses", loses}, {"last", last},   {NULL, NULL},
};

int main(int argc, char **argv) {
  return run_tests(tests, argc, argv);
}
