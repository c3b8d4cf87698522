// The system calls of the course's labs: which pages were accessed, which are in memory, and how
// far the stack grows. `labtests NAME...` runs some of them.
#include "labtests.h"

static void print_the_page_table(void) {
  check(vmprint() == 0);
}

const struct test tests[] = {
    // accessed.c
    {"pgaccess", accessed_pages},
    {"pgcopies", copies_leave_no_trace},
    {"pgfork", accessed_pages_of_a_child},
    {"pgbad", bad_arguments_of_pgaccess},
    // resident.c
    {"dontneed", given_back_pages_are_zeros},
    {"dontneedfree", given_back_pages_have_no_frame},
    {"mincore", resident_pages},
    {"madvisebad", bad_arguments_of_madvise},
    {"mincorebad", bad_arguments_of_mincore},
    // stack.c
    {"stack", stack_grows_to_its_guard_page},
    {"stackfork", stack_of_a_child},
    // labtests.c
    {"vmprint", print_the_page_table},
    {NULL, NULL},
};

int main(int argc, char **argv) {
  return run_tests(tests, argc, argv);
}
