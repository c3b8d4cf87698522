// The system calls of the course's labs: which pages were accessed, which are in memory, how far
// the stack grows, and files in memory. `labtests NAME...` runs some of them.
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
    // mapped.c
    {"mmapprivate", private_area_of_a_file},
    {"mmapshared", shared_area_of_a_file},
    {"mmapdirty", only_what_was_stored_to_is_written},
    {"mmaprights", rights_of_an_area},
    {"mmapexec", area_that_is_executed},
    {"mmapclosed", area_outlives_its_descriptor},
    {"mmapparts", parts_are_unmapped},
    {"mmaptwo", two_files_and_an_offset},
    {"mmapexit", whoever_ends_writes_back},
    {"mmapcopies", system_calls_with_areas},
    {"mmapadvice", given_back_pages_of_areas},
    // areas.c
    {"mmapfork", shared_with_a_child},
    {"mmaptalk", talk_through_a_page},
    {"mmapfamily", shared_file_of_a_family},
    {"mmapsixteen", sixteen_areas},
    {"mmapplaces", heap_and_areas_do_not_meet},
    {"mmapheap", heap_below_an_area},
    {"mmapbad", bad_arguments_of_mmap},
    {"munmapbad", bad_arguments_of_munmap},
    // labtests.c
    {"vmprint", print_the_page_table},
    {NULL, NULL},
};

int main(int argc, char **argv) {
  return run_tests(tests, argc, argv);
}
