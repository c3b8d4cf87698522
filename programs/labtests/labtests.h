// The tests of `labtests`, by file.
#ifndef LABTESTS_H
#define LABTESTS_H

#include "testing.h"

// accessed.c
void accessed_pages(void);
void copies_leave_no_trace(void);
void accessed_pages_of_a_child(void);
void bad_arguments_of_pgaccess(void);

// resident.c
void given_back_pages_are_zeros(void);
void given_back_pages_have_no_frame(void);
void resident_pages(void);
void bad_arguments_of_madvise(void);
void bad_arguments_of_mincore(void);

// stack.c
void stack_grows_to_its_guard_page(void);
void stack_of_a_child(void);

// mapped.c
void private_area_of_a_file(void);
void shared_area_of_a_file(void);
void only_what_was_stored_to_is_written(void);
void rights_of_an_area(void);
void area_that_is_executed(void);
void area_outlives_its_descriptor(void);
void parts_are_unmapped(void);
void two_files_and_an_offset(void);
void whoever_ends_writes_back(void);
void system_calls_with_areas(void);
void given_back_pages_of_areas(void);

// areas.c
void shared_with_a_child(void);
void talk_through_a_page(void);
void shared_file_of_a_family(void);
void sixteen_areas(void);
void heap_and_areas_do_not_meet(void);
void heap_below_an_area(void);
void bad_arguments_of_mmap(void);
void bad_arguments_of_munmap(void);

// labtests.c
extern const struct test tests[];

#endif
